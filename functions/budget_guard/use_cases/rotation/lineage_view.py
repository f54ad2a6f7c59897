"""A lineage as people ask after it: its generations, its budgets over all of them, what comes next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.decision import Plan
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.rotation import Stage
from budget_guard.use_cases.hands_off import out_of_bounds
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.rotation.asking import lineage_of
from budget_guard.use_cases.rotation.generations import GenerationView, generation_view
from budget_guard.use_cases.rotation.lineage_caps import LineageCap, caps_over, limit_over

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LastRotation:
    """The last rotation: the key it was to make, how far it got, and why it failed, if it did."""

    name: str
    stage: Stage
    began: datetime
    failure: str | None


@dataclass(frozen=True, slots=True)
class LineageView:
    """One lineage; `generations` newest first. `next_at`: about when it is rotated by its schedule.

    `every_hours` is the schedule that the secret is on, `rule` what the deployed budgets file says
    (`is_ruled`: of it; else what a rotation would end by). `put_off` is why no rotation would be
    done, as the budgets file and the key are now. `limit` is the limit that the key's owner set at
    OpenRouter, which passes from generation to generation; None: it has none.
    """

    at: datetime
    name: str
    workspace: str
    secret: str
    secret_name: str
    key: str
    every_hours: int | None
    next_at: datetime | None
    rule: RotationRule
    is_ruled: bool
    generations: tuple[GenerationView, ...]
    limit: LineageCap | None
    caps: tuple[LineageCap, ...]
    last: LastRotation | None
    put_off: str | None


def lineage_view(ledger: Ledger, text: str, now: datetime) -> LineageView:
    """Return the lineage of the key that `text` means; raise `RequestError` where it has none."""
    plan = present_plan(ledger, now)
    return _view(lineage_of(find_key(text, plan.facts), plan), plan)


def lineage_views(ledger: Ledger, now: datetime) -> tuple[LineageView, ...]:
    """Return every lineage, by name."""
    plan = present_plan(ledger, now)
    found = (_view(one, plan) for one in plan.facts.kin.lineages.values())
    return tuple(sorted(found, key=lambda one: (one.name, one.secret)))


def _view(lineage: Lineage, plan: Plan) -> LineageView:
    facts, seen = plan.facts, plan.facts.observations.get(lineage.current.hash)
    place, rule = facts.workspaces.get(lineage.workspace), facts.policy.rotation_of(lineage.name)
    return LineageView(
        at=facts.now,
        name=lineage.name,
        workspace=place.name if place else lineage.workspace,
        secret=lineage.secret,
        secret_name=lineage.secret_name,
        key=lineage.current.hash,
        every_hours=lineage.every // HOUR if lineage.every else None,
        next_at=_next(lineage, facts.now),
        rule=rule or RotationRule(),
        is_ruled=rule is not None,
        generations=tuple(
            generation_view(one, lineage, facts) for one in reversed(lineage.generations)
        ),
        limit=limit_over(lineage, facts),
        caps=tuple(caps_over(lineage, plan)),
        last=_last(lineage, plan),
        put_off=out_of_bounds(seen, facts) if seen else None,
    )


def _next(lineage: Lineage, now: datetime) -> datetime | None:
    """Return when the schedule comes round; a rotation that failed waits for the next time."""
    if lineage.every is None:
        return None
    since = lineage.current.since
    return since + lineage.every * (max(timedelta(), now - since) // lineage.every + 1)


def _last(lineage: Lineage, plan: Plan) -> LastRotation | None:
    found = (one for one in plan.facts.kin.rotations if one.secret == lineage.secret)
    last = max(found, key=lambda one: one.began, default=None)
    return LastRotation(last.name, last.stage, last.began, last.failure) if last else None
