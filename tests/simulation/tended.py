"""A random world in which people, meanwhile, do to keys under rotation whatever they like."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from budget_guard.adapters.starter import RecordingStarter
from budget_guard.domain.errors import GuardError
from budget_guard.domain.holds import BITES
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.rotation import Stage
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.freezing import freeze
from budget_guard.use_cases.rotation.asking import ask
from budget_guard.use_cases.rotation.cutting import cut, to_cut
from budget_guard.use_cases.rotation.rotating import Rotating
from budget_guard.use_cases.rotation.steps import Step
from tests.simulation.guard import Switch
from tests.simulation.peoples_vault import PENDING, PeoplesVault
from tests.simulation.rotating import RotatingWorld
from tests.simulation.world import Step as Event

SECONDS = timedelta(seconds=5)


@dataclass
class TendedWorld(RotatingWorld):
    """People call keys by number, as traffic does; below 0 from the newest, in use or not.

    `off` are keys that people switched off, and since when; `moved_back` are secrets whose label they
    moved, `rolled_back` those that worked then; `handled` are keys that they renamed (`named`) or
    moved, `limited` when they gave which a limit; `assigned` is the guardrail that a key was given
    last, one of `rails`; `events` are for the next rotation, by the numbers of its calls.
    """

    vault: PeoplesVault = field(default_factory=PeoplesVault)
    off: dict[str, datetime] = field(default_factory=dict)
    moved_back: set[str] = field(default_factory=set)
    rolled_back: set[str] = field(default_factory=set)
    handled: set[str] = field(default_factory=set)
    assigned: dict[str, tuple[str | None, datetime]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    events: list[tuple[int, Event]] = field(default_factory=list)
    limited: list[tuple[str, datetime]] = field(default_factory=list)
    rails: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rails = [self.account.guardrails.create({"name": one})["id"] for one in ("x", "y")]

    def key(self, number: int) -> SimulatedKey:
        if number >= 0:
            return super().key(number)
        keys = list(self.account.keys.values())
        return keys[number % len(keys)]

    def introduce(self) -> None:
        super().introduce()
        lineages = self.guard.ledger.lineages().values()
        current = {one.generations[0].hash: one.current.hash for one in lineages}
        for one, key in self.account.keys.items():
            if one not in self.given:
                self.given[one] = self.given[current[self.promise.truth.root(key)]]

    def take(self, step: Event) -> None:
        super().take(step)
        for key, since in self.off.items():
            one = self.account.keys[key]
            assert one.deleted_at or one.terms.settings.disabled, (
                f"{one.name} was off since {since}"
            )

    def begin_well(self) -> None:
        """Put every key under rotation, with money enough to be shared; what is to be held is.

        Changes show at once: one that OpenRouter does not show yet, nobody can respect.
        """
        self.account.behaviour = replace(self.account.behaviour, patch_shown_late=False)
        policy = self.guard.policy
        rich = (
            replace(one, cap={w: 10 * usd + 5 for w, usd in one.cap.items()})
            for one in policy.budgets
        )
        self._deploy(replace(policy, budgets=tuple(rich)))
        for key in self.first:
            self.adopted(self.account.keys[key])
        for _ in range(2):
            self.take(("tick", 5))

    # What people do to keys

    def create(self, name: str, terms: dict[str, Any]) -> None:
        super().create(name, terms)
        self.first.append(list(self.account.keys)[-1])

    def disable(self, number: int, disabled: bool) -> None:
        key = self.key(number)
        was = key.terms.settings.disabled
        super().disable(number, disabled)
        if not disabled:
            self.off.pop(key.hash, None)
        elif not was and key.deleted_at is None:
            self.off[key.hash] = self.now

    def limit(self, number: int, terms: dict[str, Any]) -> None:
        key, at = self.key(number), self.now
        super().limit(number, terms)
        self.limited.append((key.hash, at))

    def is_raced(self, key: SimulatedKey) -> bool:
        """Tell whether a limit of its lineage's was overwritten by who had read the one before.

        OpenRouter has no change on a condition.
        """
        line = {one.hash for one in self.promise.truth.lineage(key)}
        return any(
            one.hash == mine and "limit" in one.fields and at < one.at < at + SECONDS
            for mine, at in self.limited
            for one in self.account.books.changes
            if mine in line
        )

    def rename(self, number: int, name: str) -> None:
        super().rename(number, name)
        self.named[self.key(number).hash] = self.key(number).name
        self.handled.add(self.key(number).hash)

    def move(self, number: int, workspace: str) -> None:
        super().move(number, workspace)
        self.handled.add(self.key(number).hash)

    def assign(self, number: int, rail: int | None) -> None:
        """Assign one of two guardrails, or take away what there is."""
        key = self.key(number)
        if key.deleted_at:
            return
        self.account.guardrails.keys.forget(key.hash)
        if rail is not None:
            self.account.guardrails.keys.assign(self.rails[rail], [key.hash], self.now)
        self.assigned[key.hash] = self.account.guardrails.keys.of(key.hash), self.now

    # What people say to the guard

    def freeze(self, number: int, minutes: int) -> None:
        with suppress(GuardError):
            freeze(self.key(number).hash, timedelta(minutes=minutes), "test", self.desk)

    def release(self, number: int | None, minutes: int) -> None:
        if number is not None:
            number = list(self.account.keys).index(self.promise.truth.root(self.key(number))) - len(
                self.account.keys
            )
        super().release(number, minutes)

    def ask(self, number: int, at: int | None, after: bool) -> None:
        """Have a key rotated; Secrets Manager begins, or goes on with what is pending."""
        with suppress(GuardError):
            ask(self.key(number).hash, "test", self.desk, self.vault)
        self.serve(at, after)

    def serve(self, at: int | None, after: bool) -> None:
        """Do, as Secrets Manager, what was asked for and is pending."""
        for secret, token in self.vault.rotations:
            if secret not in self.vault.deleted and self.vault.labels(secret).get(PENDING) == token:
                self.try_steps(secret, token, self.rotating(Switch(at, after)))
                at = None

    def retire(self, number: int) -> None:
        with suppress(GuardError):
            cut(to_cut(self.key(number).hash, self.desk), "test", self.desk)

    def rule(self, rule: RotationRule | None) -> None:
        """Deploy the budgets file with another rule of rotation, or none."""
        self._deploy(replace(self.guard.policy, rotation=(rule,) if rule else ()))

    @property
    def desk(self) -> Desk:
        return Desk(self.guard.ledger, RecordingStarter(), "test", self.now)

    # What people do to secrets

    def forget_pending(self, number: int) -> None:
        if secret := self._there(number):
            self.vault.forget(secret)

    def roll_back(self, number: int) -> None:
        if secret := self._there(number):
            self.vault.roll_back(secret)
            self.moved_back.add(secret)
            self.rolled_back.discard(secret)
            if self.works(secret):
                self.rolled_back.add(secret)

    def secret(self, number: int, is_there: bool) -> None:
        """Delete a secret, or restore it."""
        secret = self._secret(number) or ""
        (self.vault.deleted.discard if is_there else self.vault.deleted.add)(secret)
        self.rolled_back.discard(secret)  # deleted, it was read by nobody

    def _there(self, number: int) -> str | None:
        secret = self._secret(number)
        return None if secret in self.vault.deleted else secret

    def works(self, secret: str) -> bool:
        """Tell whether who reads a secret now gets a key that is let in."""
        kept = self.vault.in_it(secret)
        try:
            self.account.identify(kept.api_key.get_secret_value())
        except Refusal:
            return False
        return True

    def _secret(self, number: int) -> str | None:
        key = self.key(number).hash
        found = self.guard.ledger.lineages().values()
        return next((one.secret for one in found if one.knows(key)), None)

    # In the middle of a rotation

    def during(self, number: int, events: list[tuple[int, Event]], is_busy: bool) -> None:
        """Rotate a key while things happen, each just before a call of this number."""
        self.events = events
        self.rotate(number, None, after=False, is_busy=is_busy)
        self.events = []

    def rotating(self, switch: Switch, *, is_busy: bool = False) -> Rotating:
        for at, event in self.events:
            switch.meanwhile.setdefault(at, []).append(partial(self._apart, event))
        self.events = []
        return super().rotating(switch, is_busy=is_busy)

    def _apart(self, event: Event) -> None:
        """Let an event happen beside a run: what it does with the functions is runs of their own."""
        mine, self.guard.switch = self.guard.switch, Switch()
        self.take(event)
        self.guard.switch = mine

    def step(self, step: Step, secret: str, token: str, to: Rotating) -> None:
        if step is not Step.FINISH:
            super().step(step, secret, token, to)
            return
        with self._moving(secret):
            super().step(step, secret, token, to)

    @contextmanager
    def _moving(self, secret: str) -> Iterator[None]:
        """See to it that no successor comes into use of a key that people switched off."""
        before = self._lineage(secret).current.hash
        off_since = self.off.get(before)
        self._check_guardrail(secret, before)
        yield
        if off_since and self.now - off_since > BITES and before in self.off:
            assert self._lineage(secret).current.hash == before, (
                "it was off, and its successor is on"
            )

    def _check_guardrail(self, secret: str, old: str) -> None:
        """Check that a successor has what its predecessor has, unless people have just given it."""
        rotation = self.guard.ledger.rotation(secret)
        if rotation is None or rotation.new is None or rotation.stage is not Stage.PROVEN:
            return
        of = self.account.guardrails.keys.of
        given = [self.assigned[one][1] for one in (old, rotation.new) if one in self.assigned]
        if all(at < rotation.began for at in given):
            assert of(rotation.new) == of(old), "a guardrail was lost"

    def _lineage(self, secret: str) -> Lineage:
        lineage = self.guard.ledger.lineage(secret)
        assert lineage is not None
        return lineage
