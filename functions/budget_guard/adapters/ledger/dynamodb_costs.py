"""The ledger of those who read costs, in DynamoDB."""

from budget_guard.adapters.ledger.cost_reading import CostReader
from budget_guard.adapters.ledger.dynamodb_usage import DynamoUsageLedger


class DynamoCostLedger(CostReader, DynamoUsageLedger):
    """The `CostLedger` port on a table: see `DynamoTable`."""
