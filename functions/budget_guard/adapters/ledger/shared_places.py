"""Where the policy in use lies, and what costs show; imported, the ledger knows."""

from datetime import datetime, timedelta

from budget_guard.adapters.ledger.layout import HOURS_KEPT, Address, lifetime, place
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.signals.signal import RequestSignals, Signals

DEPLOYED = Address("DEPLOYED", "LAST")
SIGNALS = Address("SIGNALS", "LAST")
REQUEST_SIGNALS = Address("SIGNALS", "REQUESTS")
COST_SPENDS = "COSTSPEND"


@place.register(Deployed)
def _(_record: Deployed) -> Address:
    return DEPLOYED


@place.register(Signals)
def _(_record: Signals) -> Address:
    return SIGNALS


@place.register(RequestSignals)
def _(_record: RequestSignals) -> Address:
    return REQUEST_SIGNALS


@place.register(CostSpend)
def _(record: CostSpend) -> Address:
    return Address(COST_SPENDS, record.budget)


@lifetime.register(CostSpend)
def _(record: CostSpend) -> tuple[datetime, timedelta]:
    return record.at, HOURS_KEPT
