"""Where it lies what budgets on models and providers have spent."""

from budget_guard.domain.cost_spends import CostSpend, DaySpend

SPENDS = "COSTSPEND"


def of(record: DaySpend | CostSpend) -> tuple[str, str]:
    """Return partition and place."""
    match record:
        case DaySpend():
            return partition(record.selection), f"{record.day.isoformat()}#{record.part}"
        case CostSpend():
            return SPENDS, record.budget


def partition(selection: str) -> str:
    """Return where it lies what was spent on a selection, by day."""
    return f"DAYSPEND#{selection}"
