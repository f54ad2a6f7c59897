"""From a signal to people: told once, not again, over when it is over, silent while stale."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.adapters.alerts import RecordingNotifier
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.ladder import Severity
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport
from budget_guard.domain.signals.rules import Account
from budget_guard.domain.signals.signal import RequestSignals, Signal, Signals
from budget_guard.use_cases.evaluate import Evaluation, evaluate
from budget_guard.use_cases.leases import leased
from tests.domain.builders import HOUR, MINUTE, NOW, a_budget

UNUSUAL = Signal(
    "unusual/#api/cost",
    Kind.UNUSUAL,
    "api: 0.40 USD a request",
    Decimal("0.1"),
    Decimal("0.4"),
    owner="search",
)
SHIFTED = replace(UNUSUAL, id="mix/search/model/large", kind=Kind.MIX_SHIFTED)
FELL_BACK = replace(UNUSUAL, id="fallbacks/search/Acme", kind=Kind.FALLBACKS)
LOOP = replace(UNUSUAL, id="loop/#api/session/0", kind=Kind.LOOP)
ACCOUNT = Account(balance_below=Decimal(100), runway_below=timedelta(hours=72))


class Desk:
    """A guard over an account without keys, and everything that it published."""

    def __init__(self) -> None:
        self.ledger, self.topic = MemoryLedger(), RecordingNotifier()
        self.policy = Policy((a_budget(),), "hash", account=ACCOUNT)

    def signals(self, *found: Signal, at: datetime) -> None:
        self.ledger.save(Signals(at, at, found))

    def request_signals(self, *found: Signal, at: datetime) -> None:
        self.ledger.save(RequestSignals(at, at, found))

    def told(self, now: datetime) -> list[tuple[Kind, Severity]]:
        """Evaluate; return what went out."""
        before = len(self.topic.alerts)
        with leased(self.ledger, "evaluate", token="t", now=now, lasts=MINUTE) as lease:
            evaluate(Evaluation(self.ledger, self.topic, lease, self.policy, now))
        return [(one.kind, one.severity) for one in self.topic.alerts[before:]]


def test_a_signal_is_told_once_and_resolved_when_it_is_gone() -> None:
    desk = Desk()
    desk.signals(UNUSUAL, at=NOW)
    assert desk.told(NOW) == [(Kind.UNUSUAL, Severity.WARNING)]
    desk.signals(replace(UNUSUAL, text="api: 0.50 USD a request"), at=NOW + HOUR)
    assert desk.told(NOW + HOUR) == []
    desk.signals(at=NOW + 2 * HOUR)
    assert desk.told(NOW + 2 * HOUR) == [(Kind.RESOLVED, Severity.INFO)]
    assert not desk.ledger.incidents()


def test_signals_of_a_poll_that_stopped_open_nothing_and_end_nothing() -> None:
    desk = Desk()
    desk.signals(UNUSUAL, at=NOW)
    desk.told(NOW)
    later = NOW + 3 * HOUR
    desk.signals(SHIFTED, at=NOW)
    assert desk.told(later) == []
    assert set(desk.ledger.incidents()) == {UNUSUAL.id}
    desk.signals(SHIFTED, at=later)
    assert {kind for kind, _ in desk.told(later)} == {Kind.MIX_SHIFTED, Kind.RESOLVED}


def test_signals_of_requests_are_told_and_resolved_beside_those_of_costs() -> None:
    desk = Desk()
    desk.signals(UNUSUAL, at=NOW)
    desk.request_signals(FELL_BACK, LOOP, at=NOW)
    kinds = {Kind.UNUSUAL, Kind.FALLBACKS, Kind.LOOP}
    assert set(desk.told(NOW)) == {(kind, Severity.WARNING) for kind in kinds}
    desk.request_signals(LOOP, at=NOW + HOUR)
    assert desk.told(NOW + HOUR) == [(Kind.RESOLVED, Severity.INFO)]
    assert set(desk.ledger.incidents()) == {UNUSUAL.id, LOOP.id}


def test_requests_that_nobody_looks_at_any_more_open_nothing_and_end_nothing() -> None:
    desk = Desk()
    desk.request_signals(LOOP, at=NOW)
    desk.told(NOW)
    desk.signals(at=NOW + 3 * HOUR)
    assert desk.told(NOW + 3 * HOUR) == []
    assert set(desk.ledger.incidents()) == {LOOP.id}


def test_that_a_mix_is_as_before_again_is_not_told() -> None:
    desk = Desk()
    desk.signals(SHIFTED, at=NOW)
    assert desk.told(NOW) == [(Kind.MIX_SHIFTED, Severity.WARNING)]
    desk.signals(at=NOW + HOUR)
    assert desk.told(NOW + HOUR) == []
    assert not desk.ledger.incidents()


def test_that_a_price_is_no_news_any_more_is_not_told_but_that_no_model_is_going_is() -> None:
    desk = Desk()
    repriced = replace(UNUSUAL, id="price/acme/large/2026-11-18T12:00", kind=Kind.REPRICED)
    withdrawn = replace(UNUSUAL, id="withdrawn/acme/large/2026-12-01", kind=Kind.WITHDRAWN)
    desk.signals(repriced, withdrawn, at=NOW)
    assert {kind for kind, _ in desk.told(NOW)} == {Kind.REPRICED, Kind.WITHDRAWN}
    desk.signals(withdrawn, at=NOW + HOUR)
    assert desk.told(NOW + HOUR) == []
    desk.signals(at=NOW + 2 * HOUR)
    assert desk.told(NOW + 2 * HOUR) == [(Kind.RESOLVED, Severity.INFO)]


def test_a_balance_is_told_when_it_falls_below_again_when_nothing_is_left_and_when_filled() -> None:
    desk, told = Desk(), []
    for hour, balance in enumerate([100, 99, 80, 0, -2, 109, 110]):
        now = NOW + hour * HOUR
        desk.ledger.save(PollReport(now, "run", balance=Decimal(balance)))
        told.append(desk.told(now))
    critical = [(Kind.BALANCE, Severity.CRITICAL)]
    assert told == [[], critical, [], critical, [], [], [(Kind.RESOLVED, Severity.INFO)]]
