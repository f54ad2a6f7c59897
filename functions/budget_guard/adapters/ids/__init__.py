"""The port `Ids`: an SQS queue and its dead letters, or both in this process."""

from budget_guard.adapters.ids.memory import MemoryIds
from budget_guard.adapters.ids.sqs import SqsIds

__all__ = ["MemoryIds", "SqsIds"]
