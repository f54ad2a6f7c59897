"""The page that `costs` shows: a line for each label, a total, and how far the figures go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from budget_guard.cli.costs_told import Told, change
from budget_guard.cli.figures import adding_up, human, usd
from budget_guard.cli.telling import SHORT_HASH, ago, safe, safe_name
from budget_guard.domain.costs import NOTHING, Figures, value
from budget_guard.domain.money import Usd
from budget_guard.domain.premium import Premium
from budget_guard.use_cases.costs.report import By, CostLine, CostTable, OnRecord, Period

WIDEST = 110
NOTHING_READ = (
    "No costs were read yet: poll_costs has not run. If that is so an hour after the deployment, "
    "see its log and the dashboard."
)
SILENT_AFTER = timedelta(hours=3)
"""Every hour is read soon after its end: then poll_costs does not work any more."""
MOST_GROWN = 999


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table: its label, its figures, and those of the period before."""

    label: Text
    now: Figures
    before: Figures


def show_costs(told: Told, top: int, stack: str, now: datetime, console: Console) -> None:
    """Print the page, with at most `top` lines and one for the others; days are all shown."""
    table = told.table
    console.print(safe(f"{stack}: costs by {table.by}, {_days(table.period)} (UTC)", "bold"))
    if table.read_until is None:
        console.print(safe(NOTHING_READ, "yellow"))
        return
    console.print(_table(told, top, console) if table.lines else Text("Nothing was spent."))
    for sentence in _notes(table, table.read_until, now):
        console.print(sentence)


