"""A rotated key in a simulated account, with the guard around it, and everything that can fail.

The emulator starts no rotation (see tests/adapters/vault/test_contract.py): the four steps are called
here as Secrets Manager does, one by one with one token, and again from the first when one fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, cast

import pytest
from pydantic import SecretStr

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.vault.memory import MemoryVault
from budget_guard.domain.errors import GuardError, RotationFailed
from budget_guard.domain.lineage import Lineage, begun
from budget_guard.domain.policy import Budget, Policy, RotationRule
from budget_guard.domain.rotation import Rotation
from budget_guard.sandbox.openrouter import Account, Api, Clock, Fault
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_keys import in_process_keys
from budget_guard.sandbox.openrouter.keys import digest
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.ports import OpenRouter
from budget_guard.use_cases.rotation.ports import Kept, KeyMaker, Vault
from budget_guard.use_cases.rotation.rotating import Rotating
from budget_guard.use_cases.rotation.steps import Step, rotate
from tests.domain.builders import ALWAYS, MINUTE, a_budget, policy_of, usd, utc
from tests.simulation.guard import Guard, Killed, Switch, Watched, WatchedLedger, approve

NOW = utc("2026-11-18 12:00")
SECRET = "openrouter/prod-api"
SECOND = "second"
PROD = a_budget("prod", keys="prod*", hold=ALWAYS, daily=100, monthly=1000)


@dataclass
class Scene:
    """One account, one lineage, and the guard's functions; time passes by `pass_` alone."""

    policy: Policy
    account: Account = field(default_factory=lambda: Account(clock=Clock(NOW)))
    vault: MemoryVault = field(default_factory=MemoryVault)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    switch: Switch = field(default_factory=Switch)
    meanwhile: Callable[[], object] = lambda: None
    said: list[str] = field(default_factory=list)
    rule: RotationRule = field(default_factory=RotationRule)
    guard: Guard = field(init=False)
    api: Api = field(init=False)
    first: str = ""
    runs: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.guard = Guard(self.account, self.policy, ledger=self.ledger)
        self.api = Api(self.account, self.guard.faults)
        approve(self.guard)

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    @property
    def lineage(self) -> Lineage:
        lineage = self.ledger.lineage(SECRET)
        assert lineage is not None
        return lineage

    @property
    def rotation(self) -> Rotation:
        rotation = self.ledger.rotation(SECRET)
        assert rotation is not None
        return rotation

    def adopt(self, name: str = "prod-api", **fields: Any) -> str:
        """Put a new key under rotation."""
        plaintext, row = self.account.create_key({"name": name, **fields})
        key, place = row["hash"], row["workspace_id"]
        self.vault.create("prod-api")
        self.vault.put_pending(SECRET, "first", Kept(SecretStr(plaintext), key, name, self.now))
        self.vault.promote(SECRET, "first")
        self.ledger.save(begun(SECRET, key, name, workspace=place, at=self.now))
        self.first = key
        return str(key)

    def settle(self) -> None:
        """Let the guard do all it has to do."""
        for _ in range(3):
            self.pass_(5 * MINUTE)
            self.guard.cycle()

    def pass_(self, time: timedelta) -> None:
        """Let time pass, and what goes on meanwhile."""
        self.account.clock.advance(time)
        self.meanwhile()

    def rotating(self) -> Rotating:
        """Return the world of one run, each call of which goes through the switch."""
        in_process = InProcessOpenRouter(self.account, self.guard.faults)
        keys = in_process_keys(self.api)
        return Rotating(
            openrouter=cast("OpenRouter", Watched(in_process, "OpenRouter", self.switch)),
            keys=cast("KeyMaker", Watched(keys, "keys", self.switch)),
            vault=cast("Vault", Watched(self.vault, "vault", self.switch)),
            ledger=cast("Ledger", WatchedLedger(self.ledger, "ledger", self.switch)),
            policy=replace(self.guard.policy, rotation=(self.rule,)),
            run=f"rotate-{next(self.runs)}",
            now=self.now,
            clock=lambda: self.now,
            pause=self.pass_,
        )

    def rotate(self, token: str = SECOND, *steps: Step) -> None:
        """Do the four steps, or some of them, as Secrets Manager does."""
        for step in steps or Step:
            rotate(step, SECRET, token, self.rotating())

    def tried(self, token: str) -> bool:
        """Do the four steps; tell whether they came to their end."""
        try:
            self.rotate(token)
        except Killed:
            return False
        except GuardError as error:
            self.say(error)
            return False
        finally:
            self.switch = self.switch.next_run()
        return True

    def say(self, error: BaseException | None) -> None:
        """Keep what an error tells, to be searched for secrets."""
        while error is not None:
            self.said.append(f"{error!s} {error!r}")
            error = error.__cause__ or error.__context__

    def rotated_at_last(self) -> None:
        """Try as the service does, with a new token where the one before failed for good."""
        for _ in range(6):
            if self.tried(f"token-{self._attempt}"):
                return
            self.pass_(10 * MINUTE)
            self.guard.cycle()
            rotation = self.ledger.rotation(SECRET)
            if rotation and rotation.token == f"token-{self._attempt}" and rotation.failure:
                self._attempt += 1
        message = f"not rotated after 6 tries: {self.said[-2:]}"
        raise AssertionError(message)

    _attempt: int = 1

    def spend(self, key: str, amount: str | Decimal) -> None:
        """Let a key spend; refused as OpenRouter refuses."""
        self.account.spending.charge(key, usd(amount))

    def use(self, amount: str | Decimal) -> None:
        """Let the application that reads the secret spend."""
        kept = self.vault.current(SECRET)
        assert kept is not None
        self.spend(self.account.identify(kept.api_key.get_secret_value()).hash, amount)

    def left(self, key: str) -> Decimal:
        """Return what a key may still spend, by its limit."""
        left = self.account.get_key(key)["limit_remaining"]
        return Decimal("Infinity") if left is None else max(Decimal(0), left)

    def usable(self) -> list[str]:
        """Return the keys of the lineage's name that are neither deleted nor disabled."""
        return [
            one.hash
            for one in self.account.keys.values()
            if one.deleted_at is None
            and not one.terms.settings.disabled
            and one.name.startswith("prod-api")
        ]

    def spent(self) -> Decimal:
        """Return what all keys have spent."""
        charges = self.account.books.charges
        return sum((one.credits + one.byok for one in charges), Decimal(0))

    def fail(self, **fault: Any) -> None:
        self.guard.faults.add(Fault(**fault))

    def check_plaintexts(self) -> None:
        """Search everything that is kept, sent or said for any plaintext."""
        told = f"{self.ledger._table} {self.guard.inbox.alerts} {self.said} {self.vault!r}"
        for number in range(len(self.account.keys)):
            assert digest(f"plaintext {number}") not in told

    def check(self) -> None:
        """Check what must be so when all has come to rest."""
        lineage = self.lineage
        kept = self.vault.current(SECRET)
        assert kept is not None
        live = {lineage.current.hash, *(one.hash for one in lineage.draining)}
        assert set(self.usable()) == live
        assert kept.hash == lineage.current.hash
        assert self.account.identify(kept.api_key.get_secret_value()).hash == kept.hash
        assert self.left(kept.hash) > 0
        assert len(lineage.draining) <= 1
        self.check_plaintexts()

    def refused(self, token: str, says: str) -> None:
        """Expect a rotation to be refused for good, and nothing to have changed."""
        before = self.usable()
        with pytest.raises(RotationFailed, match=says):
            self.rotate(token)
        assert self.usable() == before
        assert self.rotation.failure


def a_scene(*budgets: Budget, **fields: Any) -> Scene:
    """Return a scene whose key the guard holds already."""
    scene = Scene(policy_of(*(budgets or (PROD,))))
    scene.adopt(**fields)
    scene.settle()
    return scene
