"""Costs by what only single requests tell: users, apps, jobs. Of those that are on record."""

from collections.abc import Iterable, Mapping, Sequence

from budget_guard.domain import outcomes
from budget_guard.domain.costs import NOTHING, Figures
from budget_guard.domain.generations import Generation
from budget_guard.domain.sampling import Sampled, coverage, estimate
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.report import By, CostLine, CostTable, OnRecord, Period, value


def requests_table(ledger: CostLedger, period: Period, by: By) -> CostTable:
    """Return the costs of a period's requests that are on record, the dearest first.

    They are kept for 35 days; nothing is said of the period before.
    """
    generations = [one for day in period.days() for one in ledger.generations(day)]
    sampled = [one for day in period.days() for one in ledger.sampled(day)]
    found = _told(by, generations)
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
        on_record=_on_record(generations, sampled),
    )


def _told(by: By, generations: Iterable[Generation]) -> Mapping[str, Figures]:
    tell = {
        By.USER: outcomes.by_user,
        By.APP: outcomes.by_app,
        By.JOB: outcomes.by_job,
        By.SESSION: outcomes.by_session,
    }
    return tell[by](generations)


def _on_record(generations: Sequence[Generation], sampled: Sequence[Sampled]) -> OnRecord:
    exist, kept = coverage(sampled, generations)
    wasted = estimate(sampled, generations, outcomes.wasted_cost)
    return OnRecord(
        exist=exist,
        kept=kept,
        fallbacks=outcomes.fallbacks(generations),
        wasted=wasted.total,
        wasted_bound=wasted.bound,
        tools=outcomes.tool_cost(generations),
        per_success=outcomes.per_success(generations),
    )
