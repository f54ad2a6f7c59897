"""Answers that were made before anybody asked: OpenRouter's and DynamoDB's, as bytes."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.whole import place
from budget_guard.use_cases.ledger import Record
from tests.benchmarks.account import NOW, PAGE, Account
from tests.benchmarks.units import item_size

QUERY_PAGE = 1024 * 1024
"""Bytes of items that DynamoDB reads for one answer to a Query."""

type Item = Mapping[str, Any]
type Answer = tuple[bytes, int]


class Canned:
    """Both services for one account. Nothing that is written changes what is answered."""

    def __init__(self, account: Account) -> None:
        self._openrouter = dict(_openrouter(account))
        self._pages: dict[tuple[str, str | None], Answer] = {}
        self._items: dict[tuple[str, str], Answer] = {}
        self._keep(account.records())

    def openrouter(self, target: str) -> bytes:
        """Return the answer to a GET; no page beyond the last has a key."""
        url = urlsplit(target)
        query = parse_qs(url.query)
        place = (url.path, query.get("workspace_id", [""])[0], query.get("offset", ["0"])[0])
        return self._openrouter.get(place, reply(b'{"data": []}'))

    def dynamodb(self, operation: str, body: bytes) -> Answer:
        """Return the answer to a request of DynamoDB's wire protocol, and the bytes it read."""
        match operation:
            case "Query":
                asked = json.loads(body)
                start = asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
                pk = asked["ExpressionAttributeValues"][":pk"]["S"]
                return self._pages.get((pk, start), NOTHING_FOUND)
            case "GetItem":
                key = json.loads(body)["Key"]
                return self._items.get((key["pk"]["S"], key["sk"]["S"]), DONE)
            case "BatchWriteItem":
                return ALL_WRITTEN
            case _:
                return DONE

    def _keep(self, records: Iterable[Record]) -> None:
        partitions: dict[str, list[Item]] = {}
        for record in records:
            item = on_the_wire(codec.encode(place(record), record))
            pk, sk = item["pk"]["S"], item["sk"]["S"]
            partitions.setdefault(pk, []).append(item)
            self._items[pk, sk] = reply(json.dumps({"Item": item}).encode()), item_size(item)
        for pk, items in partitions.items():
            items.sort(key=lambda one: one["sk"]["S"])
            start = None
            for page, last in query_pages(items):
                size = sum(map(item_size, page["Items"]))
                self._pages[pk, start] = reply(json.dumps(page).encode()), size
                start = last


def _openrouter(account: Account) -> Iterator[tuple[tuple[str, str, str], bytes]]:
    workspaces = [_workspace(one.id, one.name) for one in account.workspaces]
    root = "/api/v1"
    for path, body in {
        "/key": {"data": OWN_KEY},
        "/credits": {"data": {"total_credits": 100000.5, "total_usage": 61234.56789012}},
        "/workspaces": {"data": workspaces, "total_count": len(workspaces)},
    }.items():
        yield (root + path, "", "0"), reply(json.dumps(body).encode())
    for workspace, pages in account.pages().items():
        for number, page in enumerate(pages):
            yield (f"{root}/keys", workspace, str(number * PAGE)), reply(page)


def _workspace(id_: str, name: str) -> Mapping[str, Any]:
    return {
        "id": id_,
        "name": name,
        "slug": name.lower(),
        "description": None,
        "created_at": "2025-08-24T10:30:00Z",
        "created_by": "user_2dHFtVWx2n56w6HkM0000001",
        "updated_at": None,
        "default_guardrail_id": None,
        "include_byok_in_budgets": False,
        "is_observability_broadcast_enabled": False,
    }


OWN_KEY = {
    "label": "sk-or-v1-0e6...1c96",
    "limit": None,
    "limit_remaining": None,
    "limit_reset": None,
    "include_byok_in_limit": False,
    "usage": 0,
    "is_free_tier": False,
    "is_management_key": True,
    "is_provisioning_key": True,
    "creator_user_id": None,
}


def on_the_wire(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Return an item as DynamoDB's JSON has it."""
    return {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }


def query_pages(items: list[Item]) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield the answers to a Query over a partition, each with where the next one starts."""
    page: list[Item] = []
    size = 0
    for item in items:
        page.append(item)
        size += item_size(item)
        if size >= QUERY_PAGE:
            last = {"pk": item["pk"], "sk": item["sk"]}
            yield answer(page) | {"LastEvaluatedKey": last}, item["sk"]["S"]
            page, size = [], 0
    yield answer(page), None


def answer(page: list[Item]) -> dict[str, Any]:
    """Return the answer to a Query that these items are."""
    return {"Items": page, "Count": len(page), "ScannedCount": len(page)}


def reply(body: bytes) -> bytes:
    """Return the HTTP answer with this body."""
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Date: {format_datetime(NOW, usegmt=True)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


DONE = reply(b"{}"), 0
NOTHING_FOUND = reply(b'{"Items": [], "Count": 0, "ScannedCount": 0}'), 0
ALL_WRITTEN = reply(b'{"UnprocessedItems": {}}'), 0
