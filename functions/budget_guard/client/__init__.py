"""For applications that call OpenRouter: tells the guard of each request, and knows soft caps.

It imports nothing else of the guard, and botocore and httpx only when they are first needed.
"""

from budget_guard.client.budget import Budget
from budget_guard.client.errors import BudgetExceeded, BudgetUnknown, PriceUnknown
from budget_guard.client.hook import GenerationHook
from budget_guard.client.outbox import Stats
from budget_guard.client.prices import Prices

__all__ = [
    "Budget",
    "BudgetExceeded",
    "BudgetUnknown",
    "GenerationHook",
    "PriceUnknown",
    "Prices",
    "Stats",
]
