"""Records as DynamoDB items and back: exact, and forgiving to fields of another version.

A record is kept as JSON text (amounts as text, so that every digit and Infinity survive), packed
where it is longer than what one write unit pays for.
"""

import json
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pydantic import ConfigDict, TypeAdapter

from budget_guard.adapters.ledger import layout, observed
from budget_guard.adapters.ledger.layout import Address
from budget_guard.adapters.ledger.texts import BROKEN
from budget_guard.domain.errors import LedgerError
from budget_guard.domain.observations import Observation
from budget_guard.use_cases.listings import Known

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from budget_guard.use_cases.ledger import Record

    type Item = Mapping[str, AttributeValueTypeDef]

PACK_ABOVE = 850
"""Bytes; a write unit pays for 1 KB with the item's key, names and row."""
_ADAPTERS: dict[type, TypeAdapter[tuple[Any]]] = {}
"""Made when they are first needed: each takes milliseconds, and few runs need all."""


def adapter(form: Any) -> TypeAdapter[tuple[Any]]:
    """Return what makes JSON of records of a form, and records of JSON."""
    if form not in _ADAPTERS:
        # Of a tuple: only there can Infinity be let pass without a mark on the domain's classes.
        _ADAPTERS[form] = TypeAdapter(tuple[form], config=ConfigDict(allow_inf_nan=True))
    return _ADAPTERS[form]


def encode(place: Address, record: "Record") -> "dict[str, AttributeValueTypeDef]":
    """Return the item of a record."""
    text = _dumped(record)
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": place.pk},
        "sk": {"S": place.sk},
        "form": {"S": layout.form(record)},
        "body": {"B": zlib.compress(text)} if len(text) > PACK_ABOVE else {"S": text.decode()},
    }
    if (at := layout.expires(record)) is not None:
        item["expires"] = {"N": str(epoch(at))}
    for name, mark in layout.marks(record).items():
        item[name] = {"S": mark} if isinstance(mark, str) else {"N": str(mark)}
    return item


def decode[R: Record](form: type[R], item: "Item") -> R:
    """Return the record of an item; raise `LedgerError` naming the item if it is broken."""
    try:
        record = _loaded(form, item)
    except (*BROKEN, zlib.error) as error:
        raise _broken(item, form) from error
    if item["form"] != {"S": layout.form(record)}:
        raise _broken(item, form)
    return record


def known(item: "Item") -> tuple[str, Known]:
    """Return the key of an observation's item, and what a poll must know of it.

    The whole is read only when it is asked for, or where no row tells just that. Raises
    `LedgerError` naming the item if it is broken.
    """
    try:
        fingerprint, _, workspace = _row(item).partition(" ")
        key = item["sk"]["S"]
    except BROKEN as error:
        raise _broken(item, Observation) from error
    whole = partial(decode, Observation, item)
    return key, Known(workspace, fingerprint, whole) if fingerprint else Known.of(whole())


def epoch(at: datetime) -> int:
    """Return whole seconds since 1970, as DynamoDB's TTL wants them."""
    return int(at.timestamp())


def _dumped(record: "Record") -> bytes:
    if isinstance(record, Observation):
        return json.dumps([observed.written(record)], ensure_ascii=False).encode()
    return adapter(type(record)).dump_json((record,))


def _loaded[R: Record](form: type[R], item: "Item") -> R:
    text = _text(item["body"])
    if form is Observation:
        return cast("R", _observation(text, item))
    (record,) = cast("tuple[R]", adapter(form).validate_json(text))
    return record


def _observation(text: bytes | str, item: "Item") -> Observation:
    (fields,) = json.loads(text)
    if "reading" not in fields:
        return observed.read(fields, item["sk"]["S"], _row(item).partition(" ")[0])
    # A version wrote this that did not know the form in `observed.py`.
    seen: Observation
    (seen,) = adapter(Observation).validate_json(text)
    return replace(seen, hours=tuple(seen.hours))


def _row(item: "Item") -> str:
    """Return the fingerprint of the row that tells just this observation, and its workspace."""
    return item["row"]["S"] if "row" in item else ""


def _text(body: "AttributeValueTypeDef") -> bytes | str:
    if "B" not in body:
        return body["S"]
    packed: bytes | str = body["B"]
    return zlib.decompress(b64decode(packed) if isinstance(packed, str) else packed)


def _broken(item: "Item", form: type) -> LedgerError:
    place = Address(item["pk"].get("S", ""), item["sk"].get("S", ""))
    return LedgerError(
        f"The ledger's item pk={place.pk} sk={place.sk} is not a readable {form.__name__}; nothing "
        "was concluded from it. Was the table written by another version? Repair or delete it."
    )
