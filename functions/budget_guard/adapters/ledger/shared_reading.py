"""What both ledgers answer alike of the policy in use, and of what costs show."""

from collections.abc import Mapping

from budget_guard.adapters.ledger.shared_places import (
    COST_SPENDS,
    DEPLOYED,
    REQUEST_SIGNALS,
    SIGNALS,
)
from budget_guard.adapters.ledger.table import Table
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.signals.signal import RequestSignals, Signals


class SharedReader(Table):
    """The reading half of the `SharedLedger` port."""

    def deployed(self) -> Deployed | None:
        """Return the policy of the last evaluation, and its time; None before the first."""
        return self._at(Deployed, DEPLOYED)

    def signals(self) -> Signals | None:
        """Return what the last poll of costs found; None before the first."""
        return self._at(Signals, SIGNALS)

    def request_signals(self) -> RequestSignals | None:
        """Return what the last poll of generations found; None before the first."""
        return self._at(RequestSignals, REQUEST_SIGNALS)

    def cost_spends(self) -> Mapping[str, CostSpend]:
        """Return what the budgets that count costs have spent, by the budget's name."""
        return {one.budget: one for one in self._all(CostSpend, COST_SPENDS)}
