"""The signals of costs in the budgets file: from when on each is told, or `off`."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from budget_guard.adapters.budgets import leaves, scalars
from budget_guard.adapters.budgets.budget import Part
from budget_guard.domain.signals import rules

OFF = "off"


class Unexplained(Part):
    """Spend of the last 24 hours that analytics, or the keys, do not explain."""

    above: leaves.Share = Field(
        rules.Unexplained().above,
        description="Part of the spend that may be unexplained.",
        examples=["2%"],
        json_schema_extra={"default": "2%"},
    )
    at_least: leaves.Least = Field(
        rules.Unexplained().at_least,
        description="USD that may be unexplained, however little was spent.",
        examples=[1],
    )

    def to_domain(self) -> rules.Unexplained:
        """Return the domain's word for it."""
        return rules.Unexplained(**dict(self))


class MixShifted(Part):
    """A model or provider with another share of the spend than on the same weekdays before."""

    by: leaves.Share = Field(
        rules.MixShifted().by,
        description="How much of all spend it must have more than on any of these days.",
        examples=["25%"],
        json_schema_extra={"default": "25%"},
    )
    at_least: leaves.Least = Field(
        rules.MixShifted().at_least, description="USD that this comes to.", examples=[5]
    )

    def to_domain(self) -> rules.MixShifted:
        """Return the domain's word for it."""
        return rules.MixShifted(**dict(self))


class Unusual(Part):
    """A key whose requests are dearer, or more, than they usually are."""

    times: leaves.Times = Field(
        rules.Unusual().times,
        description="How many times its usual spread (MAD) above what is usual (2 to 100).",
        examples=[6],
    )
    at_least: leaves.Least = Field(
        rules.Unusual().at_least, description="USD an hour that this comes to.", examples=[1]
    )

    def to_domain(self) -> rules.Unusual:
        """Return the domain's word for it."""
        return rules.Unusual(**dict(self))


class Prices(Part):
    """A model in use whose prices changed, or that is to be withdrawn."""

    by: leaves.Share = Field(
        rules.Prices().by,
        description="Part by which what the model costs a day must change.",
        examples=["5%"],
        json_schema_extra={"default": "5%"},
    )
    at_least: leaves.Least = Field(
        rules.Prices().at_least, description="USD a day that this comes to.", examples=[1]
    )
    withdrawn_within: leaves.Notice = Field(
        rules.Prices().withdrawn_within,
        description="How long before its last day a model is told (1d to 365d).",
        examples=["30d"],
        json_schema_extra={"default": "30d"},
    )

    def to_domain(self) -> rules.Prices:
        """Return the domain's word for it."""
        return rules.Prices(**dict(self))


class Fallbacks(Part):
    """A provider of whose requests on record more fall back to others than usually."""

    by: leaves.Share = Field(
        rules.Fallbacks().by,
        description="How much more of its requests fall back in 3 hours than usually do at most.",
        examples=["20%"],
        json_schema_extra={"default": "20%"},
    )
    at_least: leaves.Volume = Field(
        rules.Fallbacks().at_least,
        description="Requests on record in these hours, below which nothing is told (5 to 1000).",
        examples=[20],
    )

    def to_domain(self) -> rules.Fallbacks:
        """Return the domain's word for it."""
        return rules.Fallbacks(**dict(self))


class Loops(Part):
    """A session or job that makes far more requests in an hour than any usually makes."""

    times: leaves.Times = Field(
        rules.Loops().times,
        description="How many times the requests of the busiest usual one (2 to 100).",
        examples=[3],
    )
    at_least: leaves.Least = Field(
        rules.Loops().at_least, description="USD that the hour comes to.", examples=[2]
    )

    def to_domain(self) -> rules.Loops:
        """Return the domain's word for it."""
        return rules.Loops(**dict(self))


class _OrOff:
    """Lets `off` stand where the fields of a part do; the file keeps the word."""

    def __init__(self, part: type[BaseModel], example: str) -> None:
        self._part, self._form = part, f"write off, or fields such as {example}"

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler.generate_schema(self._part)
        written = core_schema.wrap_serializer_function_ser_schema(_written, schema=inner)
        return core_schema.no_info_wrap_validator_function(self._read, inner, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"const": OFF}]}

    def _read(self, value: object, inner: Callable[[object], BaseModel]) -> BaseModel | str:
        if isinstance(value, dict | BaseModel):
            return inner(value)
        if scalars.text_of(value, self._form) != OFF:
            scalars.refuse("this is neither off nor fields", self._form)
        return OFF


def _written(value: object, inner: Callable[[object], object]) -> object:
    return value if value == OFF else inner(value)


class Signals(Part):
    """Which signals of costs are told; each has defaults of its own."""

    unexplained: Annotated[Unexplained | str, _OrOff(Unexplained, "{above: 2%}")] = Field(
        Unexplained.model_construct(),
        description="Spend that nothing explains; off: not told.",
        examples=[{"above": "2%", "at_least": 1}],
    )
    mix_shifted: Annotated[MixShifted | str, _OrOff(MixShifted, "{by: 25%}")] = Field(
        MixShifted.model_construct(),
        description="Money that moved to another model or provider; off: not told.",
        examples=[{"by": "25%", "at_least": 5}],
    )
    unusual: Annotated[Unusual | str, _OrOff(Unusual, "{times: 6}")] = Field(
        Unusual.model_construct(),
        description="Keys out of their usual range; off: not told.",
        examples=[{"times": 6, "at_least": 1}],
    )
    prices: Annotated[Prices | str, _OrOff(Prices, "{by: 5%}")] = Field(
        Prices.model_construct(),
        description="Models in use with other prices, or soon withdrawn; off: not told.",
        examples=[{"by": "5%", "at_least": 1, "withdrawn_within": "30d"}],
    )

    fallbacks: Annotated[Fallbacks | str, _OrOff(Fallbacks, "{by: 20%}")] = Field(
        Fallbacks.model_construct(),
        description="Providers that fail more often than usual; off: not told.",
        examples=[{"by": "20%", "at_least": 20}],
    )
    loops: Annotated[Loops | str, _OrOff(Loops, "{times: 3}")] = Field(
        Loops.model_construct(),
        description="Sessions and jobs that repeat themselves; off: not told.",
        examples=[{"times": 3, "at_least": 2}],
    )

    def to_domain(self) -> rules.SignalRules:
        """Return the domain's word for it."""
        return rules.SignalRules(
            **{name: None if isinstance(part, str) else part.to_domain() for name, part in self}
        )
