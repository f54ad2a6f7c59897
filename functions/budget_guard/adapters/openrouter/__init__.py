"""OpenRouter's management API over HTTPS; `connect` is the way in."""

from budget_guard.adapters.openrouter.client import HttpOpenRouter, Key, connect

__all__ = ["HttpOpenRouter", "Key", "connect"]
