"""The page that `status KEY` shows: what the team that uses the key asks."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from budget_guard.cli.cap_words import known_of, spent_of
from budget_guard.cli.restricted_lines import restriction
from budget_guard.cli.telling import ago, indented, safe, safe_name, within
from budget_guard.domain import commands, reasons, words
from budget_guard.domain.audit import Audit
from budget_guard.domain.money import show
from budget_guard.domain.records import Freeze
from budget_guard.use_cases.key_view import KeyView

CHANGES = 10


def show_key(view: KeyView, console: Console) -> None:
    """Print the page."""
    show_head(view, console)
    console.print(standing_of(view))
    for budget, cap in view.caps:
        console.print(
            _line(
                f"{budget}: {spent_of(cap)}, {cap.state}{known_of(cap, view.at)}; "
                f"resets in {within(cap.resets_at, view.at)}"
            )
        )
    if view.trail:
        console.print(Text(f"Changes by the guard, newest first ({len(view.trail)})", "bold"))
    for change in view.trail[:CHANGES]:
        console.print(indented(_change(change, view)))
    if len(view.trail) > CHANGES:
        console.print(_line(f"and {len(view.trail) - CHANGES} more: see --json"))


def show_head(view: KeyView, console: Console) -> None:
    """Print which key it is, and its settings."""
    console.print(Text(safe_name(view.name), "bold") + Text(f"  {view.key}", "dim"))
    if view.place:
        console.print(safe(view.place))
    where = f"in workspace {safe_name(view.workspace)}, seen {ago(view.seen_at, view.at)}"
    console.print(safe(f"{where}: {view.settings}; without the guard {view.own_limit}"))
    if view.restricted:
        console.print(restriction(view.restricted, view.at))


def _line(text: str) -> Padding:
    return indented(safe(text))


def standing_of(view: KeyView) -> Text:
    """Return whether a key is held, or frozen, and why, and how to undo that."""
    if view.freeze:
        return _frozen(view, view.freeze)
    if view.held is None:
        return Text("Not held: ", "bold green") + safe(view.why)
    held = view.held
    head = Text("Held: ", "bold yellow") + safe(view.why)
    more = f"fence {held.fence}; {show(held.left)} USD left"
    if view.bound_by:
        more += f", bound by {view.bound_by}"
    if held.problem:
        more += f"; cannot be changed: {held.problem}"
    undo = f"its own settings, {held.baseline}, come back then, or by:"
    return Text("\n").join([head, safe(more), safe(undo), Text(f"  {commands.release(view.key)}")])


def _frozen(view: KeyView, freeze: Freeze) -> Text:
    told = reasons.frozen("it", freeze, view.at)
    is_off = "disabled" in view.settings
    head = Text("Frozen: ", "bold red") + safe(told)
    if view.held:
        state = "requests get 401, as of a disabled key" if is_off else "not stopped yet"
    else:
        state = "people have disabled it" if is_off else "not stopped yet"
    return Text("\n").join(
        [head, safe(f"{state}; to end that: budget-guard freeze --end {view.key[:12]}")]
    )


def _change(change: Audit, view: KeyView) -> Text:
    before, after = words.settings(change.before), words.settings(change.after)
    if change.guardrails:
        before, after = (f"guardrail {one}" for one in change.guardrails)
    what = f"{before} -> {after}" if before != after else before
    is_one = all(one.name == change.name for one in view.trail)
    who = "" if is_one else f"{safe_name(change.name)}: "
    head = f"{change.at:%Y-%m-%d %H:%M} UTC  {who}{what}"
    return Text("\n").join(
        [
            safe(head),
            safe(change.reason, "dim"),
            safe(f"run {change.run}; undo: {change.undo}", "dim"),
        ]
    )
