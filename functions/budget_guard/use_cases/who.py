"""Who is who: keys, the lineages that they belong to, and whose they are, as the ledger knows."""

from collections.abc import Sequence

from budget_guard.domain.kin import Kin
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Budget
from budget_guard.use_cases.kin_ledger import KinLedger


def kin_of(ledger: KinLedger) -> Kin:
    """Return which keys are generations of one. Raises `LedgerError`."""
    return Kin(ledger.lineages(), ledger.rotations())


def people_of(ledger: KinLedger, budgets: Sequence[Budget]) -> People:
    """Return every key by the name that budgets know it by, and its owner. Raises `LedgerError`."""
    kin = kin_of(ledger)
    return People(kin.introduced(ledger.observations()), budgets, kin)
