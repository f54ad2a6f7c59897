"""Whoever may name a key must not thereby forge what an operator reads, nor break a page."""

from decimal import Decimal
from pathlib import Path

import pytest

from budget_guard.domain.policy import Budget
from tests.cli.adopted import adopt, plaintext, rotate_all
from tests.cli.desk import ALWAYS, DAILY, MONTHLY, Office

EVIL = "x[/bold]\x1b[2J\nPlan: all is well [link=https://evil.example]here[/link] sk-or-v1-abcdef"
LONG = "a-service-with-a-name-that-nobody-can-read-" * 4
FILE = "mode: enforce\nprotect: ['x*']\nbudgets: [{name: tiny, keys: ['*'], cap: {daily: 1}, hold: always}]\n"
WHY = ("--reason", "a\x1b[2J\nloop")


def is_whole(line: str, file: Path) -> bool:
    """Tell whether a line is to be copied, so that it is not broken."""
    return str(file) in line or "openrouter/" in line


@pytest.fixture
def office() -> Office:
    budgets = (
        Budget("a-budget-with-a-rather-long-name", {DAILY: Decimal(100)}, hold=ALWAYS),
        Budget("all", {MONTHLY: Decimal(60)}, hold=ALWAYS),
    )
    office = Office(names=(EVIL, LONG, "c", "d", "e"), budgets=budgets)
    office.guard.cycle()
    for name in (EVIL, LONG):
        office.spend(name, "8")
    office.cycle()
    return office


@pytest.mark.parametrize(
    "command",
    [
        "explain",
        "freeze",
        "freeze --end",
        "plan",
        "approve",
        "adopt",
        "lineage",
        "lineages",
        "rotate",
        "retire",
    ],
)
def test_no_page_is_forged_or_torn(command: str, office: Office, tmp_path: Path) -> None:
    key, file = office.hash(EVIL)[:8], tmp_path / "b.yaml"
    file.write_text(FILE, encoding="utf-8")
    office.deploy("tiny", budgets=(Budget("tiny", {DAILY: Decimal(1)}, hold=ALWAYS),))
    office.guard.evaluate()
    asked = {
        "explain": ("explain", key),
        "freeze": ("freeze", key, *WHY),
        "freeze --end": ("freeze", "--end", key),
        "plan": ("plan", str(file)),
        "approve": ("approve",),
        "adopt": ("adopt", key),
        "lineage": ("lineage", key),
        "lineages": ("lineage",),
        "rotate": ("rotate", key, *WHY),
        "retire": ("retire", key, "--yes", *WHY),
    }[command]
    if command == "freeze --end":
        office.run("freeze", key, *WHY)
    if "lineage" in command or command in ("rotate", "retire"):
        adopt(office, EVIL)
    if command == "retire":
        rotate_all(office, EVIL)
    shown = office.run(*asked, answer=plaintext(office, EVIL)).output
    assert "[/bold]" in shown
    assert "\x1b" not in shown
    assert "abcdef" not in shown
    lines = [line.strip() for line in shown.splitlines()]
    assert not any(line.startswith("Plan: all") for line in lines)
    assert all(len(line) <= 80 for line in lines if not is_whole(line, file))
