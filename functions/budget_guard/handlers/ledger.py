"""The whole ledger, for the functions that decide or tell; to load it takes all kinds of records."""

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.handlers.runtime import client
from budget_guard.handlers.settings import Settings


def ledger(settings: Settings) -> DynamoLedger:
    """Return the ledger of this deployment."""
    return DynamoLedger(client("dynamodb"), settings.table_name)
