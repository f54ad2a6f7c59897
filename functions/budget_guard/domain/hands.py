"""Which keys the guard may have its hands on, and who says otherwise (rules 3, 10, 12, 13, 16)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Limit
from budget_guard.domain.money import CENT, ZERO
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode

FEW = 3
"""So many fence-shaped limits may be a coincidence."""


class Hands:
    """What may be done to each key of `facts`; `strange` keys are in the hands of another guard."""

    def __init__(self, facts: Facts) -> None:
        self.strange = second_guard(facts)
        self._seen = facts.observations
        self._frozen = frozenset(one.key for one in facts.freezes if facts.freeze_of(one.key))
        out_of_bounds = frozenset(_out_of_bounds(facts))
        released = frozenset(_released(facts)) - self._frozen
        self._frozen -= out_of_bounds
        self._given_up = out_of_bounds | released
        timed = [one for one in facts.holds.values() if one.keep_until or one.let_go_until]
        lasts = partial(_lasts, now=facts.now)
        self._kept = {one.key for one in timed if one.is_held and lasts(one.keep_until)}
        let_go = {one.key for one in timed if lasts(one.let_go_until)}
        untold = (self.strange | _blind(facts)) - self._given_up - self._frozen
        self._undecided = untold | facts.spared
        self._barred = untold.union(self._given_up, self._frozen, facts.spared, let_go)

    def may_hold(self, key: str) -> bool:
        """Tell whether a fence may be measured for a key now."""
        return key not in self._barred and key in self._seen

    def is_undecided(self, key: str) -> bool:
        """Tell whether nothing is decided of a key: too little is known, or another guard has it."""
        return key in self._undecided or (key not in self._seen and not self.is_told(key))

    def is_told(self, key: str) -> bool:
        """Tell whether a person's word says what becomes of a key, whatever it has spent."""
        return self.is_given_up(key) or key in self._frozen

    def is_given_up(self, key: str) -> bool:
        """Tell whether people want the guard's hands off a key."""
        return key in self._given_up

    def is_frozen(self, key: str) -> bool:
        """Tell whether people want a key stopped now."""
        return key in self._frozen

    def is_kept(self, key: str) -> bool:
        """Tell whether a key stays held because a restore did not bring its counter back."""
        return key in self._kept


def _blind(facts: Facts) -> frozenset[str]:
    """Return the keys of which too little is known: their workspaces' facts are stale."""
    seen = facts.observations
    workspaces = {one.key.workspace for one in seen.values()}
    stale = {workspace for workspace in workspaces if facts.is_stale(workspace)}
    if not stale:
        return frozenset()
    return frozenset(
        key for key, one in seen.items() if one.gone_at is None and one.key.workspace in stale
    )


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


def _lasts(until: datetime | None, *, now: datetime) -> bool:
    return until is not None and now < until


def second_guard(facts: Facts) -> frozenset[str]:
    """Return the keys with fence-shaped limits that this guard never wrote, if they are many.

    A fence is a lifetime limit with parts of a cent: counters have them, people do not.
    """
    found = [
        key
        for key, seen in facts.observations.items()
        if seen.gone_at is None
        and not _wrote(facts.holds.get(key), seen)
        and _is_fence_shaped(seen.reading.settings.limit)
    ]
    return frozenset(found) if len(found) > FEW else frozenset()


def _is_fence_shaped(limit: Limit) -> bool:
    amount = limit.amount
    return limit.reset is None and amount is not None and amount % CENT != ZERO


def _wrote(hold: Hold | None, seen: Observation) -> bool:
    """Tell whether the guard wrote the limit that a key was last read with, or may have."""
    if hold is None:
        return False
    read = seen.reading.settings.limit
    if hold.confirmed and read == hold.confirmed.settings.limit:
        return True
    ours = [intent.settings.limit for intent in hold.intents]
    ours += [one.possible.settings.limit for one in hold.replaced]
    return read in ours
