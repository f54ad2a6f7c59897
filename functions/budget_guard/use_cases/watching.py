"""Rule 12, for `enforce`: whether `mode: observe` is in force, or refused since keys are held."""

from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.reach import in_hand
from budget_guard.use_cases.ledger import Ledger


def only_watches(policy: Policy, ledger: Ledger) -> bool:
    """Tell whether nothing may be changed: the mode is `observe`, and no key is the guard's still.

    Raises `LedgerUnavailable`.
    """
    if policy.mode is not Mode.OBSERVE:
        return False
    return not in_hand(ledger.holds().values(), ledger.restrictions().values())
