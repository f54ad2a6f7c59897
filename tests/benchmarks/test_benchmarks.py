"""Each benchmark runs from end to end, and compares like with like. Nothing is timed here."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from tests.benchmarks import processes, speed
from tests.benchmarks.__main__ import app
from tests.benchmarks.calls import Call, once_each
from tests.benchmarks.server import Server, serving
from tests.benchmarks.units import item_size, read_units, write_units

KEYS = 200


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(KEYS) as running:
        yield running


def reads(calls: list[Call]) -> set[str]:
    return {call.reads for call in calls if call.reads}


def writes(calls: list[Call]) -> Counter[str]:
    return Counter(call.operation for call in calls if call.reads is None)


@pytest.mark.parametrize("function", speed.FUNCTIONS)
def test_the_floor_makes_the_same_calls_and_reads_each_thing_once(
    function: str, server: Server
) -> None:
    server.asked()
    processes.ours(function, server)
    ours = server.asked()
    processes.floor(once_each(ours), server)
    floor = server.asked()
    assert reads(floor) == reads(ours)
    assert writes(floor) == writes(ours)
    assert len(floor) == len(once_each(floor))


def test_a_poll_reads_every_page_and_writes_the_keys_that_changed(server: Server) -> None:
    calls = speed.asked("poll", server)
    listed = [call for call in calls if call.text.startswith("/api/v1/keys?")]
    batches = [call.body["RequestItems"]["ledger"] for call in calls if "Batch" in call.operation]
    assert len(listed) == 8 * 2
    assert sum(map(len, batches)) == KEYS * 5 // 100


def test_an_evaluation_of_a_quiet_account_changes_nothing_at_openrouter(server: Server) -> None:
    calls = speed.asked("evaluate", server)
    written = [call.text for call in calls if call.reads is None]
    assert reads(calls)
    assert not [text for text in written if "WISH#" in text]


@pytest.mark.parametrize("row", speed.ROWS)
def test_every_row_of_the_table_is_measured(row: str) -> None:
    small = ["--only", row, "--keys", "40", "--many", "80", "--pairs", "1"]
    result = CliRunner().invoke(app, small)
    assert result.exit_code in (0, 1), result.output
    assert "Medians of 1 alternating pair" in result.output


def test_a_month_is_priced_from_what_a_run_consumes() -> None:
    result = CliRunner().invoke(app, ["cost", "40"])
    assert result.exit_code == 0, result.output
    assert "runs without a key" in result.output
    assert "A key under rotation: its secret 0.40" in result.output


def test_units_are_counted_as_dynamodb_counts_them() -> None:
    item = {"pk": {"S": "p" * 8}, "n": {"N": "12345"}, "b": {"B": b64encode(b"x" * 1020).decode()}}
    put = {"Item": item}
    assert item_size(item) == 2 + 8 + 1 + 4 + 1 + 1020
    assert read_units([Call("Query", "", size=4097), Call("GetItem", "", size=0)]) == 3
    assert write_units([Call("PutItem", json.dumps(put))]) == 2
    checked = {"TransactItems": [{"ConditionCheck": {}}, {"Put": put}]}
    assert write_units([Call("TransactWriteItems", json.dumps(checked))]) == 2 + 4
    batch = {"RequestItems": {"ledger": [{"PutRequest": put}, {"DeleteRequest": {}}]}}
    assert write_units([Call("BatchWriteItem", json.dumps(batch))]) == 3
