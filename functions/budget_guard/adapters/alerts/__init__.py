"""Alerts as people and tools receive them: an e-mail, a canonical event, an SNS message."""

from budget_guard.adapters.alerts.memory import RecordingNotifier
from budget_guard.adapters.alerts.sns import SnsNotifier

__all__ = ["RecordingNotifier", "SnsNotifier"]
