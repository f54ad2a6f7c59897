"""Requests as the canned servers saw them, to be counted and to be made again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

READS = frozenset({"Query", "GetItem"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request to DynamoDB (`text` is its body) or, without `operation`, a GET of OpenRouter's
    (`text` is its path and query). `size` is what it read, in bytes of DynamoDB's items.
    """

    operation: str
    text: str
    size: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """Return the body, as JSON."""
        body: dict[str, Any] = json.loads(self.text)
        return body

    @property
    def reads(self) -> str | None:
        """Return what this reads, whenever that is; None for a write."""
        if not self.operation:
            return self.text
        if self.operation not in READS:
            return None
        body = self.body
        body.get("ExpressionAttributeValues", {}).pop(":now", None)
        return json.dumps([self.operation, body], sort_keys=True)


def once_each(calls: Iterable[Call]) -> list[Call]:
    """Return the calls without those that read again what was read before."""
    found: list[Call] = []
    known: set[str | None] = set()
    for call in calls:
        reads = call.reads
        if reads is None or reads not in known:
            found.append(call)
        known.add(reads)
    return found
