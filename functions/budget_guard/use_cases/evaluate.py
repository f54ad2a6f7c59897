"""`evaluate`: decide from the ledger what every key should be, and tell people what they must know.

It never talks to OpenRouter; only it publishes alerts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.alerts import Alert, AlertState
from budget_guard.domain.announcing import announce
from budget_guard.domain.conditions import conditions
from budget_guard.domain.constraints import Constraint, granted
from budget_guard.domain.cost_budgets import known_caps
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.errors import NotifierError
from budget_guard.domain.facts import Facts
from budget_guard.domain.grants import settle
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.records import Approval, Grant, SpendRecord
from budget_guard.domain.restricting import of_deleted
from budget_guard.domain.windows import Window, start
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.notifier import Notifier

MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation needs: the ledger, the topic, the lease, and the policy."""

    ledger: Ledger
    notifier: Notifier
    lease: Lease
    policy: Policy
    now: datetime


@dataclass(frozen=True, slots=True)
class EvaluateReport:
    """What a run decided and told. `unsent` alerts stay pending for the next run.

    `restrict` counts the keys whose guardrails are to be looked at.
    """

    plan: Plan
    sent: tuple[Alert, ...] = ()
    unsent: tuple[Alert, ...] = ()
    problem: str | None = None
    restrict: int = 0

    @property
    def has_work(self) -> bool:
        """Tell whether something is wished for `enforce` to bring about."""
        return bool(self.plan.wishes or self.restrict)


def evaluate(on: Evaluation) -> EvaluateReport:
    """Decide, write wishes, prepare and publish alerts.

    Safe to repeat and to kill: every alert is published at least once, and again (with the same
    event id) only if the run dies between SNS's answer and its mark. Raises `LedgerError`.
    """
    for alert in on.ledger.unsent():
        if alert.state is AlertState.PREPARED:
            _pend(alert, on)
    plan = decide(gather(on.ledger, on.policy, on.now))
    _record(plan, on)
    restrict = _restrict(plan, on)
    _prepare(plan, on)
    return replace(_publish(plan, on), restrict=restrict)


def _record(plan: Plan, on: Evaluation) -> None:
    """Write down the policy in use, the wishes, what ended grants leave, what budgets spent.

    A policy whose plan holds no surprise is approved by that.
    """
    on.ledger.save(Deployed(on.policy, plan.facts.now), lease=on.lease)
    if plan.is_news:
        told = "its first plan held no surprise"
        approval = Approval(on.policy, plan.facts.now, "the guard", told, by_guard=True)
        on.ledger.save(approval, lease=on.lease)
    on.ledger.save(*plan.new_wishes, lease=on.lease)
    on.ledger.forget(*plan.dropped, lease=on.lease)
    ended = [one for one in plan.facts.grants if one.ends <= plan.facts.now and not one.settled]
    caps = (*plan.constraints, *known_caps(plan.facts))
    on.ledger.save(*(_settled(one, caps, plan.facts) for one in ended), lease=on.lease)
    on.ledger.save(*_spending(caps, plan.facts.now), lease=on.lease)


def _restrict(plan: Plan, on: Evaluation) -> int:
    """Write down what is wanted of keys' guardrails; return for how many that is to be done."""
    known = on.ledger.restrict_wishes()
    wanted = {} if plan.facts.policy.mode is Mode.OBSERVE else plan.guardrails
    on.ledger.save(*wanted.values(), lease=on.lease)
    on.ledger.forget(*(one for key, one in known.items() if key not in wanted), lease=on.lease)
    on.ledger.forget(*of_deleted(plan.facts), lease=on.lease)
    return len(wanted)


def _settled(grant: Grant, constraints: Sequence[Constraint], facts: Facts) -> Grant:
    spends = {
        one.window: one.spend for one in constraints if one.window and granted(one, grant, facts)
    }
    return settle(grant, spends)


def _spending(caps: Iterable[Constraint], now: datetime) -> Iterable[SpendRecord]:
    """Yield the spend of budgets over keys; a per-key budget's is in its keys' observations."""
    for one in caps:
        if one.budget and one.window and one.subject is None and one.spend > 0:
            yield SpendRecord(
                budget=one.budget.name,
                key=None,
                window=Window(one.window),
                start=start(one.window, now),
                spend=one.spend,
                cap=one.cap,
                at=now,
            )


def _prepare(plan: Plan, on: Evaluation) -> None:
    alerts, ended = announce(conditions(plan), plan.facts.incidents, plan.facts.now)
    on.ledger.forget(*ended, lease=on.lease)
    for alert in alerts:
        on.ledger.save(alert, lease=on.lease)
        _pend(alert, on)


def _pend(alert: Alert, on: Evaluation) -> None:
    """Bring a prepared alert's incidents to where it says, then let it go out."""
    known = on.ledger.incidents()
    on.ledger.save(*alert.opens, lease=on.lease)
    closed = [known[key] for key in alert.closes if key in known]
    on.ledger.forget(*closed, lease=on.lease)
    on.ledger.save(replace(alert, state=AlertState.PENDING), lease=on.lease)


def _publish(plan: Plan, on: Evaluation) -> EvaluateReport:
    sent, unsent, problem = [], [], None
    for alert in on.ledger.unsent():
        try:
            on.notifier.publish(alert)
        except NotifierError as error:
            unsent.append(alert)
            problem = str(error)
            continue
        on.ledger.save(replace(alert, state=AlertState.SENT), lease=on.lease)
        sent.append(alert)
    return EvaluateReport(plan, tuple(sent), tuple(unsent), problem)


def summary(report: EvaluateReport) -> dict[str, object]:
    """Return a run's figures for its one log line; under `observe`, what would have been done."""
    plan, facts = report.plan, report.plan.facts
    figures: dict[str, object] = {
        "policy": facts.policy.hash,
        "mode": facts.policy.mode,
        "keys": len(facts.observations),
        "held": sum(hold.is_held for hold in facts.holds.values()),
        "wishes": len(plan.wishes),
        "restrict": report.restrict,
        "alerts": len(report.sent),
        "stale": [one.name for one in facts.workspaces.values() if facts.is_stale(one.id)],
    }
    if plan.held_back:
        figures["held_back"] = plan.held_back.policy_hash
    if facts.policy.mode is Mode.OBSERVE:
        would = [one.reason for one in plan.standings.values()]
        would += [one.reason for one in plan.guardrails.values()]
        figures["would"] = would[:MOST_REASONS]
    return figures
