"""Observations as JSON and back, by hand: there is one for every key, read by every run.

The fields are named as the domain names them. Marks are a text of their own (`marks.py`); a list
of them is what earlier versions wrote.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Any

from budget_guard.adapters.ledger.marks import PackedMarks, packed
from budget_guard.adapters.ledger.texts import amount, moment, stamp
from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings, Spent
from budget_guard.domain.observations import Former, HourMark, Observation
from budget_guard.domain.windows import Window

NOTHING = Spent()
BROKEN = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What reading fields raises that are not those of an observation."""

type Fields = Mapping[str, Any]


def written(seen: Observation) -> Fields:
    """Return the fields of an observation, as JSON has them."""
    reading = seen.reading
    return {
        "reading": {
            "key": _written_key(reading.key),
            "settings": _written_settings(reading.settings),
            "counters": _written_counters(reading.counters),
            "limit_remaining": _text(reading.limit_remaining),
            "began": stamp(reading.began),
            "at": stamp(reading.at),
        },
        "hours": packed(seen.hours),
        "former": [
            {
                "key": _written_key(one.key),
                "counters": _written_counters(one.counters),
                "at": stamp(one.at),
            }
            for one in seen.former
        ],
        "gone_at": seen.gone_at and stamp(seen.gone_at),
    }


def read(fields: Fields) -> Observation:
    """Return the observation of such fields; raise one of `BROKEN`. Unknown fields are ignored."""
    reading, gone_at = fields["reading"], fields.get("gone_at")
    settings, remaining = reading["settings"], reading["limit_remaining"]
    limit = settings.get("limit", {})
    return Observation(
        Reading(
            _key(reading["key"]),
            _settings(
                limit.get("amount"),
                limit.get("reset"),
                settings.get("include_byok", False),
                settings.get("disabled", False),
            ),
            _counters(reading["counters"]),
            None if remaining is None else amount(remaining),
            moment(reading["began"]),
            moment(reading["at"]),
        ),
        _marks(fields.get("hours", ())),
        tuple(map(_former, fields.get("former", ()))),
        None if gone_at is None else moment(gone_at),
    )


def _written_key(key: Key) -> Fields:
    return {
        "hash": key.hash,
        "name": key.name,
        "workspace": key.workspace,
        "label": key.label,
        "creator": key.creator,
        "expires_at": key.expires_at and stamp(key.expires_at),
    }


def _written_settings(settings: Settings) -> Fields:
    return {
        "limit": {"amount": _text(settings.limit.amount), "reset": settings.limit.reset},
        "include_byok": settings.include_byok,
        "disabled": settings.disabled,
    }


def _written_counters(counters: Counters) -> Fields:
    return {
        "lifetime": _written_spent(counters.lifetime),
        "windows": {window: _written_spent(spent) for window, spent in counters.windows.items()},
    }


def _written_spent(spent: Spent) -> Fields:
    return {"credits": str(spent.credits), "byok": str(spent.byok)}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _key(fields: Fields) -> Key:
    creator, expires_at = fields.get("creator"), fields.get("expires_at")
    return Key(
        _string(fields["hash"]),
        _string(fields["name"]),
        intern(fields["workspace"]),
        _string(fields.get("label", "")),
        None if creator is None else intern(creator),
        None if expires_at is None else moment(expires_at),
    )


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    message = "a name is not a text"
    raise TypeError(message)


@lru_cache(maxsize=10_000)
def _settings(limit: str | None, reset: str | None, *flags: bool) -> Settings:
    if any(flag not in (True, False) for flag in flags):
        message = "a switch is neither on nor off"
        raise ValueError(message)
    within = None if reset is None else Window(reset)
    return Settings(Limit(None if limit is None else amount(limit), within), *flags)


def _counters(fields: Fields) -> Counters:
    windows = {Window(window): _spent(spent) for window, spent in fields.get("windows", {}).items()}
    return Counters(_spent(fields.get("lifetime", {})), windows)


def _spent(fields: Fields) -> Spent:
    credits_, byok = fields.get("credits", "0"), fields.get("byok", "0")
    if credits_ == byok == "0":
        return NOTHING
    return Spent(amount(credits_), amount(byok))


def _marks(hours: str | Sequence[Fields]) -> Sequence[HourMark]:
    if isinstance(hours, str):
        return PackedMarks(hours) if hours else ()
    return tuple(HourMark(moment(one["hour"]), _spent(one["spent"])) for one in hours)


def _former(fields: Fields) -> Former:
    return Former(_key(fields["key"]), _counters(fields["counters"]), moment(fields["at"]))
