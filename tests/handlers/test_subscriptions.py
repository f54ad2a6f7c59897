"""Alerts that nobody would get are noticed once an hour."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from budget_guard.handlers import runtime
from tests.handlers.deployment import Deployment

PENDING = {
    "Subscriptions": [
        {
            "Endpoint": "oncall@example.com",
            "Protocol": "email",
            "SubscriptionArn": "PendingConfirmation",
        }
    ]
}


def nobody_confirms(guard: Deployment) -> None:
    """Answer as AWS does until the link in the e-mail is followed (the emulator follows it)."""

    def answer(**_: Any) -> tuple[SimpleNamespace, dict[str, Any]]:
        return SimpleNamespace(status_code=200), PENDING

    events: Any = runtime.client("sns").meta.events
    events.register("before-call.sns.ListSubscriptionsByTopic", answer)


def test_an_address_that_nobody_confirmed_is_named_in_the_hours_first_minutes(
    guard: Deployment,
) -> None:
    nobody_confirms(guard)
    guard.run("evaluate")
    (line,) = guard.output.logs("subscription not confirmed")
    assert (line["level"], line["endpoint"]) == ("WARNING", "oncall@example.com")


def test_in_the_rest_of_the_hour_nothing_is_asked(guard: Deployment) -> None:
    nobody_confirms(guard)
    guard.account.clock.advance(timedelta(minutes=30))
    guard.run("evaluate")
    assert not guard.output.logs("subscription not confirmed")
