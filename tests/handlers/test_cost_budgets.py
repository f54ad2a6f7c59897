"""A budget on models in its deployment: counted by one function, told by another, fenced by none."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from budget_guard.adapters import policy_json
from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.alerts import Kind
from budget_guard.sandbox.openrouter import Work
from tests.handlers.deployment import Deployment

BUDGETS = """
mode: enforce
budgets:
  - {name: everything, keys: ["*"], cap: {monthly: 1000}, hold: never}
  - {name: large, owner: ann, keys: ["*"], models: ["acme/l*"], cap: {daily: 10, monthly: 1000}}
"""


def test_a_threshold_of_a_budget_on_models_reaches_people_and_changes_no_key(
    guard: Deployment, budgets: Path
) -> None:
    source = budgets.with_suffix(".yaml")
    source.write_text(BUDGETS)
    budgets.write_text(policy_json.dumps(yaml_file.load(source)))
    guard.put_key()
    _, key = guard.new_key()
    for cost, model in (("9.5", "acme/large"), ("30", "acme/small")):
        guard.account.spending.charge(key, Decimal(cost), work=Work(model=model, provider="Acme"))
    guard.account.clock.advance(timedelta(minutes=20))
    guard.run("poll_usage")
    guard.run("poll_costs", seconds=590)
    guard.run("evaluate")
    (alert,) = [one for one in guard.alerts() if one.kind is Kind.THRESHOLD]
    (entry,) = alert.entries
    assert (entry.budget, entry.spent, entry.cap) == ("large", "9.5", "10")
    assert entry.text.startswith("large spent 9.50 of 10.00 USD today on acme/l*; costs are known")
    assert entry.action == "nothing is fenced: a key's limit cannot tell models apart"
    assert not guard.ledger.wishes()
    assert not guard.account.books.changes
    told = guard.output.metrics("SpendFraction")
    fractions = {(where["budget"], where["window"]): value for value, where in told}
    assert fractions["large", "daily"] == 95
