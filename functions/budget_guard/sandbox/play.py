"""The play: an evening until after midnight, poll by poll, with people stepping in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain import words
from budget_guard.domain.policy import Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.stage import Stage
from budget_guard.sandbox.verdict import Evening

BEFORE_MIDNIGHT = timedelta(hours=1, minutes=59)
AFTER_MIDNIGHT = timedelta(minutes=16)
POLLS = timedelta(minutes=5)
ROLLED = timedelta(seconds=20)
FIRST_POLL = timedelta(seconds=62)

type Tell = Callable[[datetime, str], None]


@dataclass
class Playbill:
    """What happened: alerts in order, which changes people (not the guard) made, and grants.

    `reported` counts the changes at OpenRouter that were told of.
    """

    opened: datetime
    alerts: list[AlertEvent] = field(default_factory=list)
    by_people: list[tuple[datetime, str]] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    reported: int = 0

    def evening(self, stage: Stage, policy: Policy) -> Evening:
        """Return what happened, to be judged from the account's books."""
        people = frozenset(self.by_people)
        return Evening(stage.account, policy, self.opened, people, self.grants)


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


def play(stage: Stage, tell: Tell, *, with_people: bool) -> Playbill:
    """Play until after midnight; `tell` hears of each thing as it happens."""
    bill = Playbill(stage.now)
    midnight = end(Window.DAILY, stage.now)
    steps = _people(stage, midnight, bill) if with_people else {}
    while stage.now < midnight + AFTER_MIDNIGHT:
        stage.cycle()
        _report(stage, bill, tell)
        for at in [at for at in steps if at <= stage.now]:
            text, step = steps.pop(at)
            step()
            tell(stage.now, text)
        if stage.now < midnight <= stage.now + POLLS:
            stage.traffic.play(midnight + ROLLED)
            stage.decide()
            tell(stage.now, "midnight: what was held is given back without a new poll")
            _report(stage, bill, tell)
            stage.traffic.play(midnight + FIRST_POLL)
        else:
            stage.traffic.play(stage.now + POLLS)
    stage.cycle()
    _report(stage, bill, tell)
    return bill


def _report(stage: Stage, bill: Playbill, tell: Tell) -> None:
    """Tell what the guard changed since the last report, and why, and what on-call heard."""
    changes = stage.account.books.changes
    for change in changes[bill.reported :]:
        if change.at >= bill.opened and (change.at, change.hash) not in bill.by_people:
            name, reason = stage.name(change.hash), stage.ledger.audit(change.hash)[0].reason
            tell(change.at, f"{name} -> {words.limit(change.after.limit)}: {reason}")
    bill.reported = len(changes)
    for alert in stage.alerts():
        bill.alerts.append(alert)
        tell(alert.at, alert.summary)


def _people(
    stage: Stage, midnight: datetime, bill: Playbill
) -> dict[datetime, tuple[str, Callable[[], None]]]:
    """Return what people do, and when: somebody lifts a limit by hand, on-call grants money."""

    def by_hand() -> None:
        key = stage.hashes["dev-bob"]
        bill.by_people.append((stage.now, key))
        stage.account.patch_key(key, {"limit": Decimal(50), "limit_reset": "daily"})

    def grant() -> None:
        ends = stage.now + timedelta(minutes=30)
        given = Grant("sandbox", "search", Decimal(15), stage.now, ends, "release night", "on-call")
        bill.grants.append(given)
        stage.ledger.save(given)
        stage.decide()

    return {
        midnight - timedelta(minutes=85): (
            "a person sets dev-bob's limit to 50 USD by hand",
            by_hand,
        ),
        midnight - timedelta(minutes=45): (
            "on-call: budget-guard grant search 15 --for 30m --reason 'release night'",
            grant,
        ),
    }
