"""A person's word that the earlier generations of a key be disabled, though somebody uses them."""

from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.errors import RequestError
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import Mode
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.hands_off import forbidden
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.rotation.asking import lineage_of
from budget_guard.use_cases.rotation.generations import GenerationView, generation_view
from budget_guard.use_cases.rotation.rotating import at_rest


@dataclass(frozen=True, slots=True)
class Cut:
    """The generations that are to be disabled. `problem` is why `evaluate` was not started."""

    lineage: Lineage
    hit: tuple[GenerationView, ...]
    at: datetime
    problem: str | None = None


def to_cut(key: str, desk: Desk) -> Cut:
    """Return whom it would hit; raise `RequestError` where no earlier generation is in use."""
    plan = present_plan(desk.ledger, desk.now)
    lineage = lineage_of(find_key(key, plan.facts), plan)
    if plan.facts.policy.mode is Mode.OBSERVE:
        message = "The budgets file says mode: observe: no key is disabled. Nothing was changed."
        raise RequestError(message)
    if not lineage.draining:
        message = f"No earlier generation of {lineage.name} is enabled; nothing was changed."
        raise RequestError(message)
    for one in lineage.draining:
        seen = plan.facts.observations.get(one.hash)
        if seen and not seen.gone_at and (why := forbidden(seen, plan.facts)):
            message = f"{seen.key.name} cannot be disabled: {why}. Nothing was changed."
            raise RequestError(message)
    hit = tuple(generation_view(one, lineage, plan.facts) for one in lineage.draining)
    return Cut(lineage, hit, plan.facts.now)


def cut(asked: Cut, reason: str, desk: Desk) -> Cut:
    """Write the word down for those generations that still drain, and start `evaluate`."""
    hit = {one.key for one in asked.hit}
    run, word = f"operator-{desk.new_id()}", f"{desk.by}: {reason}"
    with at_rest(asked.lineage, desk.ledger, run=run, now=desk.now) as lease:
        lineage = desk.ledger.lineage(asked.lineage.secret) or asked.lineage
        for one in lineage.draining:
            if one.hash in hit:
                lineage = lineage.with_generation(replace(one, cut=word))
        desk.ledger.save(lineage, lease=lease)
    return replace(asked, lineage=lineage, problem=desk.start(asked.at))
