"""The play: an evening until after midnight, poll by poll, with people stepping in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain.policy import Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.handover import Handover
from budget_guard.sandbox.narration import Narration, heard
from budget_guard.sandbox.people import People, Steps
from budget_guard.sandbox.scene import Scene
from budget_guard.sandbox.succession import Succession
from budget_guard.sandbox.turns import Turn
from budget_guard.sandbox.verdict import Evening

BEFORE_MIDNIGHT = timedelta(hours=1, minutes=59)
AFTER_MIDNIGHT = timedelta(minutes=16)
POLLS = timedelta(minutes=5)
COSTS, COSTS_BEGIN = timedelta(minutes=15), timedelta(minutes=8)
"""Costs are polled 8 minutes past the hour and every 15 after that, as the stack's schedule has it."""
ROLLED = timedelta(seconds=20)
FIRST_POLL = timedelta(seconds=62)
ROTATED = "chat-api"

type Tell = Callable[[datetime, str], None]


@dataclass
class Playbill:
    """What happened: alerts in order, changes that people (not the guard) made, grants, turns.

    `kin` has the name of the lineage of each key under rotation, by hash.
    """

    opened: datetime
    alerts: list[AlertEvent] = field(default_factory=list)
    by_people: list[tuple[datetime, str]] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    kin: dict[str, str] = field(default_factory=dict)
    succession: Succession | None = None

    def evening(self, scene: Scene, policy: Policy) -> Evening:
        """Return what happened, to be judged from the account's books."""
        return Evening(
            scene.account,
            policy,
            self.opened,
            frozenset(self.by_people),
            self.grants,
            self.turns,
            self.alerts,
            self.kin,
            self.succession,
        )


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
    evening = Course(scene, policy, tell)
    if with_people:
        evening.steps = People(evening).steps()
    handover = Handover(evening, ROTATED, policy)
    if with_people and policy.rotation_of(ROTATED):
        evening.steps |= handover.steps()
    evening.run()
    evening.bill.succession = handover.succession()
    return evening.bill


class Course:
    """How the evening goes; while `is_on` is false, no function of the guard runs."""

    def __init__(self, scene: Scene, policy: Policy, tell: Tell) -> None:
        self.scene, self.bill, self.is_on = scene, Playbill(scene.now), True
        self.midnight = end(Window.DAILY, scene.now)
        self.steps: Steps = {}
        self.tell, self._reported = tell, 0
        self._costs_polled = self._costs_due
        self._narration = Narration(
            scene.account, policy, lambda key: scene.ledger.audit(key)[0].reason, self.bill.kin
        )

    def run(self) -> None:
        """Play until the curtain falls, and let the guard run once more."""
        scene, midnight = self.scene, self.midnight
        while scene.now < midnight + AFTER_MIDNIGHT:
            due = scene.now + POLLS
            self.cycle()
            for at in [at for at in self.steps if at <= scene.now]:
                text, step = self.steps.pop(at)
                self.tell(scene.now, text)
                step()
                self.report()
            if scene.now < midnight <= due:
                self._roll()
            else:
                scene.traffic.play(max(scene.now, due))
        self.cycle()

    def cycle(self) -> None:
        """Let the guard, if it is on, run once, and tell what came of it."""
        if self.is_on:
            if self._costs_polled < self._costs_due:
                self.scene.poll_costs()
                self._costs_polled = self._costs_due
            self.scene.cycle()
            self.report()

    @property
    def _costs_due(self) -> int:
        """Return how many polls of costs were due from midnight until now; before it, less than 0."""
        return (self.scene.now - self.midnight - COSTS_BEGIN) // COSTS

    def _roll(self) -> None:
        self.scene.traffic.play(self.midnight + ROLLED)
        self.tell(self.scene.now, "midnight: a new day's money, without a new poll")
        self.scene.decide()
        self.report()
        self.scene.traffic.play(self.midnight + FIRST_POLL)

    def report(self) -> None:
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
            for line in heard(alert):
                self.tell(alert.at, line)
