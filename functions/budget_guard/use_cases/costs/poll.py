"""`poll_costs`: read what was spent on what into the ledger; any run may be repeated, or killed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from budget_guard.domain.costs import CostHour, CostsRead
from budget_guard.domain.errors import ProviderError
from budget_guard.domain.observations import Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import Workspace
from budget_guard.domain.windows import Window, end, start
from budget_guard.use_cases.costs.asking import HOUR
from budget_guard.use_cases.costs.days import DAY, Closed, Days, Rows
from budget_guard.use_cases.costs.hours import Span, read_hours
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.naming import names
from budget_guard.use_cases.costs.offer import labelled, read_offer
from budget_guard.use_cases.costs.signals import Watch
from budget_guard.use_cases.costs.source import CostSource, Question, Told
from budget_guard.use_cases.costs.spends import Spends
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.who import kin_of

LATE = 2 * HOUR
"""Hours that are read again: how late analytics learns of a request is not documented."""
FIRST_BACK = 28 * DAY
"""How far the first run reads: four weeks to compare with. Providers are told for 31 days."""


WEEK = 7 * DAY


class TooMuchAtOnce(Exception):
    """Analytics cut its answer about several days; each is asked for by itself."""


@dataclass(frozen=True, slots=True)
class CostPoll:
    """What a poll of costs needs of the world. `has_time` tells whether to begin something new.

    `run_all` may read the activity of several keys at a time.
    """

    source: CostSource
    ledger: CostLedger
    lease: Lease
    policy: Policy
    now: datetime
    has_time: Callable[[], bool]
    run_all: Callable[[Callable[[str], Rows], Iterable[str]], Iterable[Rows]] = map


@dataclass(frozen=True, slots=True)
class CostReport:
    """How a poll of costs went: hours written, days closed, and what people should know.

    `is_whole`: all hours until now were read; else the next run goes on where this one stopped.
    """

    hours: int
    days: int
    is_whole: bool
    warnings: tuple[str, ...]
    problem: str | None


def poll_costs(on: CostPoll) -> CostReport:
    """Read all that can be read; return how it went.

    A workspace that fails keeps what was known of it, the others are read. Raises `LedgerError`,
    and a `ProviderError` or `ManagementKeyError` where OpenRouter tells nothing at all.
    """
    read = read_offer(on.source, on.ledger, on.lease, on.now)
    on = replace(on, source=labelled(on.source, read.offer))
    observations = on.ledger.observations()
    reader = _Reader(on, observations.values())
    problems = [read.problem] if read.problem else []
    is_whole = reader.read_all(problems)
    closed = _closed(on, observations)
    kin = kin_of(on.ledger)
    people = People(kin.introduced(observations), on.policy.budgets, kin)
    Spends(on.ledger, on.lease, on.policy, people, on.now, on.has_time).count()
    Watch(on.ledger, on.lease, on.policy, people, on.now, on.has_time).look()
    problems += [f"costs of completed days: {one}" for one in closed.problems]
    return CostReport(
        hours=reader.written,
        days=closed.days,
        is_whole=is_whole and not problems,
        warnings=(*read.warnings, *reader.warnings),
        problem="; ".join(problems) or None,
    )


def _closed(on: CostPoll, observations: Mapping[str, Observation]) -> Closed:
    days = Days(
        on.ledger, on.lease, observations, on.source.activity, on.now, on.has_time, on.run_all
    )
    try:
        return days.close()
    except ProviderError as error:
        return Closed(0, (str(error),))


class _Reader:
    """Reads the hours of workspaces from analytics, from where the last run stopped."""

    def __init__(self, on: CostPoll, observations: Iterable[Observation]) -> None:
        offered = on.source.offered()
        self._on, self._axes = on, sorted(offered.axes)
        self._named = names(observations)
        self._known = on.ledger.costs_read()
        self._at_once = WEEK
        # A day has the hours of all workspaces; it is read once, not for each of them.
        self._hours = lru_cache(maxsize=2)(on.ledger.cost_hours)
        self.warnings = dict.fromkeys(offered.missing)
        self.written = 0

    def read_all(self, problems: list[str]) -> bool:
        """Read every workspace; tell whether all hours until now were read."""
        is_whole = True
        for workspace in self._on.ledger.workspaces().values():
            if self._on.policy.reads(workspace.id):
                try:
                    is_whole &= self.read(workspace)
                except ProviderError as error:
                    problems.append(f"costs of workspace {workspace.name}: {error}")
        return is_whole

    def read(self, workspace: Workspace) -> bool:
        """Read a workspace; tell whether all hours until now were read.

        Weeks are read at once until an answer is cut: then days are, and each is written before
        the next is asked for.
        """
        on, begins = self._on, self._begins(workspace)
        known = self._known.get(workspace.id)
        since = known.since if known else begins
        while begins < on.now:
            if not on.has_time():
                return False
            ends = min(end(Window.DAILY, begins) - DAY + self._at_once, on.now)
            named = self._named.get(workspace.id, {})
            span = Span(workspace.id, begins, ends, named)
            try:
                found = read_hours(span, self._axes, self._ask, on.now)
            except TooMuchAtOnce:
                self._at_once = DAY
                continue
            self._record(span, found)
            until = ends.replace(minute=0, second=0, microsecond=0)
            on.ledger.save(CostsRead(workspace.id, since, until, on.now), lease=on.lease)
            begins = ends
        return True

    def _begins(self, workspace: Workspace) -> datetime:
        first = start(Window.DAILY, self._on.now) - FIRST_BACK
        read = self._known.get(workspace.id)
        return max(first, read.until.astimezone(UTC) - LATE) if read else first

    def _ask(self, question: Question) -> Told:
        told = self._on.source.ask(question)
        self.warnings |= dict.fromkeys(told.warnings)
        if told.is_cut and question.ends - question.begins > DAY:
            raise TooMuchAtOnce
        return told

    def _record(self, span: Span, found: Iterable[CostHour]) -> None:
        """Write the hours that changed; one that never had any costs is not written."""
        before = {
            (one.hour, one.part): one
            for day in span.days()
            for one in self._hours(day)
            if one.workspace == span.workspace
        }
        for hour in found:
            known = before.get((hour.hour, hour.part))
            if known.same_costs(hour) if known else not (hour.models or hour.providers):
                continue
            self._on.ledger.save(hour, lease=self._on.lease)
            self.written += 1
