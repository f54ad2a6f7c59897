"""What is wrong with a file is said with its line, its place and what would be right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from budget_guard.adapters.budgets import yaml_file
from budget_guard.adapters.budgets.yaml_file import Report
from budget_guard.domain.errors import BudgetsFileError

type Check = Callable[[str | bytes], Report]

BUDGET = """\
mode: enforce
budgets:
  - name: one
    keys: ["a"]
"""
"""Cut off before its cap, which would be line 5."""
KEYS = '    keys: ["a"]\n'


def inside(line: str) -> str:
    return f"{BUDGET}    cap: {{daily: 5}}\n    {line}\n"


def cap(text: str) -> str:
    return f"{BUDGET}    cap: {{daily: {text}}}\n"


def top(line: str) -> str:
    return f"{inside('hold: never')}{line}\n"


DAILY, ONE = "budgets[0].cap.daily", "budgets[0]"
BAD = [
    # amounts
    (cap("-5"), 5, DAILY, "-5", "cannot be negative", "such as 100 or 12.50"),
    (cap("-.inf"), 5, DAILY, "-.inf", "finite", "0 means nothing may be spent"),
    (cap(".NaN"), 5, DAILY, ".NaN", "finite", "USD"),
    (cap("nan"), 5, DAILY, "nan", "finite", "USD"),
    (cap("null"), 5, DAILY, "(empty)", "missing", "USD"),
    (cap("~"), 5, DAILY, "(empty)", "missing", "USD"),
    (cap(""), 5, DAILY, "(empty)", "missing", "USD"),
    (cap('" "'), 5, DAILY, " ", "missing", "USD"),
    (cap("lots"), 5, DAILY, "lots", "not an amount", "USD"),
    (cap("yes"), 5, DAILY, "yes", "not an amount", "USD"),
    (cap("off"), 5, DAILY, "off", "not an amount", "USD"),
    (cap("1_000"), 5, DAILY, "1_000", "no separators", "USD"),
    (cap('"1,000.50"'), 5, DAILY, "1,000.50", "no separators", "USD"),
    (cap('"12,50"'), 5, DAILY, "12,50", "decimal sign is a point", "USD"),
    (cap("1,000"), 5, "budgets[0].cap.000", "(empty)", "no separators", "write 1000"),
    (cap("12:30"), 5, DAILY, "12:30", "time of day", "USD"),
    (cap("0o10"), 5, DAILY, "0o10", "decimal digits", "USD"),
    (cap("0x1F"), 5, DAILY, "0x1F", "decimal digits", "USD"),
    (cap("1e3"), 5, DAILY, "1e3", "decimal digits", "USD"),
    (cap("010"), 5, DAILY, "010", "leading zero", "USD"),
    (cap("1.1234567"), 5, DAILY, "1.1234567", "6 decimals", "USD"),
    (cap("1" * 19), 5, DAILY, "1" * 19, "18 digits", "USD"),
    (cap("9" * 5000), 5, DAILY, "9" * 59 + "…", "18 digits", "USD"),
    (cap("$5"), 5, DAILY, "$5", "stands alone", "USD"),
    (cap("5 USD"), 5, DAILY, "5 USD", "stands alone", "USD"),
    (cap("\u0665"), 5, DAILY, "\u0665", "not an amount", "USD"),
    (cap("[5]"), 5, DAILY, "(a list)", "single value", "USD"),
    (cap("{usd: 5}"), 5, DAILY, "(fields)", "single value", "USD"),
    # caps
    (BUDGET, 3, f"{ONE}.cap", "", "missing", "cap: {daily: 100, monthly: 1500}"),
    (f"{BUDGET}    cap:\n", 5, f"{ONE}.cap", "(empty)", "fields belong", "cap: {daily: 100"),
    (f"{BUDGET}    cap: 100\n", 5, f"{ONE}.cap", "100", "fields belong", "cap: {daily: 100"),
    (f"{BUDGET}    cap: {{}}\n", 5, f"{ONE}.cap", "(fields)", "needs a window", "daily: 100"),
    (f"{BUDGET}    cap: {{dayly: 5}}\n", 5, f"{ONE}.cap.dayly", "5", "no such", "daily?"),
    # names and texts
    (BUDGET.replace("one", "''"), 3, f"{ONE}.name", "", "missing", "1 to 64 letters"),
    (BUDGET.replace("one", "a" * 65), 3, f"{ONE}.name", "", "does not fit", "1 to 64 letters"),
    (BUDGET.replace("one", "équipe"), 3, f"{ONE}.name", "équipe", "does not fit", "letters"),
    (BUDGET.replace("one", '":a"'), 3, f"{ONE}.name", ":a", "does not fit", "first a letter"),
    (BUDGET.replace("one", '"a\\n"'), 3, f"{ONE}.name", "a\\n", "do not print", "letters"),
    (BUDGET.replace("one", '" a"'), 3, f"{ONE}.name", " a", "blanks at an end", "letters"),
    (inside("owner:"), 6, f"{ONE}.owner", "(empty)", "missing", "1 to 64 printable"),
    (inside(f"owner: {'x' * 65}"), 6, f"{ONE}.owner", "", "longer than 64", "1 to 64 printable"),
    (inside('owner: "a\\u202Eb"'), 6, f"{ONE}.owner", "a\\u202eb", "do not print", "printable"),
    (inside("runbook: wiki"), 6, f"{ONE}.runbook", "wiki", "web address", "https://"),
    (inside("runbook: ftp://a/b"), 6, f"{ONE}.runbook", "ftp://a/b", "web address", "https://"),
    (inside("runbook: 'http://'"), 6, f"{ONE}.runbook", "http://", "web address", "https://"),
    (inside("runbook: 'http://['"), 6, f"{ONE}.runbook", "http://[", "web address", "https://"),
    (inside("runbook: http://a/b c"), 6, f"{ONE}.runbook", "", "web address", "https://"),
    (inside("runbook: https://u:p@a"), 6, f"{ONE}.runbook", "", "credentials", "https://"),
    # keys and other lists
    (BUDGET.replace('["a"]', "prod-*"), 4, f"{ONE}.keys", "prod-*", "a list", 'keys: ["prod-*"]'),
    (BUDGET.replace('["a"]', "[]"), 4, f"{ONE}.keys", "", "empty", 'keys: ["prod-*"]'),
    (BUDGET.replace('["a"]', "[a, '']"), 4, f"{ONE}.keys[1]", "", "missing", "printable"),
    (BUDGET.replace('["a"]', "[null]"), 4, f"{ONE}.keys[0]", "(empty)", "missing", "printable"),
    (BUDGET.replace("    keys", "    kees"), 4, f"{ONE}.kees", "(a list)", "no such", "keys?"),
    (BUDGET.replace("    keys", "    zzz"), 4, f"{ONE}.zzz", "", "no such", "name, owner, runbook"),
    (BUDGET.replace(KEYS, ""), 3, f"{ONE}.keys", "", "missing", 'keys: ["prod-*"]'),
    (inside("workspaces: []"), 6, f"{ONE}.workspaces", "", "empty", 'workspaces: ["prod"]'),
    (inside("creators:"), 6, f"{ONE}.creators", "(empty)", "a list", "creators:"),
    # costs
    *(
        (top(f"costs: {{generations: {text}}}"), 7, "costs.generations", value, message, form)
        for text, value, message, form in [
            ("above", "above", "needs the USD", "above 0.05"),
            ("0.05", "0.05", "an amount stands behind above", "above 0.05"),
            ("above $5", "above $5", "not an amount", "above 0.05"),
            ("above 5 USD", "above 5 USD", "not an amount", "above 0.05"),
            ("above -1", "above -1", "not an amount", "above 0.05"),
            ("Above 5", "Above 5", "small letters", "above 0.05"),
            ("1/100", "1/100", "1 in a number", "1 in 100"),
            ("5%", "5%", "1 in a number", "1 in 100"),
            ("1 in 0", "1 in 0", "out of bounds (1 to 1000000)", "1 in 100"),
            ("1 in 1000001", "1 in 1000001", "out of bounds", "1 in 100"),
            ("2 in 100", "2 in 100", "no choice", "1 in 100"),
            ("every", "every", "are called all", "none, all"),
            ("no", "no", "are called none", "none, all"),
            ("", "(empty)", "missing", "none, all"),
            ("[all]", "(a list)", "single value", "none, all"),
        ]
    ),
    (top("costs: {generation: all}"), 7, "costs.generation", "all", "no such", "generations?"),
    (top("costs: all"), 7, "costs", "all", "fields belong", "{generations:"),
    # rotation
    (
        top("rotation: []"),
        7,
        "rotation",
        "",
        "empty",
        'rotation: [{keys: ["prod-*"], every: "30d"}]',
    ),
    (top("rotation: 30d"), 7, "rotation", "30d", "a list belongs", "rotation: [{keys:"),
    (top("rotation: [30d]"), 7, "rotation[0]", "30d", "fields belong", "{keys:"),
    *(
        (top(f"rotation: [{{{rule}}}]"), 7, f"rotation[0]{place}", value, message, form)
        for rule, place, value, message, form in [
            ("every: 30d", ".keys", "", "missing", 'keys: ["prod-*"]'),
            ("keys: a", ".keys", "a", "a list", 'keys: ["prod-*"]'),
            ("keys: []", ".keys", "", "empty", 'keys: ["prod-*"]'),
            ("keys: [a], evry: 3d", ".evry", "3d", "no such", "every?"),
            ("keys: [a], every: 3h", ".every", "3h", "out of bounds", "from 4h to 999d"),
            ("keys: [a], every: 1000d", ".every", "1000d", "out of bounds", "4h to 999d"),
            ("keys: [a], every: 300m", ".every", "300m", "not in minutes", "12h or 30d"),
            ("keys: [a], every: monthly", ".every", "monthly", "not a duration", "30d"),
            ("keys: [a], drain: 4m", ".drain", "4m", "out of bounds", "from 5m to 7d"),
            ("keys: [a], drain: 0", ".drain", "0", "not a duration", "from 5m to 7d"),
            ("keys: [a], drain_max: 31d", ".drain_max", "31d", "out of bounds", "10m to 30d"),
            ("keys: [a], delete_after: 30m", ".delete_after", "30m", "out of", "1h to 365d"),
            ("keys: [a], delete_after: 0", ".delete_after", "0", "not a duration", "1h to 365d"),
            ("keys: [a], force: yes", ".force", "yes", "neither true", "true or false"),
            ("keys: [a], allowance: -1", ".allowance", "-1", "negative", "USD"),
            ("keys: [a], on_leak: off", ".on_leak", "off", "no such", "rotate or propose-rotation"),
            ("keys: [a], on_leak: restrict", ".on_leak", "restrict", "no such", "rotate or"),
            ("keys: [a, a]", ".keys[1]", "a", "twice (line 7)", "one of the two"),
            (
                "keys: [a], drain: 2h, drain_max: 2h",
                ".drain",
                "2h",
                "cannot be idle for 2h within 2h",
                "drain below drain_max",
            ),
            (
                "keys: [a], drain_max: 20m",
                ".drain_max",
                "20m",
                "cannot be idle for 30m within 20m",
                "drain below drain_max",
            ),
        ]
    ),
    (
        top("rotation: [{keys: [b]},\n  {keys: [c, b]}]"),
        8,
        "rotation[1].keys[1]",
        "b",
        "twice (line 7)",
        "one of the two",
    ),
    # models and providers
    (inside("models: anthropic"), 6, f"{ONE}.models", "anthropic", "a list", "anthropic/*"),
    (inside("models: []"), 6, f"{ONE}.models", "", "empty", 'models: ["anthropic/*"]'),
    (inside("providers:"), 6, f"{ONE}.providers", "(empty)", "a list", 'providers: ["Anthropic"]'),
    (inside("model: [a/b]"), 6, f"{ONE}.model", "(a list)", "no such", "mean models?"),
    *(
        (
            inside(f"{axis}: [a/b]\n    hold: {hold}"),
            7,
            f"{ONE}.hold",
            hold,
            f"only alerts: a key's limit cannot tell {axis} apart",
            f"remove hold: {hold}",
        )
        for axis in ("models", "providers")
        for hold in ("always", "90%")
    ),
    *(
        (
            inside(f"{axis}: [a/b]\n    thresholds: [{{at: 5%, severity: info, do: {do}}}]"),
            7,
            f"{ONE}.thresholds[0].do",
            do,
            f"a budget with {axis} only alerts",
            f"remove do: {do}",
        )
        for axis in ("models", "providers")
        for do in ("restrict", "rotate", "propose-rotation")
    ),
    (
        inside("models: [a/b]\n    providers: [B]"),
        7,
        f"{ONE}.providers",
        "",
        "never by both (line 6)",
        "write two budgets, one with models and one with providers",
    ),
    # flags and hold
    (inside("per_key: yes"), 6, f"{ONE}.per_key", "yes", "neither true", "true or false"),
    (inside("include_byok: 1"), 6, f"{ONE}.include_byok", "1", "neither true", "true or false"),
    (inside("hold: no"), 6, f"{ONE}.hold", "no", "not a way to hold", "never"),
    (inside("hold: 0%"), 6, f"{ONE}.hold", "0%", "not a way to hold", "from 1% to 100%"),
    (inside("hold: 101%"), 6, f"{ONE}.hold", "101%", "not a way to hold", "from 1% to 100%"),
    (inside("hold: 0.9"), 6, f"{ONE}.hold", "0.9", "not a way to hold", "such as 90%"),
    # thresholds
    *(
        (inside(f"thresholds: [{step}]"), 6, f"{ONE}.thresholds{place}", value, message, form)
        for step, place, value, message, form in [
            ("{at: 0.8, severity: info}", "[0].at", "0.8", "not a percentage", "write 80%"),
            ("{at: 80, severity: info}", "[0].at", "80", "not a percentage", "write 80%"),
            ("{at: 1, severity: info}", "[0].at", "1", "not a percentage", "write 100%"),
            ("{at: 0, severity: info}", "[0].at", "0", "not a percentage", "such as 80%"),
            ("{at: 2000, severity: info}", "[0].at", "2000", "not a percentage", "such as 80%"),
            ("{at: high, severity: info}", "[0].at", "high", "not a percentage", "such as 80%"),
            ("{at: 0%, severity: info}", "[0].at", "0%", "above 0%", "such as 80%"),
            ("{at: -5%, severity: info}", "[0].at", "-5%", "not a percentage", "such as 80%"),
            ("{at: 1000.5%, severity: info}", "[0].at", "1000.5%", "up to 1000%", "such as 80%"),
            ("{at: 5%, severity: warn}", "[0].severity", "warn", "no such value", "warning?"),
            ("{at: 5%, severity: 7}", "[0].severity", "7", "no such value", "info, warning or"),
            ("{at: 5%}", "[0].severity", "", "missing", "severity: "),
            ("{severity: info}", "[0].at", "", "missing", 'at: "80%"'),
            ("80%", "[0]", "80%", "fields belong", '{at: "80%", severity: "warning"}'),
            ("", "", "", "empty", "thresholds: [{at:"),
            (
                "{at: 5%, severity: info, do: restrict}",
                "[0].do",
                "restrict",
                "not said what to restrict to",
                "add restrict_to:",
            ),
            (
                "{at: 5%, severity: info, restrict_to: cheap}",
                "[0].restrict_to",
                "cheap",
                "only do: restrict",
                "add do: restrict",
            ),
            (
                "{at: 5%, severity: info, do: rotate, restrict_to: cheap}",
                "[0].restrict_to",
                "cheap",
                "only do: restrict",
                "or remove this",
            ),
            ("{at: 5%, severity: info, do: rotat}", "[0].do", "rotat", "no such", "mean rotate?"),
            ("{at: 5%, severity: info, do: stop}", "[0].do", "stop", "no such", "restrict, rotate"),
            ("{at: 5%, severity: info, do: }", "[0].do", "(empty)", "missing", "restrict, rotate"),
            (
                "{at: 5%, severity: info, do: restrict, restrict_to: }",
                "[0].restrict_to",
                "(empty)",
                "missing",
                "name or id of a guardrail",
            ),
            (
                "{at: 5%, severity: info}, {at: 5.0%, severity: info}",
                "[1].at",
                "5%",
                "twice",
                "two",
            ),
            (
                "{at: 9%, severity: info}, {at: 5%, severity: info}",
                "[1].at",
                "5%",
                "below",
                "lowest",
            ),
            (
                "{at: 9%, severity: info}, {at: x, severity: info}, {at: 5%, severity: info}",
                "[2].at",
                "5%",
                "(line 6)",
                "lowest",
            ),
        ]
    ),
    (top("thresholds: 80%"), 7, "thresholds", "80%", "a list belongs", "thresholds: [{at:"),
    # the rest of the file
    (top("mod: enforce"), 7, "mod", "enforce", "no such field", "did you mean mode?"),
    (top("account: {do: it}"), 7, "account.do", "it", "no such field", "balance_below"),
    (
        BUDGET.replace("enforce", "on"),
        1,
        "mode",
        "on",
        "no such value",
        "observe, enforce or release",
    ),
    *(
        (top(f"protect: [ok, '{cut}']"), 7, "protect[1]", cut, "not the whole hash", "all 64 hex")
        for cut in ["3fa9c1d2abcd", "3FA9C1D2ABCD", "3fa9c1d2abcd…", "3fa9c1d2abcd*", "ab" * 25]
    ),
    (top("protect: ['']"), 7, "protect[0]", "", "missing", "printable"),
    (top("protect: [{hash: a}]"), 7, "protect[0]", "(fields)", "single value", "printable"),
    (top("scope: prod"), 7, "scope", "prod", "fields belong", 'scope: {workspaces: ["prod"]}'),
    (top("scope:"), 7, "scope", "(empty)", "fields belong", 'scope: {workspaces: ["prod"]}'),
    (top("scope: {}"), 7, "scope.workspaces", "", "missing", 'workspaces: ["prod"]'),
    (top("scope: {workspaces: }"), 7, "scope.workspaces", "(empty)", "a list", "workspaces:"),
    (top("scope: {workspaces: []}"), 7, "scope.workspaces", "", "empty", 'workspaces: ["prod"]'),
    (top("scope: {workspace: [a]}"), 7, "scope.workspace", "", "no such", "workspaces?"),
    (top("scope: {workspaces: ['']}"), 7, "scope.workspaces[0]", "", "missing", "printable"),
    (top("protect: all"), 7, "protect", "all", "a list", 'protect: ["0123'),
    (top("safety: {stale_after: 15}"), 7, "safety.stale_after", "15", "not a duration", "15m"),
    (top("safety: {stale_after: 1m}"), 7, "safety.stale_after", "1m", "out of bounds", "2m to 1d"),
    (top("safety: {max_jump: 0}"), 7, "safety.max_jump", "0", "above 0", "500"),
    (
        top("safety: {patches_per_second: 0}"),
        7,
        "safety.patches_per_second",
        "0",
        "bounds",
        "1 to 50",
    ),
    (top("safety: {patches_per_second: 51}"), 7, "safety.patches_per_second", "51", "whole", "50"),
    (
        top("safety: {on_override: reaply}"),
        7,
        "safety.on_override",
        "reaply",
        "no such",
        "reapply?",
    ),
    (top("safety: fast"), 7, "safety", "fast", "fields belong", "safety: {max_jump: 500}"),
    (top("account: {balance_below: -1}"), 7, "account.balance_below", "-1", "negative", "USD"),
    (top("account: {runway_below: 91d}"), 7, "account.runway_below", "91d", "bounds", "1h to 90d"),
    # signals
    (top("signals: off"), 7, "signals", "off", "fields belong", "signals: {unusual:"),
    (top("signals: {odd: off}"), 7, "signals.odd", "off", "no such field", "mix_shifted, unusual"),
    (top("signals: {prices: {odd: 1}}"), 7, "signals.prices.odd", "1", "no such field", "by, at"),
    (top("signals: {unusal: off}"), 7, "signals.unusal", "off", "no such", "mean unusual?"),
    (top("signals: {unusual: on}"), 7, "signals.unusual", "on", "neither off", "{times: 6}"),
    (top("signals: {unusual: }"), 7, "signals.unusual", "(empty)", "missing", "write off, or"),
    (
        top("signals: {unusual: [6]}"),
        7,
        "signals.unusual",
        "(a list)",
        "single value",
        "{times: 6}",
    ),
    (top("signals: {unusual: {times: 1}}"), 7, "signals.unusual.times", "1", "bounds", "2 to 100"),
    (top("signals: {loops: {times: 101}}"), 7, "signals.loops.times", "101", "bounds", "2 to 100"),
    (top("signals: {loops: often}"), 7, "signals.loops", "often", "neither off", "{times: 3}"),
    (top("signals: {fallbacks: on}"), 7, "signals.fallbacks", "on", "neither off", "{by: 20%}"),
    (top("signals: {fallback: off}"), 7, "signals.fallback", "off", "no such", "fallbacks?"),
    (
        top("signals: {fallbacks: {at_least: 4}}"),
        7,
        "signals.fallbacks.at_least",
        "4",
        "bounds",
        "5 to 1000",
    ),
    (
        top("signals: {fallbacks: {at_least: 20 requests}}"),
        7,
        "signals.fallbacks.at_least",
        "20 requests",
        "not whole",
        "5 to 1000",
    ),
    (top("signals: {unusual: {time: 6}}"), 7, "signals.unusual.time", "6", "no such", "times?"),
    *(
        (
            top(f"signals: {{{name}: {{{field}: {value}}}}}"),
            7,
            f"signals.{name}.{field}",
            value,
            *why,
        )
        for name, field in [
            ("unexplained", "above"),
            ("mix_shifted", "by"),
            ("prices", "by"),
            ("fallbacks", "by"),
        ]
        for value, why in [
            ("0.02", ("not a percentage", "such as 25%")),
            ("0%", ("not a part of the whole", "above 0%")),
            ("101%", ("not a part of the whole", "up to 100%")),
        ]
    ),
    *(
        (
            top(f"signals: {{{name}: {{at_least: -1}}}}"),
            7,
            f"signals.{name}.at_least",
            "-1",
            "negative",
            "in USD such as 5",
        )
        for name in ["unexplained", "mix_shifted", "unusual", "prices", "loops"]
    ),
    *(
        (
            top(f"signals: {{prices: {{withdrawn_within: {value}}}}}"),
            7,
            "signals.prices.withdrawn_within",
            value,
            why,
            "days from 1d to 365d",
        )
        for value, why in [("30", "not a duration"), ("366d", "out of bounds")]
    ),
    ("mode: enforce\n", 1, "budgets", "", "missing", "budgets: [{name:"),
    ("mode: enforce\nbudgets: []\n", 2, "budgets", "", "empty", "budgets: [{name:"),
    ("mode: enforce\nbudgets: [text]\n", 2, "budgets[0]", "text", "fields belong", "{name:"),
    (
        f"{inside('hold: 5%')}  - name: one\n    keys: [a]\n    cap: {{daily: 5}}\n",
        7,
        "budgets[1].name",
        "one",
        "this name (line 3)",
        "a name of its own",
    ),
    ("- a\n- b\n", 1, "", "(a list)", "fields belong", "mode, budgets"),
    ("just text", 1, "", "just text", "fields belong", "mode, budgets"),
    # YAML itself
    ("", 1, "", "", "nothing in this file", "mode, budgets"),
    ("# nothing yet\n", 1, "", "", "nothing in this file", "mode, budgets"),
    (BUDGET.replace('["a"]', "[*]"), 4, "", "", "alias", 'quotes around patterns: keys: ["*"]'),
    (BUDGET.replace('["a"]', "*dev"), 4, "", "", "undefined alias", "quotes around patterns"),
    (f"{BUDGET}\tcap: 5\n", 5, "", "", "not YAML", "indent with spaces"),
    (
        BUDGET.replace("one", "a: b"),
        3,
        "",
        "",
        "mapping values",
        "quotes around a text with a colon",
    ),
    (inside("hold: %90"), 6, "", "", "cannot start any token", "written 80%"),
    (f"{BUDGET}---\nmode: observe\n", 5, "", "", "another document", "remove the line ---"),
    (BUDGET.replace('"a"]', '"a"'), 5, "", "", "not YAML", "brackets"),
    (f"{BUDGET}    cap: {{daily: 5}}\0\n", 5, "", "", "does not print", "UTF-8"),
    (BUDGET.replace("one", r'"\UFFFFFFFF"'), 1, "", "", "cannot read a character", "escape"),
    ("[" * 3000, 1, "", "", "nested too deeply", "flat"),
    (
        inside("per_key: true\n    per_key: false"),
        7,
        f"{ONE}.per_key",
        "",
        "line 6",
        "one of the two",
    ),
    (inside("? [a]\n    : b"), 6, ONE, "", "a word", "name: value"),
    (inside("<<: {hold: never}"), 6, f"{ONE}.<<", "(fields)", "merge keys", "write the fields"),
    (cap("!!python/object:os.system 5"), 5, DAILY, "", "tags are not understood", "remove the tag"),
    (cap("!money 5"), 5, DAILY, "!money", "tags are not understood", "remove the tag"),
    (f"{BUDGET}    cap: &a [*a]\n", 5, "", "", "contains itself", "without"),
]


@pytest.mark.parametrize("case", BAD, ids=[f"{i} {case[2]}" for i, case in enumerate(BAD)])
def test_a_mistake_is_told_with_its_line_place_value_and_right_form(
    checked: Check, case: tuple[str, int, str, str, str, str]
) -> None:
    text, line, place, value, message, form = case
    report = checked(text)
    found = [
        p
        for p in report.errors
        if (p.line, p.place) == (line, place) and message in p.message and form in p.right_form
    ]
    assert len(found) == 1, report.problems
    assert not value or found[0].value == value
    assert report.file is None


HASH = "ab" * 32
WARNINGS = [
    (
        top(f"protect: [{HASH}, ci-*, legacy]"),
        7,
        "protect[1]",
        "only proposes, since anybody may give it to a key",
        "write hashes",
    ),
    (
        inside("hold: 5%").replace("mode: enforce\n", ""),
        1,
        "mode",
        "only observes",
        "mode: enforce",
    ),
    (cap("600, weekly: 500"), 5, DAILY, "above the weekly cap of 500 (line 5)", "weekly one holds"),
    (cap("600,\n      monthly: 5"), 5, DAILY, "above the monthly cap of 5 (line 6)", "lower daily"),
    (
        cap("1, weekly: 7, monthly: 6"),
        5,
        "budgets[0].cap.weekly",
        "monthly cap of 6",
        "raise monthly",
    ),
    (cap("0.5}\n    hold: always\n    #"), 5, DAILY, "too thin to hold", "hold: never"),
    (cap("0.99"), 5, DAILY, "too thin to hold", "hold: never"),
    (
        inside("models: [anthropic/*, gpt-5]"),
        6,
        f"{ONE}.models[1]",
        "ids begin with the author",
        'write "*/gpt-5"',
    ),
    *(
        (
            inside(f"thresholds: [{{at: 5%, severity: info, do: {do}}}]\n{rest}"),
            6,
            f"{ONE}.thresholds[0].do",
            "no rule under rotation: fits these keys, so none is rotated",
            "budget-guard adopt",
        )
        for do in ("rotate", "propose-rotation")
        for rest in ("", "rotation: [{keys: ['b*', A]}]")
    ),
    (
        top("thresholds: [{at: 5%, severity: info, do: rotate}]"),
        7,
        "thresholds[0].do",
        "the fence does the work",
        "add their names to rotation:",
    ),
    (
        top("thresholds: [{at: 5%, severity: info, do: rotate}]\nrotation: [{keys: ['b-*']}]"),
        7,
        "thresholds[0].do",
        "no rule under rotation: fits the keys of one, so none is rotated",
        "add their names to rotation:",
    ),
    (
        top("rotation: [{keys: ['a #2']}]"),
        7,
        "rotation[0].keys[0]",
        "no key fits this: the name of a lineage is without a number",
        "write a",
    ),
    (
        top("rotation: [{keys: ['*']},\n  {keys: ['b-*']}]"),
        8,
        "rotation[1].keys[0]",
        "the rule for * comes first and is the one for these keys (line 7)",
        "put the narrower rule before it",
    ),
    (
        top("rotation: [{keys: ['b-*']}, {keys: [c, b-1]}]"),
        7,
        "rotation[1].keys[1]",
        "the rule for b-* comes first",
        "narrower rule before it",
    ),
    (
        top("rotation: [{keys: [a], every: 12h}]"),
        7,
        "rotation[0].every",
        "may drain for 1d, and the next rotation comes after 12h: old keys may pile up",
        "write drain_max below every",
    ),
    (
        top("rotation: [{keys: [a], every: 2d, drain_max: 2d}]"),
        7,
        "rotation[0].drain_max",
        "old keys may pile up",
        "write drain_max below every",
    ),
    (
        cap("2.99").replace('["a"]', '[a, b, b, c, "d-*"]'),
        5,
        DAILY,
        "too thin to hold for 3 keys",
        "write 3 or more",
    ),
    (cap("0.5").replace('["a"]', '["a-*", "b-?"]'), 5, DAILY, "too thin to hold:", "1 or more"),
    (
        cap("0.5}\n    per_key: true\n    #").replace('["a"]', "[a, b]"),
        5,
        DAILY,
        "too thin to hold:",
        "1 or more",
    ),
    (
        cap("0.5}\n    hold: 50%\n    thresholds: [{at: 1%, severity: info}]\n    #"),
        5,
        DAILY,
        "too thin",
        "1 or more",
    ),
]


@pytest.mark.parametrize(("text", "line", "place", "message", "form"), WARNINGS)
def test_what_may_be_meant_is_only_warned_of(
    checked: Check, text: str, line: int, place: str, message: str, form: str
) -> None:
    report = checked(text)
    assert [(p.line, p.place) for p in report.warnings] == [(line, place)]
    assert message in report.warnings[0].message
    assert form in report.warnings[0].right_form
    assert not report.errors
    assert report.file


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "1",
        "0.5}\n    hold: never\n    #{",
        '"5"',
        "100, weekly: 100",
        "5}\n    thresholds: [{at: 1000%, severity: info}]\n    #",
    ],
)
def test_nothing_is_said_of_what_is_right(checked: Check, text: str) -> None:
    assert checked(cap(text)).problems == ()


@pytest.mark.parametrize(
    ("keys", "rest"),
    [
        ("[a, b]", "2"),
        ("[a, a]", "1"),
        ("['a-*', 'b-*', b]", "1"),
        ("[a, b]", "1}\n    per_key: true\n    #"),
        ("[a, b]", "1}\n    hold: never\n    #"),
        ("[a, b]", "0"),
    ],
)
def test_a_cap_that_can_feed_the_keys_that_are_known_is_not_thin(
    checked: Check, keys: str, rest: str
) -> None:
    assert checked(cap(rest).replace('["a"]', keys)).problems == ()


@pytest.mark.parametrize(
    ("scope", "workspaces", "has_keys"),
    [
        ("[prod]", "[prod]", True),
        ("[prod]", "[dev, test]", False),
        ("[prod]", "[dev, prod]", True),
        ("['prod-*', w1]", "[prod-1]", True),
        ("['prod-*', w1]", "[prod, w2]", False),
        ("[prod-1]", "['prod-*']", True),
        ("[prod-1]", "['dev-*']", False),
        ("['prod-*']", "['dev-*']", False),
        ("['prod-*']", "[7, []]", False),
        ("[[], 7]", "[dev]", False),
        ("[[]]", "[dev]", True),
        ("x", "[dev]", True),
        ("[prod]", "[]", True),
    ],
)
def test_a_budget_that_lies_outside_the_scope_is_warned_of(
    checked: Check, scope: str, workspaces: str, has_keys: bool
) -> None:
    report = checked(inside(f"workspaces: {workspaces}\nscope: {{workspaces: {scope}}}"))
    warnings = [(p.line, p.place, p.message) for p in report.warnings]
    told = "this budget will have no keys: none of its workspaces is in the guard's scope (line 7)"
    assert warnings == ([] if has_keys else [(6, f"{ONE}.workspaces", told)])


@pytest.mark.parametrize(
    "rest",
    [
        "thresholds: [{at: 5%, severity: info, do: rotate}]\nrotation: [{keys: [a]}]",
        "thresholds: [{at: 5%, severity: info, do: rotate}]\nrotation: [{keys: ['a*']}]",
        "thresholds: [{at: 5%, severity: info, do: restrict, restrict_to: cheap}]",
        "hold: never\nrotation: [{keys: [b, '*']}]",
        "hold: never\nrotation: [{keys: [b]}, {keys: ['b-*', '*']}]",
        "hold: never\nrotation: [{keys: ['*', b]}, ]",
        "hold: never\nrotation: [{keys: [a]}]\nthresholds: [{at: 5%, severity: info, do: rotate}]",
        "models: [x/*]\nrotation: [{keys: [b]}]\nthresholds: [{at: 5%, severity: info, do: rotate}]",
        "hold: never\nrotation: [{keys: ['b-?']}, {keys: ['b-*']}]",
        "hold: never\nrotation: [{keys: [a], every: 12h, drain_max: 11h}]",
    ],
)
def test_nothing_is_said_of_rotation_that_can_be_done(checked: Check, rest: str) -> None:
    assert checked(inside(rest)).problems == ()


@pytest.mark.parametrize(
    ("keys", "rules", "is_warned"),
    [
        ("'a-*'", "", True),
        ("'a-*'", "rotation: [{keys: [a-1]}]", False),
        ("'a-*'", "rotation: [{keys: ['b-*']}]", True),
        ("'a-*'", "rotation: [{keys: ['a-b*']}]", False),
        ("'*-a'", "rotation: [{keys: ['b-*']}]", False),
    ],
)
def test_of_two_patterns_that_begin_differently_it_is_known_that_no_key_fits_both(
    checked: Check, keys: str, rules: str, *, is_warned: bool
) -> None:
    text = inside("thresholds: [{at: 5%, severity: info, do: rotate}]").replace('"a"', keys)
    assert bool(checked(f"{text}{rules}\n").warnings) == is_warned


def test_a_step_that_only_alerts_is_told_of_nothing_else(checked: Check) -> None:
    step = "{at: 5%, severity: info, do: restrict}, {at: 6%, severity: info, do: rotate}"
    report = checked(inside(f"models: [a/b]\n    thresholds: [{step}]"))
    places = [p.place for p in report.problems]
    assert places == [f"{ONE}.thresholds[{number}].do" for number in (0, 1)]


def test_rotation_is_judged_although_other_values_are_wrong(checked: Check) -> None:
    rules = "[7, {keys: x}, {keys: [7, '', a], drain: x, drain_max: 5h, every: 4h}, {keys: [a]}]"
    text = (
        f"rotation: {rules}\nthresholds: [{{do: restrict}}, {{do: 7, restrict_to: x}}]\n"
        "budgets: [{keys: [b], thresholds: [{do: rotate}, 7]}, 7]"
    )
    told = [(p.place, p.message) for p in checked(text).problems]
    assert ("rotation[3].keys[0]", "this pattern is there twice (line 1)") in told
    assert ("thresholds[0].do", "it is not said what to restrict to") in told
    assert "rotation[2].drain_max" in [place for place, _ in told]
    assert "budgets[0].thresholds[0].do" in [place for place, _ in told]
    assert "thresholds[1].restrict_to" not in [place for place, _ in told]


def test_a_ladder_and_a_window_are_judged_although_other_values_are_wrong(checked: Check) -> None:
    text = (
        "budgets: [{name: [], hold: x, cap: {daily: 9, weekly: 5, monthly: x},"
        " thresholds: [{at: 9%}, text, {}, {at: 5%}]}, 7, {name: a}, {name: a, cap: 5}]"
    )
    messages = " ".join(problem.message for problem in checked(text).problems)
    assert "below the one before it" in messages
    assert "above the weekly cap" in messages
    assert "another budget has this name" in messages


def test_all_problems_of_a_file_are_told_at_once_in_its_order(checked: Check) -> None:
    report = checked(
        """\