def _table(told: Told, top: int, console: Console) -> Table:
    total, width = told.table.total, min(console.width, WIDEST)
    page = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), width=width)
    page.add_column(f"\n{told.table.by.capitalize()}", ratio=1, overflow="fold")
    byok = ["BYOK\nUSD"] if total.byok else []
    for heading in ("Credits\nUSD", *byok, "\nRequests", "Tokens\nin/out", "\nShare"):
        page.add_column(heading, justify="right", no_wrap=True)
    if told.is_compared:
        page.add_column("\nChange", justify="right", no_wrap=True)
    else:
        page.add_column(width=width // 6)
    rows = list(_rows(told, top))
    for row, paid, worth in zip(rows, *_money(rows, total), strict=True):
        money = [usd(paid), usd(worth)] if total.byok else [usd(paid)]
        page.add_row(row.label, *money, *_counts(row.now, total), _last(row, told))
    return page


def _money(rows: Sequence[_Row], total: Figures) -> tuple[list[Usd], list[Usd]]:
    """Return the credits and the BYOK of each row in whole cents that add up to the last's."""
    *parts, _ = rows
    return (
        [*adding_up([one.now.credits for one in parts], total.credits), total.credits],
        [*adding_up([one.now.byok for one in parts], total.byok), total.byok],
    )


def _rows(told: Told, top: int) -> Iterator[_Row]:
    """Yield the lines to be shown, the others as one, and the total."""
    table = told.table
    shown = len(table.lines) if table.by is By.DAY else top
    for line in table.lines[:shown]:
        yield _Row(_label(line, told), line.figures, line.before)
    if others := table.lines[shown:]:
        now = sum((one.figures for one in others), NOTHING)
        before = sum((one.before for one in others), NOTHING)
        yield _Row(Text(f"{len(others)} others", "dim"), now, before)
    yield _Row(Text("Total", "bold"), table.total, table.before)


def _label(line: CostLine, told: Told) -> Text:
    name = safe_name(line.label)
    if told.table.by is not By.KEY:
        return Text(name)
    known = line.key[:SHORT_HASH] if line.key else "hash not known"
    owner = told.owner(line)
    about = f"{known}, {safe_name(owner)}" if owner else known
    return Text(name, "bold") + Text(f"\n {about}", "dim")


def _counts(figures: Figures, total: Figures) -> list[str]:
    part, whole = value(figures), value(total)
    share = part / whole * 100 if whole else Decimal(0)
    return [
        human(figures.requests),
        f"{human(figures.prompt)}/{human(figures.completion)}",
        "<1 %" if 0 < share < 1 else f"{_whole(share)} %",
    ]


def _last(row: _Row, told: Told) -> RenderableType:
    if told.is_compared:
        return _change(row, told.table)
    if row.now is told.table.total:
        return ""
    most = max(value(one.figures) for one in told.table.lines)
    return Bar(1, 0, float(value(row.now) / most) if most else 0, color="green")


def _change(row: _Row, table: CostTable) -> Text:
    if not (table.is_comparable and value(table.before)):
        return Text("-", "dim")
    grown = change(row.now, row.before)
    if grown is None:
        return Text("new", "yellow")
    percent = _whole(grown * 100)
    if percent > MOST_GROWN:
        return Text(f">+{MOST_GROWN} %", "yellow")
    return Text(f"{percent:+} %" if percent else "0 %", "yellow" if percent > 0 else "")


def _whole(percent: Decimal) -> int:
    return int(percent.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _notes(table: CostTable, until: datetime, now: datetime) -> Iterator[Text]:
    """Yield what the figures are, and how far they go."""
    if table.total.byok:
        yield safe(
            "BYOK is the list price of what your own provider keys served, apart from credits; "
            "share and change count both."
        )
    if table.premium and (table.premium.usd or _premium_before(table)):
        yield safe(_premium(table.premium, _premium_before(table)))
    if table.on_record:
        yield from map(safe, _of_requests(table.on_record))
    elif table.by is not By.DAY:
        yield safe(_compared(table, now))
    until = until.astimezone(UTC)
    read = f"{until:%H:%M}" if until.date() == now.date() else f"{until:%Y-%m-%d %H:%M}"
    yield safe(f"Read until {read} UTC ({ago(until, now)}){_closed(table)}.", "dim")
    if now - until > SILENT_AFTER:
        yield safe("Nothing was read since then: see the log of poll_costs.", "bold red")


def _premium_before(table: CostTable) -> Premium | None:
    """Return what was premium in the period before, if that can be compared with."""
    before = table.premium_before
    return before if before and before.usd and table.is_comparable else None


def _premium(now: Premium, before: Premium | None) -> str:
    was = f" (before: {_whole(before.share * 100)} %)" if before else ""
    return (
        f"{_whole(now.share * 100)} %{was} went to premium models: above {now.above:f} USD per "
        "million tokens."
    )


def _closed(table: CostTable) -> str:
    """Return which days are as OpenRouter has them for good; single requests are never closed."""
    if table.on_record:
        return ""
    closed = (
        f"days before {table.closed_until} are closed: they are as OpenRouter's activity has them"
        if table.closed_until
        else "no day is closed yet"
    )
    return f"; {closed}"


def _of_requests(told: OnRecord) -> Iterator[str]:
    """Yield how much of all these requests are, and what they tell besides."""
    yield (
        f"Of {told.exist.number} requests ({usd(told.exist.usd)} USD), {told.kept.number} "
        f"({usd(told.kept.usd)} USD) are on record one by one: see `costs:` in the budgets file."
    )
    part = _whole(told.fallbacks.fraction * 100)
    yield (
        f"{told.fallbacks.part} of them ({part} %) fell back; {usd(told.tools)} USD were for tools. "
        f"Paid for nothing by all: {usd(told.wasted)} USD, right within {usd(told.wasted_bound)}."
    )
    if told.per_success.usd is not None:
        successes = f"{told.per_success.successes} successful outcomes"
        yield f"{successes}, each for {usd(told.per_success.usd)} USD."


def _compared(table: CostTable, now: datetime) -> str:
    before = _days(table.period.before)
    if not table.is_comparable:
        return f"Not all is known of {before}: nothing to compare with."
    if not value(table.before):
        when = f"from {before}" if " " in before else f"on {before}"
        return f"Nothing was spent {when}: nothing to compare with."
    whole = " (whole days; today is not over)" if table.period.last >= now.date() else ""
    return f"Change is against {before}{whole}."


def _days(period: Period) -> str:
    first, last = period.first, period.last
    return f"{first}" if first == last else f"{first} to {last}"
