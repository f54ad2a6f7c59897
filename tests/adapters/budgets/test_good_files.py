"""A good file becomes the policy it says, exactly, and the same again from its JSON."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from budget_guard.adapters import policy_json
from budget_guard.adapters.budgets import yaml_file
from budget_guard.adapters.budgets.yaml_file import Report
from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.errors import BudgetsFileError
from budget_guard.domain.ladder import LADDER, Do, Severity, Threshold
from budget_guard.domain.policy import (
    Budget,
    Costs,
    Hold,
    Mode,
    OnOverride,
    Policy,
    RotationRule,
    Safety,
)
from budget_guard.domain.signals.rules import (
    Account,
    Fallbacks,
    Prices,
    SignalRules,
    Unexplained,
    Unusual,
)
from budget_guard.domain.windows import Window

type Write = Callable[[str | bytes], Path]
type Check = Callable[[str | bytes], Report]

SMALL = "mode: enforce\nbudgets:\n  - name: one\n    keys: ['*']\n    cap: {daily: 5}\n"


def test_a_good_file_becomes_the_policy_that_it_says(write: Write, good: str) -> None:
    policy = yaml_file.load(write(good))
    ladder = (
        Threshold(Decimal("0.8"), Severity.WARNING),
        Threshold(Decimal(1), Severity.CRITICAL, Do.ROTATE),
    )
    alerts = (ladder[0], Threshold(Decimal(1), Severity.CRITICAL))
    assert policy == Policy(
        hash=policy.hash,
        mode=Mode.ENFORCE,
        protect=frozenset({"0123456789abcdef" * 4}),
        protect_names=("ci-*",),
        scope=("prod", "w-*"),
        safety=Safety(timedelta(minutes=15), Decimal(500), 5, OnOverride.RESPECT),
        costs=Costs(OneIn(100)),
        account=Account(Decimal(100), timedelta(hours=72)),
        signals=SignalRules(
            unexplained=Unexplained(Decimal("0.03"), Decimal(1)),
            mix_shifted=None,
            unusual=Unusual(8, Decimal("2.5")),
            prices=Prices(Decimal("0.1"), Decimal(1), timedelta(days=14)),
            fallbacks=Fallbacks(Decimal("0.3"), 50),
            loops=None,
        ),
        rotation=(
            RotationRule(
                keys=("prod-api", "batch-*"),
                every=timedelta(days=2),
                drain=timedelta(minutes=10),
                drain_max=timedelta(hours=12),
                delete_after=timedelta(days=1),
                force=True,
                allowance=Decimal("2.5"),
                on_leak=Do.ROTATE,
            ),
            RotationRule(),
        ),
        budgets=(
            Budget(
                name="prod-api",
                owner="search-platform",
                runbook="https://wiki.example.com/openrouter",
                keys=("prod-*",),
                workspaces=("prod",),
                creators=("user_*",),
                cap={
                    Window.DAILY: Decimal(100),
                    Window.WEEKLY: Decimal(500),
                    Window.MONTHLY: Decimal(1500),
                },
                hold=Hold(Decimal(0)),
                thresholds=ladder,
            ),
            Budget(
                name="developers",
                keys=("dev-*",),
                per_key=True,
                include_byok=True,
                cap={Window.DAILY: Decimal(5)},
                hold=Hold(None),
                thresholds=(
                    Threshold(Decimal("0.125"), Severity.INFO),
                    Threshold(Decimal("0.5"), Severity.WARNING, Do.RESTRICT, "cheap models"),
                    Threshold(Decimal("0.9"), Severity.WARNING, Do.PROPOSE),
                ),
            ),
            Budget(
                name="everything",
                keys=("*",),
                cap={Window.MONTHLY: Decimal(5000)},
                thresholds=ladder,
            ),
            Budget(
                name="claude",
                models=("anthropic/*",),
                cap={Window.MONTHLY: Decimal(3000)},
                hold=Hold(None),
                thresholds=alerts,
            ),
            Budget(
                name="served",
                keys=("prod-*",),
                providers=("Google", "Azure"),
                cap={Window.DAILY: Decimal("0.5")},
                hold=Hold(None),
                thresholds=alerts,
            ),
        ),
    )


def test_what_a_file_leaves_out_is_as_the_domain_has_it(write: Write) -> None:
    policy = yaml_file.load(write(SMALL.replace("mode: enforce\n", "")))
    (budget,) = policy.budgets
    assert policy == Policy(budgets=(budget,), hash=policy.hash)
    assert budget == Budget(name="one", cap={Window.DAILY: Decimal(5)})
    assert budget.thresholds == LADDER


def test_what_is_shipped_reads_back_as_the_same_policy(write: Write, good: str) -> None:
    policy = yaml_file.load(write(good))
    assert policy_json.loads(policy_json.dumps(policy)) == policy


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        "{unusual: {times: 6}}",
        "{mix_shifted: {by: 25%}}",
        "{prices: {withdrawn_within: 30d}}",
        "{loops: {times: 3}}",
    ],
)
def test_signals_as_they_are_without_the_section_do_not_change_the_files_hash(
    write: Write, said: str
) -> None:
    without = yaml_file.load(write(SMALL))
    assert yaml_file.load(write(f"{SMALL}signals: {said}\n")) == without
    assert yaml_file.load(write(f"{SMALL}signals: {{unusual: off}}\n")).hash != without.hash


@pytest.mark.parametrize(
    "text", ["0.1", "12345678901234567.89", "0", "0.000001", "999999999999999999"]
)
def test_amounts_are_exact_to_the_last_digit(write: Write, text: str) -> None:
    policy = yaml_file.load(write(SMALL.replace("5", text)))
    assert json.loads(policy_json.dumps(policy))["budgets"][0]["cap"]["daily"] == text
    (budget,) = policy_json.loads(policy_json.dumps(policy)).budgets
    assert str(budget.cap[Window.DAILY]) == text


def test_the_hash_follows_the_meaning_and_not_the_writing(write: Write) -> None:
    before = yaml_file.load(write(SMALL)).hash
    rewritten = f"# a comment\nsafety: {{stale_after: 15m}}\nprotect: []\n{SMALL}".replace(
        "5}", "'5.00'}"
    )
    assert yaml_file.load(write(rewritten)).hash == before
    assert yaml_file.load(write(SMALL.replace("5}", "6}"))).hash != before


def test_the_order_of_protected_keys_means_nothing(write: Write) -> None:
    one, other = "a" * 64, "B" * 64
    first = yaml_file.load(write(f"protect: [{one}, {other}]\n{SMALL}"))
    second = yaml_file.load(write(f"protect: [{other}, {one}, {other.lower()}]\n{SMALL}"))
    assert first == second
    assert first.protect == {one, other.lower()}


def test_a_name_among_the_protected_keys_only_proposes(write: Write) -> None:
    names = ["ci-*", "abc", "3fa9c1d2abc?", "zebra", "20261118"]
    first = yaml_file.load(write(f"protect: {json.dumps([*names, 'a' * 64])}\n{SMALL}"))
    second = yaml_file.load(
        write(f"protect: {json.dumps(['A' * 64, *names[::-1], 'abc'])}\n{SMALL}")
    )
    assert first == second
    assert first.protect == {"a" * 64}
    assert first.protect_names == tuple(sorted(names))
    assert yaml_file.load(write(f"protect: [ci-*]\n{SMALL}")).hash != first.hash


def test_a_scope_is_a_set_of_workspaces(write: Write) -> None:
    first = yaml_file.load(write(f"scope: {{workspaces: [w1, 'prod-*']}}\n{SMALL}"))
    second = yaml_file.load(write(f"scope: {{workspaces: ['prod-*', w1, w1]}}\n{SMALL}"))
    assert first == second
    assert first.scope == ("prod-*", "w1")
    assert yaml_file.load(write(SMALL)).hash != first.hash


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("none", None),
        ("all", OneIn(1)),
        ("1 in 1", OneIn(1)),
        ("1 in 1000000", OneIn(1_000_000)),
        ("above 0", Above(Decimal(0))),
        ('"above 12.50"', Above(Decimal("12.5"))),
        ("above 0.000001", Above(Decimal("0.000001"))),
    ],
)
def test_which_generations_are_fetched_is_said_in_words(
    write: Write, text: str, choice: Choice
) -> None:
    path = write(f"costs: {{generations: {text}}}\n{SMALL}")
    policy = yaml_file.load(path)
    assert policy.costs.generations == choice
    assert policy_json.loads(policy_json.dumps(policy)) == policy
    assert policy.hash != yaml_file.load(write(SMALL)).hash


def test_from_which_price_on_a_model_is_premium_is_said_in_usd(write: Write) -> None:
    path = write(f"costs: {{premium_above: 12.50}}\n{SMALL}")
    policy = yaml_file.load(path)
    assert policy.costs.premium_above == Decimal("12.5")
    assert policy_json.loads(policy_json.dumps(policy)) == policy
    said = "costs: {generations: all, premium_above: 20.0}\n"
    unsaid = "costs: {generations: all}\n"
    assert yaml_file.load(write(said + SMALL)).hash == yaml_file.load(write(unsaid + SMALL)).hash


def test_to_say_what_is_so_anyway_changes_nothing(write: Write) -> None:
    said = yaml_file.load(write(f"costs: {{generations: above 0.050}}\n{SMALL}"))
    assert said == yaml_file.load(write(SMALL))
    assert said.costs == Costs(Above(Decimal("0.05")))


def test_a_file_without_the_newer_fields_keeps_the_hash_that_it_had(write: Write) -> None:
    had = "a737928bf75d0f51bb5e13d3ae4486fc31a9e558f3b110b96d66aa69c1c72345"
    assert yaml_file.load(write(SMALL)).hash == had


def test_a_rule_of_rotation_means_the_same_however_it_is_written(write: Write) -> None:
    short = yaml_file.load(write(f"{SMALL}rotation: [{{keys: [a]}}]\n"))
    usual = "every: 720h, drain: 30m, drain_max: 1d, delete_after: 168h, allowance: 1.00"
    long = f"{SMALL}rotation: [{{keys: [a], {usual}, force: false, on_leak: propose-rotation}}]\n"
    assert yaml_file.load(write(long)) == short
    assert short.rotation == (RotationRule(("a",)),)
    assert short.hash != yaml_file.load(write(SMALL)).hash


def test_what_a_threshold_does_changes_the_hash_of_the_file(write: Write) -> None:
    alerting = f"{SMALL}    thresholds: [{{at: 50%, severity: info}}]\n"
    acting = alerting.replace("info", "info, do: restrict, restrict_to: g")
    other = acting.replace("to: g", "to: h")
    assert len({yaml_file.load(write(one)).hash for one in (alerting, acting, other)}) == 3


def test_what_the_files_ladder_does_is_not_done_by_a_budget_that_can_only_alert(
    write: Write,
) -> None:
    ladder = "thresholds: [{at: 90%, severity: info, do: restrict, restrict_to: cheap}]\n"
    on_models = "  - {name: two, keys: ['*'], models: [a/b], cap: {daily: 1}}\n"
    acting, alerting = yaml_file.load(write(ladder + SMALL + on_models)).budgets
    assert acting.thresholds == (Threshold(Decimal("0.9"), Severity.INFO, Do.RESTRICT, "cheap"),)
    assert alerting.thresholds == (Threshold(Decimal("0.9"), Severity.INFO),)


def test_anchors_quotes_and_a_byte_order_mark_change_nothing(write: Write) -> None:
    text = """\
