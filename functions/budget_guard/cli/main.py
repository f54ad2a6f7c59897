"""The operator's command `budget-guard`: one subcommand per module beside this one."""

import typer

from budget_guard.cli.check import check

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(check)


@app.callback()
def _budget_guard() -> None:
    """Hold budgets on OpenRouter API keys."""
