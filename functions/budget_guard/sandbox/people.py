"""What others do in the story: people to a key, to the guard and on call; and a provider."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from budget_guard.domain.axis import Axis
from budget_guard.domain.records import Grant
from budget_guard.sandbox.cast import OPUS, SONNET
from budget_guard.sandbox.turns import Turn

if TYPE_CHECKING:
    from budget_guard.sandbox.play import Course

type Steps = dict[datetime, tuple[str, Callable[[], None]]]
"""What happens when, and how the timeline tells it."""
SWITCHED, FAILING, STAND_IN = "agent-crawler", "Anthropic", "Amazon Bedrock"
PRICE, UNCACHED = "at 5 times the price", "where nothing of theirs is cached: dearer too"


@dataclass
class People:
    """What others do in the story: people to a key, to the guard and on call; and a provider."""

    evening: "Course"
    refused_before: int = 0

    def steps(self) -> Steps:
        """Return what they do, and when."""
        switching = f"ai-team switches {SWITCHED} from {SONNET.model} to {OPUS.model}, {PRICE}"
        failing = f"{FAILING} fails: ai-team's requests fall back to {STAND_IN}, {UNCACHED}"
        granting = "on-call: budget-guard grant search 15 --for 30m --reason 'release night'"
        by_minutes_left: dict[int, tuple[str, Callable[[], None]]] = {
            119: (switching, self._switch),
            104: (failing, self._fall_back),
            94: ("a person sets dev-bob's limit to 50 USD by hand", self._raise_by_hand),
            84: ("the guard is switched off: nothing of it runs, its fences stay", self._off),
            49: ("the guard is back", self._on),
            39: (granting, self._grant),
        }
        midnight = self.evening.midnight
        return {midnight - timedelta(minutes=at): step for at, step in by_minutes_left.items()}

    def _switch(self) -> None:
        """Note it: the key's calls, which begin now, are all for that model."""
        self._turn(Axis.MODEL, OPUS.model)

    def _fall_back(self) -> None:
        self.evening.scene.account.spending.failing[FAILING] = STAND_IN
        self._turn(Axis.PROVIDER, STAND_IN)

    def _turn(self, axis: Axis, label: str) -> None:
        scene = self.evening.scene
        turn = Turn(scene.now, scene.hashes[SWITCHED], axis, label)
        self.evening.bill.turns.append(turn)

    def _raise_by_hand(self) -> None:
        scene = self.evening.scene
        key = scene.hashes["dev-bob"]
        self.evening.bill.by_people.append((scene.now, key))
        scene.account.patch_key(key, {"limit": Decimal(50), "limit_reset": "daily"})

    def _off(self) -> None:
        self.evening.is_on = False
        self.refused_before = len(self.evening.scene.account.books.refused)

    def _on(self) -> None:
        self.evening.is_on = True
        scene = self.evening.scene
        refused = [one.hash for one in scene.account.books.refused[self.refused_before :]]
        names = ", ".join(sorted(scene.account.keys[key].name for key in set(refused)))
        text = f"meanwhile OpenRouter refused {len(refused)} requests: {names}"
        self.evening.tell(scene.now, text)
        self.evening.cycle()

    def _grant(self) -> None:
        scene = self.evening.scene
        ends = scene.now + timedelta(minutes=30)
        given = Grant("sandbox", "search", Decimal(15), scene.now, ends, "release night", "on-call")
        self.evening.bill.grants.append(given)
        scene.ledger.save(given)
        scene.decide()
