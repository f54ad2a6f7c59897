"""Random files: what is right survives the way to JSON and back; what is wrong is refused."""

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget_guard.adapters import policy_json
from budget_guard.adapters.budgets import scalars, wire, yaml_file
from budget_guard.domain.errors import BudgetsFileError
from budget_guard.domain.ladder import Severity
from budget_guard.domain.policy import Mode, OnOverride

type Write = Callable[[str | bytes], Path]

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a busy machine an example may take long; that says nothing of the code."""


def narrowed(budget: dict[str, Any], by: tuple[str, list[str]] | None) -> dict[str, Any]:
    """Return a budget that counts only some models, or providers; it only alerts then."""
    if by is None:
        return budget
    alerts: dict[str, Any] = {}
    if "hold" in budget:
        alerts["hold"] = "never"
    if "thresholds" in budget:
        alerts["thresholds"] = [
            {"at": one["at"], "severity": one["severity"]} for one in budget["thresholds"]
        ]
    return budget | dict([by]) | alerts


def doing(step: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return steps that do nothing besides, or any of what can be done."""
    restricting = lines.map(lambda name: step | {"do": "restrict", "restrict_to": name})
    others = st.sampled_from(["rotate", "propose-rotation"]).map(lambda do: step | {"do": do})
    return st.just(step) | restricting | others


