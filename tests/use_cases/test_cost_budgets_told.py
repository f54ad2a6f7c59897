"""From costs to people: budgets on models are told by thresholds, and are over with their window."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.adapters.alerts import RecordingNotifier
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.observations import Freshness
from budget_guard.domain.policy import Budget, Mode, Policy
from budget_guard.domain.records import SpendRecord
from budget_guard.use_cases.evaluate import EvaluateReport, Evaluation, evaluate
from budget_guard.use_cases.headroom import headroom
from budget_guard.use_cases.leases import leased
from tests.domain.builders import DAY, HOUR, MINUTE, a_budget, a_grant, usd, utc
from tests.use_cases.costs.books import Books, Charge, know, polled

NOW = utc("2026-11-18 12:20")
LARGE = a_budget("large", models=("acme/l*",), daily=100, owner="ann")


class Saves(MemoryLedger):
    """A ledger that remembers what was spent by budgets, and how often such budgets were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: list[SpendRecord] = []
        self.asked = 0

    def save(self, *records: object, **under: object) -> None:
        self.spent += [one for one in records if isinstance(one, SpendRecord)]
        super().save(*records, **under)  # type: ignore[arg-type]

    def cost_spends(self) -> dict[str, CostSpend]:
        self.asked += 1
        return dict(super().cost_spends())


class Desk:
    """A guard over one key that spends on two models; costs are polled when told to."""

    def __init__(self, *budgets: Budget) -> None:
        self.ledger, self.topic, self.books = Saves(), RecordingNotifier(), Books()
        self.policy = Policy(budgets or (LARGE,), "hash", Mode.ENFORCE)
        know(self.ledger, self.books, ["#api"])

    def spend(self, cost: str, at: datetime, model: str = "acme/large") -> None:
        self.books.charges.append(Charge(at, cost=Decimal(cost), model=model))

    def poll(self, now: datetime) -> None:
        polled(self.books, self.ledger, now, policy=self.policy)

    def evaluate(self, now: datetime) -> EvaluateReport:
        self.ledger.save(Freshness("w1", now, now))
        with leased(self.ledger, "evaluate", token="t", now=now, lasts=MINUTE) as lease:
            return evaluate(Evaluation(self.ledger, self.topic, lease, self.policy, now))

    def told(self, now: datetime) -> list[Kind]:
        """Evaluate; return what went out of such budgets."""
        sent = self.evaluate(now).sent
        return [one.kind for one in sent if one.kind is not Kind.UNMANAGED]


def test_a_threshold_is_told_once_the_next_one_again_and_midnight_ends_it() -> None:
    desk = Desk()
    desk.spend("85", NOW - HOUR)
    desk.spend("400", NOW - HOUR, "acme/small")
    desk.poll(NOW)
    assert desk.told(NOW) == [Kind.THRESHOLD]
    assert desk.told(NOW + 5 * MINUTE) == []
    desk.spend("16", NOW)
    desk.poll(NOW + 15 * MINUTE)
    assert desk.told(NOW + 15 * MINUTE) == [Kind.THRESHOLD]
    assert desk.topic.alerts[-1].entries[0].spent == 101
    assert desk.told(NOW + 10 * HOUR) == []
    assert desk.told(utc("2026-11-19 00:00:20")) == [Kind.RESOLVED]
    assert not desk.ledger.incidents().keys() & {"large/*/daily/2026-11-18"}


def test_while_costs_cannot_be_read_nothing_is_over() -> None:
    desk = Desk()
    desk.spend("85", NOW - HOUR)
    desk.poll(NOW)
    desk.told(NOW)
    desk.books.down.add("w1")
    desk.poll(NOW + 3 * HOUR)
    assert desk.told(NOW + 3 * HOUR) == []
    raised = replace(LARGE, cap=dict.fromkeys(LARGE.cap, usd(1000)))
    desk.policy = replace(desk.policy, budgets=(raised,), hash="2")
    assert desk.told(NOW + 3 * HOUR) == []
    desk.books.down.clear()
    desk.poll(NOW + 4 * HOUR)
    assert desk.told(NOW + 4 * HOUR) == [Kind.RESOLVED]


def test_no_key_is_wished_to_be_anything_however_much_was_spent() -> None:
    desk = Desk(replace(LARGE, hold=a_budget().hold), replace(LARGE, name="each", per_key=True))
    desk.spend("5000", NOW - HOUR)
    desk.poll(NOW)
    plan = desk.evaluate(NOW).plan
    assert not plan.wishes
    assert not plan.constraints
    assert not plan.standings


def test_what_it_spent_is_on_record_and_settles_its_grants() -> None:
    desk = Desk()
    desk.spend("130", NOW - HOUR)
    desk.ledger.save(a_grant(50, NOW - HOUR, NOW - MINUTE, budget="large"))
    desk.poll(NOW)
    desk.evaluate(NOW)
    (record,) = desk.ledger.spent
    assert (record.budget, record.key) == ("large", None)
    assert record.spend == record.cap == 130
    (grant,) = desk.ledger.grants()
    assert dict(grant.settled) == {next(iter(LARGE.cap)): 130}


def test_a_grant_that_ends_while_nothing_is_known_is_settled_later() -> None:
    desk = Desk()
    desk.ledger.save(a_grant(50, NOW - HOUR, NOW - MINUTE, budget="large"))
    desk.evaluate(NOW)
    assert not desk.ledger.spent
    assert not desk.ledger.grants()[0].settled


def test_spends_are_asked_for_only_where_there_are_such_budgets() -> None:
    desk = Desk(a_budget(daily=5))
    desk.evaluate(NOW)
    assert desk.ledger.asked == 0
    desk = Desk()
    desk.evaluate(NOW)
    assert desk.ledger.asked == 1


def test_such_a_budget_does_not_bound_what_an_application_may_spend() -> None:
    desk = Desk()
    desk.spend("5000", NOW - HOUR)
    desk.poll(NOW)
    desk.evaluate(NOW)
    found = headroom(desk.ledger, desk.policy, "#api", NOW)
    assert found is not None
    assert (found.headroom, found.budget, found.owner, found.resets_at) == (None, None, None, None)


def test_a_month_goes_on_over_days_that_are_closed() -> None:
    desk = Desk(replace(LARGE, cap=a_budget(monthly=100).cap))
    for back in range(10):
        desk.spend("8.5", NOW - back * DAY)
    for moment in (NOW - 6 * HOUR, NOW + timedelta(minutes=1)):
        desk.poll(moment)
    assert desk.told(NOW) == [Kind.THRESHOLD]
    assert desk.topic.alerts[-1].entries[0].spent == 85
