"""`poll_costs` with its queue: the real handler on emulated AWS and a simulated account."""

import json
from decimal import Decimal

import pytest

from budget_guard.adapters.openrouter import costs
from budget_guard.domain.errors import GuardError
from budget_guard.sandbox.openrouter import Behaviour, Fault
from tests.handlers.deployment import Deployment


@pytest.fixture(autouse=True)
def at_once(guard: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's clock stands still: no pace is kept, and no minute has too many queries."""
    monkeypatch.setattr(costs, "QUERIES_PER_MINUTE", 10_000)
    guard.account.behaviour = Behaviour(analytics_per_minute=None)


def with_a_request(guard: Deployment, cost: str = "0.06") -> str:
    """Let a key be known to the ledger and spend; return the generation's id."""
    guard.put_key()
    _, key = guard.new_key("prod", cost)
    guard.run("poll_usage")
    guard.sleep(60)
    assert key
    return guard.account.generations.latest.id


def send(guard: Deployment, body: str) -> None:
    guard.aws("sqs").send_message(QueueUrl=guard.ids, MessageBody=body)


def a_notice(generation: str, **texts: str) -> str:
    return json.dumps({"generation": generation, "at": "2026-11-18T09:00:00Z"} | texts)


def test_dear_requests_and_those_that_were_sent_are_on_record(guard: Deployment) -> None:
    dear = with_a_request(guard)
    _, other = guard.new_key("other", "0.01")
    cheap = guard.account.generations.latest.id
    guard.sleep(60)
    send(guard, a_notice(cheap, job="import", key=other))
    summary = guard.run("poll_costs", seconds=600)
    assert summary["generations"] == 1
    assert summary["ids"] == {"kept": 1, "refused": 0, "left": 0}
    kept = {one.id: one for one in guard.ledger.generations(guard.account.clock.now.date())}
    assert set(kept) == {dear, cheap}
    assert kept[dear].cost == Decimal("0.06")
    assert kept[cheap].spender == other
    (hour,) = guard.ledger.sampled(guard.account.clock.now.date())
    assert (hour.exist.number, hour.kept.number) == (2, 1)
    assert guard.ledger.request_signals()


def test_what_cannot_be_used_is_told_once_and_is_a_dead_letter(guard: Deployment) -> None:
    with_a_request(guard)
    send(guard, '{"no": "id"}')
    summary = guard.run("poll_costs", seconds=600)
    assert summary["ids"]["refused"] == 1
    assert "ids were refused: see the dead letters" in guard.output.warnings
    answer = guard.aws("sqs").receive_message(
        QueueUrl=guard.dead_letters, MessageAttributeNames=["All"]
    )
    (letter,) = answer["Messages"]
    assert letter["MessageAttributes"]["reason"]["StringValue"].startswith("it has a field 'no'")


def test_a_run_with_little_time_left_sees_to_the_queue_alone(guard: Deployment) -> None:
    dear = with_a_request(guard)
    send(guard, a_notice(dear))
    summary = guard.run("poll_costs", seconds=120)
    assert (summary["generations"], summary["ids"]["kept"]) == (0, 1)
    assert not summary["whole"]


def test_what_fails_fails_the_run_after_all_else_was_done(guard: Deployment) -> None:
    dear = with_a_request(guard)
    send(guard, a_notice(dear))
    guard.api.faults.add(Fault(method="POST", path="/analytics/query", status=400, times=99))
    with pytest.raises(GuardError, match=r"costs of workspace .*generations of workspace "):
        guard.run("poll_costs", seconds=600)
    assert guard.ledger.generation(dear)
