"""What is said of a lineage: its schedule, its last rotation, what becomes of each generation."""

from collections.abc import Iterator

from budget_guard.cli.telling import ago, spanning, spoken_every, when
from budget_guard.domain import commands, words
from budget_guard.domain.lineage import State
from budget_guard.domain.rotation import Stage
from budget_guard.use_cases.rotation.generations import GenerationView, idle_for
from budget_guard.use_cases.rotation.lineage_view import LineageView


def drains(one: GenerationView) -> bool:
    """Tell whether a generation is on its way out, and still works."""
    return one.state is State.DRAINING


def schedule_of(view: LineageView) -> str:
    """Return how often a key is rotated, and when next."""
    if view.every_hours is None or view.next_at is None:
        told = "not rotated by itself: its secret has no schedule"
    else:
        every, next_at = spoken_every(view.every_hours), f"{view.next_at:%Y-%m-%d}"
        told = f"rotated every {every}, next about {next_at}"
    return told + (f"; {_differs(view)}" if _differs(view) else "")


def _differs(view: LineageView) -> str:
    """Return what the deployed budgets file says, where the secret's schedule is another."""
    if not view.is_ruled:
        return "no `rotation:` rule of the deployed budgets file is for it"
    hours = view.rule.every.total_seconds() // 3600
    if view.every_hours == hours:
        return ""
    return (
        f"the deployed budgets file says every {spoken_every(int(hours))}: that follows by itself"
    )


def last_of(view: LineageView) -> str | None:
    """Return how the last rotation ended, or how far it is."""
    last = view.last
    if last is None:
        return None
    if last.failure:
        return f"the last rotation, {when(last.began, view.at)}, failed: {last.failure}"
    if last.stage is Stage.DONE:
        return f"last rotated {ago(last.began, view.at)}: {last.name} took the place"
    return f"{last.name} is being made since {ago(last.began, view.at)} (so far: {last.stage})"


def happens_next(view: LineageView) -> Iterator[str]:
    """Yield what becomes of the generations that are replaced, the oldest last."""
    for one in view.generations:
        match one.state:
            case State.DRAINING:
                yield _drained(one, view)
                if _is_late(one, view):
                    yield commands.retire(view.key)
            case State.DISABLED if one.next_at:
                due = words.moment(one.next_at, view.at)
                yield f"#{one.number} is deleted after {due}"


def _is_late(one: GenerationView, view: LineageView) -> bool:
    """Tell whether only a person's word ends it: somebody uses it for too long already."""
    is_bound_to_end = one.cut or one.next_at is None or view.rule.force
    return not is_bound_to_end and view.at - one.since >= view.rule.drain_max


def _drained(one: GenerationView, view: LineageView) -> str:
    rule = view.rule
    if one.cut:
        return f"#{one.number} is disabled within five minutes, by the word of {one.cut}"
    if one.next_at is None:
        return f"#{one.number} stays enabled: the guard is to keep its hands off it"
    told = f"#{one.number} is disabled when idle for {spanning(rule.drain)}"
    if one.used_at:
        told += f"; now idle for {spanning(idle_for(one, view.at))}"
    late = words.moment(one.since + rule.drain_max, view.at)
    if rule.force:
        return f"{told}; whatever uses it, after {late}"
    if not _is_late(one, view):
        return told
    return (
        f"{told}. Somebody uses it since {late}, who does not read the secret again; to cut that "
        "off:"
    )
