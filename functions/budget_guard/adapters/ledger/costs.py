"""The ledger in DynamoDB with the costs, for those who keep or tell them."""

from budget_guard.adapters.ledger.cost_reading import CostReader
from budget_guard.adapters.ledger.dynamodb import DynamoLedger


class DynamoCostLedger(CostReader, DynamoLedger):
    """The `CostLedger` port on a table: see `DynamoLedger`."""
