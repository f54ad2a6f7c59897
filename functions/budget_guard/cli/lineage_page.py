"""The pages that `lineage` shows: one key with its generations, and all keys under rotation."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from budget_guard.cli.lineage_words import (
    bounds_of,
    drains,
    happens_next,
    last_of,
    schedule_of,
)
from budget_guard.cli.telling import SHORT_HASH, indented, safe, safe_name, spanning
from budget_guard.domain.lineage import State
from budget_guard.domain.money import show
from budget_guard.use_cases.rotation.generations import GenerationView, idle_for
from budget_guard.use_cases.rotation.lineage_view import LineageView

STYLES = {State.CURRENT: "green", State.DRAINING: "yellow"}
NOTHING = (
    'No key is under rotation. To put one there: printf %s "$PLAINTEXT" | budget-guard adopt KEY'
)


def show_lineage(view: LineageView, console: Console) -> None:
    """Print the page of one."""
    newest = view.generations[0].number
    place = f"generation {newest} of {newest}, in workspace {safe_name(view.workspace)}"
    console.print(Text(safe_name(view.name), "bold") + "  " + safe(place))
    console.print(safe(f"secret {view.secret}"), soft_wrap=True)
    console.print(safe(schedule_of(view)))
    if view.put_off:
        console.print(safe(f"no rotation is done now: {view.put_off}", "yellow"))
    if last := last_of(view):
        console.print(safe(last, "bold red" if view.last and view.last.failure else ""))
    console.print(_generations(view))
    for heading, bounds in bounds_of(view):
        console.print(Text(f"{heading}, over all generations", "bold"))
        for bound in bounds:
            console.print(indented(safe(bound)))
    coming = list(happens_next(view))
    if coming:
        console.print(Text("What happens next", "bold"))
    for told in coming:
        console.print(indented(safe(told)))


def _generations(view: LineageView) -> Table:
    table = _table(("", "Key", "Hash", "State", "Since (UTC)", "Spent USD", "Idle for"))
    table.columns[5].justify = "right"
    for one in view.generations:
        table.add_row(
            f"#{one.number}",
            Text(safe_name(one.name)),
            Text(one.key[:SHORT_HASH], "dim"),
            Text(one.state, STYLES.get(one.state, "dim")),
            f"{one.since:%Y-%m-%d %H:%M}",
            show(one.spent),
            _idle(one, view),
        )
    return table


def _idle(one: GenerationView, view: LineageView) -> str:
    if one.state is not State.DRAINING:
        return ""
    return spanning(idle_for(one, view.at)) if one.used_at else "not looked at yet"


def show_lineages(views: Sequence[LineageView], console: Console) -> None:
    """Print every lineage, a line each, and what is wrong below."""
    if not views:
        console.print(safe(NOTHING))
        return
    table = _table(("Key", "Hash", "In use", "Old ones", "Every", "Next", "Last rotation"))
    for view in views:
        table.add_row(*_row(view))
    console.print(table)
    for told in _wrong(views):
        console.print(told)


def _row(view: LineageView) -> Iterator[Text]:
    leaving = [one for one in view.generations if one.state is State.DRAINING]
    yield Text(safe_name(view.name), "bold")
    yield Text(view.key[:SHORT_HASH], "dim")
    yield Text(f"#{view.generations[0].number}")
    yield Text(", ".join(f"#{one.number} draining" for one in leaving), "yellow")
    yield Text(f"{view.every_hours / 24:g} d" if view.every_hours else "none")
    yield Text(f"{view.next_at:%Y-%m-%d}" if view.next_at else "")
    yield _ended(view)


def _ended(view: LineageView) -> Text:
    last = view.last
    if last is None:
        return Text("none yet")
    if last.failure:
        return Text("FAILED", "bold red")
    return Text(f"{last.began:%Y-%m-%d}" if last.stage.is_over else "under way")


def _wrong(views: Sequence[LineageView]) -> Iterator[Text]:
    for view in views:
        if view.last and view.last.failure:
            yield Text("! ", "bold yellow") + safe(f"{view.name}: {view.last.failure}")
        for one in view.generations:
            if drains(one) and view.at - one.since >= view.rule.drain_max:
                yield Text("! ", "bold yellow") + safe(
                    f"{view.name}: #{one.number} is in use for longer than "
                    f"{spanning(view.rule.drain_max)}. See:"
                )
                yield Text(f"  budget-guard lineage {view.key[:SHORT_HASH]}")


def _table(headings: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
