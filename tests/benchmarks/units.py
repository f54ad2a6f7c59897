"""What DynamoDB counts and bills, by its own rules, from requests and items alone.

Source: Amazon DynamoDB developer guide, "DynamoDB item sizes and formats" and "DynamoDB read and
write operations".
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any


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
