"""Rules 4, 6 and 7: what each key may spend from here on. Lower at once, raise only with free money.

`Σ exposure ≤ left` holds for every constraint before, during and after what is decided here:
fences come down where that needs it, and go up by no more than is free already.
"""

from collections.abc import Iterable, Mapping, Sequence

from budget_guard.domain.claim import Allotment, Claim, Move
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.money import CENT, NOISE, ZERO, Usd
from budget_guard.domain.purses import Purse
from budget_guard.domain.shares import Bid, Share, shares

SOON_AT_ONCE = 3
"""Keys raised in one run although they are not short yet, so that they are not all short at once."""


def allot(
    claims: Mapping[str, Claim], constraints: Sequence[Constraint], lefts: Sequence[Usd]
) -> dict[str, Allotment]:
    """Return an allotment for each claim.

    `lefts` is what each constraint leaves to these claims together (USD). Guaranteed, if the
    constraints' exposures were within them: no allotment takes the sum of exposures beyond, at any
    time until every change has settled, whichever of them come true.
    """
    return _Allotting(claims, constraints, lefts).result()


class _Allotting:
    """One decision's purses, and what was found so far.

    `_reached` has, for each place of a claim, what the key can spend there: at most, and when all
    has settled; `_surplus` the keys whose fence leaves them more than their share, the most first.
    """

    def __init__(
        self, claims: Mapping[str, Claim], constraints: Sequence[Constraint], lefts: Sequence[Usd]
    ) -> None:
        self._claims = claims
        self._due = _due(claims, lefts)
        self._purses = [Purse(left) for left in lefts]
        self._found: dict[str, tuple[Move, Usd]] = {}
        self._reached: dict[str, list[tuple[Usd, Usd]]] = {}
        self._surplus: list[tuple[Usd, str]] = []
        for key, claim in claims.items():
            if claim.reach:
                bound = [constraints[place] for place in claim.places]
                self._reached[key] = [claim.reach.exposures(one) for one in bound]

    def result(self) -> dict[str, Allotment]:
        self._count_what_is_held()
        self._lower_what_must_be()
        short = self._raise_from_what_is_free()
        self._lower_donors(short)
        return {
            key: Allotment(
                *self._found.get(key, (Move.KEEP, claim.allowed)),
                self._due[key].amount,
                self._due[key].bound_by,
            )
            for key, claim in self._claims.items()
        }

    def _count_what_is_held(self) -> None:
        """Count each held key's exposures; a fence that bounds nothing somewhere has to go."""
        for key, reached in self._reached.items():
            due, most = self._due[key].amount, max(settled for _, settled in reached)
            if not most.is_finite():
                self._found[key] = (Move.LOWER, due)
                reached[:] = [(possible, due) for possible, _ in reached]
            elif most - due > NOISE:
                self._surplus.append((most - due, key))
            for place, (possible, settled) in zip(self._claims[key].places, reached, strict=True):
                self._purses[place].hold(possible, settled)
        self._surplus.sort(reverse=True)

    def _lower_what_must_be(self) -> None:
        """Rule 7: a decrease that the invariant needs is always made, the largest surplus first."""
        for _, key in self._surplus:
            if any(self._purses[place].over > NOISE for place in self._claims[key].places):
                self._lower(key)

    def _lower(self, key: str) -> None:
        due = self._due[key].amount
        self._found[key] = (Move.LOWER, due)
        for place, (_, settled) in zip(self._claims[key].places, self._reached[key], strict=True):
            self._purses[place].settle(due - settled)

    def _raise_from_what_is_free(self) -> list[str]:
        """Rule 6: pay first fences and raises with free money; return who is left short."""
        asking = {key: start for key in self._claims if (start := self._start(key)) is not None}
        soon = [key for key in asking if not self._claims[key].is_short]
        soon.sort(key=lambda key: (self._claims[key].allowed, key))
        for key in soon[SOON_AT_ONCE:]:
            del asking[key]
        paid = self._paid(asking)
        for key, start in asking.items():
            claim, headroom = self._claims[key], start + paid[key]
            if claim.is_first:
                self._found[key] = (Move.FIRST, headroom)
            elif headroom - claim.allowed >= CENT:
                self._found[key] = (Move.RAISE, headroom)
        patient = frozenset(soon)
        return [
            key
            for key, start in asking.items()
            if key not in patient and self._due[key].amount - start - paid[key] > CENT
        ]

    def _start(self, key: str) -> Usd | None:
        """Return what an asking key has without free money; None for a key that does not ask.

        What may be in force already is counted already.
        """
        claim, due = self._claims[key], self._due[key].amount
        if key in self._found or not (claim.is_first or claim.asks(due)):
            return None
        reached = self._reached.get(key)
        counted = min(possible for possible, _ in reached) if reached else ZERO
        return min(due, max(claim.allowed, counted))

    def _paid(self, asking: Mapping[str, Usd]) -> dict[str, Usd]:
        """Share what is free among those who ask, up to what they are due."""
        lefts, bids = [purse.free for purse in self._purses], {}
        for key, start in asking.items():
            bids[key] = Bid(self._claims[key].weight, (*self._claims[key].places, len(lefts)))
            lefts.append(self._due[key].amount - start)
        found = shares(bids, lefts)
        for key in asking:
            for place in self._claims[key].places:
                self._purses[place].pay(found[key].amount)
        return {key: found[key].amount for key in asking}

    def _lower_donors(self, short: Iterable[str]) -> None:
        """Rule 7: who has more than its share gives way to the short, who get it when it is free.

        As few as it takes, the largest surplus first; a fence that cannot be moved frees nothing.
        """
        for key in short:
            claim = self._claims[key]
            _, headroom = self._found.get(key, (Move.KEEP, claim.allowed))
            for place in claim.places:
                self._purses[place].owe(self._due[key].amount - headroom)
        for surplus, key in self._surplus if any(purse.is_short for purse in self._purses) else ():
            claim = self._claims[key]
            is_needed = any(self._purses[place].is_short for place in claim.places)
            if is_needed and surplus >= CENT and not claim.is_stuck and key not in self._found:
                self._lower(key)


def _due(claims: Mapping[str, Claim], lefts: Sequence[Usd]) -> dict[str, Share]:
    """Rule 4b: return what each key is due; nothing for one that is off (rule 4c)."""
    bids = {key: Bid(one.weight, one.places) for key, one in claims.items() if not one.is_off}
    found = shares(bids, lefts)
    return {
        key: found[key] if key in found else Share(ZERO, claim.places[0])
        for key, claim in claims.items()
    }
