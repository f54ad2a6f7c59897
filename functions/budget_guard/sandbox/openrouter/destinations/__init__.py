"""Observability destinations: where traces of which keys are sent."""

from budget_guard.sandbox.openrouter.destinations.destinations import Destinations

__all__ = ["Destinations"]
