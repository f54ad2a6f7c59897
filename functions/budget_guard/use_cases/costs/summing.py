"""Days of generations summed up: what a report needs of them when they have expired."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from budget_guard.domain.daily import DayOutcomes, DayTag, Summary, Tag
from budget_guard.domain.generations import KEPT
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.shaping import midnight


def sum_up(keeper: Keeper, now: datetime, has_time: Callable[[], bool]) -> bool:
    """Sum up each day whose generations were written since it was; tell whether none is left.

    A day whose first generations may have expired stays as it is. Raises `LedgerError`.
    """
    for touched in keeper.ledger.days_touched():
        if not has_time():
            return False
        if now < midnight(touched.day) + KEPT:
            _sum_up(touched.day, keeper, now)
        keeper.ledger.forget(touched, lease=keeper.lease)
    return True


def summary(ledger: CostLedger, day: date) -> Summary:
    """Return the sums of the generations of a day that are on record."""
    return Summary(day, ledger.sampled(day), ledger.generations(day))


def _sum_up(day: date, keeper: Keeper, now: datetime) -> None:
    ledger, found = keeper.ledger, summary(keeper.ledger, day)
    changed: list[DayOutcomes | DayTag] = []
    outcomes, known = found.outcomes(now), ledger.day_outcomes(day)
    if known is None or replace(known, at=now) != outcomes:
        changed.append(outcomes)
    tags = {tag: ledger.day_tag(day, tag) for tag in Tag}
    for one in found.tags(now):
        before = tags[one.tag]
        if before is None or before.rows != one.rows:
            changed.append(one)
    keeper.save(*changed)
