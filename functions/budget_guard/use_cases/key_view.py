"""One key as its team asks after it: held or not, by which cap, until when, and what was changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain import words
from budget_guard.domain.audit import Audit
from budget_guard.domain.constraints import Constraint, own_limit
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.observations import Observation
from budget_guard.domain.records import Freeze
from budget_guard.use_cases.caps import CapView, cap_view
from budget_guard.use_cases.cost_caps import caps_over
from budget_guard.use_cases.hands_off import freeze_of, left_alone
from budget_guard.use_cases.holdings import HeldKey, find_key, held_keys
from budget_guard.use_cases.kinship import place_of
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.restricted_keys import RestrictedKey, restricted_keys


@dataclass(frozen=True, slots=True)
class KeyView:
    """How one key stands. `why` is why it is held as it is, or why it is not; all in words.

    `place` is which generation of its lineage it is, in words. `bound_by` is the cap with the least
    left, where it is held; `caps` are all that concern it, by budget; `own_limit` is without the guard. `freeze` is a person's word that lasts. `trail` is
    newest first. `restricted`: what the guard does to its guardrail.
    """

    at: datetime
    key: str
    name: str
    workspace: str
    seen_at: datetime
    settings: str
    own_limit: str
    held: HeldKey | None
    bound_by: str | None
    why: str
    caps: tuple[tuple[str, CapView], ...]
    freeze: Freeze | None
    trail: tuple[Audit, ...]
    restricted: RestrictedKey | None = None
    place: str | None = None


def key_view(ledger: Ledger, text: str, now: datetime) -> KeyView:
    """Return how the key that `text` means stands; raise `RequestError` where none or several."""
    plan = present_plan(ledger, now)
    return key_view_of(find_key(text, plan.facts), plan, ledger)


def key_view_of(seen: Observation, plan: Plan, ledger: Ledger) -> KeyView:
    """Return how a key stands by a plan."""
    facts, key = plan.facts, seen.key
    held = next((one for one in held_keys(plan) if one.key == key.hash), None)
    standing = plan.standings.get(key.hash)
    concern = [one for one in plan.constraints if key.hash in one.members]
    place = facts.workspaces.get(key.workspace)
    return KeyView(
        at=facts.now,
        key=key.hash,
        name=key.known_as,
        workspace=place.name if place else key.workspace,
        seen_at=facts.read_at(seen),
        settings=words.settings(facts.settings(seen)),
        own_limit=words.limit(facts.baseline(seen).limit),
        held=held,
        bound_by=_bound_by(standing.binding) if standing and standing.binding else None,
        why=held.reason if held else why_not(seen, concern, plan),
        caps=(
            *((one.budget.name, cap_view(one, plan)) for one in concern if one.budget),
            *((budget.name, cap) for budget, cap in caps_over(seen, facts)),
        ),
        freeze=freeze_of(seen, facts),
        restricted=next((one for one in restricted_keys(facts) if one.key == key.hash), None),
        trail=trail_of(key.hash, facts, ledger),
        place=place_of(key.hash, facts),
    )


def trail_of(key: str, facts: Facts, ledger: Ledger) -> tuple[Audit, ...]:
    """Return the changes made to a key and to all generations of its lineage, newest first."""
    found = (one for hashed in facts.kin.hashes(key) for one in ledger.audit(hashed))
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _bound_by(binding: Constraint) -> str:
    if binding.budget is None:
        return binding.lever
    return f"the {binding.window} cap of {binding.budget.name}"


def why_not(seen: Observation, concern: Sequence[Constraint], plan: Plan) -> str:
    """Return why a key is not held, the strongest reason first."""
    facts, key = plan.facts, seen.key.hash
    if told := left_alone(seen, plan):
        return told
    if not concern:
        watched = any(caps_over(seen, facts))
        return "it is in no budget that holds keys" if watched else "it is in no budget"
    if key in plan.wishes:
        return f"about to be: {plan.wishes[key].reason}"
    if facts.is_stale(seen.key.workspace):
        return "nothing new is known of its workspace, so nothing is decided"
    own = own_limit(seen, facts)
    spent = "; its own limit is spent" if own and own.left == 0 else ""
    return f"no budget asks for it yet{spent}"
