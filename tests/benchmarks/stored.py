"""DynamoDB as far as the ledger needs it, in memory: what is written is what is read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.whole import place
from budget_guard.use_cases.ledger import Record
from tests.benchmarks.canned import ALL_WRITTEN, DONE, Answer, Item, answer, on_the_wire, reply
from tests.benchmarks.canned import query_pages as pages
from tests.benchmarks.units import item_size


class Stored:
    """One table. Conditions hold always: one process writes, and nothing else."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._table: dict[str, dict[str, Item]] = {}
        for record in records:
            self._put(on_the_wire(codec.encode(place(record), record)))

    def openrouter(self, _: str) -> bytes:
        """Return nothing: costs are told in the process that is measured."""
        return reply(b"{}")

    def dynamodb(self, operation: str, body: bytes) -> Answer:
        """Return the answer to a request of DynamoDB's wire protocol, and the bytes it read."""
        asked = json.loads(body)
        match operation:
            case "Query":
                return self._query(asked)
            case "GetItem":
                pk, sk = (asked["Key"][name]["S"] for name in ("pk", "sk"))
                item = self._table.get(pk, {}).get(sk)
                return (
                    (reply(json.dumps({"Item": item}).encode()), item_size(item)) if item else DONE
                )
            case "TransactWriteItems" | "BatchWriteItem":
                for request in _requests(asked):
                    self._write(request)
                return DONE if operation.startswith("T") else ALL_WRITTEN
            case _:
                return DONE

    def _query(self, asked: Mapping[str, Any]) -> Answer:
        start = asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S", "")
        partition = self._table.get(asked["ExpressionAttributeValues"][":pk"]["S"], {})
        left = [partition[sk] for sk in sorted(partition) if sk > start]
        page, _ = next(pages(left), (answer([]), None))
        return reply(json.dumps(page).encode()), sum(map(item_size, page["Items"]))

    def _write(self, request: Mapping[str, Any]) -> None:
        if item := request.get("Item"):
            self._put(item)
        elif key := request.get("Key"):
            self._table.get(key["pk"]["S"], {}).pop(key["sk"]["S"], None)

    def _put(self, item: Item) -> None:
        self._table.setdefault(item["pk"]["S"], {})[item["sk"]["S"]] = item


def _requests(asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in asked.get("TransactItems", ()):
        yield one.get("Put") or one.get("Delete") or {}
    for many in asked.get("RequestItems", {}).values():
        for one in many:
            yield one.get("PutRequest") or one["DeleteRequest"]
