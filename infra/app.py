"""What the CDK CLI runs: reads the settings, builds the asset, synthesises the stack."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from budget_guard.adapters import budgets
from budget_guard.domain.errors import SettingsError
from infra import bundle, settings
from infra.stack import BudgetGuardStack


def main() -> None:
    """Write the cloud assembly; raises SettingsError for what the operator has to correct."""
    app = App()
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    chosen = settings.read(app.node.try_get_context)
    policy = budgets.load(chosen.budgets)
    with TemporaryDirectory(prefix="budget-guard-asset-") as folder:
        asset = bundle.build(
            Path(folder, "asset"),
            architecture=chosen.architecture,
            budgets=budgets.to_json(chosen.budgets),
        )
        BudgetGuardStack(app, settings=chosen, asset=asset, budgets=policy.budgets)
        app.synth()


if __name__ == "__main__":
    try:
        main()
    except SettingsError as error:
        sys.exit(str(error))
