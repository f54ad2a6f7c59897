"""What is told of the keys that were changed."""

from budget_guard.domain import words
from budget_guard.handlers.reporting import Summary, count, logger
from budget_guard.use_cases.enforce import EnforceReport
from budget_guard.use_cases.outcomes import Outcome, Result


def tell_enforcement(report: EnforceReport) -> Summary:
    """Write one line for each change, report as a metric how many failed, and return the figures."""
    for result in report.results:
        tell_change(result)
    count("ActionsFailed", report.failed)
    return {"done": len(report.results), "failed": report.failed, "waiting": report.waiting}


def tell_change(result: Result) -> None:
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
