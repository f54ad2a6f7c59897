"""BYOK: the account's credentials at providers, and which requests they serve."""

from budget_guard.sandbox.openrouter.byok.credentials import Credentials

__all__ = ["Credentials"]
