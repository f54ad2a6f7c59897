"""The three functions, each started by the one before, from a poll to a fence."""

from decimal import Decimal

from tests.handlers.deployment import Deployment, sample


def test_a_poll_leads_to_a_fence(guard: Deployment) -> None:
    _, key = guard.new_key(spent="9.5")
    guard.put_key()
    summaries = guard.chain(sample("poll_usage.scheduled"))
    assert list(summaries) == ["poll_usage", "evaluate", "enforce"]
    assert guard.account.keys[key].terms.settings.limit.amount == Decimal(10)
    hold = guard.ledger.hold(key)
    assert hold is not None
    assert hold.is_held
