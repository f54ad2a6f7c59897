"""The account itself runs short: of credits, or of hours at the burn of the last day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.domain.alerts import Condition, Entry, Kind, Unit
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Severity
from budget_guard.domain.money import ZERO, Usd, show
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.signal import dearest, named
from budget_guard.domain.signals.telling import still_open

HOUR = timedelta(hours=1)
BURN_OVER = 24 * HOUR
BALANCE, RUNWAY = "account/balance", "account/runway"
CLEAR = Decimal("1.1")
"""What is told is over only at a tenth above its bound, so that it is not told again and again."""


@dataclass(frozen=True, slots=True)
class Burn:
    """What each key spent (credits) in the time `over` before it was read last."""

    spent: Mapping[str, Usd]
    over: timedelta

    @property
    def per_hour(self) -> Usd:
        """Return USD an hour of all keys together."""
        return sum(self.spent.values(), ZERO) * 3600 / Decimal(self.over // timedelta(seconds=1))


def burn(facts: Facts) -> Burn:
    """Return the burn of 24 hours; of fewer, at least one, where marks do not go back so far."""
    since = facts.now - BURN_OVER
    spent, first = dict[str, Usd](), facts.now
    for key, seen in facts.observations.items():
        mark = _mark(seen, since)
        if mark:
            first = min(first, mark.hour)
            spent[key] = seen.reading.counters.lifetime.credits - mark.spent.credits
    return Burn(spent, max(HOUR, min(BURN_OVER, facts.now - first)))


def _mark(seen: Observation, since: datetime) -> HourMark | None:
    """Return the last mark until `since`, else the first one."""
    found = None
    for mark in seen.hours:
        if found is not None and mark.hour > since:
            break
        found = mark
    return found


def short_of_credits(facts: Facts) -> Iterator[Condition]:
    """Yield that the balance, or the runway, is below what the budgets file wants.

    Where no fresh balance is known, what is open stays open.
    """
    rules, poll = facts.policy.account, facts.poll
    if poll is None or poll.balance is None or _is_old(poll.at, facts):
        yield from still_open(facts, (Kind.BALANCE, Kind.RUNWAY))
        return
    if rules.balance_below is not None:
        bound = rules.balance_below * _slack(BALANCE, facts)
        if poll.balance < bound:
            yield _balance(poll.balance, rules.balance_below, facts)
    if rules.runway_below is not None:
        present = burn(facts)
        hours = Decimal(rules.runway_below // timedelta(seconds=1)) / 3600
        if present.per_hour > 0 and poll.balance < present.per_hour * hours * _slack(RUNWAY, facts):
            yield _runway(poll.balance, present, facts)


def _is_old(at: datetime, facts: Facts) -> bool:
    return facts.now - at > facts.policy.safety.stale_after


def _slack(incident: str, facts: Facts) -> Decimal:
    return CLEAR if incident in facts.incidents else Decimal(1)


def _balance(balance: Usd, bound: Usd, facts: Facts) -> Condition:
    """Return the condition; it is a step worse when nothing is left: requests are refused then."""
    present = burn(facts)
    entry = Entry(
        incident=BALANCE,
        text=f"the account's balance is {show(balance)} USD, below {show(bound)}"
        f"{_most(present, facts)}",
        before=bound,
        after=balance,
        unit=Unit.USD,
        contributors=_spenders(present, facts),
        action="nothing: the guard only tells",
        todo="buy credits at openrouter.ai; without any, OpenRouter refuses every request (402)",
    )
    return Condition(Kind.BALANCE, 2 if balance <= 0 else 1, Severity.CRITICAL, entry)


def _runway(balance: Usd, present: Burn, facts: Facts) -> Condition:
    left = max(ZERO, balance) / present.per_hour
    bound = facts.policy.account.runway_below or timedelta()
    entry = Entry(
        incident=RUNWAY,
        text=f"the account's {show(balance)} USD last for {_hours(left)}, below "
        f"{_hours(Decimal(bound // HOUR))}, at {show(present.per_hour)} USD an hour"
        f"{_most(present, facts)}",
        burn_per_hour=present.per_hour,
        before=Decimal(bound // HOUR),
        after=left,
        unit=Unit.HOURS,
        contributors=_spenders(present, facts),
        action="nothing: the guard only tells",
        todo="buy credits at openrouter.ai, or see who spends more than usual",
    )
    return Condition(Kind.RUNWAY, 1, Severity.WARNING, entry)


def _most(present: Burn, facts: Facts) -> str:
    most = named(_spenders(present, facts))
    return f"{most} in {_hours(Decimal(present.over // HOUR))}" if most else ""


def _spenders(present: Burn, facts: Facts) -> tuple[tuple[str, Usd], ...]:
    people = People(facts.observations, facts.policy.budgets, facts.kin)
    most = dearest(people.together(present.spent))
    return tuple((people.name(key), usd) for key, usd in most)


def _hours(hours: Decimal) -> str:
    return "1 hour" if hours == 1 else f"{hours:.0f} hours"
