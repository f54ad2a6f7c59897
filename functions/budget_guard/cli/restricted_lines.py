"""A key's guardrail in a few lines: what it may use, why, until when, and the command that ends it."""

from datetime import datetime

from rich.text import Text

from budget_guard.cli.telling import SHORT_HASH, ago, safe, safe_name
from budget_guard.domain import commands, words
from budget_guard.use_cases.restricted_keys import RestrictedKey


def restriction(one: RestrictedKey, at: datetime) -> Text:
    """Return how one key is restricted, or why it is not."""
    if one.guardrail is None and one.problem:
        head = Text("Not restricted: ", "bold red") + safe(one.problem)
        return Text("\n").join([head, safe(one.reason, "dim")])
    head = Text("Restricted: ", "bold yellow") + safe(one.reason)
    since = f", set {ago(one.since, at)}" if one.since else ", on its way"
    ends = f" at {words.moment(one.until, at)}" if one.until else " when that is over"
    own = "no guardrail" if one.own == "none" else f"its own, {one.own},"
    state = f"guardrail {one.guardrail or '?'}{since}; {own} comes back{ends}, or by:"
    lines = [head, safe(state), Text(f"  {commands.release(one.key)}")]
    if one.problem:
        lines.append(safe(f"cannot be changed: {one.problem}", "bold red"))
    return Text("\n").join(lines)


def named(one: RestrictedKey, at: datetime) -> Text:
    """Return the same, for a list of keys."""
    head = Text(safe_name(one.name), "bold") + Text(f"  {one.key[:SHORT_HASH]}", "dim")
    return Text("\n").join([head, restriction(one, at)])
