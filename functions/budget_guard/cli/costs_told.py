"""What `costs` tells, before it is a page, CSV or JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from budget_guard.domain.costs import Figures, value
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.report import By, CostLine, CostTable, Period, cost_table
from budget_guard.use_cases.costs.requests import requests_table
from budget_guard.use_cases.who import people_of


@dataclass(frozen=True, slots=True)
class Told:
    """The table, and the owners of its keys by their hash."""

    table: CostTable
    owners: Mapping[str, str]

    @property
    def is_compared(self) -> bool:
        """Tell whether lines have a figure of the period before: days and requests have none."""
        return self.table.by is not By.DAY and self.table.on_record is None

    @property
    def knows_before(self) -> bool:
        """Tell whether that figure can be trusted: all of the period before was read."""
        return self.is_compared and self.table.is_comparable

    def owner(self, line: CostLine) -> str | None:
        """Return who owns the key of a line, if that is known."""
        return self.owners.get(line.key) if line.key else None


def told(ledger: CostLedger, period: Period, by: By) -> Told:
    """Return the costs of a period, with the owners of keys where each line is a key."""
    if by.is_of_requests:
        return Told(requests_table(ledger, period, by), {})
    return Told(cost_table(ledger, period, by), owners(ledger) if by is By.KEY else {})


def owners(ledger: CostLedger) -> Mapping[str, str]:
    """Return the owner of every key that has one, by its hash, as the deployed budgets say."""
    deployed = ledger.deployed()
    people = people_of(ledger, deployed.policy.budgets if deployed else ())
    found = {key: people.owner(key) for key in {*people.observations, *people.kin.of}}
    return {key: owner for key, owner in found.items() if owner}


def change(now: Figures, before: Figures) -> Decimal | None:
    """Return by which part costs (credits and BYOK) grew; None where there were none before."""
    was = value(before)
    return value(now) / was - 1 if was else None
