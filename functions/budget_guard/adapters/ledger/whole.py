"""The whole ledger in DynamoDB with the costs, for those who show people everything."""

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.adapters.ledger.dynamodb_costs import DynamoCostLedger


class DynamoWholeLedger(DynamoLedger, DynamoCostLedger):
    """The `Ledger` and `CostLedger` ports on a table: see `DynamoTable`."""
