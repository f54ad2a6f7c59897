"""The page that `plan` shows: a diff of what would be changed, by budget, as Terraform shows one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from budget_guard.cli.approve import approve_command, held_back_headline
from budget_guard.cli.figures import usd
from budget_guard.cli.telling import SHORT_HASH, ago, indented, safe, safe_name
from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.policy import Mode
from budget_guard.use_cases.approving import REFUSED_MODE, Affected
from budget_guard.use_cases.plan_steps import Act, Step
from budget_guard.use_cases.planning import Prospect

MOST = 20
"""Keys of a group; all of them are in --json."""
SIGNS = {
    Act.FENCE: ("+", "green"),
    Act.STOP: ("x", "bold red"),
    Act.LOWER: ("~", "yellow"),
    Act.RAISE: ("~", "yellow"),
    Act.SET: ("~", "yellow"),
    Act.GIVE_BACK: ("-", "red"),
    Act.FREEZE: ("x", "bold red"),
    Act.RESTRICT: ("+", "yellow"),
    Act.UNRESTRICT: ("-", "red"),
}
WHAT = {
    Act.FENCE: "fenced at {more}",
    Act.STOP: "stopped: nothing is left for it",
    Act.LOWER: "lowered: {more}",
    Act.RAISE: "raised: {more}",
    Act.SET: "set anew: {more}",
    Act.GIVE_BACK: "given back",
    Act.FREEZE: "frozen",
    Act.RESTRICT: "restricted",
    Act.UNRESTRICT: "no longer restricted",
}
ALWAYS_TOLD = (Act.FENCE, Act.LOWER, Act.RAISE, Act.GIVE_BACK)
BACK = (Act.GIVE_BACK, Act.UNRESTRICT)
GIVEN_BACK = "Given back"


def show_plan(found: Prospect, file: Path, console: Console) -> None:
    """Print the page."""
    for line in _heading(found, file):
        console.print(line)
    if found.held_back:
        _show_held_back(found.held_back, found, console)
    elif found.mode is Mode.OBSERVE and found.steps:
        told = "mode: observe changes nothing. With mode: enforce the next run would:"
        console.print(safe(told, "bold yellow"))
    elif found.steps:
        console.print(safe("The next run would:", "bold"))
    for title, steps in _grouped(found.steps):
        console.print(safe(title, "bold"))
        _show(steps, console)
    _show_refused(found, console)
    _show_unadopted(found.unadopted, console)
    console.print(safe(_summary(found), "bold"))


def _heading(found: Prospect, file: Path) -> Iterator[Text]:
    name = f"{file} ({found.policy[:SHORT_HASH]}, mode {found.mode})"
    if found.deployed is None:
        yield safe(f"{name}; no budgets file was evaluated yet.")
    elif found.deployed == found.policy:
        yield safe(f"{name} is what is deployed.")
    else:
        yield safe(f"{name} differs from what is deployed ({found.deployed[:SHORT_HASH]}).")
    if found.seen_at is None:
        yield safe("No key was seen yet: the plan is empty until the first poll.", "yellow")
    else:
        yield safe(f"By what was seen {ago(found.seen_at, found.at)}.", "dim")
    if found.stale:
        names = ", ".join(safe_name(one) for one in found.stale)
        yield safe(f"Too little is known of {names}: nothing is decided of its keys.", "bold red")
    if found.proposed:
        names = ", ".join(safe_name(one.name) for one in found.proposed)
        yield safe(f"Proposed for protection, and not protected before approve: {names}.", "yellow")


def _show_refused(found: Prospect, console: Console) -> None:
    if found.unread:
        told = "What guardrails refuse could not be read, so a restriction may be refused"
        console.print(safe(f"{told}: {found.unread}", "yellow"))
    if found.refused:
        console.print(safe("Restrictions that would be refused", "bold red"))
    for one in found.refused[:MOST]:
        head = Text(safe_name(one.name), "bold") + Text(f"  {one.key[:SHORT_HASH]}", "dim")
        console.print(indented(head))
        console.print(Padding(safe(one.text, "dim"), (0, 0, 0, 4)))
    if len(found.refused) > MOST:
        console.print(indented(Text(f"and {len(found.refused) - MOST} more: see --json")))


def _show_unadopted(keys: Sequence[Affected], console: Console) -> None:
    if not keys:
        return
    one = len(keys) == 1
    told = f"{'This key is' if one else f'These {len(keys)} keys are'} in no secret, and cannot be"
    console.print(safe(f"{told} rotated before {'it is' if one else 'each is'} adopted:", "yellow"))
    for key in keys[:MOST]:
        command = Text(f"budget-guard adopt {key.key[:SHORT_HASH]}", "bold")
        console.print(indented(command + Text(f"  {safe_name(key.name)}", "dim")))
    if len(keys) > MOST:
        console.print(indented(Text(f"and {len(keys) - MOST} more: see --json")))


def _show_held_back(held_back: HeldBack, found: Prospect, console: Console) -> None:
    if held_back.is_refused:
        console.print(safe(f"{REFUSED_MODE}.", "bold red"))
        console.print(safe("Until then the guard goes on by the file approved last:", "bold"))
        return
    console.print(safe(held_back_headline(held_back), "bold red"))
    once = "" if found.deployed == found.policy else ", once this file is deployed"
    meanwhile = _counted(found.meanwhile) if found.meanwhile else "nothing"
    told = f"It waits for approval{once}; until then no key is {held_back.undone}."
    console.print(safe(f"{told} The next run would do only: {meanwhile}."))
    console.print(approve_command(found.policy), soft_wrap=True)
    console.print(safe("Once approved, it would:", "bold"))


def _grouped(steps: Sequence[Step]) -> Iterator[tuple[str, list[Step]]]:
    ordered = sorted(steps, key=lambda one: (_rank(one), _title(one), one.name, one.key))
    for title, some in groupby(ordered, key=_title):
        yield title, list(some)


def _rank(one: Step) -> int:
    return [one.act is Act.FREEZE, True, one.act in BACK].index(True)


def _title(one: Step) -> str:
    if one.act is Act.FREEZE:
        return "Frozen by a person"
    if one.act in BACK:
        return GIVEN_BACK
    return one.budget or "By their own limits"


def _show(steps: Sequence[Step], console: Console) -> None:
    for one in steps[:MOST]:
        sign, colour = SIGNS[one.act]
        head = Text(f"{sign} ", colour) + Text(safe_name(one.name), "bold")
        head += Text(f"  {one.key[:SHORT_HASH]}", "dim") + Text(f"  {_what(one)}", colour)
        console.print(indented(head))
        for told in (f"{one.before} -> {one.after}", one.reason):
            console.print(Padding(safe(told, "dim"), (0, 0, 0, 4)))
    if len(steps) > MOST:
        console.print(indented(Text(f"and {len(steps) - MOST} more: see --json")))


def _what(one: Step) -> str:
    was = f"{usd(one.allowed)} -> " if one.allowed is not None else ""
    more = f"{was}{usd(one.next)} USD more" if one.next is not None else "as before"
    return WHAT[one.act].format(more=more)


def _summary(found: Prospect) -> str:
    if not found.steps:
        all_are = not (found.refused or found.unread)
        return f"No changes{': every key is as this file wants it' if all_are else ''}."
    return f"Plan: {_counted(found.steps)}."


def _counted(steps: Sequence[Step]) -> str:
    counts = Counter(one.act for one in steps)
    return ", ".join(f"{counts[act]} to {act}" for act in Act if counts[act] or act in ALWAYS_TOLD)
