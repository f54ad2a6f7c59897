"""The functions downgrade a key and give it back, from a poll to its guardrail."""

from datetime import timedelta
from pathlib import Path

import pytest

from budget_guard.adapters import policy_json
from budget_guard.sandbox.openrouter import Fault
from tests.domain.builders import policy_of
from tests.handlers.deployment import Deployment
from tests.use_cases.restricting.scene import CHEAP, restricting


@pytest.fixture
def restricted(guard: Deployment, budgets: Path) -> str:
    """The hash of a key that one chain has restricted."""
    budgets.write_text(policy_json.dumps(policy_of(restricting())))
    made = guard.account.guardrails.create({"name": "cheap", "allowed_models": [CHEAP.model]})
    _, key = guard.new_key(spent="8")
    guard.put_key()
    assert list(guard.chain()) == ["poll_usage", "evaluate", "enforce"]
    assert guard.account.guardrails.keys.of(key) == made["id"]
    return key


def test_a_change_is_one_log_line_with_its_reason(guard: Deployment, restricted: str) -> None:
    (line,) = guard.output.logs("guardrail applied")
    assert (line["key"], line["key_name"]) == (restricted, "prod")
    assert (line["before"], line["after"]) == ("none", "cheap")
    assert "spent 8.00 of 10.00 USD today" in line["reason"]
    *_, enforced = guard.output.logs("run finished")
    assert (enforced["restricted"], enforced["not_restricted"]) == (1, 0)


def test_a_look_at_what_is_as_it_should_be_writes_no_line_and_a_new_day_gives_it_back(
    guard: Deployment, restricted: str
) -> None:
    guard.account.clock.advance(timedelta(minutes=15))
    assert "enforce" in guard.chain()
    assert len(guard.output.logs("guardrail applied")) == 1
    guard.account.clock.advance(timedelta(days=1))
    guard.chain()
    assert guard.account.guardrails.keys.of(restricted) is None


def test_without_a_wish_openrouter_is_left_alone(guard: Deployment, restricted: str) -> None:
    guard.account.clock.advance(timedelta(minutes=5))
    assert "enforce" not in guard.chain()
    assert guard.run("enforce")["wishes"] == 0


def test_a_failure_is_told_and_counted(guard: Deployment, restricted: str) -> None:
    guard.account.clock.advance(timedelta(days=1))
    guard.api.faults.add(Fault(path="/guardrails/assignments/keys", status=400))
    guard.chain()
    (line,) = guard.output.logs("guardrail failed")
    assert line["level"] == "WARNING"
    assert "400" in line["reason"]
