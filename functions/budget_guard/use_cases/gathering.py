"""All that the ledger knows, for those who decide."""

from datetime import datetime

from budget_guard.domain.facts import Facts
from budget_guard.domain.kin import Kin
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.kinship import of_all
from budget_guard.use_cases.ledger import Ledger


def gather(ledger: Ledger, policy: Policy, now: datetime) -> Facts:
    """Return all facts that a decision rests on. Time never lies before what was seen."""
    freshness = ledger.freshness()
    is_counting = any(one.counts_costs for one in policy.budgets)
    latest = max((one.at for one in freshness.values()), default=now)
    kin = Kin(ledger.lineages(), ledger.rotations())
    return Facts(
        policy=policy,
        now=max(now, latest),
        observations=kin.introduced(ledger.observations()),
        freshness=freshness,
        workspaces=ledger.workspaces(),
        holds=ledger.holds(),
        wishes=ledger.wishes(),
        grants=ledger.grants(),
        releases=of_all(ledger.releases(), kin),
        incidents=ledger.incidents(),
        poll=ledger.poll_report(),
        freezes=of_all(ledger.freezes(), kin),
        approvals=ledger.approvals(),
        signals=ledger.signals(),
        cost_spends=ledger.cost_spends() if is_counting else {},
        request_signals=ledger.request_signals(),
        kin=kin,
        restrictions=ledger.restrictions(),
    )