mod: enforce
protect: [abcabcabcabc]
thresholds: [{at: 0.8, severity: info}]
budgets:
  - name: a
    keys: []
    cap: {daily: -1, daily: 2}
  - name: a
    keys: [x]
    hold: maybe
    cap: {weekly: 5, monthly: 1}
"""
    )
    assert [(p.line, p.place) for p in report.problems] == [
        (1, "mode"),
        (1, "mod"),
        (2, "protect[0]"),
        (3, "thresholds[0].at"),
        (6, "budgets[0].keys"),
        (7, "budgets[0].cap.daily"),
        (7, "budgets[0].cap.daily"),
        (8, "budgets[1].name"),
        (10, "budgets[1].hold"),
        (11, "budgets[1].cap.weekly"),
    ]


def test_a_file_that_unfolds_without_end_is_refused(checked: Check) -> None:
    lines = ["a0: &a0 [x]"] + [
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)
    ]
    (problem,) = checked("\n".join(lines)).problems
    assert "too much" in problem.message


def test_an_api_key_in_the_file_is_refused_and_never_shown(
    write: Callable[[str | bytes], Path],
) -> None:
    digits = "feedc0de" * 8
    secret = f"sk-or-v1-{digits}"
    text = top(f"protect: [{secret}]\n{secret}: 1").replace('"a"', f'"{secret}"')
    with pytest.raises(BudgetsFileError, match="revoke it") as refused:
        yaml_file.load(write(text))
    assert digits not in str(refused.value)


def test_loading_a_bad_file_lists_every_error_with_its_place(
    write: Callable[[str | bytes], Path],
) -> None:
    path = write(cap("-5").replace("one", '":"'))
    with pytest.raises(BudgetsFileError) as refused:
        yaml_file.load(path)
    first, *listed = str(refused.value).splitlines()
    assert first == f"{path} has 2 errors; nothing was done with it:"
    assert listed[0].startswith(f"  {path}:3:11  budgets[0].name  :  ")
    assert listed[1].startswith(f"  {path}:5:18  budgets[0].cap.daily  -5  an amount cannot be")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfem\0o\0", "not UTF-8 text (byte 0)"),
        (b"mode: \xe9\n", "not UTF-8 text (byte 6)"),
        (b"#" * (1024 * 1024 + 1), "larger than 1024 KiB"),
    ],
)
def test_a_file_that_is_no_text_is_refused(
    write: Callable[[str | bytes], Path], content: bytes, reason: str
) -> None:
    with pytest.raises(BudgetsFileError) as refused:
        yaml_file.check(write(content))
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "nul\0.yaml"])
def test_a_path_without_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BudgetsFileError, match=r"cannot be read: .*Give the path"):
        yaml_file.load(tmp_path / name)
