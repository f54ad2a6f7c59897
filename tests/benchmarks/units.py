"""What DynamoDB counts and bills, by its own rules, from requests and items alone.

Source: Amazon DynamoDB developer guide, "DynamoDB item sizes and formats" and "DynamoDB read and
write operations".
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from tests.benchmarks.calls import READS, Call

READ_UNIT = 4096
WRITE_UNIT = 1024


def read_units(calls: Iterable[Call]) -> int:
    """Return the units of consistent reads: each answer is rounded up, and none is free."""
    return sum(_units(call.size, READ_UNIT) for call in calls if call.operation in READS)


def write_units(calls: Iterable[Call]) -> int:
    """Return the units of writes; in a transaction every item counts twice, its check too.

    An item that is deleted counts as one unit: leases and incidents are small.
    """
    return sum(_written(call) for call in calls if call.operation not in READS)


def _written(call: Call) -> int:
    match call.operation:
        case "BatchWriteItem":
            tables = call.body["RequestItems"].values()
            return sum(_put(request.get("PutRequest", {})) for many in tables for request in many)
        case "TransactWriteItems":
            return sum(2 * _put(one.get("Put", {})) for one in call.body["TransactItems"])
        case "PutItem" | "DeleteItem":
            return _put(call.body)
        case _:
            return 0


def _put(request: Mapping[str, Any]) -> int:
    return _units(item_size(request.get("Item", {})), WRITE_UNIT)


def _units(size: int, unit: int) -> int:
    return max(1, ceil(size / unit))


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return an item's size in bytes, as it is on the wire: names and values, numbers packed."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(b64decode(content))
        case "N":
            return (len(content.lstrip("-0").replace(".", "")) + 1) // 2 + 1
        case _:
            msg = f"The ledger has no attributes of the type {kind}"
            raise ValueError(msg)
