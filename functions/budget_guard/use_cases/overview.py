"""How things stand, for people: read off the same plan that the guard decides by; changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from budget_guard.domain.alerts import Incident
from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.ladder import Do
from budget_guard.domain.policy import Budget, Mode, Policy
from budget_guard.domain.polls import PollReport
from budget_guard.domain.records import Approval, Freeze, Grant, Release
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.caps import CapView, cap_view
from budget_guard.use_cases.cost_caps import caps_of, keys_of, known_until
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.hands_off import is_in_force
from budget_guard.use_cases.holdings import HeldKey, held_keys
from budget_guard.use_cases.kinship import lasting, names_of
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.restricted_keys import RestrictedKey, restricted_keys

NOT_DEPLOYED = Policy((), "")
SILENT_AFTER = timedelta(minutes=15)
"""Three evaluations missed: then the functions do not run."""
TOP = 5
MODES = {
    Mode.OBSERVE: "mode: observe changes nothing. When the alerts look right, set mode: enforce "
    "in the budgets file and deploy.",
    Mode.RELEASE: "mode: release gives every key back and holds none.",
}


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One budget; of a per-key one the `TOP` caps nearest to their end, and how many keys it has."""

    name: str
    owner: str | None
    note: str
    caps: tuple[CapView, ...]
    keys: int
    per_key: bool


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """A workspace, and when it was last seen completely."""

    name: str
    seen_at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """Who approved the budgets file of this hash last, when and why."""

    policy: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that `status` tells. `missing` are sentences: what it is, and what to do.

    `approved` is the last approval, `policy` the hash of the budgets file that is in force.
    """

    at: datetime
    mode: Mode
    evaluated_at: datetime | None
    budgets: tuple[BudgetView, ...]
    held: tuple[HeldKey, ...]
    wishes: tuple[Wish, ...]
    incidents: tuple[Incident, ...]
    grants: tuple[Grant, ...]
    releases: tuple[Release, ...]
    freezes: tuple[Freeze, ...]
    policy: str
    approved: ApprovalView | None
    workspaces: tuple[WorkspaceView, ...]
    names: Mapping[str, str]
    poll: PollReport | None
    missing: tuple[str, ...]
    restricted: tuple[RestrictedKey, ...] = ()


def present_plan(ledger: Ledger, now: datetime) -> Plan:
    """Return what the guard would decide at `now` by the policy of its last evaluation."""
    deployed = ledger.deployed()
    return decide(gather(ledger, deployed.policy if deployed else NOT_DEPLOYED, now))


def overview(ledger: Ledger, now: datetime) -> Overview:
    """Return how things stand. Time never lies before what was seen. Raises `LedgerError`."""
    deployed, plan = ledger.deployed(), present_plan(ledger, now)
    facts = plan.facts
    return Overview(
        at=facts.now,
        mode=facts.policy.mode,
        evaluated_at=deployed.at if deployed else None,
        budgets=tuple(_budget(one, plan) for one in facts.policy.budgets),
        held=held_keys(plan),
        wishes=tuple(facts.wishes.values()),
        incidents=tuple(sorted(facts.incidents.values(), key=lambda one: one.opened_at)),
        grants=tuple(one for one in facts.grants if one.begins <= facts.now < one.ends),
        releases=tuple(lasting(facts)),
        freezes=tuple(one for one in facts.freezes if is_in_force(one, facts)),
        policy=facts.policy.hash,
        approved=_approved(facts.approval),
        workspaces=tuple(_workspaces(plan)),
        names=names_of(facts),
        poll=facts.poll,
        missing=tuple(_missing(plan, deployed)),
        restricted=restricted_keys(facts),
    )


def _approved(one: Approval | None) -> ApprovalView | None:
    return ApprovalView(one.policy.hash, one.at, one.by, one.reason) if one else None


def _budget(budget: Budget, plan: Plan) -> BudgetView:
    if budget.counts_costs:
        return _cost_budget(budget, plan)
    caps = [one for one in plan.constraints if one.budget is budget]
    shown, count = caps, plan.facts.kin.count({key for one in caps for key in one.members})
    if budget.per_key:
        shown = _worst_of_each_key(caps)[:TOP]
    return BudgetView(
        name=budget.name,
        owner=budget.owner,
        note=_note(budget, count, plan),
        caps=tuple(cap_view(one, plan) for one in shown),
        keys=count,
        per_key=budget.per_key,
    )


def _cost_budget(budget: Budget, plan: Plan) -> BudgetView:
    facts, keys = plan.facts, keys_of(budget, plan.facts)
    return BudgetView(
        name=budget.name,
        owner=budget.owner,
        note=f"{_note(budget, keys, plan)}, {known_until(budget, facts)}",
        caps=caps_of(budget, facts, TOP),
        keys=keys,
        per_key=budget.per_key,
    )


def _worst_of_each_key(caps: Sequence[Constraint]) -> list[Constraint]:
    worst: dict[str | None, Constraint] = {}
    for one in caps:
        if one.subject not in worst or one.fraction > worst[one.subject].fraction:
            worst[one.subject] = one
    return sorted(worst.values(), key=lambda one: (-one.fraction, one.subject or ""))


def _note(budget: Budget, keys: int, plan: Plan) -> str:
    count = f"{keys} key{'s' * (keys != 1)}"
    if budget.per_key:
        count = f"each of {count}"
    if plan.facts.policy.mode is not Mode.ENFORCE:
        return f"{count}, {plan.facts.policy.mode}"
    if budget.hold.at is None or budget.counts_costs:
        restricts = any(one.do is Do.RESTRICT for one in budget.thresholds)
        return f"{count}, {'restricts' if restricts and not budget.counts_costs else 'alerts'} only"
    return count


def _workspaces(plan: Plan) -> Iterator[WorkspaceView]:
    facts = plan.facts
    for one in facts.workspaces.values():
        fresh = facts.freshness.get(one.id)
        yield WorkspaceView(one.name, fresh.at if fresh else None, facts.is_stale(one.id))


def _missing(plan: Plan, deployed: Deployed | None) -> Iterator[str]:
    facts, poll = plan.facts, plan.facts.poll
    for one in facts.releases:
        if one.key is None and one.at <= facts.now < one.until:
            yield f"{one.by} released ALL keys ({one.reason}); to end that: release --all --end"
    if plan.held_back:
        yield _held_back(plan.held_back)
    if poll is None:
        yield "Nothing was polled yet: the first poll comes within minutes of the deployment."
    elif poll.problem:
        yield f"The last poll had a problem: {poll.problem}"
    if deployed is None:
        yield "Nothing was evaluated yet: the first evaluation comes within minutes."
    elif facts.now - deployed.at > SILENT_AFTER:
        since = f"{deployed.at:%Y-%m-%d %H:%M}"
        yield f"Nothing was evaluated since {since} UTC: see the alarms and the evaluate log."
    if deployed and (meant := MODES.get(facts.policy.mode)):
        yield meant


def _held_back(one: HeldBack) -> str:
    if one.is_refused:
        return f"The deployed mode: observe is refused while {one.keys} keys are held. See: budget-guard approve"
    return (
        f"The plan by the deployed budgets file {one.policy_hash[:12]} is held back: it would newly "
        f"{one.deeds} of {one.keys} keys. See: budget-guard approve"
    )


def with_missing(view: Overview, *sentences: str) -> Overview:
    """Return the overview with more that is missing."""
    return replace(view, missing=(*view.missing, *sentences))
