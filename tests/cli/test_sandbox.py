"""`budget-guard sandbox` with a file of one's own: played under `mode: enforce`, else unchanged."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from budget_guard.adapters.budgets import yaml_file
from budget_guard.cli.sandbox import own
from budget_guard.domain.errors import BudgetsFileError
from budget_guard.domain.policy import Mode

OPENS = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
BUDGETS = "budgets:\n  - name: api\n    keys: [api]\n    cap: {daily: 10}\n"


@pytest.mark.parametrize(
    "text",
    [
        BUDGETS,
        f"mode: observe\n{BUDGETS}",
        f"{BUDGETS}mode: release # before it is removed",
        f"---\n{BUDGETS}",
        f"---\nmode: enforce\n{BUDGETS}\n",
    ],
)
def test_the_file_is_played_in_earnest_whatever_its_mode(text: str, tmp_path: Path) -> None:
    mine, stage = tmp_path / "mine.yaml", tmp_path / "stage"
    mine.write_text(text, encoding="utf-8")
    stage.mkdir()
    built = own(mine, OPENS)
    played = yaml_file.load(built.budgets(stage, {}))
    assert played.mode is Mode.ENFORCE
    assert played.budgets == yaml_file.load(mine).budgets
    assert [role.name for role in built.roles] == ["api"]
    assert mine.read_text(encoding="utf-8") == text


def test_a_file_with_mistakes_is_refused_before_anything_starts(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("budgets:\n  - name: api\n    keys: [api]\n", encoding="utf-8")
    with pytest.raises(BudgetsFileError, match="cap"):
        own(mine, OPENS)
