"""The guard's memory: in DynamoDB, and in this process for tests and simulations."""

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.adapters.ledger.memory import MemoryLedger

__all__ = ["DynamoLedger", "MemoryLedger"]
