"""What the budgets file says, checked and typed. Reading the file is an adapter's work."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache

from budget_guard.domain.axis import Axis
from budget_guard.domain.choices import DEAR, Choice
from budget_guard.domain.keys import Key
from budget_guard.domain.ladder import LADDER, Do, Threshold
from budget_guard.domain.money import Usd
from budget_guard.domain.signals.rules import Account, SignalRules
from budget_guard.domain.windows import Window

FLOOR: Usd = Decimal(1)
"""USD that a fenced key needs for ordinary requests: OpenRouter refuses by `max_tokens`."""


class Mode(StrEnum):
    """What the guard may do: only report, act, or give every key back."""

    OBSERVE = "observe"
    ENFORCE = "enforce"
    RELEASE = "release"


class OnOverride(StrEnum):
    """What follows when a person changes what the guard holds."""

    RESPECT = "respect"
    REAPPLY = "reapply"


@dataclass(frozen=True, slots=True)
class Hold:
    """From which fraction of a cap on the keys are fenced; None: never. 0 means always."""

    at: Decimal | None = Decimal("0.9")

    def begins(self, fraction: Decimal) -> bool:
        """Tell whether a budget that has spent `fraction` of its cap holds its keys."""
        return self.at is not None and fraction >= self.at


@dataclass(frozen=True, slots=True)
class Budget:
    """A named cap over the keys it covers, in one or more windows (USD).

    With `models`, or with `providers`, only what was spent on them counts: see `counts_costs`.
    """

    name: str
    cap: Mapping[Window, Usd]
    keys: tuple[str, ...] = ("*",)
    workspaces: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    owner: str | None = None
    runbook: str | None = None
    per_key: bool = False
    include_byok: bool = False
    hold: Hold = field(default_factory=Hold)
    thresholds: tuple[Threshold, ...] = LADDER
    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    @property
    def axis(self) -> Axis | None:
        """Return what the costs are split by that it counts some of; None: it counts all."""
        if self.models:
            return Axis.MODEL
        return Axis.PROVIDER if self.providers else None

    @property
    def counts_costs(self) -> bool:
        """Tell whether it counts what only costs tell, not the counters of its keys.

        A key's limit cannot tell models apart: such a budget alerts, and never fences.
        """
        return self.axis is not None

    def covers(self, key: Key) -> bool:
        """Tell whether `key` belongs: a name pattern fits, and each narrowing that is given."""
        return (
            fits(self.keys, key.known_as)
            and (not self.workspaces or _fits_one_of_few(self.workspaces, key.workspace))
            and (not self.creators or _fits_one_of_few(self.creators, key.creator or ""))
        )


def fits(patterns: Collection[str], text: str) -> bool:
    """Tell whether `text` fits one of `patterns` (case counts)."""
    return "*" in patterns or any(_expression(one).match(text) for one in patterns)


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return what `fnmatchcase` would make of a pattern each time it is asked."""
    return re.compile(translate(pattern))


# An account has few workspaces and creators, but asks after them for each of its keys.
_fits_one_of_few = lru_cache(maxsize=4096)(fits)


@dataclass(frozen=True, slots=True)
class Safety:
    """Bounds on what the guard does (`max_jump` in USD, `patches_per_second` at OpenRouter)."""

    stale_after: timedelta = timedelta(minutes=15)
    max_jump: Usd = Decimal(500)
    patches_per_second: int = 5
    on_override: OnOverride = OnOverride.RESPECT


@dataclass(frozen=True, slots=True)
class Costs:
    """What is kept of costs: which `generations` one by one (None: only those told to the queue).

    Models that come to more than `premium_above` (USD per million tokens) are premium.
    """

    generations: Choice = DEAR
    premium_above: Usd = Decimal(20)


@dataclass(frozen=True, slots=True)
class RotationRule:
    """Which keys are rotated, how often, and what becomes of the one that was replaced.

    It keeps `allowance` (USD) and what it spends in ten minutes; it is disabled when idle for
    `drain`, and deleted so long after that. Still in use after `drain_max` it is told of, and
    disabled only with `force`. `on_leak`: what follows where spend is out of profile.
    """

    keys: tuple[str, ...] = ("*",)
    every: timedelta = timedelta(days=30)
    drain: timedelta = timedelta(minutes=30)
    drain_max: timedelta = timedelta(hours=24)
    delete_after: timedelta = timedelta(days=7)
    force: bool = False
    allowance: Usd = FLOOR
    on_leak: Do = Do.PROPOSE


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole budgets file. `hash` identifies its content in logs and records.

    `protect` are hashes of keys that are never touched; `protect_names` are name patterns that only
    propose keys for that: whoever may name a key must not thereby exempt it. `scope` are patterns
    of workspace ids; none: the whole account.
    """

    budgets: tuple[Budget, ...]
    hash: str
    mode: Mode = Mode.OBSERVE
    protect: frozenset[str] = frozenset()
    protect_names: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    safety: Safety = field(default_factory=Safety)
    costs: Costs = field(default_factory=Costs)
    account: Account = field(default_factory=Account)
    signals: SignalRules = field(default_factory=SignalRules)
    rotation: tuple[RotationRule, ...] = ()

    def rotation_of(self, name: str) -> RotationRule | None:
        """Return the first rule for a lineage of this name; None: it is not to be rotated."""
        return next((one for one in self.rotation if fits(one.keys, name)), None)

    def concerns(self, key: Key) -> bool:
        """Tell whether `key` is this guard's business: its workspace is in the scope."""
        return not self.scope or self.reads(key.workspace)

    def reads(self, workspace: str) -> bool:
        """Tell whether the workspace of this id is in the scope."""
        return not self.scope or _fits_one_of_few(self.scope, workspace)

    def proposes(self, key: Key) -> bool:
        """Tell whether the budgets file proposes, by its name, to protect `key`."""
        return fits(self.protect_names, key.name)
