"""No function knows where all records lie. What its ledger may save, it must know."""

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"
LEDGERS = {
    "dynamodb_usage": {"usage_ledger.UsageRecord"},
    "dynamodb_holds": {"hold_ledger.HoldRecord"},
    "dynamodb_costs": {
        "costs.ledger.CostRecord",
        "shared_ledger.SharedRecord",
        "usage_ledger.UsageRecord",
    },
    "dynamodb": {"ledger.BasicRecord"},
}
LACKING = """
import sys
from importlib import import_module
from typing import TypeAliasType, get_args
from budget_guard.adapters.ledger.layout import place

def forms(alias):
    for one in get_args(alias.__value__):
        yield from forms(one) if isinstance(one, TypeAliasType) else [one]

import_module("budget_guard.adapters.ledger." + sys.argv[1])
for name in sys.argv[2:]:
    module, _, alias = name.rpartition(".")
    found = set(forms(getattr(import_module("budget_guard.use_cases." + module), alias)))
    assert found, name
    print(*sorted(one.__name__ for one in found - place.registry.keys()))
"""


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_ledger_has_a_place_for_each_record_that_its_port_takes(ledger: str) -> None:
    # In a process of its own: here, other tests have loaded all places.
    command = [sys.executable, "-c", LACKING, ledger, *LEDGERS[ledger]]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=FUNCTIONS)
    assert told.stdout.split() == []
