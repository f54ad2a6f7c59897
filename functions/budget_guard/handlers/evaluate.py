"""Decides what every key should be, tells people, and starts `enforce` where there is work."""

import os
import time
from datetime import timedelta

from budget_guard.adapters.alerts import SnsNotifier
from budget_guard.adapters.starter import LambdaStarter
from budget_guard.domain.errors import NotifierError
from budget_guard.handlers.reporting import Summary, count, count_spend, function, logger
from budget_guard.handlers.runtime import Run, client, ledger, policy, seconds_until
from budget_guard.handlers.settings import EvaluateSettings, load
from budget_guard.use_cases.evaluate import EvaluateReport, Evaluation, evaluate, summary

ROLLED = timedelta(seconds=20)
"""When OpenRouter's day has surely begun too."""


@function("evaluate")
def handler(run: Run) -> Summary:
    """Evaluate once. An alert that SNS did not take stays pending, and the run fails loudly."""
    settings = load(EvaluateSettings, os.environ)
    time.sleep(seconds_until(ROLLED, run.began))
    memory = ledger(settings)
    sns = SnsNotifier(client("sns"), settings.alerts_topic_arn, settings.stack_name)
    with run.leased(memory, "evaluate") as lease:
        report = evaluate(Evaluation(memory, sns, lease, policy(), run.at))
    if report.plan.wishes:
        LambdaStarter(client("lambda"), settings.enforce_function_name).start(
            time=run.at, run=run.id
        )
    _tell(report)
    return summary(report)


def _tell(report: EvaluateReport) -> None:
    count_spend(report.plan)
    count("KeysHeld", sum(hold.is_held for hold in report.plan.facts.holds.values()))
    for alert in report.sent:
        logger.info(
            "alert sent", kind=alert.kind, event_id=alert.event_id, lines=len(alert.entries)
        )
    if report.problem:
        raise NotifierError(report.problem)
