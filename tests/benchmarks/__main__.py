"""`uv run python -m tests.benchmarks` measures the guard against its bounds and prints a table."""

import os
import platform
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.benchmarks import cost as costing
from tests.benchmarks.speed import ROWS, Line, Sizes

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console()


@app.callback(invoke_without_command=True)
def speed(
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(ROWS)}.")] = None,
    keys: Annotated[int, typer.Option(help="Keys of the ordinary account.")] = 10_000,
    many: Annotated[int, typer.Option(help="Keys of the large account.")] = 100_000,
    pairs: Annotated[int, typer.Option(help="Pairs, of which the medians are taken.")] = 10,
) -> None:
    """Measure the guard beside the least that its work can take. Exits with 1 above a bound."""
    if context.invoked_subcommand:
        return
    lines: list[Line] = []
    for name in only or ROWS:
        with console.status(f"measuring: {name}"):
            lines += ROWS[name](Sizes(keys, many, pairs))
    console.print(_table(lines))
    console.print(f"Medians of {pairs} alternating pairs. {_machine()}")
    raise typer.Exit(0 if all(line.ok for line in lines) else 1)


@app.command()
def cost(
    keys: Annotated[list[int] | None, typer.Argument(help="Numbers of keys.")] = None,
) -> None:
    """Compute what the guard costs a month at AWS, from measured runs and list prices."""
    bare = costing.variable(0)
    fixed = costing.fixed(bare)
    columns = ("reads", "writes", "compute", "poll_costs", "by keys", "fixed", "in all")
    table = Table("keys", *columns, box=None)
    for column in table.columns:
        column.justify = "right"
    for one in costing.growth(keys or (100, 1_000, 10_000), bare):
        parts = (one.reads, one.writes, one.compute, one.poll_costs, one.total)
        always = sum(fixed.values())
        amounts = (*parts, always, one.total + always)
        table.add_row(f"{one.keys:,}", *(f"{each:.2f}" for each in amounts))
    console.print(table)
    for what, amounts_of in (("Fixed", fixed), ("A key under rotation", costing.rotated())):
        listed = ", ".join(f"{each} {usd:.2f}" for each, usd in amounts_of.items())
        console.print(f"{what}: {listed}.")
    console.print(
        "USD a month, eu-central-1, polls every 5 minutes, AWS's list prices (tests/benchmarks/prices.py)."
    )
    console.print(_machine())


def _table(lines: list[Line]) -> Table:
    table = Table("what", *("ours", "floor", "ratio", "bound", ""), box=None)
    for column in table.columns[1:5]:
        column.justify = "right"
    for line in lines:
        ratio = line.ratio is not None
        table.add_row(
            line.what,
            _amount(line.ours, line.unit),
            _amount(line.floor, line.unit),
            f"{line.ratio:.2f}" if ratio else "",
            f"{line.bound:g}" if ratio else _amount(line.bound, line.unit),
            "ok" if line.ok else "MISSED",
        )
    return table


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.2f} s" if unit == "s" else f"{value:.0f} {unit}"


def _machine() -> str:
    """Return what it was measured on, in words."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        lines = cpu.read_text().splitlines()
        model = next((one.split(": ")[1] for one in lines if one.startswith("model name")), model)
    python = platform.python_version()
    return f"{model.strip()}, {os.cpu_count()} cores, {platform.system()}, Python {python}."


if __name__ == "__main__":
    app()
