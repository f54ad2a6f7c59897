"""What every notifier does, on the fake and on SNS (emulated) alike; and what only SNS does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.stub import Stubber

from budget_guard.adapters.alerts import RecordingNotifier, SnsNotifier, sns
from budget_guard.domain.alerts import Alert, Kind
from budget_guard.domain.errors import NotifierError
from budget_guard.use_cases.notifier import Notifier
from tests.adapters.alerts.samples import ALERTS, PROD, TEAM, alert, developer

MOST_BYTES = 256 * 1024


@dataclass
class Topic:
    """A notifier, what arrived by it, and a way to make it fail."""

    notifier: Notifier
    event_ids: Callable[[], list[str]]
    fail: Callable[[], object]


class Aws:
    """A topic with a queue subscribed to it."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.sns, self.sqs = client("sns"), client("sqs")
        self.topic: str = self.sns.create_topic(Name="alerts")["TopicArn"]
        self.queue: str = self.sqs.create_queue(QueueName="arrived")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        endpoint = arn["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=endpoint)
        self.notifier = SnsNotifier(self.sns, self.topic, "BudgetGuard")

    def arrived(self) -> list[dict[str, Any]]:
        """Return the notifications, as SNS wraps them for queues."""
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(one["Body"]) for one in answer.get("Messages", [])]


@pytest.fixture
def aws_topic(client: Callable[[str], Any]) -> Aws:
    return Aws(client)


@pytest.fixture(params=["memory", "sns"])
def topic(request: pytest.FixtureRequest) -> Topic:
    if request.param == "memory":
        fake = RecordingNotifier()
        return Topic(
            fake,
            lambda: [one.event_id for one in fake.alerts],
            lambda: setattr(fake, "failing", 1),
        )
    aws: Aws = request.getfixturevalue("aws_topic")
    return Topic(
        aws.notifier,
        lambda: [json.loads(one["Message"])["event_id"] for one in aws.arrived()],
        lambda: aws.sns.delete_topic(TopicArn=aws.topic),
    )


def test_a_published_alert_arrives(topic: Topic) -> None:
    topic.notifier.publish(ALERTS["stopped"])
    assert topic.event_ids() == [ALERTS["stopped"].event_id]


def test_an_alert_published_again_keeps_its_event_id(topic: Topic) -> None:
    for _ in range(2):
        topic.notifier.publish(ALERTS["stopped"])
    assert topic.event_ids() == [ALERTS["stopped"].event_id] * 2


def test_what_is_not_taken_is_an_error_that_names_the_alert(topic: Topic) -> None:
    topic.fail()
    with pytest.raises(NotifierError, match=f"{ALERTS['stopped'].event_id}.*stays pending"):
        topic.notifier.publish(ALERTS["stopped"])
    assert not topic.event_ids()


def test_with_every_subscription_confirmed_nobody_is_named(topic: Topic) -> None:
    assert topic.notifier.unconfirmed() == ()


def test_who_gets_the_alerts_is_named(aws_topic: Aws) -> None:
    aws_topic.sns.subscribe(TopicArn=aws_topic.topic, Protocol="email", Endpoint="a@example.com")
    queue, mail = aws_topic.notifier.confirmed()
    assert queue.endswith(":arrived")
    assert mail == "a@example.com"


def test_the_fake_names_who_it_is_told_to() -> None:
    fake = RecordingNotifier()
    fake.pending.append("on-call@example.com")
    fake.subscribed.append("ops@example.com")
    assert fake.unconfirmed() == ("on-call@example.com",)
    assert fake.confirmed() == ("ops@example.com",)


