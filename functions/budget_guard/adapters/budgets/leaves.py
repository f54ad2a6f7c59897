"""The leaves of the budgets file for pydantic: how each is read, written and described.

A leaf that may be absent is `| None`, yet an explicit null is refused: a plain validator replaces
the whole type, and the default is not validated.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from budget_guard.adapters.budgets import amounts, scalars
from budget_guard.domain import ladder, policy
from budget_guard.domain.money import Usd

type Spec = dict[str, Any]

ON_LEAK = (ladder.Do.ROTATE, ladder.Do.PROPOSE)
"""What may follow a leak: a guardrail of cheaper models stops no thief."""


def _text(**spec: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **spec})


def _words(kind: Iterable[StrEnum]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [member.value for member in kind]})


def _usd(bound: Spec) -> WithJsonSchema:
    number = {"type": "number", **bound}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "pattern": amounts.AMOUNT}]})


_exact = PlainSerializer(amounts.spell_decimal, return_type=str, when_used="unless-none")
_word = PlainSerializer(str, return_type=str)
_word_if_any = PlainSerializer(str, return_type=str, when_used="unless-none")
_span = PlainSerializer(scalars.spell_duration, return_type=str, when_used="unless-none")
_span_form = _text(pattern=scalars.DURATION)

schedule = scalars.whole_hours("4h", "999d")
drain = scalars.duration("5m", "7d")
drain_max = scalars.duration("10m", "30d")

type Amount = Annotated[Usd | None, PlainValidator(amounts.amount), _exact, _usd({"minimum": 0})]
type Balance = Annotated[Usd | None, PlainValidator(amounts.balance), _exact, _usd({"minimum": 0})]
type Jump = Annotated[Usd, PlainValidator(amounts.jump), _exact, _usd({"exclusiveMinimum": 0})]
type Percentage = Annotated[
    Decimal,
    PlainValidator(amounts.percentage),
    PlainSerializer(amounts.spell_percentage, return_type=str),
    _text(pattern=amounts.PERCENT),
]
type Share = Annotated[
    Decimal,
    PlainValidator(amounts.share),
    PlainSerializer(amounts.spell_percentage, return_type=str),
    _text(pattern=amounts.PERCENT),
]
type Least = Annotated[Usd, PlainValidator(amounts.least), _exact, _usd({"minimum": 0})]
type Times = Annotated[
    int,
    PlainValidator(scalars.whole(2, 100)),
    WithJsonSchema({"type": "integer", "minimum": 2, "maximum": 100}),
]
type Volume = Annotated[
    int,
    PlainValidator(scalars.whole(5, 1000)),
    WithJsonSchema({"type": "integer", "minimum": 5, "maximum": 1000}),
]
type HoldFrom = Annotated[
    policy.Hold,
    PlainValidator(amounts.hold),
    PlainSerializer(amounts.spell_hold, return_type=str),
    _text(pattern=amounts.HOLD),
]
type Staleness = Annotated[
    timedelta, PlainValidator(scalars.duration("2m", "1d")), _span, _span_form
]
type Runway = Annotated[
    timedelta | None, PlainValidator(scalars.duration("1h", "90d")), _span, _span_form
]
type Notice = Annotated[
    timedelta, PlainValidator(scalars.duration("1d", "365d")), _span, _span_form
]
type Schedule = Annotated[timedelta, PlainValidator(schedule), _span, _text(pattern=scalars.HOURS)]
type Drain = Annotated[timedelta, PlainValidator(drain), _span, _span_form]
type DrainMax = Annotated[timedelta, PlainValidator(drain_max), _span, _span_form]
type Keeping = Annotated[
    timedelta, PlainValidator(scalars.duration("1h", "365d")), _span, _span_form
]
type Rate = Annotated[
    int,
    PlainValidator(scalars.whole(1, 50)),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 50}),
]
type Flag = Annotated[bool, PlainValidator(scalars.flag), WithJsonSchema({"type": "boolean"})]
type Name = Annotated[str, PlainValidator(scalars.name), _text(pattern=scalars.NAME)]
type Owner = Annotated[
    str | None, PlainValidator(scalars.line(64)), _text(minLength=1, maxLength=64)
]
type Pattern = Annotated[str, PlainValidator(scalars.line(256)), _text(minLength=1, maxLength=256)]
type Address = Annotated[
    str | None,
    PlainValidator(scalars.web_address),
    _text(pattern="^https?://[^/\\s]+", maxLength=2048),
]
type Protected = Annotated[
    str,
    PlainValidator(scalars.protected),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "anyOf": [{"pattern": scalars.KEY_HASH}, {"not": {"pattern": scalars.HASH_LIKE}}],
        }
    ),
]
type ModeWord = Annotated[
    policy.Mode, PlainValidator(scalars.choice(policy.Mode)), _word, _words(policy.Mode)
]
type SeverityWord = Annotated[
    ladder.Severity, PlainValidator(scalars.choice(ladder.Severity)), _word, _words(ladder.Severity)
]
type OverrideWord = Annotated[
    policy.OnOverride,
    PlainValidator(scalars.choice(policy.OnOverride)),
    _word,
    _words(policy.OnOverride),
]
type DoWord = Annotated[
    ladder.Do | None, PlainValidator(scalars.choice(ladder.Do)), _word_if_any, _words(ladder.Do)
]
type LeakWord = Annotated[
    ladder.Do, PlainValidator(scalars.choice(ladder.Do, *ON_LEAK)), _word, _words(ON_LEAK)
]
type Guardrail = Annotated[
    str | None,
    PlainValidator(scalars.line(256, "write the name or id of a guardrail at OpenRouter")),
    _text(minLength=1, maxLength=256),
]
