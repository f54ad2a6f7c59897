"""The ledger of those who change keys, in DynamoDB."""

from budget_guard.adapters.ledger.dynamodb_table import DynamoTable
from budget_guard.adapters.ledger.hold_reading import HoldReader


class DynamoHoldLedger(HoldReader, DynamoTable):
    """The `HoldLedger` port on a table: see `DynamoTable`."""
