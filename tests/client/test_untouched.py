"""Whatever is answered, and whatever goes wrong in the hook: the caller sees the same bytes."""

import gzip
import random
import zlib
from datetime import datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.client import GenerationHook
from tests.client.inference import QUEUE, Answer, FakeSqs, Library, completion, events, hooked

GZIP = {"content-encoding": "gzip"}
PACKED = gzip.compress(completion())
HUGE = random.Random(1).randbytes(3_000_000)  # noqa: S311 - bytes that do not compress
ANSWERS = {
    "json": Answer([completion()]),
    "stream": Answer(events()),
    "empty": Answer([]),
    "garbage": Answer([b'{"id": "gen-1', b"\xff\x00\xfe", b""]),
    "not json": Answer([b"<html>"]),
    "500": Answer([b'{"error": {"message": "no"}}'], 500),
    "gzip": Answer([PACKED[:5], PACKED[5:]], headers=GZIP),
    "deflate": Answer([zlib.compress(completion())], headers={"content-encoding": "deflate"}),
    "broken gzip": Answer([PACKED[:9] + b"!!!!" + PACKED[9:]], headers=GZIP),
    "a lie": Answer([completion()], headers=GZIP),
    "unknown encoding": Answer([completion()], headers={"content-encoding": "x-own"}),
    "bomb": Answer([gzip.compress(b" " * 20_000_000)], headers=GZIP),
    "huge": Answer([HUGE[n : n + 100_000] for n in range(0, len(HUGE), 100_000)]),
    "wrong id header": Answer([b"{}"], headers={"x-generation-id": "<script>"}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_byte_for_byte_the_same(library: Library, answer: Answer) -> None:
    assert library.both(answer, [hooked(FakeSqs())]) == library.both(answer)


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_the_id_is_found_in_a_packed_body(library: Library, sqs: FakeSqs, name: str) -> None:
    hook = hooked(sqs)
    library.both(ANSWERS[name], [hook])
    hook.flush()
    assert [one["generation"] for one in sqs.messages] == ["gen-1", "gen-1"]


@given(st.lists(st.binary(max_size=300)), st.sampled_from(["", "gzip", "br"]))
def test_any_parts_come_as_they_were_sent(parts: list[bytes], encoding: str) -> None:
    library, headers = Library(httpx), {"content-encoding": encoding} if encoding else {}
    answer = Answer(parts, headers=headers)
    assert library.get(answer, [hooked(FakeSqs())]) == library.get(answer)


@pytest.mark.parametrize("wrong", ["queue down", "queue refuses", "clock", "no thread", "closed"])
def test_what_goes_wrong_is_counted_and_nothing_is_raised(
    library: Library, sqs: FakeSqs, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = hooked(sqs)
    match wrong:
        case "queue down":
            sqs.failing = OSError("no route to host")
        case "queue refuses":
            sqs.refused = 2
        case "clock":
            hook = GenerationHook(QUEUE, sqs=sqs, clock=_no_clock)
        case "no thread":
            monkeypatch.setattr("budget_guard.client.outbox.Thread", _no_thread)
        case _:
            hook.close()
    answer = Answer(events())
    assert library.both(answer, [hook]) == library.both(answer)
    hook.outcome("gen-1", "success")
    hook.flush(within=0 if wrong == "no thread" else 5)
    stats = hook.stats
    assert (stats.failed, stats.dropped, stats.sent) == {
        "queue down": (3, 0, 0),
        "queue refuses": (2, 0, 1),
        "closed": (0, 3, 0),
    }.get(wrong, (0, 0, 0))


def _no_clock() -> datetime:
    raise OSError


def _no_thread(**_: object) -> None:
    raise RuntimeError
