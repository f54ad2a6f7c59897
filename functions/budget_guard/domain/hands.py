"""Which keys the guard may have its hands on, and who says otherwise (rules 3, 10, 12, 13, 16)."""

from dataclasses import dataclass, field
from decimal import Decimal

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Limit
from budget_guard.domain.money import CENT
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode

FEW = 3
"""So many fence-shaped limits may be a coincidence."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What may be done to each key of `facts`; `strange` keys are in the hands of another guard."""

    facts: Facts
    strange: frozenset[str] = field(init=False)
    _stale: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look at all keys once."""
        object.__setattr__(self, "strange", second_guard(self.facts))
        places = {one.key.workspace for one in self.facts.observations.values()}
        stale = frozenset(place for place in places if self.facts.is_stale(place))
        object.__setattr__(self, "_stale", stale)

    def may_hold(self, key: str) -> bool:
        """Tell whether a fence may be measured for a key now."""
        hold = self.facts.holds.get(key)
        let_go = hold and hold.let_go_until and self.facts.now < hold.let_go_until
        return not (let_go or key in self.strange or self.is_undecided(key) or self.is_told(key))

    def is_undecided(self, key: str) -> bool:
        """Tell whether nothing is decided of a key: too little is known, or another guard has it."""
        is_out_of_sight = self._is_blind(key) or key in self.strange
        return (is_out_of_sight and not self.is_told(key)) or key in self.facts.spared

    def is_told(self, key: str) -> bool:
        """Tell whether a person's word says what becomes of a key, whatever it has spent."""
        return self.is_given_up(key) or self.is_frozen(key)

    def is_given_up(self, key: str) -> bool:
        """Tell whether people want the guard's hands off a key."""
        return self._is_out_of_bounds(key) or (
            self.facts.release_of(key) is not None and self.facts.freeze_of(key) is None
        )

    def is_frozen(self, key: str) -> bool:
        """Tell whether people want a key stopped now."""
        return self.facts.freeze_of(key) is not None and not self._is_out_of_bounds(key)

    def _is_out_of_bounds(self, key: str) -> bool:
        facts, seen = self.facts, self.facts.observations.get(key)
        return (
            facts.policy.mode is Mode.RELEASE
            or facts.is_protected(key)
            or (seen is not None and not facts.policy.concerns(seen.key))
        )

    def is_kept(self, key: str) -> bool:
        """Tell whether a key stays held because a restore did not bring its counter back."""
        hold = self.facts.holds.get(key)
        return bool(hold and hold.is_held and hold.keep_until and self.facts.now < hold.keep_until)

    def _is_blind(self, key: str) -> bool:
        seen = self.facts.observations.get(key)
        return seen is None or (seen.gone_at is None and seen.key.workspace in self._stale)


def second_guard(facts: Facts) -> frozenset[str]:
    """Return the keys with fence-shaped limits that this guard never wrote, if they are many.

    A fence is a lifetime limit with parts of a cent: counters have them, people do not.
    """
    found = [
        key
        for key, seen in facts.observations.items()
        if seen.gone_at is None
        and _is_fence_shaped(seen.reading.settings.limit)
        and not _wrote(facts.holds.get(key), seen)
    ]
    return frozenset(found) if len(found) > FEW else frozenset()


def _is_fence_shaped(limit: Limit) -> bool:
    amount = limit.amount
    return limit.reset is None and amount is not None and amount % CENT != Decimal(0)


def _wrote(hold: Hold | None, seen: Observation) -> bool:
    """Tell whether the guard wrote the limit that a key was last read with, or may have."""
    if hold is None:
        return False
    ours = [intent.settings.limit for intent in hold.intents]
    ours += [one.possible.settings.limit for one in hold.replaced]
    if hold.confirmed:
        ours.append(hold.confirmed.settings.limit)
    return seen.reading.settings.limit in ours
