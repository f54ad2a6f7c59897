"""The port `Ids`: the same in SQS and in this process, down to what each dead letter says."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.ids import MemoryIds, SqsIds
from budget_guard.adapters.ids.wire import FIELDS, read_message
from budget_guard.domain.errors import SettingsError
from budget_guard.domain.generations import Remark, Said
from budget_guard.use_cases.costs.ids import Ids, Notice

AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
HASH = "ab" * 32


class Desk(Protocol):
    """What a test does with a queue beside the port."""

    ids: Ids

    def send(self, body: str) -> None: ...
    def dead(self) -> list[tuple[str, str]]: ...


class MemoryDesk:
    def __init__(self) -> None:
        self.memory = MemoryIds(lambda: datetime.now(UTC))
        self.ids: Ids = self.memory

    def send(self, body: str) -> None:
        self.memory.send(body)

    def dead(self) -> list[tuple[str, str]]:
        return self.memory.dead


@dataclass
class SqsDesk:
    client: Any
    queue: str
    dead_letters: str

    def __post_init__(self) -> None:
        self.ids: Ids = SqsIds(self.client, self.queue, self.dead_letters)

    def send(self, body: str) -> None:
        self.client.send_message(QueueUrl=self.queue, MessageBody=body)

    def dead(self) -> list[tuple[str, str]]:
        answer = self.client.receive_message(
            QueueUrl=self.dead_letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            (one["Body"], one["MessageAttributes"]["reason"]["StringValue"])
            for one in answer.get("Messages", [])
        ]


@pytest.fixture(params=["memory", "sqs"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    if request.param == "memory":
        yield MemoryDesk()
        return
    client: Callable[[str], Any] = request.getfixturevalue("client")
    sqs = client("sqs")
    hidden = {"VisibilityTimeout": "660"}
    queues = [sqs.create_queue(QueueName=name, Attributes=hidden) for name in ("ids", "dead")]
    yield SqsDesk(sqs, *(one["QueueUrl"] for one in queues))


def a_notice(name: str = "gen-1", **rest: Any) -> str:
    return json.dumps({"generation": name, "at": "2026-11-18T12:00:00Z"} | rest)


def names(messages: Any) -> list[str]:
    return sorted(one.notice.generation for one in messages)


def test_messages_are_received_once_until_they_are_given_out_again(desk: Desk) -> None:
    for number in range(25):
        desk.send(a_notice(f"gen-{number:02}"))
    received = desk.ids.receive()
    assert names(received) == [f"gen-{number:02}" for number in range(25)]
    assert desk.ids.receive() == []


def test_no_more_than_forty_are_received_at_a_time(desk: Desk) -> None:
    for number in range(45):
        desk.send(a_notice(f"gen-{number:02}"))
    first, second = desk.ids.receive(), desk.ids.receive()
    assert (len(first), len(second)) == (40, 5)
    assert len(set(names([*first, *second]))) == 45


def test_a_message_knows_when_it_was_sent(desk: Desk) -> None:
    desk.send(a_notice())
    (message,) = desk.ids.receive()
    assert abs(message.sent - datetime.now(UTC)) < timedelta(minutes=1)
    assert message.sent.tzinfo is UTC


def test_what_is_done_does_not_come_again(desk: Desk) -> None:
    for number in range(12):
        desk.send(a_notice(f"gen-{number:02}"))
    received = desk.ids.receive()
    desk.ids.done(received[:11])
    desk.ids.later(received, timedelta(0))
    assert names(desk.ids.receive()) == names(received[11:])


def test_what_is_left_for_later_comes_again_then_and_not_before(desk: Desk) -> None:
    desk.send(a_notice("gen-now"))
    desk.send(a_notice("gen-then"))
    received = {one.notice.generation: one for one in desk.ids.receive() if one.notice}
    desk.ids.later([received["gen-now"]], timedelta(0))
    desk.ids.later([received["gen-then"]], timedelta(hours=99))
    assert names(desk.ids.receive()) == ["gen-now"]


def test_a_refused_message_is_a_dead_letter_with_its_reason_and_comes_no_more(desk: Desk) -> None:
    desk.send("{")
    (message,) = desk.ids.receive()
    desk.ids.refuse(message, "somebody else's generation")
    desk.ids.later([message], timedelta(0))
    assert desk.ids.receive() == []
    assert desk.dead() == [("{", "somebody else's generation")]


def test_a_reason_that_sqs_would_not_take_is_made_fit(desk: Desk) -> None:
    desk.send(a_notice())
    (message,) = desk.ids.receive()
    desk.ids.refuse(message, "tab\t\x00" + "x" * 5000 if isinstance(desk, SqsDesk) else "")
    ((_, reason),) = desk.dead()
    assert len(reason) <= 1000
    assert reason.isprintable()


def test_a_body_of_300_kb_is_received_refused_and_cut(desk: Desk) -> None:
    desk.send('{"generation": "' + "ü" * 150_000 + '"}')
    (message,) = desk.ids.receive()
    assert message.notice is None
    assert message.fault == "it has 300018 bytes, and may have 16384"
    desk.ids.refuse(message, message.fault)
    ((body, reason),) = desk.dead()
    assert body.startswith('{"generation": "üü')
    assert reason == message.fault


def test_a_queue_that_is_not_there_is_named(client: Callable[[str], Any]) -> None:
    ids = SqsIds(client("sqs"), "http://localhost/000000000000/gone", "http://localhost/0/dead")
    with pytest.raises(SettingsError, match=r"queue http://localhost/000000000000/gone \("):
        ids.receive()


def test_a_notice_has_what_the_application_says() -> None:
    said = {"job": "import", "user": "änn", "outcome": "done", "model": "acme/small:nitro"}
    message = read_message("r", a_notice(key=HASH.upper(), **said), AT)
    remarks = (Remark(text, AT) for text in ("import", "änn", "done", HASH, "acme/small:nitro"))
    assert message.notice == Notice("gen-1", Said(*remarks))


def test_what_is_empty_or_null_was_not_said() -> None:
    body = a_notice(job="", user=None, key=None)
    assert read_message("r", body, AT).notice == Notice("gen-1", Said())


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "it is not a JSON object"),
        ("{", "it is not a JSON object"),
        ("[" * 9000, "it is not a JSON object"),
        ('"gen-1"', "it is not a JSON object"),
        ("{}", "generation is not the id of one"),
        (a_notice(name=""), "generation is not the id of one"),
        (a_notice(name="gen 1"), "generation is not the id of one"),
        (a_notice(name="../keys"), "generation is not the id of one"),
        (a_notice(name="g" * 129), "generation is not the id of one"),
        ('{"generation": 7}', "generation is not the id of one"),
        ('{"generation": "gen-1"}', "at is not a time with an offset"),
        (a_notice(at="yesterday"), "at is not a time with an offset"),
        (a_notice(at="2026-11-18T12:00:00"), "at is not a time with an offset"),
        (a_notice(at=7), "at is not a time with an offset"),
        (a_notice(at="0001-01-01T00:00:00+23:00"), "at is not a time with an offset"),
        (a_notice(key="prod-api"), "key is not the hash of a key"),
        (a_notice(key=7), "key is not the hash of a key"),
        (a_notice(job=7), "job is not a text of up to 256 characters"),
        (a_notice(outcome="x" * 257), "outcome is not a text of up to 256 characters"),
        (a_notice(cost=5, api=1), "it has a field 'api'; there are generation, key, job"),
    ],
)
def test_what_is_no_notice_is_told_in_a_sentence(body: str, fault: str) -> None:
    message = read_message("r", body, AT)
    assert message.notice is None
    assert message.fault.startswith(fault)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
half_right = st.dictionaries(st.sampled_from(FIELDS), json_values | st.just("gen-1"))


@given(st.text() | (json_values | half_right).map(json.dumps))
def test_any_body_is_a_notice_or_has_a_fault(body: str) -> None:
    message = read_message("r", body, AT)
    assert (message.notice is None) == bool(message.fault)
