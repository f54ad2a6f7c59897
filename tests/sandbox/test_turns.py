"""Who heard that a key's money goes elsewhere: one alert must name all of it, to its owner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from budget_guard.adapters.alerts.event import AlertEvent, event
from budget_guard.cli.sandbox_verdict import as_json, sentences
from budget_guard.domain.alerts import Alert, Entry, Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.ladder import Severity
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.narration import heard
from budget_guard.sandbox.openrouter import Account
from budget_guard.sandbox.turns import Turn
from budget_guard.sandbox.verdict import Evening, Verdict

AT = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=2)
MODEL = "team: model acme/large 70 % (was 0 %) of today's spend"
PROVIDER = "team: provider Beta 60 % (was 0 %) of today's spend"


def an_alert(
    *texts: str, kind: Kind = Kind.MIX_SHIFTED, owner: str = "ann", at: datetime = LATER
) -> AlertEvent:
    entries = tuple(Entry(f"mix/{text}", text, owner=owner) for text in texts)
    return event(Alert("event", kind, Severity.WARNING, at, entries), "BudgetGuard")


BOTH = an_alert(MODEL, PROVIDER)


@pytest.fixture
def evening(account: Account) -> Evening:
    """An evening on which the money of ann's one key went to another model and provider."""
    key = str(account.create_key({"name": "team-a"})[1]["hash"])
    budgets = (
        Budget("nobody's", {Window.DAILY: Decimal(9)}, ("*",)),
        Budget("team", {Window.DAILY: Decimal(9)}, ("team-*",), owner="ann"),
    )
    turns = (Turn(AT, key, Axis.MODEL, "acme/large"), Turn(AT, key, Axis.PROVIDER, "Beta"))
    return Evening(account, Policy(budgets, "hash"), AT, frozenset(), (), turns)


def judged(evening: Evening, *alerts: AlertEvent) -> Verdict:
    return replace(evening, alerts=alerts).verdict()


def test_an_alert_that_names_every_turn_to_the_owner_is_found(evening: Evening) -> None:
    verdict = judged(evening, an_alert("key stopped", kind=Kind.STOPPED), BOTH)
    assert verdict.hearing
    assert (verdict.hearing.alert, verdict.hearing.owner) == (BOTH, "ann")
    assert verdict.is_good


@pytest.mark.parametrize(
    "alerts",
    [
        (),
        (an_alert(MODEL),),
        (an_alert(PROVIDER),),
        (an_alert(MODEL), an_alert(PROVIDER)),
        (an_alert(MODEL.replace("large", "larger"), PROVIDER),),
        (an_alert(MODEL.replace("acme/large", "acme/small"), PROVIDER),),
        (an_alert(MODEL, PROVIDER, owner="bob"),),
        (an_alert(MODEL, PROVIDER, kind=Kind.UNUSUAL),),
        (an_alert(MODEL, PROVIDER, at=AT - timedelta(minutes=1)),),
    ],
    ids=[
        "none",
        "only-model",
        "only-provider",
        "two-alerts",
        "longer-name",
        "another-model",
        "another-owner",
        "another-kind",
        "too-early",
    ],
)
def test_less_than_that_is_not_enough(evening: Evening, alerts: tuple[AlertEvent, ...]) -> None:
    verdict = judged(evening, *alerts)
    assert verdict.hearing
    assert verdict.hearing.alert is None
    assert verdict.held
    assert not verdict.is_good


def test_an_evening_without_turns_needs_no_alert(evening: Evening) -> None:
    verdict = replace(evening, turns=()).verdict()
    assert verdict.hearing is None
    assert verdict.is_good


def said(verdict: Verdict, alerts: int) -> list[str]:
    """The last sentences, as they are read."""
    console = Console(file=StringIO(), width=200, record=True)
    for one in sentences(verdict, alerts):
        console.print(one)
    return console.export_text().splitlines()


def test_the_last_sentence_says_who_heard_what_and_when(evening: Evening) -> None:
    of_caps, of_turns = said(judged(evening, BOTH), 1)
    assert of_caps == (
        "Every promised cap held (2 promised caps, 1 alert, at most 0.00 USD in flight beyond one)."
    )
    assert of_turns == (
        "One alert told ann what made it dearer, at 00:01: model acme/large (since 22:01) and "
        "provider Beta (since 22:01)."
    )


def test_the_last_sentence_says_so_if_nobody_heard(evening: Evening) -> None:
    *_, last = said(judged(evening), 0)
    assert last.startswith("No alert told ann what made it dearer: model acme/large")


def test_machines_are_told_what_turned_and_by_which_event(evening: Evening) -> None:
    turns = as_json(judged(evening, BOTH), [BOTH])["turns"]
    assert turns[1] == {
        "since": AT.isoformat(),
        "provider": "Beta",
        "owner": "ann",
        "told_by": "event",
    }
    assert as_json(judged(evening), [])["turns"][0]["told_by"] is None


def test_the_timeline_has_each_sentence_of_moved_money_and_else_the_subject() -> None:
    assert heard(BOTH) == (f"WARNING {MODEL}", f"WARNING {PROVIDER}")
    other = an_alert("a key", "and another", kind=Kind.UNMANAGED)
    assert heard(other) == (other.summary,)
