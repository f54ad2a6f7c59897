"""The page that `status` shows: what is wrong first, then budgets, keys, and freshness."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from budget_guard.cli.cap_words import percent_of
from budget_guard.cli.restricted_lines import named
from budget_guard.cli.telling import (
    SHORT_HASH,
    ago,
    indented,
    roughly,
    safe,
    safe_name,
    until,
    when,
)
from budget_guard.domain.money import show
from budget_guard.domain.words import PERIODS
from budget_guard.use_cases.caps import CapView
from budget_guard.use_cases.holdings import HeldKey
from budget_guard.use_cases.overview import BudgetView, Overview

WIDEST = 110
MOST = 10
"""Lines of a section; all of it is in --json."""
NEAR = Decimal("0.8")
COLOURS = {
    "stopped": "bold red",
    "stale": "bold red",
    "unknown": "bold red",
    "fenced": "yellow",
    "fencing": "yellow",
    "ok": "green",
}


def show_overview(view: Overview, stack: str, console: Console) -> None:
    """Print the page."""
    evaluated = f"evaluated {ago(view.evaluated_at, view.at)}" if view.evaluated_at else "new"
    when = f"{view.at:%a} {view.at.day} {view.at:%b %H:%M} UTC"
    console.print(safe(f"{stack}: mode {view.mode}, {evaluated} ({when})", "bold"))
    for sentence in view.missing:
        console.print(Text("! ", "bold yellow") + safe(sentence), soft_wrap=True)
    console.print(_budgets(view, console))
    _section("Held keys", [_held(one, view) for one in view.held], console)
    _section("Restricted keys", [named(one, view.at) for one in view.restricted], console)
    _section(
        "Not done yet", [safe(_wish(one.key, one.reason, view)) for one in view.wishes], console
    )
    incidents = [
        safe(f"{one.entry.text} ({ago(one.opened_at, view.at)})") for one in view.incidents
    ]
    _section("Open incidents", incidents, console)
    _section("Granted", list(_grants(view)), console)
    _section("Released", list(_releases(view)), console)
    _section("Frozen", list(_freezes(view)), console)
    console.print(_freshness(view))
    if view.evaluated_at:
        console.print(_policy(view))


def _section(title: str, lines: Sequence[Text], console: Console) -> None:
    if not lines:
        return
    console.print(Text(f"{title} ({len(lines)})", "bold"))
    for line in lines[:MOST]:
        console.print(indented(line))
    if len(lines) > MOST:
        console.print(indented(Text(f"and {len(lines) - MOST} more: see --json")))


def _budgets(view: Overview, console: Console) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), width=min(console.width, WIDEST))
    table.add_column("Budget", ratio=1, overflow="fold")
    table.add_column("")
    table.add_column("Spent", justify="right", no_wrap=True)
    table.add_column("Cap USD", justify="right", no_wrap=True)
    table.add_column("", width=max(6, min(24, console.width // 10)))
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("Resets", no_wrap=True)
    table.add_column("State", no_wrap=True)
    for budget in view.budgets:
        for row in _keys(budget, view) if budget.per_key else _windows(budget, view):
            table.add_row(*row)
    return table


def _about(budget: BudgetView) -> Text:
    owner = [budget.owner] if budget.owner else []
    return safe(" " + ", ".join([*owner, budget.note]), "dim")


def _windows(budget: BudgetView, view: Overview) -> Iterator[list[RenderableType]]:
    names: list[RenderableType] = [safe(budget.name, "bold"), _indent(_about(budget))]
    for name, cap in zip_longest(names, budget.caps, fillvalue=None):
        yield [name or "", *(_cap(cap, view) if cap else [])]


def _keys(budget: BudgetView, view: Overview) -> Iterator[list[RenderableType]]:
    yield [safe(budget.name, "bold")]
    yield [_indent(_about(budget))]
    for cap in budget.caps:
        yield [_indent(Text(safe_name(cap.key_name or ""))), *_cap(cap, view)]
    if (more := budget.keys - len(budget.caps)) > 0:
        yield [_indent(Text(f"and {more} more", "dim"))]


def _indent(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 1))


def _cap(cap: CapView, view: Overview) -> list[RenderableType]:
    part = cap.fraction or Decimal(0)
    colour = "green" if part < NEAR else "yellow" if part < 1 else "red"
    return [
        Text(PERIODS[cap.window].removeprefix("this ")),
        Text("?" if cap.spent is None else show(cap.spent)),
        Text(show(cap.cap)),
        Bar(1, 0, min(1.0, float(part)), color=colour),
        Text(percent_of(cap)),
        Text(roughly(cap.resets_at, view.at)),
        Text(cap.state, COLOURS.get(cap.state, "yellow")),
    ]


def _held(one: HeldKey, view: Overview) -> Text:
    head = Text(safe_name(one.name), "bold") + Text(f"  {one.key[:SHORT_HASH]}", "dim")
    head += Text(f"  {show(one.left)} USD left", "yellow" if one.left else "bold red")
    since = f", set {ago(one.since, view.at)}" if one.since else ", sent"
    facts = f"fence {one.fence}{since}; its own: {one.baseline}"
    text = Text("\n").join([head, safe(one.reason), safe(facts, "dim")])
    if one.problem:
        text += Text("\n") + safe(f"cannot be changed: {one.problem}", "bold red")
    return text


def _wish(key: str, reason: str, view: Overview) -> str:
    return f"{safe_name(view.names.get(key, key[:SHORT_HASH]))}: {reason}"


def _grants(view: Overview) -> Iterator[Text]:
    for one in view.grants:
        key = f" for {safe_name(view.names.get(one.key, one.key[:SHORT_HASH]))}" if one.key else ""
        ends = until(one.ends, view.at)
        yield safe(
            f"{one.budget}{key}: {show(one.amount)} USD {ends}, by {one.by}: {one.reason} "
            f"(id {one.id})"
        )


def _releases(view: Overview) -> Iterator[Text]:
    for one in view.releases:
        who = safe_name(view.names.get(one.key, one.key[:SHORT_HASH])) if one.key else "ALL KEYS"
        yield safe(f"{who} {until(one.until, view.at)}, by {one.by}: {one.reason}")


def _freezes(view: Overview) -> Iterator[Text]:
    for one in view.freezes:
        who = safe_name(view.names.get(one.key, one.key[:SHORT_HASH]))
        yield safe(f"{who} {until(one.until, view.at)}, by {one.by}: {one.reason}")


def _policy(view: Overview) -> Text:
    """Return which budgets file is in force, and by whose word."""
    text = Text("Budgets file: ", "bold") + Text(view.policy[:SHORT_HASH])
    approved = view.approved
    if approved is None or approved.policy != view.policy:
        return text + Text(", not approved yet.")
    told = f", approved {when(approved.at, view.at)} by {approved.by}: {approved.reason}."
    return text + safe(told)


def _freshness(view: Overview) -> Text:
    text = Text("Seen: ", "bold")
    for number, one in enumerate(view.workspaces):
        seen = ago(one.seen_at, view.at) if one.seen_at else "never"
        told = f"{', ' if number else ''}{safe_name(one.name)} "
        text += Text(told) + (Text(f"STALE, {seen}", "bold red") if one.is_stale else Text(seen))
    if not view.workspaces:
        text += Text("nothing yet")
    balance = view.poll.balance if view.poll else None
    return text + Text(f". Balance {show(balance)} USD." if balance is not None else ".")
