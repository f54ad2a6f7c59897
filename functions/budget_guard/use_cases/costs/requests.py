"""Costs by what only single requests tell: users, apps, jobs. Of those that are on record."""

from collections.abc import Sequence
from datetime import date

from budget_guard.domain.costs import NOTHING, summed, value
from budget_guard.domain.daily import DayOutcomes, DayTag, Tag
from budget_guard.domain.generations import KEPT
from budget_guard.domain.money import ZERO
from budget_guard.domain.outcomes import PerSuccess, Rate
from budget_guard.domain.sampling import coverage, estimate
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.report import By, CostLine, CostTable, OnRecord, Period
from budget_guard.use_cases.costs.shaping import midnight
from budget_guard.use_cases.costs.summing import summary


def requests_table(ledger: CostLedger, period: Period, by: By) -> CostTable:
    """Return the costs of a period's requests that are on record, the dearest first.

    Days are as they were summed up; nothing is said of the period before.
    """
    tag = Tag(by)
    days = [_day(ledger, day, tag, period.last) for day in period.days()]
    rows = (one for _, tagged in days if tagged for one in tagged.rows)
    found = summed((one.label, one.figures) for one in rows)
    lines = [CostLine(label, figures, NOTHING) for label, figures in found.items()]
    lines.sort(key=lambda one: (-value(one.figures), one.label))
    read = ledger.generations_read().values()
    return CostTable(
        by=by,
        period=period,
        lines=tuple(lines),
        total=sum(found.values(), NOTHING),
        before=NOTHING,
        read_since=None,
        read_until=min((one.until for one in read), default=None),
        closed_until=None,
        on_record=_on_record([outcomes for outcomes, _ in days if outcomes]),
    )


def _day(
    ledger: CostLedger, day: date, tag: Tag, last: date
) -> tuple[DayOutcomes | None, DayTag | None]:
    """Return what a day's requests came to; one that was not summed up yet is now."""
    outcomes, tagged = ledger.day_outcomes(day), ledger.day_tag(day, tag)
    if (outcomes and tagged) or last - day > KEPT:
        return outcomes, tagged
    found, at = summary(ledger, day), midnight(day)
    return found.outcomes(at), next(one for one in found.tags(at) if one.tag is tag)


def _on_record(days: Sequence[DayOutcomes]) -> OnRecord:
    strata = [stratum for one in days for stratum in one.strata]
    exist, kept = coverage(strata)
    wasted = estimate(strata)
    return OnRecord(
        exist=exist,
        kept=kept,
        fallbacks=sum((one.fallbacks for one in days), Rate(0, 0)),
        wasted=wasted.total,
        wasted_bound=wasted.bound,
        tools=sum((hour.tools for one in days for hour in one.hours), ZERO),
        per_success=sum((one.per_success for one in days), PerSuccess(ZERO, 0)),
    )
