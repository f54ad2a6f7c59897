"""The queue of ids in SQS: standard, so a message may come twice, and in any order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from budget_guard.adapters.aws_errors import Cause, cause, code
from budget_guard.adapters.ids.wire import read_message
from budget_guard.domain.errors import GuardError, QueueError, SettingsError
from budget_guard.use_cases.costs.ids import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

AT_A_TIME = 10
"""Messages that SQS gives, and takes, in one request."""
REQUESTS = 4
LOOK_SECONDS = 1
"""Any wait at all makes SQS look everywhere before it says that there is nothing."""
LONGEST_LETTER = 200_000
"""Bytes of a dead letter: with its reason it is no longer than what the queue took."""
LONGEST_REASON = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST, MOST = timedelta(0), timedelta(hours=11)
"""SQS hides a message for at most twelve hours after it was received."""


class SqsIds:
    """The `Ids` port on a queue; refused messages go to the queue `dead_letters`."""

    def __init__(self, client: "SQSClient", queue: str, dead_letters: str) -> None:
        self._client = client
        self._queue = queue
        self._dead_letters = dead_letters

    def receive(self) -> Sequence[Message]:
        """Return at most 40 messages; none if there are none."""
        found: list[Message] = []
        for wait in (LOOK_SECONDS, *[0] * (REQUESTS - 1)):
            with _asking(self._queue):
                answer = self._client.receive_message(
                    QueueUrl=self._queue,
                    MaxNumberOfMessages=AT_A_TIME,
                    WaitTimeSeconds=wait,
                    MessageSystemAttributeNames=["SentTimestamp"],
                )
            messages = answer.get("Messages", [])
            found += map(_read, messages)
            if not messages:
                break
        return found

    def done(self, messages: Sequence[Message]) -> None:
        """Delete messages; one that SQS does not delete comes again."""
        for some in batched(messages, AT_A_TIME, strict=False):
            with _asking(self._queue):
                self._client.delete_message_batch(
                    QueueUrl=self._queue,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": one.receipt}
                        for number, one in enumerate(some)
                    ],
                )

    def later(self, messages: Sequence[Message], wait: timedelta) -> None:
        """Let messages come again after `wait`, or when their time is over anyway."""
        seconds = int(min(max(wait, LEAST), MOST).total_seconds())
        for some in batched(messages, AT_A_TIME, strict=False):
            with _asking(self._queue):
                self._client.change_message_visibility_batch(
                    QueueUrl=self._queue,
                    Entries=[
                        {
                            "Id": str(number),
                            "ReceiptHandle": one.receipt,
                            "VisibilityTimeout": seconds,
                        }
                        for number, one in enumerate(some)
                    ],
                )

    def refuse(self, message: Message, reason: str) -> None:
        """Send a message to the dead letters, with the attribute `reason`; then delete it."""
        with _asking(self._dead_letters):
            self._client.send_message(
                QueueUrl=self._dead_letters,
                MessageBody=_cut(message.body),
                MessageAttributes={
                    "reason": {"DataType": "String", "StringValue": _plain(reason)},
                    "sent": {"DataType": "String", "StringValue": message.sent.isoformat()},
                },
            )
        self.done([message])


def _read(message: "MessageTypeDef") -> Message:
    sent = EPOCH + timedelta(milliseconds=int(message["Attributes"]["SentTimestamp"]))
    return read_message(message["ReceiptHandle"], message["Body"], sent)


def _cut(body: str) -> str:
    return body.encode(errors="replace")[:LONGEST_LETTER].decode(errors="ignore")


def _plain(reason: str) -> str:
    """Return one line that SQS takes for an attribute."""
    line = "".join(c if c.isascii() and c.isprintable() else "?" for c in reason)
    return line[:LONGEST_REASON] or "no reason was given"


@contextmanager
def _asking(queue: str) -> Iterator[None]:
    """Turn what the SDK raises within into the guard's errors, which name the queue."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise _meaning(error, queue) from error


def _meaning(error: BotoCoreError | ClientError, queue: str) -> GuardError:
    said = f"SQS did not do what it was asked with the queue {queue} ({code(error)})"
    match cause(error):
        case Cause.DENIED | Cause.ABSENT | Cause.NO_CREDENTIALS:
            return SettingsError(
                f"{said}: is the stack deployed, and may the function's role use its queues?"
            )
        case _:
            return QueueError(f"{said}; its messages are left to the next run.")
