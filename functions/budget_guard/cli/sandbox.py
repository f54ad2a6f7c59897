"""`budget-guard sandbox`: the real stack, deployed on this machine, holding caps before your eyes."""

import json
import re
import signal
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Never

import typer
from rich.console import Console

from budget_guard.adapters.budgets import yaml_file
from budget_guard.cli import sandbox_view as view
from budget_guard.cli.sandbox_verdict import as_json as verdict_as_json
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.cast import cast_for, story
from budget_guard.sandbox.play import opening, play, write_story
from budget_guard.sandbox.stage import Set, stage

MODE = re.compile(r"^mode:.*$", re.MULTILINE)


def sandbox(
    budgets: Annotated[
        Path | None, typer.Option(help="Play your own budgets file, with keys that fit it.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Leave it running to look around.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Deploy the real stack to an AWS and an OpenRouter on this machine, and play an evening.

    Nothing leaves this machine but package downloads; nothing is left behind. Exits with 1 if a
    promised cap was overshot by more than what was in flight, if no alert told what made the
    story dearer, or if the story's rotation failed a request or changed a budget.
    """
    signal.signal(signal.SIGTERM, _end)
    console = Console(stderr=as_json, highlight=False)
    opens = opening(datetime.now(UTC).date())
    built = own(budgets, opens) if budgets else Set(opens, story(opens), write_story)
    with view.progress(console) as progress, stage(built, progress.note) as on:
        policy = yaml_file.load(on.aws.folder / "budgets.yaml")
        progress.ready()
        bill = play(on, progress.tell, policy=policy, with_people=budgets is None)
        progress.stop()
        judged = bill.evening(on, policy).verdict()
        if as_json:
            typer.echo(json.dumps(verdict_as_json(judged, bill.alerts), indent=2))
        else:
            view.show(console, on, policy, judged, bill)
        if keep:
            view.look_around(console, on)
            signal.pause()
    raise typer.Exit(0 if judged.is_good else 1)


def own(path: Path, opens: datetime) -> Set:
    """Return a stage for anybody's budgets, played under `mode: enforce` whatever they say."""
    policy: Policy = yaml_file.load(path)
    text = MODE.sub("", path.read_text(encoding="utf-8"))

    def write(folder: Path, _hashes: dict[str, str]) -> Path:
        written = folder / "budgets.yaml"
        written.write_text(f"{text}\nmode: enforce\n", encoding="utf-8")
        return written

    return Set(opens, cast_for(policy, opens), write)


def _end(_signal: int, _frame: FrameType | None) -> Never:
    raise SystemExit(143)
