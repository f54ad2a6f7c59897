"""A signal, and what a run leaves of them for `evaluate`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from budget_guard.domain import commands
from budget_guard.domain.alerts import Kind, Unit
from budget_guard.domain.money import Usd, show

MOST_NAMED = 3
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Signal:
    """Something in the costs that is not as it was; `id` is the incident it belongs to.

    `text` is one sentence with the owner, the old and the new figure, and the contributors: who,
    or what, the money went to (USD), the dearest first. `before` and `after` are those figures,
    counted in `unit` (None: as the text says).
    """

    id: str
    kind: Kind
    text: str
    before: Decimal
    after: Decimal
    contributors: tuple[tuple[str, Usd], ...] = ()
    owner: str | None = None
    key: str | None = None
    key_name: str | None = None
    todo: str | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class BalanceMark:
    """The account's balance, and the lifetime credits of all its keys together, at `at` (USD)."""

    at: datetime
    balance: Usd
    spent: Usd


@dataclass(frozen=True, slots=True)
class Gap:
    """How many of the credits (USD) that keys spent in a day analytics did not tell of."""

    usd: Usd
    of: Usd


@dataclass(frozen=True, slots=True)
class Signals:
    """What was found at `at` in the costs before `until`; balances of the last day, by the hour.

    `gap` is known whether or not it is so wide that people are told of it.
    """

    at: datetime
    until: datetime
    found: tuple[Signal, ...] = ()
    balances: tuple[BalanceMark, ...] = ()
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class RequestSignals:
    """What was found at `at` in the single requests made before `until`."""

    at: datetime
    until: datetime
    found: tuple[Signal, ...] = ()


def dearest(amounts: Mapping[str, Usd]) -> tuple[tuple[str, Usd], ...]:
    """Return the three dearest of `amounts`, without those of nothing."""
    spent = ((name, usd) for name, usd in amounts.items() if usd > 0)
    return tuple(sorted(spent, key=lambda one: (-one[1], one[0]))[:MOST_NAMED])


def named(contributors: Iterable[tuple[str, Usd]], owner: str | None = None) -> str:
    """Return who it was, as the end of a sentence: "; most by a 3.00, b 1.00 USD; owner ann"."""
    told = ", ".join(f"{short(name)} {show(usd)}" for name, usd in contributors)
    whose = f"; owner {short(owner)}" if owner else ""
    return (f"; most by {told} USD" if told else "") + whose


def short(name: str) -> str:
    """Return a name of bounded length."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def stop(key: str) -> str:
    """Return how a key (its hash) is stopped, as the end of what is to do."""
    return f"; to stop it: {commands.freeze(key)}"


def percent(share: Decimal) -> str:
    """Return a share in whole percent."""
    return f"{share * 100:.0f} %"
