"""A key and the ones that took its place are one key in costs, in reports and in what is unusual."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.cli.costs_told import told
from budget_guard.cli.focus import focus_lines
from budget_guard.domain.cost_budgets import cost_caps, reached
from budget_guard.domain.cost_spends import Counted
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.facts import Facts
from budget_guard.domain.lineage import begun
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.signals.signal import Signal
from budget_guard.use_cases.cost_caps import caps_over
from budget_guard.use_cases.costs.idle import unused_keys
from budget_guard.use_cases.costs.report import By, Period, cost_table
from budget_guard.use_cases.gathering import gather
from tests.domain.builders import DAY, HOUR, MINUTE, a_budget, a_grant
from tests.use_cases.costs.books import NOW, Books, Charge, know, polled

OLD, NEW = "#1", "#2"
NAMES = {OLD: "api", NEW: "api #2", "#job": "job"}
OWNED = a_budget("apis", keys="api", owner="search", daily=100)
WEEK = Period(NOW.date() - timedelta(days=6), NOW.date())


class Forgets(MemoryLedger):
    """A ledger that knows some keys no more, as it does a month after they were deleted."""

    forgotten: frozenset[str] = frozenset()

    def observations(self) -> Mapping[str, Observation]:
        kept = super().observations()
        return {key: one for key, one in kept.items() if key not in self.forgotten}


def an_account(*charges: Charge) -> tuple[Books, Forgets]:
    """Return an account in which `NEW` took the place of `OLD` yesterday."""
    books, ledger = Books([*charges], NAMES), Forgets()
    know(ledger, books, NAMES)
    lineage = begun("secret", OLD, "api", workspace="w1", at=NOW - 30 * DAY)
    ledger.save(lineage.moved_to(NEW, NOW - DAY))
    ledger.save(Deployed(Policy((OWNED,), "hash"), NOW))
    return books, ledger


def charge(
    key: str, usd: str | int, at: datetime = NOW - HOUR, model: str = "acme/large"
) -> Charge:
    return Charge(at, key, Decimal(usd), model)


def counted(ledger: MemoryLedger, books: Books, budget: Budget) -> Counted:
    polled(books, ledger, policy=Policy((budget,), "hash"))
    return ledger.cost_spends()[budget.name].windows[0]


def test_a_budget_on_models_counts_what_all_generations_spent_as_one_keys() -> None:
    large = a_budget("large", keys="api", models=("acme/l*",), weekly=50)
    charges = charge(OLD, 4, NOW - DAY), charge(OLD, 1), charge(NEW, 3), charge("#job", 9)
    books, ledger = an_account(*charges)
    found = counted(ledger, books, large)
    assert found.spent == 8
    assert [(one.key, one.spent) for one in found.spenders] == [(OLD, Decimal(8))]
    assert found.per_hour == found.spenders[0].per_hour == Decimal(4) / 3


def test_what_a_generation_spent_that_is_known_no_more_stays_its_lineages() -> None:
    narrow = a_budget("large", keys="api", workspaces=("w1",), models=("acme/l*",), weekly=50)
    charges = charge(OLD, 4, NOW - DAY), charge(NEW, 3)
    books, ledger = an_account(*charges)
    polled(books, ledger, NOW - MINUTE, policy=Policy((), "hash"))
    ledger.forgotten = frozenset({OLD})
    assert counted(ledger, books, narrow).spent == 7


def facts_of(budget: Budget, *charges: Charge, grants: tuple[Grant, ...] = ()) -> Facts:
    books, ledger = an_account(*charges)
    policy = Policy((budget,), "hash")
    polled(books, ledger, policy=policy)
    return replace(gather(ledger, policy, NOW), grants=grants)


def test_a_cap_for_each_key_is_one_for_a_lineage_and_a_grant_to_any_generation_lifts_it() -> None:
    each = a_budget("each", models=("acme/l*",), per_key=True, daily=5)
    granted = a_grant(10, budget="each", key=OLD)
    facts = facts_of(each, charge(OLD, 4), charge(NEW, 3), grants=(granted,))
    (cap,) = (one.constraint for one in cost_caps(facts))
    assert (cap.subject, cap.spend, cap.cap) == (NEW, Decimal(7), Decimal(15))
    for key in (OLD, NEW):
        ((_, view),) = caps_over(facts.observations[key], facts)
        assert view.spent == 7
    assert not list(caps_over(facts.observations["#job"], facts))


def test_a_threshold_of_such_a_cap_is_one_incident_that_a_rotation_does_not_end() -> None:
    each = a_budget("each", models=("acme/l*",), per_key=True, daily=5)
    (step,) = reached(facts_of(each, charge(OLD, 4), charge(NEW, 3)))
    assert step.entry.incident.startswith(f"each/{OLD}/daily/")
    assert (step.entry.key, step.entry.key_name) == (NEW, "api")


def test_the_owner_of_a_lineage_is_known_when_its_first_key_is_not_any_more() -> None:
    books, ledger = an_account(charge(OLD, 4), charge(NEW, 3))
    polled(books, ledger)
    ledger.forgotten = frozenset({OLD})
    table = told(ledger, WEEK, By.KEY)
    (line,) = table.table.lines
    assert (line.label, table.owner(line)) == ("api", "search")


def test_costs_by_key_have_one_row_for_a_lineage_under_its_name() -> None:
    books, ledger = an_account(charge(OLD, 4, NOW - DAY), charge(NEW, 3), charge("#job", 1))
    polled(books, ledger)
    table = cost_table(ledger, WEEK, By.KEY)
    rows = [(line.label, line.key, line.figures.credits) for line in table.lines]
    assert rows == [("api", OLD, Decimal(7)), ("job", "#job", Decimal(1))]
    owned = {line.label: line.figures.credits for line in cost_table(ledger, WEEK, By.OWNER).lines}
    assert owned == {"search": 7, "(no owner)": 1}


def test_focus_has_a_row_for_each_hash_with_the_lineages_name() -> None:
    books, ledger = an_account(charge(OLD, 4), charge(NEW, 3))
    polled(books, ledger)
    header, *rows = (line.rstrip().split(",") for line in focus_lines(ledger, WEEK, "guard"))
    places = [header.index(name) for name in ("ResourceId", "ResourceName", "BilledCost")]
    found = sorted(tuple(row[place] for place in places) for row in rows)
    assert found == [(OLD, "api", "4"), (NEW, "api", "3")]
    assert all('"{""owner"": ""search""}"' in ",".join(row) for row in rows)


def a_month(new: int, *, of_day: int = 10) -> list[Charge]:
    """Return what the old key spent in each hour of four weeks, and the new one in the last two."""
    before = [NOW - hours * HOUR for hours in range(2, 28 * 24)]
    charges = [charge(OLD, of_day, at) for at in before]
    return [*charges, charge(NEW, new, NOW - HOUR), charge(NEW, new, NOW)]


def signals(charges: list[Charge]) -> tuple[MemoryLedger, tuple[Signal, ...]]:
    books, ledger = an_account(*charges)
    polled(books, ledger, policy=Policy((OWNED,), "hash"))
    looked = ledger.signals()
    assert looked
    return ledger, tuple(one for one in looked.found if one.id.startswith("unusual"))


def test_a_new_generation_that_spends_as_its_lineage_did_is_nothing_unusual() -> None:
    _, found = signals(a_month(10))
    assert found == ()


def test_a_new_generation_that_spends_unlike_its_lineage_is_told_of_at_once() -> None:
    ledger, (signal,) = signals(a_month(400))
    assert signal.id == f"unusual/{OLD}/cost"
    assert (signal.key, signal.key_name, signal.owner) == (NEW, "api", "search")
    assert f"freeze {NEW}" in str(signal.todo)
    later = Books([*a_month(400), charge(NEW, 1, NOW + DAY)], NAMES)
    polled(later, ledger, NOW + DAY, policy=Policy((OWNED,), "hash"))
    habits = [key.key for part in ledger.day_habits(NOW.date()) for key in part.keys]
    assert habits == [OLD]


def test_a_lineage_is_used_whose_new_key_is_too_young_to_tell() -> None:
    _, ledger = an_account()
    assert [one.name for one in unused_keys(ledger, NOW).keys] == []
    assert unused_keys(ledger, NOW).exist == 2
