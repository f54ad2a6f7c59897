"""Messages wait in a bounded buffer, go in batches, and are all accounted for."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.client.outbox import BATCH, Outbox
from budget_guard.client.sqs import _connect
from tests.client.conftest import Queue
from tests.client.inference import FakeSqs, hooked

PROGRAM = """
import os
from budget_guard.client import GenerationHook
hook = GenerationHook(os.environ["QUEUE_URL"])
for number in range(25):
    hook.outcome(f"gen-{number}", "success")
"""
FORK = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
if os.fork() == 0:
    hook.outcome("gen-child", "success")
    os._exit(not hook.flush(30))
assert os.wait()[1] == 0
"""


def test_ten_go_at_a_time(sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    sqs.gate.clear()
    for number in range(25):
        hook.outcome(f"gen-{number}", "success")
    sqs.gate.set()
    assert hook.flush()
    assert [len(batch) for batch in sqs.batches] == [10, 10, 5]
    assert [one["generation"] for one in sqs.messages] == [f"gen-{n}" for n in range(25)]


def test_a_full_buffer_drops_and_counts_and_nobody_waits(sqs: FakeSqs) -> None:
    hook = hooked(sqs, capacity=BATCH)
    sqs.gate.clear()
    for number in range(BATCH):
        hook.outcome(f"gen-{number}", "success")
    assert sqs.arrived.wait(timeout=30)
    for number in range(BATCH + 7):
        hook.outcome(f"gen-late-{number}", "success")
    assert hook.stats.dropped == 7
    assert not hook.flush(within=0)
    sqs.gate.set()
    assert hook.close()
    assert (hook.stats.sent, hook.stats.dropped, hook.stats.failed) == (2 * BATCH, 7, 0)


def test_a_failure_does_not_stop_what_comes_after(sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    sqs.failing = OSError("no route to host")
    hook.outcome("gen-1", "success")
    assert hook.flush()
    sqs.failing = None
    hook.outcome("gen-2", "success")
    assert hook.flush()
    assert (hook.stats.sent, hook.stats.failed) == (1, 1)


def test_closing_twice_or_without_a_message_is_done_at_once(sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    assert hook.close()
    assert hook.close()


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 15))
def test_every_message_is_sent_failed_or_dropped(script: list[int], capacity: int) -> None:
    gone: list[str] = []

    def send(batch: object) -> int:
        assert isinstance(batch, list)
        if "2" in batch:
            raise OSError
        gone.extend(batch)
        return len(batch)

    outbox = Outbox(send, capacity)
    for step in script:
        if step == 3:
            assert outbox.flush(30)
        else:
            outbox.put(str(step))
    assert outbox.close(30)
    stats = outbox.stats()
    assert stats.sent + stats.failed + stats.dropped == len([one for one in script if one != 3])
    assert stats.sent == len(gone)


@pytest.mark.parametrize(
    ("program", "sent"), [(PROGRAM, 25), (PROGRAM + FORK, 26)], ids=["one process", "forked"]
)
def test_what_waits_at_the_end_of_a_process_is_sent_once(
    queue: Queue, account: dict[str, str], program: str, sent: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | account | {"QUEUE_URL": queue.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    bodies = queue.bodies()
    assert len(bodies) == len(set(bodies)) == sent


def test_the_queues_region_is_read_off_its_url() -> None:
    url = "https://sqs.eu-west-3.amazonaws.com/111122223333/generations"
    assert _connect(url).meta.region_name == "eu-west-3"
