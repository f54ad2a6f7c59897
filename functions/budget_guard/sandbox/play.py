"""The play: an evening until after midnight, poll by poll, with people stepping in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain.policy import Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.narration import Narration
from budget_guard.sandbox.scene import Scene
from budget_guard.sandbox.verdict import Evening

BEFORE_MIDNIGHT = timedelta(hours=1, minutes=59)
AFTER_MIDNIGHT = timedelta(minutes=16)
POLLS = timedelta(minutes=5)
ROLLED = timedelta(seconds=20)
FIRST_POLL = timedelta(seconds=62)

type Tell = Callable[[datetime, str], None]
type Step = Callable[[], None]


@dataclass
class Playbill:
    """What happened: alerts in order, which changes people (not the guard) made, and grants."""

    opened: datetime
    alerts: list[AlertEvent] = field(default_factory=list)
    by_people: list[tuple[datetime, str]] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)

    def evening(self, scene: Scene, policy: Policy) -> Evening:
        """Return what happened, to be judged from the account's books."""
        people = frozenset(self.by_people)
        return Evening(scene.account, policy, self.opened, people, self.grants)


def opening(today: date) -> datetime:
    """Return 22:01 UTC of a coming day whose midnight is only a day's end: no week's, no month's."""
    day = today
    while (day + timedelta(days=1)).weekday() == 0 or (day + timedelta(days=1)).day == 1:
        day += timedelta(days=1)
    midnight = datetime.combine(day + timedelta(days=1), time(), UTC)
    return midnight - BEFORE_MIDNIGHT


def write_story(folder: Path, hashes: Mapping[str, str]) -> Path:
    """Write the story's budgets file, which protects one key by its hash."""
    text = (Path(__file__).parent / "story.yaml").read_text(encoding="utf-8")
    path = folder / "budgets.yaml"
    path.write_text(text.replace("{protected}", hashes["prod-checkout"]), encoding="utf-8")
    return path


def play(scene: Scene, tell: Tell, *, policy: Policy, with_people: bool) -> Playbill:
    """Play until after midnight; `tell` hears of each thing as it happens."""
    evening = _Course(scene, policy, tell)
    if with_people:
        evening.steps = _People(evening).steps()
    evening.run()
    return evening.bill


class _Course:
    """How the evening goes; while `is_on` is false, no function of the guard runs."""

    def __init__(self, scene: Scene, policy: Policy, tell: Tell) -> None:
        self.scene, self.bill, self.is_on = scene, Playbill(scene.now), True
        self.midnight = end(Window.DAILY, scene.now)
        self.steps: dict[datetime, tuple[str, Step]] = {}
        self.tell, self._reported = tell, 0
        self._narration = Narration(
            scene.account, policy, lambda key: scene.ledger.audit(key)[0].reason
        )

    def run(self) -> None:
        scene, midnight = self.scene, self.midnight
        while scene.now < midnight + AFTER_MIDNIGHT:
            self._cycle()
            for at in [at for at in self.steps if at <= scene.now]:
                text, step = self.steps.pop(at)
                self.tell(scene.now, text)
                step()
                self._report()
            if scene.now < midnight <= scene.now + POLLS:
                self._roll()
            else:
                scene.traffic.play(scene.now + POLLS)
        self._cycle()

    def _cycle(self) -> None:
        if self.is_on:
            self.scene.cycle()
            self._report()

    def _roll(self) -> None:
        self.scene.traffic.play(self.midnight + ROLLED)
        self.tell(self.scene.now, "midnight: a new day's money, without a new poll")
        self.scene.decide()
        self._report()
        self.scene.traffic.play(self.midnight + FIRST_POLL)

    def _report(self) -> None:
        """Tell what the guard changed since the last report, and why, and what on-call heard."""
        changes, bill = self.scene.account.books.changes, self.bill
        new = [
            one
            for one in changes[self._reported :]
            if one.at >= bill.opened and (one.at, one.hash) not in bill.by_people
        ]
        self._reported = len(changes)
        for at, line in self._narration.lines(new):
            self.tell(at, line)
        for alert in self.scene.alerts():
            bill.alerts.append(alert)
            self.tell(alert.at, alert.summary)


@dataclass
class _People:
    """What people do in the story: to a key, to the guard, and on call."""

    evening: _Course
    refused_before: int = 0

    def steps(self) -> dict[datetime, tuple[str, Step]]:
        """Return what they do, and when."""
        granting = "on-call: budget-guard grant search 15 --for 30m --reason 'release night'"
        by_minutes_left: dict[int, tuple[str, Step]] = {
            94: ("a person sets dev-bob's limit to 50 USD by hand", self._raise_by_hand),
            84: ("the guard is switched off: nothing of it runs, its fences stay", self._off),
            49: ("the guard is back", self._on),
            39: (granting, self._grant),
        }
        midnight = self.evening.midnight
        return {midnight - timedelta(minutes=at): step for at, step in by_minutes_left.items()}

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
        scene.cycle()

    def _grant(self) -> None:
        scene = self.evening.scene
        ends = scene.now + timedelta(minutes=30)
        given = Grant("sandbox", "search", Decimal(15), scene.now, ends, "release night", "on-call")
        self.evening.bill.grants.append(given)
        scene.ledger.save(given)
        scene.decide()
