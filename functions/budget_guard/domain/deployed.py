"""What tells an evaluation, and the costs, that the budgets file is another one."""

from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Deployed:
    """The budgets file that the functions were deployed with, as the evaluation at `at` read it."""

    policy: Policy
    at: datetime
