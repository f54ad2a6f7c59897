"""A simulated OpenRouter account: the management API, spending, faults, costs, and exact books.

`Account` is the account in process; `Api` answers its HTTP requests; `InProcess` is an httpx
transport onto it, `serve` a real server on a loopback port.
"""

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.behaviour import Behaviour, LimitCount, Staleness
from budget_guard.sandbox.openrouter.books import Books, Change, Charge
from budget_guard.sandbox.openrouter.catalog import Catalog, Model
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.faults import Fault, Faults, When
from budget_guard.sandbox.openrouter.generations import Generation, Generations
from budget_guard.sandbox.openrouter.refusals import Refusal, Shape
from budget_guard.sandbox.openrouter.security import Security
from budget_guard.sandbox.openrouter.server import serve
from budget_guard.sandbox.openrouter.traffic import Course, Script, Traffic
from budget_guard.sandbox.openrouter.transport import InProcess
from budget_guard.sandbox.openrouter.work import Tokens, Work

__all__ = [
    "Account",
    "Api",
    "Behaviour",
    "Books",
    "Catalog",
    "Change",
    "Charge",
    "Clock",
    "Course",
    "Fault",
    "Faults",
    "Generation",
    "Generations",
    "InProcess",
    "LimitCount",
    "Model",
    "Refusal",
    "Script",
    "Security",
    "Shape",
    "Staleness",
    "Tokens",
    "Traffic",
    "When",
    "Work",
    "serve",
]
