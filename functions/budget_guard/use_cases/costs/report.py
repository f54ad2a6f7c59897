"""What was spent, by whatever people ask for, beside what it was in the period before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import ACTIVITY, NOTHING, Cost, Figures, value
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import Usd
from budget_guard.domain.outcomes import PerSuccess, Rate
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Policy
from budget_guard.domain.premium import Premium, premium
from budget_guard.domain.sampling import Count
from budget_guard.use_cases.costs.day_costs import DayCosts
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.who import people_of

DAY = timedelta(days=1)
NO_OWNER = "(no owner)"


class By(StrEnum):
    """What costs are told by."""

    OWNER = "owner"
    KEY = "key"
    MODEL = "model"
    PROVIDER = "provider"
    DAY = "day"
    USER = "user"
    APP = "app"
    JOB = "job"
    SESSION = "session"

    @property
    def is_of_requests(self) -> bool:
        """Tell whether only single requests tell it: see `requests_table`."""
        return self in (By.USER, By.APP, By.JOB, By.SESSION)


@dataclass(frozen=True, slots=True)
class Period:
    """Days (UTC) from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """Return the period of the same length just before."""
        return Period(self.first - (self.last - self.first + DAY), self.first - DAY)

    def days(self) -> Iterator[date]:
        """Yield its days in order."""
        day = self.first
        while day <= self.last:
            yield day
            day += DAY


@dataclass(frozen=True, slots=True)
class CostLine:
    """What a label came to, and `before`: in the period before.

    `key` is the hash of a known key; of a lineage, the one that it began with.
    """

    label: str
    figures: Figures
    before: Figures
    key: str | None = None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """How many of a period's requests are on record one by one, and what these tell besides.

    `tools` (USD) was paid for web search and files. `wasted` (USD) was paid for nothing by all
    requests, as far as can be told: the truth is not further from it than `wasted_bound`.
    """

    exist: Count
    kept: Count
    fallbacks: Rate
    wasted: Usd
    wasted_bound: Usd
    tools: Usd
    per_success: PerSuccess


@dataclass(frozen=True, slots=True)
class CostTable:
    """Costs of a period, the dearest first (days in their order).

    `read_until`: all hours before are in it, of every workspace (None: nothing was ever read).
    `read_since`: hours before were never read. `closed_until`: days before are as OpenRouter's
    activity has them, for good. `on_record`: it is of these requests only. `premium` is what
    dear models took of the total.
    """

    by: By
    period: Period
    lines: tuple[CostLine, ...]
    total: Figures
    before: Figures
    read_since: datetime | None
    read_until: datetime | None
    closed_until: date | None
    on_record: OnRecord | None = None
    premium: Premium | None = None
    premium_before: Premium | None = None

    @property
    def is_comparable(self) -> bool:
        """Tell whether all of the period before was read."""
        begins = datetime.combine(self.period.before.first, time(), UTC)
        return self.read_since is not None and self.read_since <= begins


def share(line: CostLine, table: CostTable) -> Decimal:
    """Return which part of all a line is; 0 where nothing was spent."""
    whole = value(table.total)
    return value(line.figures) / whole if whole else Decimal(0)


def cost_table(ledger: CostLedger, period: Period, by: By) -> CostTable:
    """Return the costs of a period: closed days by activity, the others by analytics' hours."""
    policy = _policy(ledger)
    people = people_of(ledger, policy.budgets)
    label = _label(by, people)
    sums = [_summed(ledger, days, by, label) for days in (period, period.before)]
    dear = [premium(models, policy.costs.premium_above) for _, models in sums]
    now, before = (labels for labels, _ in sums)
    lines = [
        CostLine(_shown(at, by, people), figures, before.get(at, NOTHING), _key(at, by))
        for at, figures in now.items()
    ]
    lines.sort(key=lambda one: (one.label,) if by is By.DAY else (-value(one.figures), one.label))
    read = dict(ledger.costs_read())
    closed = read.pop(ACTIVITY, None)
    return CostTable(
        by=by,
        period=period,
        lines=tuple(lines),
        total=sum(now.values(), NOTHING),
        before=sum(before.values(), NOTHING),
        read_since=max((one.since for one in read.values()), default=None),
        read_until=min((one.until for one in read.values()), default=None),
        closed_until=closed.until.astimezone(UTC).date() if closed else None,
        premium=dear[0],
        premium_before=dear[1],
    )


def _summed(
    ledger: CostLedger, period: Period, by: By, label: Callable[[Cost, date], str]
) -> tuple[Mapping[str, Figures], Mapping[str, Figures]]:
    """Return what each label came to, and each model."""
    axis = Axis.PROVIDER if by is By.PROVIDER else Axis.MODEL
    labels, models = dict[str, Figures](), dict[str, Figures]()
    for day in period.days():
        costs = DayCosts.of(ledger, day)
        for one in costs.by(axis):
            name = label(one, day)
            labels[name] = labels.get(name, NOTHING) + one.figures
        for one in costs.by(Axis.MODEL):
            models[one.model or ""] = models.get(one.model or "", NOTHING) + one.figures
    return labels, models


def _label(by: By, people: People) -> Callable[[Cost, date], str]:
    return {
        By.OWNER: lambda one, _: people.owner(one.key) or NO_OWNER,
        By.KEY: lambda one, _: people.kin.root(one.key),
        By.MODEL: lambda one, _: one.model or "",
        By.PROVIDER: lambda one, _: one.provider or "",
        By.DAY: lambda _, day: day.isoformat(),
    }[by]


def _policy(ledger: CostLedger) -> Policy:
    deployed = ledger.deployed()
    return deployed.policy if deployed else Policy((), "")


def _shown(label: str, by: By, people: People) -> str:
    return people.name(label) if by is By.KEY else label


def _key(label: str, by: By) -> str | None:
    return None if by is not By.KEY or label.startswith(UNKNOWN) else label
