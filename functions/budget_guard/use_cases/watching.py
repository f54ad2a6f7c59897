"""Rule 12, for `enforce`: whether `mode: observe` is in force, or refused since keys are held."""

from budget_guard.domain.held import in_hand
from budget_guard.domain.policy import Mode, Policy
from budget_guard.use_cases.hold_ledger import HoldLedger


def only_watches(policy: Policy, ledger: HoldLedger) -> bool:
    """Tell whether nothing may be changed: the mode is `observe`, and no key is the guard's still.

    Raises `LedgerUnavailable`.
    """
    if policy.mode is not Mode.OBSERVE:
        return False
    return not in_hand(ledger.holds().values(), ledger.restrictions().values())
