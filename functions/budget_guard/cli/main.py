"""The operator's command `budget-guard`: one subcommand per module beside this one."""

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from budget_guard.domain.errors import BudgetsFileError, GuardError

COMMANDS = {
    "check": ("check.check", "Check a budgets file."),
    "status": ("status.status", "Show budgets, held keys and what is missing; or one key."),
    "costs": ("costs.costs", "Show what was spent: by key, owner, model, provider or day."),
    "grant": ("grant.grant", "Grant a budget more money until a time, or end a grant."),
    "explain": (
        "explain.explain",
        "Explain what a key may spend, in figures, and who got the rest.",
    ),
    "plan": ("plan.plan", "Show what the next run would do with a budgets file."),
    "approve": ("approve.approve", "Show what waits for approval, or approve it."),
    "freeze": ("freeze.freeze", "Stop a key now, until that is taken back."),
    "release": ("release.release", "Give a key, or every key, back its own settings."),
    "adopt": ("adopt.adopt", "Put a key under rotation: its plaintext on stdin, or a new key."),
    "rotate": ("rotate.rotate", "Rotate a key now."),
    "retire": ("retire.retire", "Disable a key's earlier generations, though they are in use."),
    "lineage": ("lineage.lineage", "Show a key's generations, and what happens next."),
    "test-alert": ("alerts.send_test_alert", "Send a test alert, and show who gets it."),
    "sandbox": ("sandbox.sandbox", "Play an evening with the real stack on this machine."),
}
"""Where each is, and its line in the help: none is loaded before it is run (boto3 alone takes
longer than the help)."""
LONGEST = 2000


class Commands(TyperGroup):
    """Loads the command that is run; tells the guard's own errors in words, and exits with 2."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, with its line of help alone until it is to be run."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return self.commands.get(cmd_name) or TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the command that is asked for."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _loaded(args[0])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except GuardError as error:
            Console(stderr=True).print(Text(_told(error), style="bold red"))
            raise typer.Exit(2) from None


def _told(error: GuardError) -> str:
    """Return an error's text: it may quote a key's name, which anybody may have chosen."""
    from budget_guard.adapters.alerts.cleaning import one_line  # noqa: PLC0415 - see COMMANDS

    return str(error) if isinstance(error, BudgetsFileError) else one_line(str(error), LONGEST)


def _loaded(name: str) -> Any:
    module, function = COMMANDS[name][0].split(".")
    alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    alone.command(name)(getattr(import_module(f"budget_guard.cli.{module}"), function))
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


def _say_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"budget-guard {version('budget-guard')}")
        raise typer.Exit


@app.callback()
def _budget_guard(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _say_version(asked=asked),
            is_eager=True,
            help="Say the version.",
        ),
    ] = False,
) -> None:
    """Hold budgets on OpenRouter API keys."""
