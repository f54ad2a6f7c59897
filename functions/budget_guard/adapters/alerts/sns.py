"""Publishes alerts to an SNS topic: e-mail subscribers get a text, all others the event."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from budget_guard.adapters.alerts import event, mail
from budget_guard.adapters.alerts.cleaning import clean
from budget_guard.adapters.alerts.wording import subject
from budget_guard.adapters.aws_errors import Cause, cause, code
from budget_guard.domain.alerts import Alert
from budget_guard.domain.errors import NotifierError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef, SubscriptionTypeDef

MOST_BYTES = 256 * 1024
"""What SNS takes: the message and its attributes together."""
SLACK = 4096
MOST_VALUES = 100
"""Budgets, or owners, named in the attributes of one message."""
PENDING = "PendingConfirmation"
HINTS = {
    Cause.DENIED: "check that the function's role may publish to it, and use its encryption key",
    Cause.ABSENT: "is the stack deployed, and does ALERTS_TOPIC_ARN name its output?",
    Cause.NO_CREDENTIALS: "log in, or set AWS_PROFILE and AWS_REGION",
}


class SnsNotifier:
    """The `Notifier` port on a topic. `stack` is named in every alert."""

    def __init__(self, client: "SNSClient", topic: str, stack: str) -> None:
        self._client = client
        self._topic = topic
        self._stack = stack

    def publish(self, alert: Alert) -> None:
        """Publish; return only when SNS took it, else raise `NotifierError`.

        An alert too long for a message has the last of its entries left out, and counted.
        """
        attributes = _attributes(alert)
        try:
            self._client.publish(
                TopicArn=self._topic,
                Subject=subject(alert),
                Message=body(alert, self._stack, MOST_BYTES - SLACK - _size(attributes)),
                MessageStructure="json",
                MessageAttributes=attributes,
            )
        except (BotoCoreError, ClientError) as error:
            told = f"SNS did not take the alert {alert.event_id} for {self._topic}{_why(error)}; "
            message = f"{told}it stays pending and goes with the next run"
            raise NotifierError(message) from error

    def unconfirmed(self) -> tuple[str, ...]:
        """Return the endpoints whose subscription nobody has confirmed; or raise `NotifierError`."""
        return tuple(one["Endpoint"] for one in self._subscriptions() if _is_pending(one))

    def confirmed(self) -> tuple[str, ...]:
        """Return the endpoints that alerts go to; or raise `NotifierError`."""
        return tuple(one["Endpoint"] for one in self._subscriptions() if not _is_pending(one))

    def _subscriptions(self) -> "list[SubscriptionTypeDef]":
        pages = self._client.get_paginator("list_subscriptions_by_topic")
        try:
            return [
                one
                for page in pages.paginate(TopicArn=self._topic)
                for one in page["Subscriptions"]
            ]
        except (BotoCoreError, ClientError) as error:
            message = f"The subscriptions of {self._topic} cannot be listed{_why(error)}"
            raise NotifierError(message) from error


def _is_pending(subscription: "SubscriptionTypeDef") -> bool:
    return subscription["SubscriptionArn"] == PENDING


def body(alert: Alert, stack: str, most: int = MOST_BYTES) -> str:
    """Return the SNS message, one text per protocol, of at most `most` bytes."""
    letter = mail.body(alert, stack)
    entries = len(alert.entries)
    while True:
        told = event.text(alert, stack, entries=entries)
        whole = json.dumps({"default": told, "email": letter}, ensure_ascii=False)
        size = len(whole.encode())
        if size <= most or not entries:
            return whole
        entries = entries * most // size


def _attributes(alert: Alert) -> "dict[str, MessageAttributeValueTypeDef]":
    """Return what filter policies can choose by."""
    entries = clean(alert).entries
    lists = {
        "budget": _distinct(one.budget for one in entries),
        "owner": _distinct(one.owner for one in entries),
    }
    return {
        "severity": _string(alert.severity),
        "kind": _string(alert.kind),
        "event_id": _string(alert.event_id),
        **{
            name: {"DataType": "String.Array", "StringValue": json.dumps(values)}
            for name, values in lists.items()
            if values
        },
    }


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in values if one))[:MOST_VALUES]


def _string(value: str) -> "MessageAttributeValueTypeDef":
    return {"DataType": "String", "StringValue": str(value)}


def _size(attributes: "dict[str, MessageAttributeValueTypeDef]") -> int:
    return len(json.dumps(attributes))


def _why(error: BotoCoreError | ClientError) -> str:
    hint = HINTS.get(cause(error))
    return f" ({code(error)}): {hint}" if hint else f" ({code(error)})"