amounts = st.decimals(0, 10**17, places=6).map(lambda usd: f"{usd.normalize():f}")
names = st.from_regex(scalars.NAME, fullmatch=True)
lines = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=64
)
patterns = st.lists(lines, min_size=1, max_size=3)
key_names = lines.filter(lambda text: not re.fullmatch(scalars.HASH_LIKE, text))
ladders = st.lists(st.integers(1, 100_000), min_size=1, max_size=4, unique=True).flatmap(
    lambda steps: st.tuples(
        *(
            st.fixed_dictionaries(
                {
                    "at": st.just(f"{Decimal(step) / 100:f}%"),
                    "severity": st.sampled_from(list(Severity)).map(str),
                }
            ).flatmap(doing)
            for step in sorted(steps)
        )
    ).map(list)
)
caps = st.dictionaries(st.sampled_from(["daily", "weekly", "monthly"]), amounts, min_size=1)
parts = st.integers(1, 100).map("{}%".format)
narrowings = st.none() | st.tuples(st.sampled_from(["models", "providers"]), patterns)
counters = st.fixed_dictionaries(
    {"name": names, "keys": patterns, "cap": caps},
    optional={
        "owner": lines,
        "runbook": st.just("https://wiki.example.com/a?b#c"),
        "workspaces": patterns,
        "creators": patterns,
        "per_key": st.sampled_from(["true", "false"]),
        "include_byok": st.booleans(),
        "hold": st.sampled_from(["always", "never"]) | st.integers(1, 100).map("{}%".format),
        "thresholds": ladders,
    },
)
budgets = st.tuples(counters, narrowings).map(lambda pair: narrowed(*pair))
rules = st.fixed_dictionaries(
    {"keys": st.lists(lines, min_size=1, max_size=3, unique=True)},
    optional={
        "every": st.integers(4, 23976).map("{}h".format),
        "drain": st.integers(5, 29).map("{}m".format),
        "drain_max": st.integers(1, 30).map("{}d".format),
        "delete_after": st.integers(1, 365).map("{}d".format),
        "force": st.booleans(),
        "allowance": amounts,
        "on_leak": st.sampled_from(["rotate", "propose-rotation"]),
    },
)
files = st.fixed_dictionaries(
    {"budgets": st.lists(budgets, min_size=1, max_size=4, unique_by=lambda each: each["name"])},
    optional={
        "mode": st.sampled_from(list(Mode)).map(str),
        "scope": st.fixed_dictionaries({"workspaces": patterns}),
        "protect": st.lists(
            st.from_regex(scalars.KEY_HASH, fullmatch=True) | key_names, max_size=3
        ),
        "thresholds": ladders,
        "rotation": st.lists(rules, min_size=1, max_size=1),
        "safety": st.fixed_dictionaries(
            {},
            optional={
                "stale_after": st.integers(2, 1440).map("{}m".format),
                "max_jump": amounts.filter(lambda text: text != "0"),
                "patches_per_second": st.integers(1, 50),
                "on_override": st.sampled_from(list(OnOverride)).map(str),
            },
        ),
        "costs": st.fixed_dictionaries(
            {
                "generations": st.sampled_from(["none", "all"])
                | st.integers(1, 10**6).map("1 in {}".format)
                | amounts.map("above {}".format)
            }
        ),
        "signals": st.fixed_dictionaries(
            {},
            optional={
                "unexplained": st.just("off")
                | st.fixed_dictionaries({}, optional={"above": parts, "at_least": amounts}),
                "mix_shifted": st.just("off")
                | st.fixed_dictionaries({}, optional={"by": parts, "at_least": amounts}),
                "unusual": st.just("off")
                | st.fixed_dictionaries({}, optional={"times": st.integers(2, 100)}),
                "prices": st.just("off")
                | st.fixed_dictionaries(
                    {},
                    optional={
                        "by": parts,
                        "at_least": amounts,
                        "withdrawn_within": st.integers(1, 365).map("{}d".format),
                    },
                ),
                "fallbacks": st.just("off")
                | st.fixed_dictionaries(
                    {}, optional={"by": parts, "at_least": st.integers(5, 1000)}
                ),
                "loops": st.just("off")
                | st.fixed_dictionaries(
                    {}, optional={"times": st.integers(2, 100), "at_least": amounts}
                ),
            },
        ),
        "account": st.fixed_dictionaries(
            {}, optional={"balance_below": amounts, "runway_below": st.just("36h")}
        ),
    },
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@unhurried
@given(content=files)
def test_any_policy_survives_yaml_and_shipping(write: Write, content: dict[str, Any]) -> None:
    path = write(yaml.safe_dump(content, allow_unicode=True))
    policy = yaml_file.load(path)
    assert policy_json.loads(policy_json.dumps(policy)) == policy
    said = {name: Decimal(usd) for name, usd in content["budgets"][0]["cap"].items()}
    assert policy.budgets[0].cap == said


@unhurried
@given(content=st.binary() | st.text(st.characters(codec="utf-8")))
def test_random_bytes_and_text_are_a_report_or_a_typed_error(
    write: Write, content: str | bytes
) -> None:
    with suppress(BudgetsFileError):
        assert yaml_file.check(write(content)).errors


@unhurried
@given(content=files, data=st.data())
def test_a_file_with_random_damage_is_a_report_or_a_typed_error(
    write: Write, content: dict[str, Any], data: st.DataObject
) -> None:
    text = yaml.safe_dump(content, allow_unicode=True)
    where = data.draw(st.integers(0, len(text)))
    damage = data.draw(st.text(st.sampled_from("*&!%@`{}[]:,-?|>'\"\\# \n\t0x~<_"), max_size=4))
    report = yaml_file.check(write(text[:where] + damage + text[where + 1 :]))
    assert (report.file is None) == bool(report.errors)
    assert all(problem.line >= 1 and str(problem) for problem in report.problems)


@unhurried
@given(tree=json_values)
def test_a_random_tree_is_refused_with_its_faults(tree: object) -> None:
    file, faults = wire.judge(tree)
    assert file is None
    assert faults


@unhurried
@given(content=files, damaged=json_values, data=st.data())
def test_a_tree_with_one_random_field_is_a_file_or_has_faults(
    content: dict[str, Any], damaged: object, data: st.DataObject
) -> None:
    part = data.draw(
        st.sampled_from([content, content["budgets"][0], content["budgets"][0]["cap"]])
    )
    part[data.draw(st.sampled_from(sorted(part)))] = damaged
    file, faults = wire.judge(content)
    assert file or faults
