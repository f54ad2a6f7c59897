"""The smallest values of the budgets file: each read from exact text, with its right form.

A reader takes YAML's text, or what JSON holds, and raises `PydanticCustomError` with what is
wrong (`message`) and what would be right (`right_form`). No number ever passes through float.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import NoReturn
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

DURATION = r"^[1-9][0-9]{0,4}[mhd]$"
HOURS = r"^[1-9][0-9]{0,4}[hd]$"
NAME = r"^[A-Za-z0-9]([A-Za-z0-9 ._/-]{0,62}[A-Za-z0-9._/-])?$"
"""Fits a CloudWatch dimension, an SNS attribute and a shell argument alike."""
KEY_HASH = r"^[0-9a-fA-F]{64}$"
HASH_LIKE = r"^[0-9a-fA-F]{12,}[*.…]*$"
"""Hashes, and what is left of one that was cut: the guard itself shows 12 digits."""
WHOLE = r"^[1-9][0-9]{0,3}$"

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def refuse(message: str, right_form: str) -> NoReturn:
    """Raise the error of a value: what is wrong with it, and what to write instead."""
    context = {"message": message, "right_form": right_form}
    kind = "budgets_file"
    raise PydanticCustomError(kind, "{message}", context)


def duration(least: str, most: str) -> Callable[[object], timedelta]:
    """Return a reader of durations such as 15m, 72h, 2d between the two, which are durations."""
    fit = [one for one in ("15m", "12h", "2d") if _span(least) <= _span(one) <= _span(most)]
    form = f"write minutes, hours or days from {least} to {most}, such as {' or '.join(fit)}"
    return _durations(least, most, form)


def whole_hours(least: str, most: str) -> Callable[[object], timedelta]:
    """Return a reader of durations of whole hours between the two, such as 12h or 30d."""
    form = f"write hours or days from {least} to {most}, such as 12h or 30d"
    read_any = _durations(least, most, form)

    def read(value: object) -> timedelta:
        text = text_of(value, form)
        if re.fullmatch(DURATION, text, re.ASCII) and not re.fullmatch(HOURS, text, re.ASCII):
            refuse("this is told in hours or days, not in minutes", form)
        return read_any(text)

    return read


def _durations(least: str, most: str, form: str) -> Callable[[object], timedelta]:
    def read(value: object) -> timedelta:
        text = text_of(value, form)
        if not re.fullmatch(DURATION, text, re.ASCII):
            refuse("this is not a duration", form)
        if not _span(least) <= (span := _span(text)) <= _span(most):
            refuse("the duration is out of bounds", form)
        return span

    return read


def _span(text: str) -> timedelta:
    return int(text[:-1]) * _UNITS[text[-1]]


def whole(least: int, most: int) -> Callable[[object], int]:
    """Return a reader of whole numbers from `least` (1 or more) to `most` (below 10,000)."""
    form = f"write a whole number from {least} to {most}"

    def read(value: object) -> int:
        text = text_of(value, form)
        if not re.fullmatch(WHOLE, text, re.ASCII) or not least <= int(text) <= most:
            refuse("the number is out of bounds, or not whole", form)
        return int(text)

    return read


def flag(value: object) -> bool:
    """Return what `true` or `false` says; YAML 1.1's yes, no, on and off are refused."""
    text = text_of(value, "write true or false").lower()
    if text not in {"true", "false"}:
        refuse("this is neither true nor false", "write true or false")
    return text == "true"


def choice[E: StrEnum](kind: type[E], *some: E) -> Callable[[object], E]:
    """Return a reader of the members of `kind`, or of `some`; a misspelt one names the near one."""
    members = [member.value for member in some or kind]
    form = f"write {', '.join(members[:-1])} or {members[-1]}"

    def read(value: object) -> E:
        text = text_of(value, form)
        if text not in members:
            near = get_close_matches(text, members, n=1)
            refuse("there is no such value", f"did you mean {near[0]}?" if near else form)
        return kind(text)

    return read


def name(value: object) -> str:
    """Return a budget's name."""
    form = "write 1 to 64 letters, digits, spaces or . _ - / (first a letter or digit)"
    text = _line(value, form)
    if not re.fullmatch(NAME, text, re.ASCII):
        refuse("this name does not fit metrics and alerts", form)
    return text


def line(most: int, form: str | None = None) -> Callable[[object], str]:
    """Return a reader of one printable line of up to `most` characters."""
    form = form or f"write 1 to {most} printable characters"

    def read(value: object) -> str:
        text = _line(value, form)
        if len(text) > most:
            refuse(f"this is longer than {most} characters", form)
        return text

    return read


def protected(value: object) -> str:
    """Return the hash of an API key in small letters, or else a name pattern as it is."""
    text = line(256)(value)
    if is_hash(text):
        return text.lower()
    if re.fullmatch(HASH_LIKE, text, re.ASCII):
        form = "write all 64 hexadecimal digits of a hash; in a name, write ? for one of them"
        refuse("this is not the whole hash of a key", form)
    return text


def is_hash(text: str) -> bool:
    """Tell whether `text` is the hash of an API key, as OpenRouter's key list shows it."""
    return re.fullmatch(KEY_HASH, text, re.ASCII) is not None


def web_address(value: object) -> str:
    """Return an http(s) address without credentials in it."""
    form = "write an address such as https://wiki.example.com/runbook"
    text = line(2048)(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
        refuse("this is not a web address", form)
    if "@" in parts.netloc:
        refuse("this address carries credentials", form)
    return text


def _line(value: object, form: str) -> str:
    text = text_of(value, form)
    if not text.isprintable() or text != text.strip():
        refuse("this has blanks at an end, or characters that do not print", form)
    if re.search(r"sk-or-v1-[0-9a-f]{16}", text):
        refuse("this looks like an API key itself; revoke it", form)
    return text


def text_of(value: object, form: str) -> str:
    """Return the text of a single, present value; else raise with the right `form`."""
    if value is None or (isinstance(value, str) and not value.strip()):
        refuse("the value is missing", form)
    if isinstance(value, dict | list):
        refuse("a single value belongs here", form)
    return str(value)


def spell_duration(span: timedelta) -> str:
    """Return `span` (whole minutes) in the largest unit that says it exactly."""
    unit = next(unit for unit, size in _UNITS.items() if not span % size)
    return f"{span // _UNITS[unit]}{unit}"
