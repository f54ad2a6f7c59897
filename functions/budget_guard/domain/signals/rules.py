"""What the budgets file says of signals: which are told, and from when on."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from budget_guard.domain.money import Usd


@dataclass(frozen=True, slots=True)
class Account:
    """When the account itself is short: of USD, or of hours at the present burn."""

    balance_below: Usd | None = None
    runway_below: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unexplained:
    """From when on spend that nothing explains is told: a part of a day's spend, and USD of it."""

    above: Decimal = Decimal("0.02")
    at_least: Usd = Decimal(1)


@dataclass(frozen=True, slots=True)
class MixShifted:
    """How much more of the spend a model or provider must have (0.25: 25 % of all), and USD of it."""

    by: Decimal = Decimal("0.25")
    at_least: Usd = Decimal(5)


@dataclass(frozen=True, slots=True)
class Unusual:
    """How many times its usual spread a key may go beyond what is usual, and USD an hour of it."""

    times: int = 6
    at_least: Usd = Decimal(1)


@dataclass(frozen=True, slots=True)
class Prices:
    """From when on a changed price is told: a part of what a model costs a day, and USD a day.

    A model that is to be withdrawn `withdrawn_within` this time is told too.
    """

    by: Decimal = Decimal("0.05")
    at_least: Usd = Decimal(1)
    withdrawn_within: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Fallbacks:
    """How much larger a part must fall back than usually (0.2: 20 % of all), of so many requests."""

    by: Decimal = Decimal("0.2")
    at_least: int = 20


@dataclass(frozen=True, slots=True)
class Loops:
    """How many times what is usual a session or job must make in an hour, and USD it costs."""

    times: int = 3
    at_least: Usd = Decimal(2)


@dataclass(frozen=True, slots=True)
class SignalRules:
    """Which signals of costs are told, and from when on; None: that one never."""

    unexplained: Unexplained | None = field(default_factory=Unexplained)
    mix_shifted: MixShifted | None = field(default_factory=MixShifted)
    unusual: Unusual | None = field(default_factory=Unusual)
    prices: Prices | None = field(default_factory=Prices)
    fallbacks: Fallbacks | None = field(default_factory=Fallbacks)
    loops: Loops | None = field(default_factory=Loops)

    @property
    def compares_days(self) -> bool:
        """Tell whether any signal rests on what former days were like."""
        return bool(self.mix_shifted or self.unusual)

    @property
    def reads_requests(self) -> bool:
        """Tell whether any signal rests on single requests."""
        return bool(self.fallbacks or self.loops)
