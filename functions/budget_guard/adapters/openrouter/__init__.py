"""OpenRouter's management API over HTTPS; `connect` is the way in."""

from budget_guard.adapters.openrouter.ahead import ahead
from budget_guard.adapters.openrouter.client import HttpOpenRouter, connect
from budget_guard.adapters.openrouter.connecting import Credential

__all__ = ["Credential", "HttpOpenRouter", "ahead", "connect"]