def test_addresses_that_nobody_confirmed_are_named_from_all_pages(aws_topic: Aws) -> None:
    """Scripted, in AWS's documented form: the emulator confirms every subscription at once."""

    def page(address: str, arn: str) -> dict[str, Any]:
        return {"Subscriptions": [{"Endpoint": address, "SubscriptionArn": arn}]}

    arn = f"{aws_topic.topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286"
    operation = "list_subscriptions_by_topic"
    asked = {"TopicArn": aws_topic.topic}
    with Stubber(aws_topic.sns) as stub:
        first = page("ann@example.com", "PendingConfirmation") | {"NextToken": "2"}
        stub.add_response(operation, first, asked)
        second = page("ops@example.com", arn) | {"NextToken": "3"}
        stub.add_response(operation, second, asked | {"NextToken": "2"})
        third = page("bob@example.com", "PendingConfirmation")
        stub.add_response(operation, third, asked | {"NextToken": "3"})
        assert aws_topic.notifier.unconfirmed() == ("ann@example.com", "bob@example.com")


def test_subscribers_can_choose_by_attributes(aws_topic: Aws) -> None:
    aws_topic.notifier.publish(alert(Kind.FENCED, PROD, TEAM, PROD))
    (arrived,) = aws_topic.arrived()
    attributes = {name: one["Value"] for name, one in arrived["MessageAttributes"].items()}
    assert attributes["severity"] == "warning"
    assert attributes["kind"] == "key.fenced"
    assert attributes["event_id"] == ALERTS["fenced"].event_id
    assert json.loads(attributes["budget"]) == ["prod-api", "everything"]
    assert json.loads(attributes["owner"]) == ["search-platform", "finance"]
    assert arrived["Subject"].startswith("WARNING prod-search fenced")


def test_an_alert_about_no_budget_has_no_empty_attributes(aws_topic: Aws) -> None:
    aws_topic.notifier.publish(ALERTS["blind"])
    (arrived,) = aws_topic.arrived()
    assert set(arrived["MessageAttributes"]) == {"severity", "kind", "event_id"}


def test_email_subscribers_get_the_letter_and_all_others_the_event() -> None:
    texts = json.loads(sns.body(ALERTS["fenced"], "BudgetGuard"))
    assert set(texts) == {"default", "email"}
    assert json.loads(texts["default"])["kind"] == "key.fenced"
    assert texts["email"].startswith("WARNING: key fenced\n")


def huge(entries: int) -> Alert:
    """An alert whose every name is as long and as wide as it can be."""

    def entry(number: int) -> Any:
        wide = f"{number:04}" + "\N{SNOWMAN}" * 5000
        one = developer(number % 90)
        return replace(one, key_name=wide, owner=wide, budget=wide, todo=wide, text=wide * 2)

    return alert(Kind.UNMANAGED, *(entry(number) for number in range(entries)))


def test_a_message_never_exceeds_256_kb_and_counts_what_it_leaves_out(aws_topic: Aws) -> None:
    sent: list[dict[str, Any]] = []
    events = aws_topic.sns.meta.events
    events.register("provide-client-params.sns.Publish", lambda params, **_: sent.append(params))
    aws_topic.notifier.publish(huge(500))
    (params,) = sent
    size = len(params["Message"].encode()) + sum(
        len((name + one["DataType"] + one["StringValue"]).encode())
        for name, one in params["MessageAttributes"].items()
    )
    assert size <= MOST_BYTES
    told = json.loads(json.loads(params["Message"])["default"])
    assert told["omitted"] > 0
    assert told["omitted"] + len(told["entries"]) == 500
    assert len(told["entries"]) > 30


def test_a_message_that_fits_is_whole() -> None:
    told = json.loads(json.loads(sns.body(alert(Kind.FENCED, PROD, TEAM), "s"))["default"])
    assert told["omitted"] == 0


def test_an_error_says_what_to_look_at(client: Callable[[str], Any]) -> None:
    absent = "arn:aws:sns:eu-central-1:100000000000:nowhere"
    notifier = SnsNotifier(client("sns"), absent, "BudgetGuard")
    with pytest.raises(NotifierError, match=r"nowhere.*NotFound.*ALERTS_TOPIC_ARN"):
        notifier.publish(ALERTS["test"])
    with pytest.raises(NotifierError, match=r"subscriptions of .*nowhere cannot be listed"):
        notifier.unconfirmed()
