"""Money, percentages and holds as the budgets file writes them; exact, never through float."""

import re
from decimal import Decimal

from budget_guard.adapters.budgets.scalars import refuse, text_of
from budget_guard.domain.money import Usd
from budget_guard.domain.policy import Hold

AMOUNT = r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?$"
"""At most 18 and 6 digits: what survives 28-digit arithmetic down to a millionth of a dollar."""
PERCENT = r"^(0|[1-9][0-9]{0,3})(\.[0-9]{1,2})?%$"
HOLD = r"^(always|never|(100|[1-9][0-9]?)%)$"

_CAP_FORM = "write an amount in USD such as 100 or 12.50 (0 means nothing may be spent)"
_NOT_AMOUNTS = (
    (r"-[0-9.]+", "an amount cannot be negative"),
    (r"[-+]?\.?(nan|inf|infinity)", "an amount must be a finite number"),
    (r"[0-9]+(\.[0-9]+)?", "an amount has at most 18 digits, 6 decimals and no leading zero"),
    (
        r"[0-9]+([_,' ][0-9]+)+(\.[0-9]+)?",
        "an amount has no separators; its decimal sign is a point",
    ),
    (r"[0-9]+(:[0-9]+)+", "this is a time of day, not an amount"),
    (r"0[xob][0-9a-f_]+|[0-9.]+e[-+]?[0-9]+", "an amount is written out in decimal digits"),
    (r"[$€£]?\s*[0-9.]+\s*(usd|[$€£])?", "an amount stands alone; it is always in USD"),
)


def amount(value: object) -> Usd:
    """Return the exact USD of a cap, from 0 up."""
    return _usd(value, _CAP_FORM)


def balance(value: object) -> Usd:
    """Return the exact USD of the account's balance, from 0 up."""
    return _usd(value, "write an amount in USD such as 100")


def least(value: object) -> Usd:
    """Return the exact USD from which on something is told, from 0 up."""
    return _usd(value, "write an amount in USD such as 5")


def jump(value: object) -> Usd:
    """Return the exact USD of a jump, above 0."""
    form = "write an amount in USD above 0 such as 500"
    usd = _usd(value, form)
    if not usd:
        refuse("the amount must be above 0", form)
    return usd


def _usd(value: object, form: str) -> Usd:
    text = text_of(value, form)
    if not re.fullmatch(AMOUNT, text, re.ASCII):
        near = (
            why for sign, why in _NOT_AMOUNTS if re.fullmatch(sign, text, re.ASCII | re.IGNORECASE)
        )
        refuse(next(near, "this is not an amount"), form)
    return Decimal(text)


def percentage(value: object) -> Decimal:
    """Return the fraction that a percentage says: 0.8 for "80%"; above 0, up to 1000%."""
    text = text_of(value, "write a percentage of the cap such as 80%")
    if not re.fullmatch(PERCENT, text, re.ASCII):
        refuse("this is not a percentage", f"write {_meant(text)}, with the percent sign")
    fraction = Decimal(text.removesuffix("%")) / 100
    if not 0 < fraction <= 10:
        refuse("a threshold lies above 0% and up to 1000%", "write a percentage such as 80%")
    return fraction


def share(value: object) -> Decimal:
    """Return the fraction that a percentage of a whole says; above 0, up to 100%."""
    form = "write a percentage above 0% and up to 100% such as 25%"
    text = text_of(value, form)
    if not re.fullmatch(PERCENT, text, re.ASCII):
        refuse("this is not a percentage", form)
    fraction = Decimal(text.removesuffix("%")) / 100
    if not 0 < fraction <= 1:
        refuse("this is not a part of the whole", form)
    return fraction


def _meant(text: str) -> str:
    if not re.fullmatch(AMOUNT, text, re.ASCII):
        return "a percentage of the cap such as 80%"
    number = Decimal(text)
    percent = number * 100 if number <= 1 else number
    return f"{percent.normalize():f}%" if 0 < percent <= 1000 else "a percentage such as 80%"


def hold(value: object) -> Hold:
    """Return from when on keys are fenced: `always`, `never`, or from 1% to 100%."""
    form = "write always, never, or a percentage from 1% to 100% such as 90%"
    text = text_of(value, form)
    if not re.fullmatch(HOLD, text, re.ASCII):
        refuse("this is not a way to hold", form)
    match text:
        case "always":
            return Hold(Decimal(0))
        case "never":
            return Hold(None)
        case _:
            return Hold(Decimal(text.removesuffix("%")) / 100)


def spell_decimal(number: Decimal) -> str:
    """Return `number` exactly, in its shortest form without an exponent."""
    return f"{number.normalize():f}" if number else "0"


def spell_percentage(fraction: Decimal) -> str:
    """Return "80%" for 0.8."""
    return f"{spell_decimal(fraction * 100)}%"


def spell_hold(kept: Hold) -> str:
    """Return the file's word for `kept`."""
    if kept.at is None:
        return "never"
    return spell_percentage(kept.at) if kept.at else "always"
