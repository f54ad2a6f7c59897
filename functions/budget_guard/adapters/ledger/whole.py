"""The whole ledger in DynamoDB with the costs, for those who show people everything.

Of this module `place` knows where records of every form lie.
"""

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.adapters.ledger.dynamodb_costs import DynamoCostLedger
from budget_guard.adapters.ledger.layout import place

__all__ = ["DynamoWholeLedger", "place"]


class DynamoWholeLedger(DynamoLedger, DynamoCostLedger):
    """The `Ledger` and `CostLedger` ports on a table: see `DynamoTable`."""
