"""What the sandbox shows: progress, a timeline, the tables, the alerts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from pydantic import TypeAdapter
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.status import Status
from rich.table import Table

from budget_guard.adapters.alerts import mail
from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.cli.costs_page import show_costs
from budget_guard.cli.costs_told import Told
from budget_guard.cli.sandbox_rotation import show_succession
from budget_guard.cli.sandbox_verdict import sentences
from budget_guard.domain.alerts import Alert, Entry, Kind
from budget_guard.domain.ladder import Severity
from budget_guard.domain.money import show as usd
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.play import Playbill
from budget_guard.sandbox.stage import Stage
from budget_guard.sandbox.verdict import Row, Verdict
from budget_guard.use_cases.costs.report import By

COLOURS = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "green"}
ENTRIES = TypeAdapter(list[Entry])
MOST_MODELS = 10
STACK = "BudgetGuard"
LETTERS = (Kind.STOPPED, Kind.OVERRIDE, Kind.UNMANAGED, Kind.MIX_SHIFTED, Kind.RESOLVED)


class Progress:
    """Tells what goes on: a line that changes while things are built, then one per happening."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status

    def note(self, line: str) -> None:
        """Show what is being done; milestones stay."""
        if line.startswith(("OpenRouter", "AWS")):
            self._console.print(f"[green]✓[/] {escape(line)}")
        elif line.strip():
            self._status.update(escape(f"Deploying with the CDK CLI: {line.strip()[:90]}"))

    def ready(self) -> None:
        """Say that the stack stands."""
        self._console.print("[green]✓[/] The real stack is deployed: its functions run in it\n")
        self._status.update("Playing an evening: 5 minutes of it in a second or so")

    def tell(self, at: datetime, text: str) -> None:
        """Add a line to the timeline."""
        colour = next((COLOURS[one] for one in Severity if text.startswith(one.upper())), "cyan")
        line = Table.grid(padding=(0, 2))
        line.add_row(f"  {at:%H:%M}", f"[{colour}]{escape(text)}[/]")
        self._console.print(line)
        self._status.update(f"Playing: {at:%H:%M} UTC")

    def stop(self) -> None:
        """End the changing line."""
        self._status.stop()


@contextmanager
def progress(console: Console) -> Iterator[Progress]:
    """Show what goes on for as long as the block lasts."""
    with console.status("Starting an AWS and an OpenRouter on this machine") as status:
        yield Progress(console, status)


def show(console: Console, on: Stage, policy: Policy, judged: Verdict, bill: Playbill) -> None:
    """Print the tables, the alerts as on-call reads them, and the verdict."""
    console.print(_table(on, policy, judged.rows))
    show_costs(Told(on.costs(By.MODEL), {}), MOST_MODELS, STACK, on.now, console)
    console.print()
    for letter in letters(bill.alerts):
        text = mail.body(letter, STACK).rstrip()
        console.print(Panel(escape(text), title=f"e-mail: {letter.kind}", expand=False))
    if judged.succession:
        show_succession(judged.succession, console)
    for sentence in sentences(judged, len(bill.alerts)):
        console.print(sentence)


def _table(on: Stage, policy: Policy, rows: Sequence[Row]) -> Table:
    title = "\nThe evening's day, by the account's books, in USD"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("budget", no_wrap=True)
    table.add_column("key", no_wrap=True)
    for name in ("cap", "spent", "over", "in\nflight"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("limit set\n(UTC)", min_width=13)
    for row in _tightest(rows):
        table.add_row(*_cells(row, policy, on))
    return table


def _tightest(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield one row for each budget and key: its shortest window, on the evening's day."""
    shown: set[tuple[str, tuple[str, ...]]] = set()
    for row in rows:
        if (row.budget, row.hashes) not in shown:
            shown.add((row.budget, row.hashes))
            yield row


def _cells(row: Row, policy: Policy, on: Stage) -> tuple[str, ...]:
    hold = next(one.hold for one in policy.budgets if one.name == row.budget)
    if row.promised:
        is_one = len(row.hashes) == 1
        what = _times(row.hashes[0], on) if is_one else _shared_out(row.hashes, on)
    else:
        what = "[dim]only alerts: protected[/]" if hold.at is not None else "[dim]only alerts[/]"
    colour = "red" if not row.holds else "yellow" if row.over else "green"
    return (
        escape(row.budget),
        escape(row.key or f"{len(row.hashes)} keys"),
        f"{usd(row.cap)} {row.window}",
        f"[{colour}]{usd(row.spent)}[/]",
        usd(row.over) if row.over else "",
        usd(row.in_flight) if row.promised and row.in_flight else "",
        what,
    )


def _times(key: str, on: Stage) -> str:
    """Return when the guard changed a key, from the ledger's audit records."""
    records = on.ledger.audit(key)
    return ", ".join(f"{record.at:%H:%M}" for record in reversed(records)) or "never: no need"


def _shared_out(keys: Sequence[str], on: Stage) -> str:
    """Return how often the guard changed keys that share a cap: too often to list."""
    times = {record.at for key in keys for record in on.ledger.audit(key)}
    return f"in {len(times)} runs" if times else "never: no need"


def letters(alerts: Sequence[AlertEvent]) -> list[Alert]:
    """Return the first alert of each telling kind, as the e-mail is written from."""
    found: list[Alert] = []
    for kind in LETTERS:
        first = next((one for one in alerts if one.kind is kind), None)
        if first:
            # Contributors have another form there; an e-mail names them in its text.
            told = [one.model_dump(exclude={"contributors"}) for one in first.entries]
            entries = ENTRIES.validate_python(told)
            found.append(
                Alert(first.event_id, first.kind, first.severity, first.at, tuple(entries))
            )
    return found


def look_around(console: Console, on: Stage) -> None:
    """Say how to look around while it runs."""
    console.print("\n[bold]It goes on running until Ctrl-C.[/] In another shell:\n")
    for name, value in on.aws.environment().items():
        if name.startswith("AWS_"):
            console.print(f"  export {name}={escape(value)}")
    console.print("  uv run budget-guard status")
    console.print(f"  curl {on.openrouter.removesuffix('/api/v1')}/_sim/books\n")