mode: "enforce"
budgets:
  - {name: yes, keys: &all ["*"], cap: &five {daily: "5"}, per_key: FALSE}
  - {name: 12, keys: *all, cap: *five, owner: "null"}
"""
    policy = yaml_file.load(write(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()))
    assert [budget.name for budget in policy.budgets] == ["yes", "12"]
    assert policy.budgets[0].keys == policy.budgets[1].keys == ("*",)
    assert policy.budgets[1].owner == "null"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000, "null", "NaN", "[]", "{}"])
def test_a_deployment_without_a_readable_policy_is_refused_with_what_was_done(text: str) -> None:
    with pytest.raises(BudgetsFileError, match="nothing was done"):
        policy_json.loads(text)


def test_what_is_unreadable_in_a_shipped_policy_is_named(write: Write) -> None:
    text = policy_json.dumps(yaml_file.load(write(SMALL))).replace('"daily":"5"', '"daily":null')
    with pytest.raises(BudgetsFileError, match=r"budgets\.0\.cap\.daily"):
        policy_json.loads(text)


def test_reading_the_policy_needs_nothing_that_judges_a_file() -> None:
    program = (
        "import sys; import budget_guard.handlers.runtime;"
        "sys.exit(bool({'yaml', 'typer', 'rich', 'budget_guard.adapters.budgets'} & {*sys.modules}))"
    )
    where = Path(policy_json.__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], cwd=where, check=True)
