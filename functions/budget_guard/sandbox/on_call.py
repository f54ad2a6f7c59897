"""On call: a queue that hears every alert."""

import json
from collections.abc import Mapping

from budget_guard.sandbox.aws.emulator import Emulator

QUEUE = "on-call"


def listen(aws: Emulator, outputs: Mapping[str, str], queue: str = QUEUE) -> None:
    """Let on-call hear the alerts: a new queue that is subscribed to their topic."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn, topic = asked["Attributes"]["QueueArn"], outputs["AlertsTopicArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _open_to(topic, arn)})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)


def _open_to(topic: str, queue: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
