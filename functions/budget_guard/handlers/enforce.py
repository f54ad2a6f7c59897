"""Brings every key to what is wished of it; the only function that changes keys."""

import os
from concurrent.futures import ThreadPoolExecutor

from budget_guard.adapters.ledger.dynamodb_holds import DynamoHoldLedger
from budget_guard.adapters.pace import Pace
from budget_guard.handlers.changes import tell_enforcement
from budget_guard.handlers.provider import openrouter
from budget_guard.handlers.reporting import Summary, function
from budget_guard.handlers.restriction import restrict_keys
from budget_guard.handlers.runtime import Run, client, policy
from budget_guard.handlers.settings import EnforceSettings, load
from budget_guard.use_cases.enforce import enforce
from budget_guard.use_cases.patching import Enforcement

AT_ONCE = 4


@function("enforce")
def handler(run: Run) -> Summary:
    """Apply the open wishes once; without any, OpenRouter and the management key are left alone."""
    settings, rules = load(EnforceSettings, os.environ), policy().safety
    memory = DynamoHoldLedger(client("dynamodb"), settings.table_name)
    if not memory.wishes() and not memory.restrict_wishes():
        return {"policy": policy().hash, "wishes": 0}
    with (
        run.leased(memory, "enforce") as lease,
        openrouter(settings, run) as provider,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        report = enforce(
            Enforcement(provider, memory, lease, run.id, run.at, rules.on_override),
            policy(),
            has_time=lambda: run.seconds_left() > 0,
            pace=Pace(rules.patches_per_second),
            run_all=pool.map,
        )
        figures = tell_enforcement(report) | restrict_keys(settings, run, memory, lease)
    return {"policy": policy().hash, **figures}
