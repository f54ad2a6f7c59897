"""Messages of applications, as the client in `budget_guard.client` writes them.

`{"generation": "gen-...", "at": "2026-11-18T12:00:00Z"}`, and if they like `key` (the hash of the
key), `job`, `user`, `outcome` and `model` (that was asked for).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from budget_guard.domain.generations import Remark, Said
from budget_guard.use_cases.costs.ids import Message, Notice

FIELDS = ("generation", "key", "job", "user", "outcome", "model", "at")
SPOKEN = ("job", "user", "outcome", "model")
"""Fields with a text that applications choose."""
MOST_BYTES = 16 * 1024
"""Ten times what a message can need."""
LONGEST = 256
IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)
KEY_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


class UnusableNoticeError(Exception):
    """The message is no notice of a generation; the text says why, in a sentence."""


def read_message(receipt: str, body: str, sent: datetime) -> Message:
    """Return the message, with the notice in its body or what is wrong with it."""
    try:
        return Message(receipt, body, sent, _notice(body))
    except UnusableNoticeError as error:
        return Message(receipt, body, sent, None, str(error))


def _notice(body: str) -> Notice:
    fields = _fields(body)
    generation = fields.get("generation")
    if not isinstance(generation, str) or not IDENTIFIER.fullmatch(generation):
        message = "generation is not the id of one"
        raise UnusableNoticeError(message)
    at = _time(fields.get("at"))
    remarks = {name: _remark(fields.get(name), at, name) for name in SPOKEN}
    return Notice(generation, Said(**remarks, key=_key(fields.get("key"), at)))


def _fields(body: str) -> Mapping[str, Any]:
    size = len(body.encode(errors="replace"))
    if size > MOST_BYTES:
        message = f"it has {size} bytes, and may have {MOST_BYTES}"
        raise UnusableNoticeError(message)
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        message = "it is not a JSON object"
        raise UnusableNoticeError(message)
    unknown = sorted(fields.keys() - set(FIELDS))
    if unknown:
        message = f"it has a field {unknown[0]!r:.60}; there are {', '.join(FIELDS)}"
        raise UnusableNoticeError(message)
    return fields


def _time(told: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(told))
        if at.tzinfo:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = "at is not a time with an offset, such as 2026-11-18T12:00:00Z"
    raise UnusableNoticeError(message)


def _remark(told: object, at: datetime, name: str) -> Remark | None:
    if told is None or told == "":
        return None
    if not isinstance(told, str) or len(told) > LONGEST:
        message = f"{name} is not a text of up to {LONGEST} characters"
        raise UnusableNoticeError(message)
    return Remark(told.encode(errors="replace").decode(), at)


def _key(told: object, at: datetime) -> Remark | None:
    if told is None:
        return None
    if not isinstance(told, str) or not KEY_HASH.fullmatch(told):
        message = "key is not the hash of a key (64 hexadecimal digits)"
        raise UnusableNoticeError(message)
    return Remark(told.lower(), at)
