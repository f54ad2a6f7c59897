"""A lineage: a key and the keys that took its place by rotation, under one name and one secret."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from budget_guard.domain.keys import Key, Spent
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window

NUMBERED = re.compile(r"(?P<stem>.+) #(?P<number>[1-9]\d{0,5})", re.DOTALL)
ASKED_KEPT = 20
ARN_SUFFIX = 7


class State(StrEnum):
    """Where a generation stands: in use, on its way out, out of use, no more."""

    CURRENT = "current"
    DRAINING = "draining"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Generation:
    """One key of a lineage, the `number`th; in its state since `since`.

    `spent` is its lifetime spend when it was last looked at: while it drains, which it has not
    changed since `idle_since`, and before it was deleted. `cut`: who wants it disabled though it is in use, and why.
    """

    hash: str
    number: int
    since: datetime
    state: State = State.CURRENT
    spent: Spent = field(default_factory=Spent)
    idle_since: datetime | None = None
    cut: str | None = None

    def looked_at(self, spent: Spent, used_at: datetime | None, now: datetime) -> "Generation":
        """Return it after a look: idle from now on if it spent since, else from its last use on."""
        is_first = self.idle_since is None or spent != self.spent
        idle_since = now if is_first or self.idle_since is None else self.idle_since
        if used_at is not None:
            idle_since = max(idle_since, used_at)
        return replace(self, spent=spent, idle_since=idle_since)

    def idle_for(self, now: datetime) -> timedelta:
        """Return for how long it has been seen idle."""
        return timedelta() if self.idle_since is None else now - self.idle_since


@dataclass(frozen=True, slots=True)
class Asked:
    """A name under which OpenRouter was, or was about to be, asked to make a key, at `at`."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cap:
    """So much for each key in a window (USD), by its guardrail: OpenRouter counts every key apart."""

    amount: Usd
    window: Window
    include_byok: bool


@dataclass(frozen=True, slots=True)
class Lineage:
    """The generations of a key, the oldest first, of which one is current.

    `secret` (an ARN) identifies it: names are not unique. `name` is without a number. `asked` are
    the last names that keys were to be made under, whatever came of it. `every` is the schedule
    that the secret was put on; None: none. `cap` is what the guardrail of the key in use allowed
    when it was last carried over, or looked at.
    """

    secret: str
    name: str
    workspace: str
    generations: tuple[Generation, ...]
    asked: tuple[Asked, ...] = ()
    every: timedelta | None = None
    cap: Cap | None = None

    @property
    def secret_name(self) -> str:
        """Return the name of the secret: an ARN has a dash and six characters after it."""
        _, is_arn, name = self.secret.rpartition(":secret:")
        return name[:-ARN_SUFFIX] if is_arn else name

    @property
    def current(self) -> Generation:
        """Return the generation that the secret holds."""
        return next(one for one in reversed(self.generations) if one.state is State.CURRENT)

    @property
    def draining(self) -> tuple[Generation, ...]:
        """Return the generations that are on their way out."""
        return tuple(one for one in self.generations if one.state is State.DRAINING)

    def retired_before(self, at: datetime) -> frozenset[str]:
        """Return the hashes of the generations that were out of use before a moment."""
        out = (State.DISABLED, State.DELETED)
        return frozenset(
            one.hash for one in self.generations if one.state in out and one.since < at
        )

    @property
    def off(self) -> frozenset[str]:
        """Return the hashes of the generations that can spend no more."""
        over = (State.DISABLED, State.DELETED)
        return frozenset(one.hash for one in self.generations if one.state in over)

    def lingering(self, drain_max: timedelta, now: datetime) -> tuple[Generation, ...]:
        """Return the generations that drain for so long already: somebody still uses them."""
        return tuple(one for one in self.draining if now - one.since >= drain_max)

    @property
    def next_number(self) -> int:
        """Return the number of the next generation."""
        return max(one.number for one in self.generations) + 1

    @property
    def next_name(self) -> str:
        """Return the next generation's name: `prod-api #4` is the fourth of its lineage."""
        return f"{self.name} #{self.next_number}"

    def knows(self, key: str) -> bool:
        """Tell whether a key is one of the generations."""
        return any(one.hash == key for one in self.generations)

    def asking(self, name: str, at: datetime) -> "Lineage":
        """Return the lineage after a key of this name was asked for, once more perhaps."""
        return replace(self, asked=(*self.asked, Asked(name, at))[-ASKED_KEPT:])

    def following(self, key: Key) -> "Lineage":
        """Return the lineage after its present key, as it was read, was renamed or moved perhaps."""
        place = key.workspace or self.workspace
        return replace(self, name=stem(key.name), workspace=place)

    def moved_to(self, key: str, at: datetime) -> "Lineage":
        """Return the lineage after the secret moved on to a new key: the one before it drains."""
        if self.current.hash == key:
            return self
        drained = self.come_to(self.current.hash, State.DRAINING, at)
        new = Generation(key, self.next_number, at)
        return replace(drained, generations=(*drained.generations, new))

    def with_generation(self, changed: Generation) -> "Lineage":
        """Return the lineage with what is known of one generation replaced."""
        every = (changed if one.hash == changed.hash else one for one in self.generations)
        return replace(self, generations=tuple(every))

    def come_to(self, key: str, state: State, at: datetime) -> "Lineage":
        """Return the lineage after one of its keys came to a state."""
        changed = (
            replace(one, state=state, since=at) if one.hash == key and one.state != state else one
            for one in self.generations
        )
        return replace(self, generations=tuple(changed))


def stem(name: str) -> str:
    """Return the name of the lineage that a key of this name would be of: without a number."""
    numbered = NUMBERED.fullmatch(name)
    return numbered["stem"] if numbered else name


def begun(secret: str, key: str, name: str, *, workspace: str, at: datetime) -> Lineage:
    """Return the lineage of a key that is put under rotation; its name may have a number."""
    numbered = NUMBERED.fullmatch(name)
    number = int(numbered["number"]) if numbered else 1
    return Lineage(secret, stem(name), workspace, (Generation(key, number, at),))
