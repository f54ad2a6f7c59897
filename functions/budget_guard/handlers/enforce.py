"""Brings every key to what is wished of it; the only function that changes keys."""

import os
from concurrent.futures import ThreadPoolExecutor

from budget_guard.adapters.pace import Pace
from budget_guard.domain import words
from budget_guard.handlers.reporting import Summary, count, function, logger
from budget_guard.handlers.runtime import Run, ledger, openrouter, policy
from budget_guard.handlers.settings import EnforceSettings, load
from budget_guard.use_cases.apply import Outcome, Result
from budget_guard.use_cases.enforce import enforce
from budget_guard.use_cases.patching import Enforcement

AT_ONCE = 4


@function("enforce")
def handler(run: Run) -> Summary:
    """Apply the open wishes once; without any, OpenRouter and the management key are left alone."""
    settings = load(EnforceSettings, os.environ)
    memory, rules = ledger(settings), policy().safety
    if not memory.wishes():
        return {"wishes": 0}
    with run.leased(memory, "enforce") as lease, ThreadPoolExecutor(AT_ONCE) as pool:
        to = Enforcement(
            openrouter(settings, run), memory, lease, run.id, run.at, rules.on_override
        )
        report = enforce(
            to,
            policy(),
            has_time=lambda: run.seconds_left() > 0,
            pace=Pace(rules.patches_per_second),
            run_all=pool.map,
        )
    for result in report.results:
        _tell(result)
    count("ActionsFailed", report.failed)
    return {"done": len(report.results), "failed": report.failed, "waiting": report.waiting}


def _tell(result: Result) -> None:
    """Write one line for a change; the first of a key has its baseline as `before`."""
    write = logger.warning if result.outcome is Outcome.FAILED else logger.info
    write(
        f"key {result.outcome}",
        key=result.wish.key,
        key_name=result.name,
        reason=result.text,
        before=words.settings(result.before) if result.before else None,
        after=words.settings(result.after) if result.after else None,
    )
