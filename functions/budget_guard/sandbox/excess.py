"""What took a cap's keys beyond it: explained charge by charge, or the promise is broken."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.policy import Budget
from budget_guard.sandbox.custody import NOTICED, Custody, Hands
from budget_guard.sandbox.openrouter.books import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """What a budget allowed these keys (hashes), grants included, from `opens` to `at`, in USD."""

    budget: Budget
    members: frozenset[str]
    opens: datetime
    at: datetime
    usd: Usd

    def cost(self, charge: Charge) -> Usd:
        """Return what a charge took of the cap."""
        return charge.credits + (charge.byok if self.budget.include_byok else ZERO)


@dataclass(slots=True)
class Excuses:
    """What may explain spend beyond a cap (USD): added as it happens, taken where it is needed."""

    _left: list[tuple[datetime, Usd]] = field(default_factory=list)

    def add(self, at: datetime, amount: Usd) -> None:
        """Add what happened at `at`, which is not earlier than the last."""
        if amount:
            self._left.append((at, amount))

    def take(self, most: Usd, *, since: datetime) -> Usd:
        """Use up `most`, or what there is, of what happened from `since` on; return how much."""
        if not most:
            return ZERO
        kept, taken = [], ZERO
        for at, amount in self._left:
            used = min(amount, most - taken) if at >= since else ZERO
            taken += used
            kept.append((at, amount - used))
        self._left = kept
        return taken


@dataclass(slots=True)
class Excess:
    """What was spent in all, and what of it lay beyond the cap and why, in USD."""

    spent: Usd = ZERO
    in_flight: Usd = ZERO
    unheld: Usd = ZERO
    broken: Usd = ZERO


@dataclass(frozen=True, slots=True)
class Inquest:
    """Explains what was spent beyond a cap; keys of `protect` are not the guard's to hold.

    The keys of a cap each have a fence of their own, and the fences sum to what was left of it. So
    what one key took beyond its fence in flight, or spent in a person's hands, may carry another
    one's charge over the cap; until the guard's next word on any of them, which has counted it.
    """

    custody: Custody
    protect: frozenset[str]

    def excess(self, cap: Cap) -> Excess:
        """Return what the keys of the cap spent, and how what lies beyond it is explained."""
        found, in_flight, unheld = Excess(), Excuses(), Excuses()
        for charge in self._charges(cap):
            cost = cap.cost(charge)
            found.spent += cost
            beyond = min(cost, max(ZERO, found.spent - cap.usd))
            flown = min(cost, self.custody.in_flight(charge))
            hands = self._hands(charge, cap)
            in_flight.add(charge.at, flown)
            unheld.add(charge.at, cost - flown if hands is Hands.PERSON else ZERO)
            since = self.custody.last_word(cap.members, charge.admitted_at)
            by_flight = in_flight.take(beyond, since=since)
            by_people = unheld.take(beyond - by_flight, since=since)
            rest = beyond - by_flight - by_people
            found.in_flight += by_flight
            found.unheld += by_people + (rest if hands is Hands.NOBODY else ZERO)
            found.broken += ZERO if hands is Hands.NOBODY else rest
        return found

    def _charges(self, cap: Cap) -> Iterator[Charge]:
        for charge in self.custody.account.books.charges:
            if charge.hash in cap.members and cap.opens <= charge.at <= cap.at:
                yield charge

    def _hands(self, charge: Charge, cap: Cap) -> Hands:
        """Return who had a key, as far as this cap goes: another one's fence is none of it."""
        hold, due = cap.budget.hold.at, self._is_due(charge, cap)
        if hold is None or charge.hash in self.protect:
            return Hands.PERSON
        hands = self.custody.hands(charge, due=due)
        return Hands.NOBODY if hands is Hands.GUARD and hold and not due else hands

    def _is_due(self, charge: Charge, cap: Cap) -> bool:
        """Tell whether the guard has had the time to see that the cap's keys are to be held."""
        noticed = charge.admitted_at - NOTICED
        if noticed < self.custody.opened or cap.budget.hold.at is None:
            return False
        return self._seen(cap, noticed) >= cap.budget.hold.at * cap.usd

    def _seen(self, cap: Cap, noticed: datetime) -> Usd:
        byok, seen = cap.budget.include_byok, ZERO
        for key in cap.members:
            tally = self.custody.account.books.tallies[key]
            begun = tally.before(cap.opens).counted(include_byok=byok)
            seen += max(ZERO, tally.until(noticed).counted(include_byok=byok) - begun)
        return seen
