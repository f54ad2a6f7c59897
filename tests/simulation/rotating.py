"""A random world in which keys are rotated at any moment, by runs that may die at any call."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import cast

from pydantic import SecretStr

from budget_guard.adapters.vault.memory import MemoryVault
from budget_guard.domain.errors import GuardError
from budget_guard.domain.lineage import begun
from budget_guard.domain.policy import RotationRule
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_keys import in_process_keys
from budget_guard.sandbox.openrouter.keys import SimulatedKey, digest
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.ports import OpenRouter
from budget_guard.use_cases.rotation.ports import Kept, KeyMaker, Vault
from budget_guard.use_cases.rotation.rotating import Rotating
from budget_guard.use_cases.rotation.steps import Step, rotate
from budget_guard.use_cases.rotation.tending import tend
from tests.simulation.guard import Killed, Switch, Watched, WatchedLedger
from tests.simulation.world import World


def plaintext_of(number: int) -> str:
    """Return the plaintext of the account's key of this number, as the account makes them."""
    return "sk-or-v1-" + digest(f"plaintext {number}")


QUICKLY = RotationRule(drain=timedelta(minutes=10), delete_after=timedelta(hours=1))


@dataclass
class RotatingWorld(World):
    """A world whose keys have secrets; only who was put into one can be used by anybody."""

    vault: MemoryVault = field(default_factory=MemoryVault)
    rotations: int = 0
    errors: list[GuardError] = field(default_factory=list)
    _runs: Iterator[int] = field(default_factory=count)
    roots: dict[str, str] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.first = list(self.account.keys)
        self.guard.policy = replace(self.guard.policy, rotation=(QUICKLY,))

    def key(self, number: int) -> SimulatedKey:
        """Return a key whose plaintext somebody has."""
        used = [one for one in self.account.keys if one in self.first or self._was_in_use(one)]
        return self.account.keys[used[number % len(used)]]

    def cycle(self) -> None:
        """Let the guard do all it does, and look after lineages; a run that fails is the last."""
        super().cycle()
        tend(self.rotating(Switch()))
        self.introduce()

    def rotate(self, number: int, at: int | None, after: bool, is_busy: bool) -> None:
        """Rotate a key by a run that dies at a call, and go on with it in another.

        `is_busy`: the other functions run while it waits.
        """
        secret, token = self.adopted(self.key(number)), f"token-{next(self._runs)}"
        for switch in (Switch(at, after), Switch()):
            if self.try_steps(secret, token, self.rotating(switch, is_busy=is_busy)):
                return

    def try_steps(self, secret: str, token: str, to: Rotating) -> bool:
        """Do the four steps as Secrets Manager does; tell whether they came to their end."""
        try:
            for step in Step:
                self.step(step, secret, token, to)
                self.introduce()
                self.promise.check()
        except Killed:
            pass
        except GuardError as error:
            self.errors.append(error)
        else:
            self.rotations += 1
            return True
        self.introduce()
        self.promise.check()
        return False

    def step(self, step: Step, secret: str, token: str, to: Rotating) -> None:
        rotate(step, secret, token, to)

    def adopted(self, key: SimulatedKey) -> str:
        """Return the secret of a key, in which it is put if it was in none."""
        lineages = self.guard.ledger.lineages()
        known = next((one for one in lineages.values() if one.knows(key.hash)), None)
        if known:
            return known.secret
        secret = self.vault.create(key.name)
        number = list(self.account.keys).index(key.hash)
        kept = Kept(SecretStr(plaintext_of(number)), key.hash, key.name, self.now)
        self.vault.put_pending(secret, "first", kept)
        self.vault.promote(secret, "first")
        lineage = begun(secret, key.hash, key.name, workspace=key.workspace, at=self.now)
        self.guard.ledger.save(lineage)
        self.introduce()
        return secret

    def _was_in_use(self, key: str) -> bool:
        lineages = self.guard.ledger.lineages().values()
        return any(one.knows(key) for one in lineages)

    def introduce(self) -> None:
        """Tell the judge which keys are of one lineage, orphans too: by the names they began with."""
        truth = self.promise.truth
        for lineage in self.guard.ledger.lineages().values():
            self.roots[lineage.name] = lineage.generations[0].hash
        for one, key in self.account.keys.items():
            stem, _, number = key.name.partition(" #")
            if number and one not in truth.kin and one not in self.first:
                truth.kin[one], truth.numbers[one] = self.roots[stem], number

    def rotating(self, switch: Switch, *, is_busy: bool = False) -> Rotating:
        def pause(time: timedelta) -> None:
            self.advance(time)
            if is_busy:
                super(RotatingWorld, self).cycle()

        faults, ledger = self.guard.faults, self.guard.ledger
        openrouter = InProcessOpenRouter(self.account, faults)
        keys = in_process_keys(Api(self.account, faults))
        return Rotating(
            openrouter=cast("OpenRouter", Watched(openrouter, "OpenRouter", switch)),
            keys=cast("KeyMaker", Watched(keys, "keys", switch)),
            vault=cast("Vault", Watched(self.vault, "vault", switch)),
            ledger=cast("Ledger", WatchedLedger(ledger, "ledger", switch)),
            policy=self.guard.policy,
            run=f"rotate-{next(self._runs)}",
            now=self.now,
            clock=lambda: self.now,
            pause=pause,
        )
