"""What evaluations, and those who read costs, keep in the ledger for each other."""

from collections.abc import Mapping
from typing import Protocol

from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.signals.signal import RequestSignals, Signals
from budget_guard.use_cases.leases import Leasing

type SharedRecord = Deployed | Signals | RequestSignals | CostSpend


class SharedLedger(Leasing, Protocol):
    """The policy in use, and what costs show. Methods may raise `LedgerUnavailable`."""

    def deployed(self) -> Deployed | None:
        """Return the policy of the last evaluation, and its time; None before the first."""
        ...

    def signals(self) -> Signals | None:
        """Return what the last poll of costs found; None before the first."""
        ...

    def request_signals(self) -> RequestSignals | None:
        """Return what the last poll of generations found; None before the first."""
        ...

    def cost_spends(self) -> Mapping[str, CostSpend]:
        """Return what the budgets that count costs have spent, by the budget's name."""
        ...
