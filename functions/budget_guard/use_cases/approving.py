"""What waits for a person's approval (rules 11 and 12), and that word itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.errors import RequestError
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.records import Approval
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.wishes import Restore
from budget_guard.domain.wishing import Standing
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.ledger import Ledger

LEAST_DIGITS = 8
REFUSED_MODE = (
    "mode: observe is not taken up while keys are held, and cannot be approved: it would leave "
    "their fences to nobody. To give the keys back, deploy mode: release first, then observe; to "
    "keep them held, deploy mode: enforce again"
)


type Reasoned = Standing | RestrictWish | Restriction


@dataclass(frozen=True, slots=True)
class Affected:
    """A key that waits for an approval, and what would become of it, or what it did, in words."""

    key: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is held back or proposed. `policy` is the deployed one; `approved` the last approval.

    `held_back` is None where no plan waits; `stops`, `restricts`, `releases` and `jumped` are its
    keys;
    `proposed` are those that names in the file propose for protection, and nobody approved.
    """

    at: datetime
    policy: str
    mode: Mode
    approved: Approval | None
    held_back: HeldBack | None
    stops: tuple[Affected, ...]
    restricts: tuple[Affected, ...]
    releases: tuple[Affected, ...]
    jumped: tuple[Affected, ...]
    proposed: tuple[Affected, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing waits."""
        return self.held_back is None and not self.proposed


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval as written, and what it let through; `problem` is why nothing was started."""

    approval: Approval
    waited: Waiting
    problem: str | None


def waiting(ledger: Ledger, now: datetime) -> Waiting:
    """Return what waits; raise `RequestError` before the first evaluation."""
    return _waiting(_facts(ledger, now))


def approve(digits: str, reason: str, desk: Desk) -> Approved:
    """Approve the deployed policy, of whose hash `digits` are the start, and what it proposes.

    Raises `RequestError` for another hash, for fewer than `LEAST_DIGITS` digits, and for
    `mode: observe` while keys are held.
    """
    facts = _facts(desk.ledger, desk.now)
    _require_hash(digits, facts.policy)
    waited = _waiting(facts)
    if waited.held_back and waited.held_back.is_refused:
        message = f"{REFUSED_MODE}."
        raise RequestError(message)
    known = frozenset[str]().union(*(one.protect for one in facts.approvals))
    protect = known | {one.key for one in waited.proposed}
    word = Approval(facts.policy, facts.now, desk.by, reason, protect)
    return Approved(word, waited, desk.put(word, facts.now))


def once_approved(facts: Facts, protect: frozenset[str] = frozenset()) -> Plan:
    """Return the plan that would be followed if the policy of `facts`, and `protect`, were approved."""
    word = Approval(facts.policy, FOR_EVER, "", "", protect)
    return decide(replace(facts, approvals=(*facts.approvals, word)))


def _facts(ledger: Ledger, now: datetime) -> Facts:
    deployed = ledger.deployed()
    if deployed is None:
        message = "The guard has not evaluated a budgets file yet; see budget-guard status"
        raise RequestError(message)
    return gather(ledger, deployed.policy, now)


def _require_hash(digits: str, policy: Policy) -> None:
    if len(digits) < LEAST_DIGITS:
        message = f"Give at least {LEAST_DIGITS} digits of the hash: {policy.hash[:12]}"
        raise RequestError(message)
    if not policy.hash.startswith(digits.lower()):
        message = (
            f"{digits} is not the deployed budgets file, which is {policy.hash[:12]}; nothing was "
            "approved. See what it would do: budget-guard approve"
        )
        raise RequestError(message)


def _waiting(facts: Facts) -> Waiting:
    plan = decide(facts)
    held_back = plan.held_back
    is_followed = held_back is not None and not held_back.is_refused
    then = once_approved(facts) if is_followed else plan
    what = held_back or HeldBack(facts.policy.hash, 0)
    told = _why_held if what.is_refused else _why_released
    return Waiting(
        at=facts.now,
        policy=facts.policy.hash,
        mode=facts.policy.mode,
        approved=facts.approval,
        held_back=held_back,
        stops=_listed(_why(what.stops, then.standings), facts),
        restricts=_listed(_why(what.restricts, then.guardrails), facts),
        releases=_listed(told(what.releases, then), facts),
        jumped=_listed({key: _jump(facts.observations[key]) for key in what.jumped}, facts),
        proposed=proposed(facts),
    )


def _why(keys: Iterable[str], wanted: Mapping[str, Reasoned]) -> dict[str, str]:
    """Return why each key is to be what it is to be; one that is not seen any more stays out."""
    return {key: wanted[key].reason for key in keys if key in wanted}


def _why_released(keys: Iterable[str], plan: Plan) -> dict[str, str]:
    """Return why each key gets back its own settings, its own guardrail, or both."""
    limits = {key: one for key, one in plan.standings.items() if isinstance(one.want, Restore)}
    guardrails = {key: one for key, one in plan.guardrails.items() if one.to is None}
    return {
        key: "; ".join(one[key].reason for one in (limits, guardrails) if key in one)
        for key in keys
        if key in limits or key in guardrails
    }


def _why_held(keys: Iterable[str], plan: Plan) -> dict[str, str]:
    """Return why each key stays fenced, or restricted."""
    restricted = {key: one for key, one in plan.facts.restrictions.items() if one.is_ours}
    return _why(keys, {**restricted, **plan.standings})


def _jump(seen: Observation) -> str:
    now = seen.reading.counters.lifetime.counted(include_byok=True)
    before = seen.jump.before.lifetime.counted(include_byok=True) if seen.jump else now
    return f"{before:.2f} -> {now:.2f} USD in its lifetime, in one poll"


def proposed(facts: Facts) -> tuple[Affected, ...]:
    """Return the keys that a name in the budgets file proposes for protection, not approved yet."""
    found = {
        key: "its name is in protect:, nobody has approved it"
        for key, seen in facts.observations.items()
        if not seen.gone_at and facts.policy.proposes(seen.key) and not facts.is_protected(key)
    }
    return _listed(found, facts)


def _listed(texts: Mapping[str, str], facts: Facts) -> tuple[Affected, ...]:
    seen = facts.observations
    found: Iterable[Affected] = (
        Affected(key, seen[key].key.name if key in seen else key[:12], text)
        for key, text in texts.items()
    )
    return tuple(sorted(found, key=lambda one: (one.name, one.key)))
