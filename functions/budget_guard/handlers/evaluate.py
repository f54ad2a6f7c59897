"""Decides what every key should be, tells people, and starts who has work to do."""

import os
from datetime import timedelta
from time import sleep

from budget_guard.adapters.alerts import SnsNotifier
from budget_guard.domain.errors import NotifierError
from budget_guard.handlers.evaluation import start_next, tell_evaluation, warn_of_unconfirmed
from budget_guard.handlers.ledger import ledger
from budget_guard.handlers.reporting import Summary, function
from budget_guard.handlers.runtime import Run, client, policy, seconds_until
from budget_guard.handlers.settings import EvaluateSettings, load
from budget_guard.use_cases.evaluate import Evaluation, evaluate, summary

ROLLED = timedelta(seconds=20)
"""When OpenRouter's day has surely begun too."""
ONCE_AN_HOUR = 5
"""Minutes of an hour, in one run of which or more the topic's subscriptions are looked at."""


@function("evaluate")
def handler(run: Run) -> Summary:
    """Evaluate once. An alert that SNS did not take stays pending, and the run fails loudly."""
    settings = load(EvaluateSettings, os.environ)
    sleep(seconds_until(ROLLED, run.began))
    memory = ledger(settings)
    sns = SnsNotifier(client("sns"), settings.alerts_topic_arn, settings.stack_name)
    with run.leased(memory, "evaluate") as lease:
        report = evaluate(Evaluation(memory, sns, lease, policy(), run.at))
    start_next(report, settings, run)
    tell_evaluation(report)
    if report.problem:
        raise NotifierError(report.problem)
    if run.at.minute < ONCE_AN_HOUR:
        warn_of_unconfirmed(sns.unconfirmed())
    return summary(report)
