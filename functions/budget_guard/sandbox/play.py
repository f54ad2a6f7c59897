"""The play: an evening until after midnight, poll by poll, with people stepping in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain.policy import Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.narration import Narration
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.sandbox.verdict import Evening
from budget_guard.use_cases.ports import Ledger

BEFORE_MIDNIGHT = timedelta(hours=1, minutes=59)
AFTER_MIDNIGHT = timedelta(minutes=16)
POLLS = timedelta(minutes=5)
ROLLED = timedelta(seconds=20)
FIRST_POLL = timedelta(seconds=62)

type Tell = Callable[[datetime, str], None]
type Step = Callable[[], None]


class Scene(Protocol):
    """Where it is played: an account with its traffic, and the guard, run by run."""

    traffic: Traffic
    hashes: dict[str, str]

    @property
    def account(self) -> Account:
        """Return the account; the traffic runs on it."""
        ...

    @property
    def now(self) -> datetime:
        """Return the time of the play."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Return the guard's memory."""
        ...

    def cycle(self) -> None:
        """Poll, evaluate and enforce."""
        ...

    def decide(self) -> None:
        """Evaluate and enforce without a poll."""
        ...

    def alerts(self) -> list[AlertEvent]:
        """Return the alerts that came since the last call, in order."""
        ...


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
        evening.steps = _people(evening)
    evening.run()
    return evening.bill


class _Course:
    """How the evening goes; while `is_on` is false, no function of the guard runs."""

    def __init__(self, scene: Scene, policy: Policy, tell: Tell) -> None:
        self.scene, self.bill, self.is_on = scene, Playbill(scene.now), True
        self.midnight = end(Window.DAILY, scene.now)
        self.steps: dict[datetime, tuple[str, Step]] = {}
        self._tell, self._reported = tell, 0
        self._narration = Narration(
            scene.account, policy, lambda key: scene.ledger.audit(key)[0].reason
        )

    def run(self) -> None:
        scene, midnight = self.scene, self.midnight
        while scene.now < midnight + AFTER_MIDNIGHT:
            self._cycle()
            for at in [at for at in self.steps if at <= scene.now]:
                text, step = self.steps.pop(at)
                self._tell(scene.now, text)
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
        self._tell(self.scene.now, "midnight: a new day's money, without a new poll")
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
            self._tell(at, line)
        for alert in self.scene.alerts():
            bill.alerts.append(alert)
            self._tell(alert.at, alert.summary)


def _people(evening: _Course) -> dict[datetime, tuple[str, Step]]:
    """Return what people do, and when, in minutes before midnight."""
    scene, bill = evening.scene, evening.bill

    def by_hand() -> None:
        key = scene.hashes["dev-bob"]
        bill.by_people.append((scene.now, key))
        scene.account.patch_key(key, {"limit": Decimal(50), "limit_reset": "daily"})

    def off() -> None:
        evening.is_on = False

    def on() -> None:
        evening.is_on = True
        scene.cycle()

    def grant() -> None:
        ends = scene.now + timedelta(minutes=30)
        given = Grant("sandbox", "search", Decimal(15), scene.now, ends, "release night", "on-call")
        bill.grants.append(given)
        scene.ledger.save(given)
        scene.decide()

    granting = "on-call: budget-guard grant search 15 --for 30m --reason 'release night'"
    steps: dict[int, tuple[str, Step]] = {
        94: ("a person sets dev-bob's limit to 50 USD by hand", by_hand),
        84: ("the guard is switched off: nothing of it runs, its fences stay", off),
        49: ("the guard is back", on),
        39: (granting, grant),
    }
    return {evening.midnight - timedelta(minutes=at): step for at, step in steps.items()}
