"""What `enforce` does beside limits: the guardrails of keys, where something is wished of them."""

from budget_guard.adapters.openrouter.guardrails import connect_guardrails
from budget_guard.adapters.pace import Pace
from budget_guard.adapters.secrets import read_management_key
from budget_guard.handlers.reporting import Summary, count, logger
from budget_guard.handlers.runtime import Run, client, policy
from budget_guard.handlers.settings import ProviderSettings
from budget_guard.use_cases.hold_ledger import HoldLedger
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.outcomes import Outcome
from budget_guard.use_cases.restricting.looking import Restricting
from budget_guard.use_cases.restricting.restrict import RestrictResult, restrict


def restrict_keys(
    settings: ProviderSettings, run: Run, ledger: HoldLedger, lease: Lease
) -> Summary:
    """Bring guardrails to what is wished; write a line for each that came out, and return figures.

    Raises `ManagementKeyError`, `LeaseLost`, `LedgerUnavailable`.
    """
    if not ledger.restrict_wishes():
        return {}
    safety, url = policy().safety, str(settings.openrouter_base_url)
    key = read_management_key(client("secretsmanager"), settings.management_key_secret_arn)
    with connect_guardrails(url, key, time_left=run.seconds_left) as guardrails:
        report = restrict(
            Restricting(guardrails, ledger, lease, run.id, run.at, safety.on_override),
            policy(),
            has_time=lambda: run.seconds_left() > 0,
            pace=Pace(safety.patches_per_second),
        )
    for result in report.results:
        _tell(result)
    count("ActionsFailed", report.failed)
    return {"restricted": len(report.results), "not_restricted": report.failed}


def _tell(result: RestrictResult) -> None:
    """Write one line for a change or a failure; what is as it should be is not worth one."""
    if result.outcome is Outcome.ALREADY:
        return
    write = logger.warning if result.outcome is Outcome.FAILED else logger.info
    write(
        f"guardrail {result.outcome}",
        key=result.wish.key,
        key_name=result.wish.name,
        reason=result.text,
        before=result.before,
        after=result.after,
    )
