"""The sandbox's rotation: the keys of the lineage, the budget before and after, the requests."""

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from budget_guard.domain.lineage import State
from budget_guard.domain.money import show as usd
from budget_guard.sandbox.succession import Standing, Succession

COLOURS = {State.CURRENT: "green", State.DISABLED: "dim"}


def show_succession(told: Succession, console: Console) -> None:
    """Print the tables."""
    console.print(_lineage(told))
    console.print(_budget(told))


def sentence(told: Succession) -> str:
    """Return the verdict on it, in rich's markup."""
    name = escape(told.name)
    requests = f"{told.requests} requests from {told.began:%H:%M} to {told.ended:%H:%M}"
    what = f"{requests}, {told.failed} failed"
    if told.is_good:
        return f"[bold green]{name} was rotated under load[/]: {what}; its budget is what it was."
    states = ", ".join(f"{escape(one.name)} {one.state}" for one in told.generations)
    budget = f"its budget is off by {usd(told.drift)} USD"
    return f"[bold red]The rotation of {name} was noticed[/]: {what}; {states}; {budget}."


def as_json(told: Succession) -> dict[str, Any]:
    """Return it for machines; amounts are strings, in USD."""
    return {
        "key": told.name,
        "good": told.is_good,
        "from": told.began.isoformat(),
        "to": told.ended.isoformat(),
        "requests": told.requests,
        "failed": told.failed,
        "lineage": [
            {"name": one.name, "state": one.state, "since": one.since.isoformat()}
            for one in told.generations
        ],
        "budget": told.budget,
        "before": _figures(told.before),
        "after": _figures(told.after),
        "spent_meanwhile": f"{told.meanwhile:f}",
        "drift": f"{told.drift:f}",
    }


def _figures(one: Standing) -> dict[str, str]:
    return {"at": one.at.isoformat(), "spent": f"{one.spent:f}", "left": f"{one.left:f}"}


def _lineage(told: Succession) -> Table:
    table = _table(f"{told.name}: a key and its successor")
    for name in ("#", "key", "state", "since (UTC)"):
        table.add_column(name, no_wrap=True)
    for one in told.generations:
        state = f"[{COLOURS.get(one.state, 'yellow')}]{one.state}[/]"
        table.add_row(f"#{one.number}", escape(one.name), state, f"{one.since:%H:%M}")
    return table


def _budget(told: Succession) -> Table:
    table = _table(f"The budget {told.budget} as the guard counts it, in USD today")
    table.add_column("", no_wrap=True)
    for name in ("spent", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    for when, one in (("before", told.before), ("after", told.after)):
        table.add_row(f"{when} the rotation, {one.at:%H:%M}", usd(one.spent), usd(one.left))
    table.add_row("spent meanwhile, by the account's books", usd(told.meanwhile), "")
    return table


def _table(title: str) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, title=f"\n{escape(title)}", title_justify="left", padding=(0, 1, 0, 0)
    )
