"""The same work without the guard: what it asked, asked again by bare httpx and bare boto3.

`python -m tests.benchmarks.floor CALLS ADDRESS` makes the calls of a file and writes what it took.
Each thing is read once; pages are parsed, what is read from the ledger is as boto3 gives it.
"""

import json
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests.benchmarks.calls import READS, Call
from tests.benchmarks.measuring import measured, tell

AT_ONCE = 8
METHODS = {
    "Query": "query",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "DeleteItem": "delete_item",
    "BatchWriteItem": "batch_write_item",
    "TransactWriteItems": "transact_write_items",
}

type Step = Callable[[], object]


def main(calls: str, address: str) -> None:
    asked = [Call(**one) for one in json.loads(Path(calls).read_text())]
    dynamodb = boto3.client("dynamodb", endpoint_url=address)
    side_by_side, in_turn = _ledger_steps(asked, dynamodb)
    targets = [call.text for call in asked if not call.operation]
    tell(measured(lambda: _work(_pages(targets, address), side_by_side, in_turn)))


def _pages(targets: Sequence[str], address: str) -> list[Step]:
    """Return what fetches the pages; only the poll has any, and needs a client."""
    if not targets:
        return []
    client = httpx.Client(base_url=address)
    return [partial(_fetch, client, target) for target in targets]


def _work(
    pages: Sequence[Step], side_by_side: Sequence[Step], in_turn: Sequence[Step]
) -> list[object]:
    """Do everything, and keep all that came, as the guard has to."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        came = list(pool.map(_do, pages))
        came += pool.map(_do, side_by_side)
    return came + [_do(step) for step in in_turn]


def _do(step: Step) -> object:
    return step()


def _ledger_steps(asked: Iterable[Call], client: Any) -> tuple[list[Step], list[Step]]:
    """Return what may be done side by side, and what in turn: transactions share an item."""
    side_by_side: list[Step] = []
    in_turn: list[Step] = []
    for call in asked:
        if call.operation:
            step = partial(getattr(client, METHODS[call.operation]), **_unpacked(call.body))
            batch = call.operation in {*READS, "BatchWriteItem"}
            (side_by_side if batch else in_turn).append(step)
    return side_by_side, in_turn


def _unpacked(value: Any) -> Any:
    """Return a request's body as boto3 takes it: bytes as bytes."""
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if isinstance(value, dict):
        return {
            name: b64decode(one) if name == "B" and isinstance(one, str) else _unpacked(one)
            for name, one in value.items()
        }
    return value


def _fetch(client: httpx.Client, target: str) -> object:
    return json.loads(client.get(target).content, parse_float=Decimal)


if __name__ == "__main__":
    main(*sys.argv[1:])
