"""An application's key is put under rotation, and rotated while the application calls all the time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from budget_guard.domain.errors import GuardError
from budget_guard.domain.holds import SETTLE
from budget_guard.domain.lineage import State
from budget_guard.domain.money import ZERO
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.application import Application
from budget_guard.sandbox.openrouter.keys import SimulatedKey, digest, remaining
from budget_guard.sandbox.succession import Generation, Standing, Succession
from budget_guard.use_cases.overview import overview
from budget_guard.use_cases.rotation.steps import Step

if TYPE_CHECKING:
    from budget_guard.sandbox.people import Steps
    from budget_guard.sandbox.play import Course

ADOPTED, ROTATED = timedelta(minutes=114), timedelta(minutes=34)
"""Before midnight."""
TRIES, BETWEEN = 4, SETTLE + timedelta(seconds=5)
"""A step that failed is asked for again, when a key's last change has settled."""


@dataclass
class Handover:
    """The rotation of the key `name` in the course of an evening; `policy` has its budget."""

    evening: "Course"
    name: str
    policy: Policy
    secret: str = ""
    moments: list[datetime] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)

    def steps(self) -> "Steps":
        """Return what people do, and when."""
        midnight = self.evening.midnight
        adopting = (
            f"budget-guard adopt {self.name}: its application reads the key from a secret now"
        )
        rotating = (
            f"on-call: budget-guard rotate {self.name}, while its application goes on calling"
        )
        return {
            midnight - ADOPTED: (adopting, self._adopt),
            midnight - ROTATED: (rotating, self._rotate),
        }

    def succession(self) -> Succession | None:
        """Return what came of it; None where the play did not come to it."""
        if len(self.standings) < len(("before", "after")):
            return None
        generations = tuple(self._generations())
        (began, _), books = self.moments, self.evening.scene.account.books
        off = [one.since for one in generations if one.state is State.DISABLED]
        ended = max(off, default=self.evening.scene.now)
        hashes = [key.hash for key in self._keys()]
        made = [one.admitted_at for one in books.charges if one.hash in hashes]
        refused = [one.at for one in books.refused if one.hash in hashes]
        return Succession(
            name=self.name,
            budget=self._budget,
            generations=generations,
            before=self.standings[0],
            after=self.standings[-1],
            began=began,
            ended=ended,
            requests=sum(began <= at <= ended for at in (*made, *refused)),
            failed=sum(began <= at <= ended for at in refused),
        )

    def _adopt(self) -> None:
        scene, secrets = self.evening.scene, self.evening.scene.secrets
        first = scene.hashes[self.name]
        self.secret = secrets.adopt(self.name, scene.plaintexts[self.name])
        application = Application(lambda: scene.now, lambda: digest(secrets.read(self.secret)))
        scene.traffic.callers[first] = application.key
        self.evening.bill.kin[first] = self.name

    def _rotate(self) -> None:
        """Drive the four steps as Secrets Manager does, and let the guard look at what came of it."""
        scene = self.evening.scene
        self.standings.append(self._standing())
        self.moments.append(scene.now)
        self._drive(str(uuid4()))
        self.moments.append(scene.now)
        new = scene.account.keys[digest(scene.secrets.read(self.secret))]
        self.evening.bill.kin[new.hash] = self.name
        scene.hashes[new.name] = new.hash
        self.evening.report()
        text = f"{new.name} is in the secret; {self.name} is disabled when nobody uses it any more"
        self.evening.tell(scene.now, text)
        self.evening.cycle()
        self.standings.append(self._standing())

    def _drive(self, token: str) -> None:
        """Do the four steps with one token, and again from the first where one fails."""
        scene, tries = self.evening.scene, TRIES
        while True:
            tries -= 1
            try:
                for step in Step:
                    scene.secrets.step(step, self.secret, token)
            except GuardError:
                if not tries:
                    raise
                scene.traffic.play(scene.now + BETWEEN)
            else:
                return

    @property
    def _budget(self) -> str:
        key = self._keys()[0]
        return next(one.name for one in self.policy.budgets if one.keys == (key.name,))

    def _keys(self) -> list[SimulatedKey]:
        """Return the keys of the lineage, the oldest first."""
        account, kin = self.evening.scene.account, self.evening.bill.kin
        return [key for one, key in account.keys.items() if kin.get(one) == self.name]

    def _standing(self) -> Standing:
        scene, keys = self.evening.scene, self._keys()
        now, account = scene.now, scene.account
        views = overview(scene.ledger, now).budgets
        cap = next(one for one in views if one.name == self._budget).caps[0]
        spent = cap.spent or ZERO
        tallies = account.books.tallies
        left = (
            remaining(key.enforced(now), tallies[key.hash], seen=now, calendar=now) or ZERO
            for key in keys
            if not key.terms.settings.disabled
        )
        return Standing(
            at=now,
            spent=spent,
            left=max(ZERO, cap.cap - spent),
            reach=sum((max(ZERO, one) for one in left), ZERO),
            booked=account.books.spent([key.hash for key in keys], None, now).credits,
        )

    def _generations(self) -> Iterator[Generation]:
        """Yield the keys of the lineage as they are at OpenRouter."""
        in_use = digest(self.evening.scene.secrets.read(self.secret))
        for number, key in enumerate(self._keys(), 1):
            state = State.CURRENT if key.hash == in_use else State.DRAINING
            since = key.created_at
            if key.terms.settings.disabled:
                state, since = State.DISABLED, key.updated_at or since
            yield Generation(number, key.name, state, since)
