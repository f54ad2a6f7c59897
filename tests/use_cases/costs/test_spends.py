"""What budgets on models and providers have spent, counted by each poll of costs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.axis import Axis
from budget_guard.domain.cost_spends import CostSpend, Counted, selection_of, terms_of
from budget_guard.domain.costs import Cost, CostDay, CostHour, CostsRead, Figures
from budget_guard.domain.observations import Former
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.polls import Workspace
from budget_guard.domain.windows import Window, start
from budget_guard.use_cases.costs.source import Offered
from tests.domain.builders import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONTHLY,
    WEEKLY,
    a_budget,
    a_key,
    counters,
    seen,
    usd,
    utc,
)
from tests.use_cases.costs.books import NOW, Books, Charge, a_ledger, know, polled

CAPS: dict[str, Any] = {"daily": 10, "weekly": 50, "monthly": 100}
LARGE = a_budget("large", models=("acme/l*",), **CAPS)
BETA = a_budget("beta", providers=("Beta",), **CAPS)


class Reads(MemoryLedger):
    """A ledger that remembers the days whose hours were read, and what was asked of spends."""

    def __init__(self) -> None:
        super().__init__()
        self.days: list[date] = []

    def cost_hours(self, day: date) -> Sequence[CostHour]:
        self.days.append(day)
        return super().cost_hours(day)


def policy_of(*budgets: Budget, scope: tuple[str, ...] = ()) -> Policy:
    """Return a policy without signals, which would read hours too."""
    return Policy(budgets, "hash-of-file", scope=scope)


def counted(ledger: MemoryLedger, name: str, window: Window = MONTHLY) -> Counted:
    return next(one for one in ledger.cost_spends()[name].windows if one.window is window)


def spends(ledger: MemoryLedger, name: str) -> list[Decimal]:
    return [counted(ledger, name, window).spent for window in Window]


def charge(cost: str, model: str = "acme/large", **rest: Any) -> Charge:
    return Charge(rest.pop("at", NOW - HOUR), cost=Decimal(cost), model=model, **rest)


def polled_with(*budgets: Budget, charges: list[Charge], now: datetime = NOW) -> MemoryLedger:
    books = Books(charges)
    ledger = a_ledger(books, sorted({"#api", *(one.key for one in charges if one.key != "?")}))
    polled(books, ledger, now, policy=policy_of(*budgets))
    return ledger


def test_only_what_its_models_or_providers_cost_counts_in_each_window() -> None:
    charges = [
        charge("1"),
        charge("2", "acme/small"),
        charge("4", at=NOW - DAY, provider="Beta"),
        charge("8", "acme/small", at=NOW - 4 * DAY, provider="Beta"),
        charge("16", at=utc("2026-10-31 23:00")),
    ]
    ledger = polled_with(LARGE, BETA, charges=charges)
    assert spends(ledger, "large") == [1, 5, 5]
    assert spends(ledger, "beta") == [0, 4, 12]


def test_only_the_keys_that_it_covers_count() -> None:
    charges = [charge("1"), charge("2", key="#job"), charge("4", key="#jest")]
    ledger = polled_with(replace(LARGE, keys=("j*",)), charges=charges)
    assert counted(ledger, "large").spent == 6
    told = counted(ledger, "large").spenders
    assert {one.key: one.spent for one in told} == {"#jest": 4, "#job": 2}
    assert [one.key for one in told] == ["#jest", "#job"]


def test_a_key_that_left_counts_until_the_day_it_was_last_seen_as_a_member() -> None:
    charges = [charge("1", at=NOW - back * DAY) for back in range(4)]
    books = Books(charges)
    ledger = a_ledger(books, [])
    left = Former(a_key("old"), counters(3), NOW - 2 * DAY)
    now = replace(seen("api"), former=(replace(left, key=replace(left.key, hash="#api")),))
    ledger.save(Workspace("w1", "w1"), now)
    polled(books, ledger, policy=policy_of(replace(LARGE, keys=("old",))))
    assert counted(ledger, "large").spent == 2


@pytest.mark.parametrize(
    ("fields", "spent"), [({}, 1), ({"workspaces": ("w1",)}, 0), ({"creators": ("u*",)}, 0)]
)
def test_a_key_that_is_on_no_list_counts_by_its_name_where_that_is_all_that_is_asked(
    fields: dict[str, Any], spent: int
) -> None:
    books = Books([charge("1", key="#oauth")])
    ledger = a_ledger(books)
    polled(books, ledger, policy=policy_of(replace(LARGE, keys=("oa*",), **fields)))
    assert counted(ledger, "large").spent == spent


def test_a_budget_for_each_key_tells_of_each_that_is_known() -> None:
    charges = [charge("1"), charge("2", key="#job")]
    books = Books([*charges, charge("4", key="#oauth")])
    ledger = a_ledger(books, ["#api", "#job"])
    polled(books, ledger, policy=policy_of(replace(LARGE, per_key=True)))
    told = counted(ledger, "large").spenders
    assert [one.key for one in told] == ["#job", "#api"]
    assert [one.spent for one in told] == [2, 1]


def test_byok_counts_where_the_budget_says_so() -> None:
    ledger, row = MemoryLedger(), Figures(usd(1), byok=usd(2), requests=1)
    hour = NOW.replace(minute=0) - HOUR
    mine = Cost("#api", row, model="acme/large")
    ledger.save(
        Workspace("w1", "w1"),
        seen("api"),
        CostHour("w1", hour, NOW, (mine,), (replace(mine, model=None, provider="Acme"),)),
        CostsRead("w1", NOW - 28 * DAY, NOW - HOUR, NOW),
    )
    both = replace(LARGE, name="both", include_byok=True)
    books = Books(offers=Offered(frozenset()), down={"w1"})
    polled(books, ledger, policy=policy_of(LARGE, both))
    assert spends(ledger, "large") == [1, 1, 1]
    assert spends(ledger, "both") == [3, 3, 3]


def test_the_pace_is_that_of_the_last_three_whole_hours_of_today() -> None:
    charges = [
        charge("6", at=NOW - 2 * HOUR),
        charge("5", at=NOW - MINUTE),
        charge("9", at=NOW - DAY),
    ]
    ledger = polled_with(LARGE, charges=charges)
    assert counted(ledger, "large").per_hour == 2
    early = polled_with(
        LARGE, charges=[charge("6", at=utc("2026-11-18 00:01"))], now=utc("2026-11-18 00:10")
    )
    assert counted(early, "large", DAILY).spent == 6
    assert counted(early, "large", DAILY).per_hour == 0


def test_a_closed_day_replaces_its_hours() -> None:
    late = charge("3", at=NOW - DAY)
    books = Books([charge("1", at=NOW - DAY), late, charge("5")], hides={late})
    ledger = a_ledger(books, ["0a", "#api"])
    polled(books, ledger, NOW - 6 * HOUR, policy=policy_of(LARGE))
    assert spends(ledger, "large")[1:] == [4, 4]
    polled(books, ledger, policy=policy_of(LARGE))
    assert all(one.closed for one in ledger.cost_days((NOW - DAY).date()))
    assert spends(ledger, "large") == [5, 6, 6]


def test_days_that_are_over_for_good_are_summed_once() -> None:
    books, ledger = Books([charge("1", at=NOW - back * DAY) for back in range(20)]), Reads()
    know(ledger, books, ["#api"])
    rules = policy_of(LARGE)
    for moment in (NOW - 6 * HOUR, NOW):
        polled(books, ledger, moment, policy=rules)
    before = counted(ledger, "large")
    assert before.spent == 18
    ledger.days.clear()
    books.down.add("w1")
    polled(books, ledger, NOW + 15 * MINUTE, policy=rules)
    assert set(ledger.days) <= {NOW.date(), (NOW - DAY).date()}
    assert counted(ledger, "large").spent == before.spent


def test_a_day_that_activity_refuses_is_summed_again_after_six_hours() -> None:
    keys = ["0a", "0b"]
    books = Books([charge("1", at=NOW - 3 * DAY, key=key) for key in keys], down={*keys})
    ledger = a_ledger(books, keys)
    rules, day = policy_of(LARGE), (NOW - 3 * DAY).date()
    polled(books, ledger, policy=rules)
    ledger.save(CostDay(day, "0a", NOW, (), closed=True))
    polled(books, ledger, NOW + 5 * HOUR, policy=rules)
    assert counted(ledger, "large").spent == 2
    polled(books, ledger, NOW + 6 * HOUR, policy=rules)
    assert counted(ledger, "large").spent == 1


def test_a_day_that_is_closed_late_is_summed_again_at_once() -> None:
    books = Books([charge("1", at=NOW - 3 * DAY, key="0a")], down={"0a"})
    ledger = a_ledger(books, ["0a"])
    polled(books, ledger, policy=policy_of(LARGE))
    assert counted(ledger, "large").spent == 1
    ledger.save(CostDay((NOW - 3 * DAY).date(), "0a", NOW, (), closed=True))
    polled(books, ledger, NOW + HOUR, policy=policy_of(LARGE))
    assert counted(ledger, "large").spent == 0


def test_budgets_that_name_the_same_models_share_what_is_kept_of_days() -> None:
    other = a_budget("other", keys="j*", models=LARGE.models, weekly=3)
    assert selection_of(LARGE, ()) == selection_of(other, ())
    assert selection_of(LARGE, ()) != selection_of(LARGE, ("w1",))
    assert terms_of(LARGE, ()) != terms_of(other, ())
    assert terms_of(LARGE, ()) == terms_of(replace(LARGE, cap={DAILY: usd(1)}, owner="x"), ())


def test_what_is_not_read_is_not_known() -> None:
    books = Books([charge("1")], down={"w1"})
    ledger = a_ledger(books)
    polled(books, ledger, policy=policy_of(LARGE))
    assert not ledger.cost_spends()


def test_a_workspace_that_was_never_read_leaves_all_known_only_from_now_on() -> None:
    books = Books([charge("1")], down={"w2"})
    ledger = a_ledger(books)
    know(ledger, books, ["#two"], "w2")
    polled(books, ledger, policy=policy_of(LARGE))
    told = ledger.cost_spends()["large"]
    assert (told.since, told.until) == (NOW, NOW.replace(minute=0))
    assert spends(ledger, "large") == [1, 1, 1]


def test_a_workspace_that_is_behind_holds_back_how_far_all_is_known() -> None:
    books = Books([charge("1")])
    ledger = a_ledger(books)
    know(ledger, books, ["#two"], "w2")
    polled(books, ledger, NOW - 5 * HOUR, policy=policy_of(LARGE))
    books.down.add("w2")
    polled(books, ledger, policy=policy_of(LARGE))
    told = ledger.cost_spends()["large"]
    assert told.until == utc("2026-11-18 07:00")
    assert told.since == utc("2026-10-21")
    assert spends(ledger, "large")[0] == 1


def test_a_workspace_out_of_scope_does_not_count() -> None:
    books = Books([charge("1"), charge("2", key="#two", workspace="w2")])
    ledger = a_ledger(books)
    know(ledger, books, ["#two"], "w2")
    polled(books, ledger, policy=policy_of(LARGE, scope=("w1",)))
    assert spends(ledger, "large") == [1, 1, 1]


def test_hours_that_are_not_told_by_provider_end_what_is_known_of_providers_alone() -> None:
    books = Books([charge("1", provider="Beta", at=NOW - 3 * HOUR)])
    books.offers = Offered(frozenset([Axis.MODEL]))
    ledger = a_ledger(books)
    polled(books, ledger, policy=policy_of(LARGE, BETA))
    told = ledger.cost_spends()
    assert told["large"].until == utc("2026-11-18 12:00")
    assert told["beta"].until == utc("2026-11-18 09:00")


def test_without_time_nothing_is_written_and_the_next_run_gets_further() -> None:
    books = Books([charge("1", at=NOW - back * DAY) for back in range(10)])
    ledger = a_ledger(books)
    polled(books, ledger)
    rules, turns = policy_of(LARGE), 0
    while "large" not in ledger.cost_spends():
        turns += 1
        polled(books, ledger, policy=rules, has_time=partial(next, iter([True] * 12), False))
    assert 1 < turns < 10
    assert counted(ledger, "large").spent == 10


def test_without_such_budgets_nothing_is_read_or_written() -> None:
    books, ledger = Books([charge("1", at=NOW - 5 * DAY)]), Reads()
    know(ledger, books, ["#api"])
    polled(books, ledger, policy=policy_of(a_budget(daily=1)))
    assert not ledger.cost_spends()


@pytest.mark.parametrize("budget", [LARGE, BETA])
def test_two_polls_count_the_same(budget: Budget) -> None:
    books = Books([charge("1", at=NOW - back * DAY, provider="Beta") for back in range(10)])
    ledger = a_ledger(books)
    first: list[CostSpend] = []
    for _ in range(2):
        polled(books, ledger, policy=policy_of(budget))
        first.append(ledger.cost_spends()[budget.name])
    assert first[0] == first[1]


CHARGES = st.lists(
    st.builds(
        Charge,
        at=st.integers(1, 24 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        key=st.sampled_from(["0a", "0b", "1c", "#gone"]),
        cost=st.integers(1, 10**7).map(lambda micro: Decimal(micro).scaleb(-6)),
        model=st.sampled_from(["acme/small", "acme/large", "beta/one"]),
        provider=st.sampled_from(["Acme", "Beta"]),
        workspace=st.just("w1"),
    ),
    max_size=30,
)
BUDGETS = st.builds(
    lambda narrowed, keys: a_budget("some", keys=keys, **narrowed, **CAPS),
    st.sampled_from(
        [
            {"models": ("acme/*",)},
            {"models": ("*/large", "beta/?ne")},
            {"models": ("none/*",)},
            {"providers": ("Beta",)},
            {"providers": ("*",)},
        ]
    ),
    st.sampled_from(["*", "0*", "gone"]),
)


def matches(one: Charge, budget: Budget) -> bool:
    """Tell whether a charge counts, in other words than the guard's."""
    parts = {
        "acme/*": ["acme/small", "acme/large"],
        "*/large": ["acme/large"],
        "beta/?ne": ["beta/one"],
    }
    of = {"*": ["0a", "0b", "1c", "#gone"], "0*": ["0a", "0b"], "gone": ["#gone"]}
    models = [model for pattern in budget.models for model in parts.get(pattern, [])]
    is_of_models = not budget.models or one.model in models
    is_served = not budget.providers or "*" in budget.providers or one.provider in budget.providers
    return is_of_models and is_served and one.key in of[budget.keys[0]]


@given(CHARGES, BUDGETS, st.sampled_from([0, 6, 24]))
def test_the_spend_is_the_sum_of_what_matches_whether_days_are_closed_or_not(
    charges: list[Charge], budget: Budget, hours: int
) -> None:
    books = Books(charges)
    ledger = a_ledger(books, ["0a", "0b", "1c"])
    for moment in dict.fromkeys((NOW - hours * HOUR, NOW)):
        polled(books, ledger, moment, policy=policy_of(budget))
    for window in Window:
        told = counted(ledger, "some", window)
        mine = [one for one in charges if one.at >= told.start and matches(one, budget)]
        assert told.start == start(window, NOW)
        assert told.spent == sum(one.cost for one in mine)
        assert sum(one.spent for one in told.spenders) <= told.spent


def test_the_week_begins_on_monday_also_in_the_month_before() -> None:
    now = utc("2026-12-01 12:20")
    charges = [charge("1", at=utc("2026-11-30 05:00")), charge("2", at=utc("2026-11-29 23:59"))]
    ledger = polled_with(LARGE, charges=charges, now=now)
    assert counted(ledger, "large", WEEKLY).spent == 1
    assert counted(ledger, "large", MONTHLY).spent == 0
