"""What the CDK CLI runs: reads the settings, builds the asset, synthesises the stack."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from budget_guard.adapters import policy_json
from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.errors import SettingsError
from infra import bundle, settings
from infra.bundle import Wheels
from infra.settings import Settings
from infra.stack import BudgetGuardStack


def main() -> None:
    """Write the cloud assembly; raises SettingsError for what the operator has to correct."""
    app = App()
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    chosen = settings.read(app.node.get_all_context())
    policy = yaml_file.load(chosen.budgets)
    with TemporaryDirectory(prefix="budget-guard-asset-") as folder:
        asset = bundle.build(
            Path(folder, "asset"),
            wheels=_wheels(chosen),
            budgets=policy_json.dumps(policy),
        )
        BudgetGuardStack(app, settings=chosen, asset=asset, budgets=policy.budgets)
        app.synth()


def _wheels(chosen: Settings) -> Wheels:
    return Wheels.HOST if chosen.embedded else Wheels[chosen.architecture.name]


if __name__ == "__main__":
    try:
        main()
    except SettingsError as error:
        sys.exit(str(error))
