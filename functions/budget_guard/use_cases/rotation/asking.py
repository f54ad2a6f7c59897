"""A person's word that a key be rotated now; refused at once where the ledger knows it would be."""

from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.audit import Audit
from budget_guard.domain.decision import Plan
from budget_guard.domain.errors import RequestError
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.money import CENT
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.rotation import Rotation
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.hands_off import out_of_bounds
from budget_guard.use_cases.holdings import find_key, held_keys
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.rotation.beginning import obstacle
from budget_guard.use_cases.rotation.ports import VaultOffice
from budget_guard.use_cases.rotation.tending import version_of


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A rotation that Secrets Manager was asked for, of a lineage's present key, by a rule."""

    lineage: Lineage
    rule: RotationRule
    at: datetime


def ask(key: str, reason: str, desk: Desk, vault: VaultOffice) -> AskedFor:
    """Have a key rotated now; raise `RequestError`, and ask nobody, where it would be put off."""
    plan = present_plan(desk.ledger, desk.now)
    seen = find_key(key, plan.facts)
    lineage = lineage_of(seen, plan)
    if why := _put_off(seen, lineage, plan):
        message = f"{lineage.name} cannot be rotated now: {why}. Nothing was changed."
        raise RequestError(message)
    rule = plan.facts.policy.rotation_of(lineage.name) or RotationRule()
    vault.rotate_now(lineage.secret, version_of(lineage, _last(lineage, plan)))
    desk.ledger.save(_told(seen, reason, desk))
    return AskedFor(lineage, rule, plan.facts.now)


def _last(lineage: Lineage, plan: Plan) -> Rotation | None:
    found = (one for one in plan.facts.kin.rotations if one.secret == lineage.secret)
    return next(found, None)


def lineage_of(seen: Observation, plan: Plan) -> Lineage:
    """Return a key's lineage; raise `RequestError` with the way to one where it has none."""
    if lineage := plan.facts.kin.of.get(seen.key.hash):
        return lineage
    message = (
        f"{seen.key.name} is not under rotation: no secret has it. To put it there: "
        f'printf %s "$PLAINTEXT" | budget-guard adopt {seen.key.hash[:12]}'
    )
    raise RequestError(message)


def _put_off(seen: Observation, lineage: Lineage, plan: Plan) -> str | None:
    """Return what would keep it from being rotated, as far as the ledger tells."""
    facts, key = plan.facts, seen.key.hash
    if lineage.every is None:
        return "its secret has no schedule, as no `rotation:` rule of the deployed file is for it"
    for one in facts.kin.open:
        if one.secret == lineage.secret:
            return f"{one.name} is being made since {one.began:%H:%M} UTC"
    if why := out_of_bounds(seen, facts) or obstacle(seen.reading, facts.holds.get(key), facts):
        return why
    if facts.is_stale(seen.key.workspace):
        return "nothing new is known of its workspace"
    held = next((one for one in held_keys(plan) if one.key == key), None)
    if held and held.left < CENT:
        return f"it is stopped, and there is nothing to share with its successor ({held.reason})"
    return None


def _told(seen: Observation, reason: str, desk: Desk) -> Audit:
    """Return who asked, and why, for the record; the rotation itself changes settings later."""
    settings = seen.reading.settings
    return Audit(
        id=f"asked-{desk.new_id()[:12]}",
        key=seen.key.hash,
        name=seen.key.name,
        before=settings,
        after=settings,
        reason=f"{desk.by} had it rotated: {reason}",
        run=f"operator-{desk.new_id()}",
        at=desk.now,
        undo="none: who reads the secret again gets the new key",
    )
