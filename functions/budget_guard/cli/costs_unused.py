"""The list that `costs --unused` prints: keys that nobody seems to need, for people and machines."""

from collections.abc import Iterator
from datetime import date, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from budget_guard.cli.costs_export import csv_line
from budget_guard.cli.figures import usd
from budget_guard.cli.telling import SHORT_HASH, as_json, safe, safe_name
from budget_guard.domain.unused import Unused
from budget_guard.use_cases.costs.idle import UnusedKeys

HEADER = ("key", "name", "owner", "created_on", "spent_on", "ever_usd")
WIDEST = 110


def show_unused(told: UnusedKeys, top: int, stack: str, now: datetime, console: Console) -> None:
    """Print at most `top` keys, the longest unused first, and how many there are of all."""
    console.print(safe(f"{stack}: enabled keys without spend since {told.since:%Y-%m-%d}", "bold"))
    if not told.keys:
        console.print(safe(f"None of {told.exist} keys, as far as is known."))
        return
    page = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), width=min(console.width, WIDEST))
    page.add_column("Key", ratio=1, overflow="fold")
    for heading in ("Created", "Last spend", "Ever USD"):
        page.add_column(heading, justify="right", no_wrap=True)
    for one in told.keys[:top]:
        page.add_row(_who(one), *_ages(one, now.date()), usd(one.ever))
    console.print(page)
    if (more := len(told.keys) - top) > 0:
        console.print(safe(f"... and {more} more: --top shows more, --csv and --json all.", "dim"))
    console.print(
        safe(
            f"{len(told.keys)} of {told.exist} keys. A key that leaks can spend while it is "
            "enabled: disable, or delete, what nobody needs at openrouter.ai."
        )
    )


def unused_json(told: UnusedKeys) -> str:
    """Return an object: `since`, `exist`, and `keys` with exact amounts; null: not known."""
    rows = [dict(zip(HEADER, _cells(one), strict=True)) for one in told.keys]
    return as_json({"since": told.since, "exist": told.exist, "keys": rows})


def unused_csv(told: UnusedKeys) -> Iterator[str]:
    """Yield the header and a line for each key; what is not known is an empty field."""
    yield csv_line(HEADER)
    for one in told.keys:
        yield csv_line(_cells(one))


def _cells(one: Unused) -> tuple[str | None, ...]:
    days = (day.isoformat() if day else None for day in (one.created_on, one.spent_on))
    return (one.key, safe_name(one.name), one.owner, *days, f"{one.ever.normalize():f}")


def _who(one: Unused) -> Text:
    about = f"{one.key[:SHORT_HASH]}, {safe_name(one.owner)}" if one.owner else one.key[:SHORT_HASH]
    return Text(safe_name(one.name), "bold") + Text(f"\n {about}", "dim")


def _ages(one: Unused, today: date) -> tuple[str, str]:
    created = f"{(today - one.created_on).days} days ago" if one.created_on else "not known"
    if one.spent_on:
        return created, f"{(today - one.spent_on).days} days ago"
    return created, "before it was seen" if one.ever else "never"
