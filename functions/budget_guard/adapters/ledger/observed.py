"""Observations as JSON and back, by hand: there is one for every key, read by every run.

The form is flat, amounts and marks are texts (`40.7 12.5`: credits, and BYOK unless it is 0), and
what is empty is left out. So is the key's hash: the item lies at it.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from sys import intern
from typing import Any

from budget_guard.adapters.ledger.marks import PackedMarks, packed
from budget_guard.adapters.ledger.texts import amount, moment, spent, spent_text, stamp
from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings
from budget_guard.domain.observations import Former, Jump, Observation
from budget_guard.domain.windows import Window

EMPTY: tuple[object, ...] = (None, False, [])
LIFETIME = "lifetime"
WINDOWS = {window.value: window for window in Window}

type Fields = Mapping[str, Any]


def written(seen: Observation) -> Fields:
    """Return the fields of an observation, as JSON has them."""
    reading, settings = seen.reading, seen.reading.settings
    limit, remaining = settings.limit, reading.limit_remaining
    fields = {
        **_who(reading.key),
        "spent": dict(_spent(reading.counters)),
        "limit": None if limit.amount is None else str(limit.amount),
        "reset": limit.reset,
        "include_byok": settings.include_byok,
        "disabled": settings.disabled,
        "remaining": None if remaining is None else str(remaining),
        "began": stamp(reading.began),
        "at": stamp(reading.at),
        "hours": packed(seen.hours),
        "former": [
            {
                "hash": one.key.hash,
                **_who(one.key),
                "spent": dict(_spent(one.counters)),
                "at": stamp(one.at),
            }
            for one in seen.former
        ],
        "gone_at": seen.gone_at and stamp(seen.gone_at),
        "jump": seen.jump and _written_jump(seen.jump),
    }
    return {name: value for name, value in fields.items() if value not in EMPTY}


def read(fields: Fields, key_hash: str, fingerprint: str) -> Observation:
    """Return the observation of such fields; raise one of `BROKEN`. Unknown fields are ignored."""
    given = fields.get
    key, hours, remaining = _key(fields, key_hash), given("hours"), given("remaining")
    gone_at, jump = given("gone_at"), given("jump")
    settings = _settings(given("limit"), given("reset"), given("include_byok"), given("disabled"))
    return Observation(
        Reading(
            key,
            settings,
            _counters(fields["spent"]),
            None if remaining is None else amount(remaining),
            moment(fields["began"]),
            moment(fields["at"]),
            fingerprint,
        ),
        PackedMarks(_text(hours), key.hash) if hours else (),
        tuple(map(_former, given("former", ()))),
        None if gone_at is None else moment(gone_at),
        None if jump is None else _jump(jump),
    )


def _who(key: Key) -> Fields:
    return {
        "name": key.name,
        "workspace": key.workspace,
        "label": key.label,
        "creator": key.creator,
        "expires_at": key.expires_at and stamp(key.expires_at),
        "made": key.created_on and key.created_on.isoformat(),
    }


def _written_jump(jump: Jump) -> Fields:
    spent_before = dict(_spent(jump.before))
    return {"at": stamp(jump.at), "spent": spent_before, "before_at": stamp(jump.before_at)}


def _spent(counters: Counters) -> Iterator[tuple[str, str]]:
    yield LIFETIME, spent_text(counters.lifetime)
    for window, one in counters.windows.items():
        yield window, spent_text(one)


def _key(fields: Fields, key_hash: str) -> Key:
    creator, expires_at, made = fields.get("creator"), fields.get("expires_at"), fields.get("made")
    return Key(
        _text(key_hash),
        _text(fields["name"]),
        intern(fields["workspace"]),
        _text(fields.get("label", "")),
        None if creator is None else intern(creator),
        None if expires_at is None else moment(expires_at),
        None if made is None else date.fromisoformat(made),
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    message = "a name is not a text"
    raise TypeError(message)


@lru_cache(maxsize=10_000)
def _settings(limit: str | None, reset: str | None, *flags: bool | None) -> Settings:
    if any(flag not in (True, None) for flag in flags):
        message = "a switch is neither on nor left out"
        raise ValueError(message)
    within = None if reset is None else WINDOWS[reset]
    return Settings(Limit(None if limit is None else amount(limit), within), *map(bool, flags))


def _counters(texts: Mapping[str, str]) -> Counters:
    windows = {WINDOWS[name]: spent(text) for name, text in texts.items() if name != LIFETIME}
    return Counters(spent(texts[LIFETIME]), windows)


def _former(fields: Fields) -> Former:
    return Former(_key(fields, fields["hash"]), _counters(fields["spent"]), moment(fields["at"]))


def _jump(fields: Fields) -> Jump:
    return Jump(moment(fields["at"]), _counters(fields["spent"]), moment(fields["before_at"]))
