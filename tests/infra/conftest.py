"""The stack synthesised once for all tests of this folder, with a tiny asset and every check on."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from aws_cdk import App, Validations
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks

from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import Window
from infra.settings import Settings
from infra.stack import BudgetGuardStack

BUDGETS = (
    Budget("prod-api", {Window.DAILY: Decimal(100), Window.MONTHLY: Decimal(1500)}),
    Budget("everything", {Window.MONTHLY: Decimal(5000)}),
)
type Synthesise = Callable[[Settings], Template]


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    asset = tmp_path_factory.mktemp("asset")
    Path(asset, "budgets.json").write_text("{}")

    def run(settings: Settings) -> Template:
        app = App()
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        stack = BudgetGuardStack(app, settings=settings, asset=asset, budgets=BUDGETS)
        return Template.from_stack(stack)

    return run


@pytest.fixture(scope="session")
def template(synthesise: Synthesise) -> Template:
    return synthesise(Settings(alert_email="oncall@example.com"))


@pytest.fixture(scope="session")
def variant(synthesise: Synthesise) -> Template:
    """Everything that a setting changes, at once."""
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:openrouter-a1b2C3"
    return synthesise(Settings(embedded=True, schedules=False, poll_minutes=1, secret_arn=arn))
