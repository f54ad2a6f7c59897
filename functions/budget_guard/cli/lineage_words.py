"""What is said of a lineage: its schedule, its last rotation, what becomes of each generation."""

from collections.abc import Iterator

from budget_guard.cli.figures import usd
from budget_guard.cli.telling import ago, spanning, spoken_every, when, within
from budget_guard.domain import commands, words
from budget_guard.domain.lineage import State
from budget_guard.domain.rotation import Stage
from budget_guard.use_cases.rotation.generations import GenerationView, idle_for
from budget_guard.use_cases.rotation.lineage_caps import LineageCap
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


def bounds_of(view: LineageView) -> Iterator[tuple[str, list[str]]]:
    """Yield what bounds a key's generations together, each with its heading: its own limit first."""
    if view.limit:
        yield "Its own limit", [_limit(view.limit, view)]
    if view.caps:
        yield "Its budgets", [_cap(one, view) for one in view.caps]


def _cap(cap: LineageCap, view: LineageView) -> str:
    parts = _parts(cap)
    by_it = f"by this key {usd(cap.by_it)}" + (f" ({parts})" if len(cap.by_each) > 1 else "")
    return f"{cap.budget}: {_spent(cap)}, {by_it}; {_left(cap, view)}"


def _limit(limit: LineageCap, view: LineageView) -> str:
    """Return how its own limit stands; of a deleted generation it is not all known."""
    parts = [_parts(limit)] if len(limit.by_each) > 1 else []
    if (unseen := limit.spent - limit.by_it) > 0:
        parts.append(f"up to {usd(unseen)} unseen, by one that was deleted")
    told = f" ({'; '.join(parts)})" if parts else ""
    return f"{_spent(limit)}{told}; {_left(limit, view)}"


def _spent(cap: LineageCap) -> str:
    return f"{usd(cap.spent)} of {usd(cap.cap)} USD {words.PERIODS[cap.window]}"


def _parts(cap: LineageCap) -> str:
    return ", ".join(f"#{number} {usd(part)}" for number, part in cap.by_each)


def _left(cap: LineageCap, view: LineageView) -> str:
    ends = f"resets in {within(cap.resets_at, view.at)}" if cap.resets_at else "it never resets"
    return f"{usd(cap.left)} left, {ends}"


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
