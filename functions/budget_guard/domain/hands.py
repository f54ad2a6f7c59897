"""Which keys the guard may have its hands on, and who says otherwise (rules 3, 10, 12, 13, 16)."""

from collections.abc import Iterator
from decimal import Decimal

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Limit
from budget_guard.domain.money import CENT
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode

FEW = 3
"""So many fence-shaped limits may be a coincidence."""


class Hands:
    """What may be done to each key of `facts`; `strange` keys are in the hands of another guard."""

    def __init__(self, facts: Facts) -> None:
        self.strange = second_guard(facts)
        self._facts = facts
        self._seen = facts.observations
        self._out_of_bounds = frozenset(_out_of_bounds(facts))
        frozen = {one.key for one in facts.freezes if facts.freeze_of(one.key)}
        self._frozen = frozen - self._out_of_bounds
        self._released = frozenset(_released(facts)) - frozen
        self._barred = (
            self.strange | self._out_of_bounds | self._frozen | self._released | facts.spared
        )
        places = {one.key.workspace for one in facts.observations.values()}
        self._stale = frozenset(place for place in places if facts.is_stale(place))

    def may_hold(self, key: str) -> bool:
        """Tell whether a fence may be measured for a key now."""
        hold = self._facts.holds.get(key)
        if hold and hold.let_go_until and self._facts.now < hold.let_go_until:
            return False
        return key not in self._barred and not self._is_blind(key)

    def is_undecided(self, key: str) -> bool:
        """Tell whether nothing is decided of a key: too little is known, or another guard has it."""
        is_out_of_sight = key in self.strange or self._is_blind(key)
        return (is_out_of_sight and not self.is_told(key)) or key in self._facts.spared

    def is_told(self, key: str) -> bool:
        """Tell whether a person's word says what becomes of a key, whatever it has spent."""
        return self.is_given_up(key) or key in self._frozen

    def is_given_up(self, key: str) -> bool:
        """Tell whether people want the guard's hands off a key."""
        return key in self._out_of_bounds or key in self._released

    def is_frozen(self, key: str) -> bool:
        """Tell whether people want a key stopped now."""
        return key in self._frozen

    def is_kept(self, key: str) -> bool:
        """Tell whether a key stays held because a restore did not bring its counter back."""
        hold = self._facts.holds.get(key)
        return bool(hold and hold.is_held and hold.keep_until and self._facts.now < hold.keep_until)

    def _is_blind(self, key: str) -> bool:
        seen = self._seen.get(key)
        return seen is None or (seen.gone_at is None and seen.key.workspace in self._stale)


def _out_of_bounds(facts: Facts) -> Iterator[str]:
    """Yield the keys that the policy forbids to touch."""
    policy = facts.policy
    yield from policy.protect
    if policy.mode is Mode.RELEASE:
        yield from facts.observations
        yield from facts.holds
    elif policy.scope or policy.protect_names:
        for key, seen in facts.observations.items():
            if not policy.concerns(seen.key) or facts.is_protected(key):
                yield key


def _released(facts: Facts) -> Iterator[str]:
    """Yield the keys that people gave back for a while."""
    for release in facts.releases:
        if release.at <= facts.now < release.until:
            yield from [release.key] if release.key else [*facts.observations, *facts.holds]


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
