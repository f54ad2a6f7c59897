"""Guardrails: what a key, a member or a workspace may ask for, and who holds which."""

from budget_guard.sandbox.openrouter.guardrails.guardrails import Guardrails
from budget_guard.sandbox.openrouter.guardrails.routes import guardrails

__all__ = ["Guardrails", "guardrails"]
