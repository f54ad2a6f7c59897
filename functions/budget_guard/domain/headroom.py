"""Rules 4, 6 and 7: what each key may spend from here on. Lower at once, raise only with free money.

`Σ exposure ≤ left` holds for every constraint before, during and after what is decided here:
fences come down where that needs it, and go up by no more than is free already.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from budget_guard.domain.claim import Allotment, Claim, Move
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.money import CENT, NOISE, ZERO, Usd
from budget_guard.domain.purses import Purse
from budget_guard.domain.shares import Bid, Share, shares

SOON_AT_ONCE = 3
"""Keys raised in one run although they are not short yet, so that they are not all short at once."""


def allot(
    claims: Mapping[str, Claim], constraints: Sequence[Constraint], lefts: Sequence[Usd]
) -> Iterator[Allotment]:
    """Yield an allotment for each claim, in their order.

    `lefts` is what each constraint leaves to these claims together (USD). Guaranteed, if the
    constraints' exposures were within them: no allotment takes the sum of exposures beyond, at any
    time until every change has settled, whichever of them come true.
    """
    return _Allotting(claims, constraints, lefts).result()


class _Allotting:
    """One decision's purses, and what was found so far.

    `_uneven` has, of the keys whose fences bound their places differently, what `_reach` returns;
    `_surplus` the keys whose fence leaves them more than their share, the most first; `_askers`
    those that ask for more, or for their first fence.
    """

    def __init__(
        self, claims: Mapping[str, Claim], constraints: Sequence[Constraint], lefts: Sequence[Usd]
    ) -> None:
        self._claims = claims
        self._due = _due(claims, lefts)
        self._purses = [Purse(left) for left in lefts]
        self._found: dict[str, tuple[Move, Usd]] = {}
        self._uneven: dict[str, list[tuple[Usd, Usd]]] = {}
        self._surplus: list[tuple[Usd, str]] = []
        self._askers: list[str] = []
        for key, claim in claims.items():
            if claim.reach and not claim.is_plain:
                bound = [constraints[place] for place in claim.places]
                self._uneven[key] = [claim.reach.exposures(one) for one in bound]

    def result(self) -> Iterator[Allotment]:
        self._count_what_is_held()
        self._lower_what_must_be()
        short = self._raise_from_what_is_free()
        self._lower_donors(short)
        for key, claim in self._claims.items():
            move, headroom = self._found.get(key) or (Move.KEEP, claim.allowed)
            due, bound_by = self._due[key]
            yield Allotment(move, headroom, due, bound_by)

    def _reach(self, key: str) -> Sequence[tuple[Usd, Usd]]:
        """Return what a key can spend at each of its places: at most, and when all has settled."""
        claim = self._claims[key]
        if claim.is_plain:
            return [(claim.allowed, claim.allowed)] * len(claim.places)
        return self._uneven.get(key, ())

    def _count_what_is_held(self) -> None:
        """Count each held key's exposures; a fence that bounds nothing somewhere has to go."""
        together: dict[tuple[int, ...], Usd] = {}
        for key, claim in self._claims.items():
            if claim.is_plain:
                most = claim.allowed
                together[claim.common] = together.get(claim.common, ZERO) + most
                for place in claim.own:
                    self._purses[place].hold(most, most)
            else:
                most = self._count_uneven(key, claim.places)
            due = self._due[key].amount
            if most > due and most - due > NOISE:
                self._surplus.append((most - due, key))
            if claim.is_first or claim.asks(due):
                self._askers.append(key)
        for places, total in together.items():
            for place in places:
                self._purses[place].hold(total, total)
        self._surplus.sort(reverse=True)

    def _count_uneven(self, key: str, places: Iterable[int]) -> Usd:
        """Count one key's exposures, and return the most that it comes to once all has settled."""
        reached = self._uneven.get(key, [])
        most = max((settled for _, settled in reached), default=ZERO)
        if not most.is_finite():
            most = self._bound(key)
            self._found[key] = (Move.LOWER, most)
            reached[:] = [(possible, most) for possible, _ in reached]
        for place, (possible, settled) in zip(places, reached, strict=False):
            self._purses[place].hold(possible, settled)
        return most

    def _bound(self, key: str) -> Usd:
        """Return what to bound a key at whose fence bounds nothing somewhere.

        No more than it has elsewhere: a raise is paid for, and comes after.
        """
        allowed = self._claims[key].allowed
        return min(self._due[key].amount, allowed) if allowed.is_finite() else ZERO

    def _lower_what_must_be(self) -> None:
        """Rule 7: a decrease that the invariant needs is always made, the largest surplus first."""
        for _, key in self._surplus:
            if any(self._purses[place].over > NOISE for place in self._claims[key].places):
                self._lower(key)

    def _lower(self, key: str) -> None:
        due = self._due[key].amount
        self._found[key] = (Move.LOWER, due)
        for place, (_, settled) in zip(self._claims[key].places, self._reach(key), strict=True):
            self._purses[place].settle(due - settled)

    def _raise_from_what_is_free(self) -> list[str]:
        """Rule 6: pay first fences and raises with free money; return who is left short.

        Up to what may be in force on it already, a key's raise is counted already.
        """
        asking = self._asking()
        got = self._shared(
            {key: self._counted(key) - self._claims[key].allowed for key in asking},
            self._left_beside(asking),
        )
        for key, amount in got.items():
            for place in self._claims[key].places:
                self._purses[place].settle(amount)
        paid = self._shared(
            {key: self._due[key].amount - self._claims[key].allowed - got[key] for key in asking},
            [purse.free for purse in self._purses],
        )
        for key, amount in paid.items():
            for place in self._claims[key].places:
                self._purses[place].pay(amount)
            self._raise(key, got[key] + amount)
        return [key for key in asking if self._claims[key].is_short and self._missing(key) > CENT]

    def _left_beside(self, asking: Iterable[str]) -> list[Usd]:
        """Return what each purse leaves beside all that the others may spend, and these have."""
        lefts = [purse.left - purse.possible for purse in self._purses]
        for key in asking:
            places = zip(self._claims[key].places, self._reach(key), strict=False)
            for place, (possible, settled) in places:
                if possible.is_finite():
                    lefts[place] += possible - settled
        return [max(ZERO, left) for left in lefts]

    def _asking(self) -> list[str]:
        """Return who asks for more: all who are short, and a few who will be soon."""
        asking = [key for key in self._askers if key not in self._found]
        soon = [key for key in asking if not self._claims[key].is_short]
        soon.sort(key=lambda key: (self._claims[key].allowed, key))
        return [*(key for key in asking if self._claims[key].is_short), *soon[:SOON_AT_ONCE]]

    def _counted(self, key: str) -> Usd:
        """Return how far an asking key's limits may reach already, but for its share (USD)."""
        claim, due = self._claims[key], self._due[key].amount
        most = min((possible for possible, _ in self._reach(key)), default=ZERO)
        return max(claim.allowed, min(due, most)) if most.is_finite() else claim.allowed

    def _shared(self, wanted: Mapping[str, Usd], lefts: Sequence[Usd]) -> dict[str, Usd]:
        """Return what each key gets of `lefts`, up to what it wants."""
        bids, bounds = {}, list(lefts)
        for key, amount in wanted.items():
            claim = self._claims[key]
            bids[key] = Bid(claim.weight, claim.common, (*claim.own, len(bounds)))
            bounds.append(amount)
        return {key: share.amount for key, share in shares(bids, bounds).items()}

    def _raise(self, key: str, amount: Usd) -> None:
        claim = self._claims[key]
        if claim.is_first:
            self._found[key] = (Move.FIRST, claim.allowed + amount)
        elif amount >= CENT:
            self._found[key] = (Move.RAISE, claim.allowed + amount)

    def _missing(self, key: str) -> Usd:
        """Return what a key is due beyond what its fence, raised or not, lets it spend."""
        _, headroom = self._found.get(key, (Move.KEEP, self._claims[key].allowed))
        return self._due[key].amount - headroom

    def _lower_donors(self, short: Iterable[str]) -> None:
        """Rule 7: who has more than its share gives way to the short, who get it when it is free.

        As few as it takes, the largest surplus first; a fence that cannot be moved frees nothing.
        """
        for key in short:
            for place in self._claims[key].places:
                self._purses[place].owe(self._missing(key))
        for surplus, key in self._surplus if any(purse.is_short for purse in self._purses) else ():
            claim = self._claims[key]
            is_needed = any(self._purses[place].is_short for place in claim.places)
            is_still = claim.is_stuck or claim.is_divided
            if is_needed and surplus >= CENT and not is_still and key not in self._found:
                self._lower(key)


def _due(claims: Mapping[str, Claim], lefts: Sequence[Usd]) -> dict[str, Share]:
    """Rule 4b: return what each key is due; nothing for one that is off (rule 4c)."""
    off = {key: Share(ZERO, claim.places[0]) for key, claim in claims.items() if claim.is_off}
    bidding = {key: one for key, one in claims.items() if key not in off} if off else claims
    return shares(bidding, lefts) | off
