"""What the budgets file says of costs: which generations are fetched, which models are dear."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from budget_guard.adapters.budgets import amounts, leaves, scalars
from budget_guard.adapters.budgets.budget import Part
from budget_guard.domain import policy
from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.money import Usd

CHOICE = r"^(none|all|above (0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?|1 in ([1-9][0-9]{0,5}|1000000))$"
FORM = "write none, all, above and an amount in USD (above 0.05), or 1 in a number (1 in 100)"
_NEAR = (
    (r"above", "this needs the USD above which a generation is fetched"),
    (r"(above|over|more than|>=?)\s*\S.*", "this is not an amount of USD"),
    (r"\$?[0-9.]+\s*(usd)?", "an amount stands behind above"),
    (r"1 in [0-9]+", "the number is out of bounds (1 to 1000000)"),
    (r"(1|one)\s*(/|of|in|out of|:)\s*\S.*|[0-9.]+\s*%", "a sample is written as 1 in a number"),
    (r"every.*|everything|yes|true|any", "all of them are called all"),
    (r"nothing|never|no|off|false|0", "none of them are called none"),
)


def choice(value: object) -> Choice:
    """Return which generations are fetched: `none`, `all`, `above 0.05` (USD) or `1 in 100`."""
    text = scalars.text_of(value, FORM)
    if not re.fullmatch(CHOICE, text, re.ASCII):
        if re.fullmatch(CHOICE, text.lower(), re.ASCII):
            scalars.refuse("these words are written in small letters", FORM)
        near = (why for sign, why in _NEAR if re.fullmatch(sign, text, re.ASCII | re.IGNORECASE))
        scalars.refuse(next(near, "this is no choice of generations"), FORM)
    match text.split():
        case ["none"]:
            return None
        case ["all"]:
            return OneIn(1)
        case ["above", usd]:
            return Above(Decimal(usd))
        case _:
            return OneIn(int(text.split()[-1]))


def spell(chosen: Choice) -> str:
    """Return the file's words for `chosen`."""
    match chosen:
        case None:
            return "none"
        case OneIn(1):
            return "all"
        case OneIn(n):
            return f"1 in {n}"
        case Above(usd):
            return f"above {amounts.spell_decimal(usd)}"


type Chosen = Annotated[
    str,
    PlainValidator(lambda value: spell(choice(value))),
    WithJsonSchema({"type": "string", "pattern": CHOICE}),
]


def _as_ever(premium_above: Usd) -> bool:
    """Tell whether all is as without the field: then the file's hash is, too."""
    return premium_above == policy.Costs().premium_above


class Costs(Part):
    """How closely it is looked at what the money was spent on."""

    generations: Chosen = Field(
        spell(policy.Costs().generations),
        description="Which single requests are fetched, besides those that applications send to the"
        " queue: none, all, above 0.05 (USD), or 1 in 100.",
        examples=["above 0.05", "1 in 100", "all", "none"],
    )
    premium_above: leaves.Least = Field(
        policy.Costs().premium_above,
        description="USD per million tokens, by what was paid: a model that comes to more is premium.",
        examples=[20],
        exclude_if=_as_ever,
    )

    def to_domain(self) -> policy.Costs:
        """Return the domain's word for it."""
        return policy.Costs(choice(self.generations), self.premium_above)
