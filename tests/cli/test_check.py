"""`budget-guard check`: what the person at the terminal, or a program, sees."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from budget_guard.adapters.budgets import schema
from budget_guard.cli.main import app

GOOD = """\
mode: enforce
budgets:
  - name: prod-api
    owner: search-platform
    keys: [prod-api]
    workspaces: [prod]
    cap: {daily: 100, monthly: 1500}
    hold: always
  - name: each
    keys: [dev]
    per_key: true
    include_byok: true
    cap: {weekly: 12.5}
"""
BAD = "mode: enforce\nbudgets:\n  - name: a\n    keys: ['[red]*']\n    per_key: true\n    cap: {daily: -5}\n"


def run(tmp_path: Path, content: str, *options: str) -> Result:
    path = tmp_path / "budgets.yaml"
    path.write_text(content, encoding="utf-8")
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["check", str(path), *options])


def test_a_fine_file_is_summed_up_and_exits_0(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD)
    assert result.exit_code == 0
    assert "Mode enforce: the guard fences keys." in result.stdout
    for word in [
        "prod-api",
        "in prod",
        "100 daily",
        "1500 monthly",
        "always",
        "80% 90% 100%",
    ]:
        assert word in result.stdout
    for word in ["12.5 weekly", "per key", "with BYOK"]:
        assert word in result.stdout
    assert result.stdout.endswith("budgets.yaml: fine\n")


def test_the_summary_says_which_budgets_only_alert_and_why(tmp_path: Path) -> None:
    narrowed = GOOD + "  - {name: claude, keys: ['*'], models: [anthropic/*], cap: {daily: 0.5}}\n"
    result = run(tmp_path, narrowed)
    told = "Budgets on models only alert: a key's limit cannot tell models apart.\n"
    assert told in result.stdout
    assert told not in run(tmp_path, GOOD).stdout
    assert "anthropic/*" in result.stdout
    assert "never" in result.stdout
    assert result.stdout.endswith("budgets.yaml: fine\n")


def test_the_summary_says_which_keys_are_seen_to_and_which_are_not_touched(tmp_path: Path) -> None:
    plain = run(tmp_path, GOOD).stdout
    assert "Scope" not in plain
    assert "Proposed" not in plain
    assert "Protected: no keys by hash.\n" in plain
    one, other = "a" * 64, "b" * 64
    told = run(
        tmp_path,
        f"scope: {{workspaces: [prod, 'w-*']}}\nprotect: [{one}, {other}, ci-*, billing]\n{GOOD}",
    ).stdout
    assert "\nScope: only keys of the workspaces prod, w-*.\n" in told
    assert "\nProtected: 2 keys by hash.\n" in told
    assert "\nProposed for protection: keys called billing, ci-*.\n" in told
    assert "Protected: 1 key by hash." in run(tmp_path, f"protect: [{one}]\n{GOOD}").stdout


def test_the_summary_says_which_keys_are_rotated_and_what_becomes_of_the_old_ones(
    tmp_path: Path,
) -> None:
    assert "otat" not in run(tmp_path, GOOD).stdout
    rules = "rotation: [{keys: [prod-api, 'b-*'], force: true}, {keys: ['*'], every: 90d}]\n"
    told = " ".join(run(tmp_path, rules + GOOD).stdout.split())
    assert (
        "Rotated every 30d: prod-api, b-*; the old key is disabled when idle for 30m, or after 1d,"
        " and deleted after 7d. Rotated every 90d: *; the old key is disabled when idle for 30m"
        " (people are told after 1d) and deleted after 7d. Of these, only keys with a secret are"
        " rotated: plan names those that have none." in told
    )


def test_the_summary_says_what_thresholds_do(tmp_path: Path) -> None:
    steps = [
        "{at: 50%, severity: info}",
        "{at: 60%, severity: info, do: restrict, restrict_to: cheap}",
        "{at: 70%, severity: info, do: propose-rotation}",
        "{at: 80%, severity: info, do: rotate}",
    ]
    rules = f"rotation: [{{keys: ['*']}}]\nthresholds: [{', '.join(steps)}]\n"
    shown = run(tmp_path, rules + GOOD).stdout
    for word in ["50%", "60% restrict", "70% propose", "80% rotate"]:
        assert word in shown


def test_warnings_are_shown_and_exit_0(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD.replace("mode: enforce\n", "").replace("12.5", "0.5"))
    assert result.exit_code == 0
    assert ":1:1 warning  mode" in result.stdout
    assert result.stdout.endswith("budgets.yaml: fine, 2 warnings\n")
    one = run(tmp_path, GOOD.replace("mode: enforce\n", ""))
    assert one.stdout.endswith("budgets.yaml: fine, 1 warning\n")


def test_errors_are_shown_with_a_place_to_click_and_exit_1(tmp_path: Path) -> None:
    result = run(tmp_path, BAD)
    assert result.exit_code == 1
    head, *rest = result.stdout.splitlines()
    assert head == f"{tmp_path}/budgets.yaml:6:18 error  budgets[0].cap.daily  -5"
    assert rest[0].startswith("    an amount cannot be negative; write an amount in USD")
    assert rest[-1] == f"{tmp_path}/budgets.yaml: 1 error"
    assert run(tmp_path, "").stdout.endswith(": 1 error\n")
    assert run(tmp_path, "a: 1").stdout.endswith(": 2 errors\n")


@pytest.mark.parametrize("option", ["--json", None])
def test_a_missing_file_exits_2_and_says_what_to_do(tmp_path: Path, option: str | None) -> None:
    arguments = ["check", str(tmp_path / "absent.yaml"), *([option] if option else [])]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    said = json.loads(result.stdout)["unreadable"] if option else result.stderr
    assert "cannot be read" in " ".join(said.split())
    assert "Traceback" not in result.output


def test_the_json_of_a_fine_file_has_its_content_and_hash(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD, "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["usable"] is True
    assert answer["problems"] == []
    assert len(answer["hash"]) == 64
    assert answer["content"]["budgets"][1]["cap"] == {"weekly": "12.5"}


def test_the_json_of_a_bad_file_has_each_problem_with_its_place(tmp_path: Path) -> None:
    result = run(tmp_path, BAD, "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert answer["usable"] is False
    assert [(p["line"], p["column"], p["place"]) for p in answer["problems"]] == [
        (6, 18, "budgets[0].cap.daily")
    ]
    assert "content" not in answer


def test_the_schema_is_printed_as_it_belongs_in_the_generated_file() -> None:
    result = CliRunner().invoke(app, ["check", "--schema"])
    assert result.exit_code == 0
    assert result.stdout == schema.text()
