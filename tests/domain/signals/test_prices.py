"""Models in use with other prices, or soon withdrawn: by enough, with who pays, for a day."""

from datetime import date
from decimal import Decimal

import pytest

from budget_guard.domain.alerts import Kind
from budget_guard.domain.costs import Cost, CostHour, Figures
from budget_guard.domain.offer import NEWS, Model, Offer, Price, Prices, Repriced
from budget_guard.domain.signals import rules
from budget_guard.domain.signals.prices import repriced, used
from budget_guard.domain.signals.shapes import DayMix, mix_of
from budget_guard.domain.signals.signal import Signal
from budget_guard.domain.signals.withdrawn import withdrawn
from tests.domain.builders import DAY, HOUR, NOW
from tests.domain.signals.hours import PEOPLE, TODAY, an_hour
from tests.domain.test_offer import prices

RULES = rules.Prices()
BEFORE = NOW - DAY


def hours(**keys: int) -> list[CostHour]:
    """Return an hour in which keys used so many million prompt tokens of acme/large."""
    rows = tuple(
        Cost(f"#{key}", Figures(Decimal(1), requests=10, prompt=10**6 * each), "acme/large")
        for key, each in keys.items()
    )
    return [CostHour("w1", NOW - HOUR, NOW, rows, ())]


def told(
    after: Prices,
    before: Prices | None = None,
    rule: rules.Prices = RULES,
    age: int = 0,
    **keys: int,
) -> list[Signal]:
    seen = NOW - age * HOUR
    change = Repriced("acme/large", before or prices(), after, seen - DAY, seen)
    known = used(hours(**(keys or {"s1": 10})))
    return list(repriced(Offer(NOW, (), (change,)), known, PEOPLE, rule, NOW))


def test_a_dearer_model_is_told_with_prices_amount_time_keys_and_owners() -> None:
    (one,) = told(prices("3.5", "12"), s1=10, s2=5, r1=1, nobody=4)
    assert one.kind is Kind.REPRICED
    assert one.text == (
        "acme/large is dearer: prompt 2.00 -> 3.50, completion 10.00 -> 12.00 USD per million "
        "tokens; 30.00 USD a day more at the tokens of the last 24 hours; changed between "
        "2026-11-17 12:00 and 2026-11-18 12:00 UTC; most by s1 15.00, s2 7.50, nobody 6.00 USD; "
        "owners search, research"
    )
    assert (one.before, one.after, one.owner) == (Decimal(40), Decimal(70), "search")
    assert one.contributors[0] == ("s1", Decimal(15))


def test_a_cheaper_model_is_told_too() -> None:
    (one,) = told(prices("0.0375"))
    assert "acme/large is cheaper: prompt 2.00 -> 0.0375, completion 10.00 USD per" in one.text
    assert "19.62 USD a day less" in one.text or "19.63 USD a day less" in one.text


@pytest.mark.parametrize(
    ("after", "millions", "is_told"),
    [
        ("2.1", 10, True),  # 5 %, 1 USD a day
        ("2.099", 1000, False),
        ("2.1", 9, False),
        ("1.9", 10, True),
        ("2", 10, False),
    ],
)
def test_a_change_is_told_from_a_part_and_an_amount_on(
    after: str, millions: int, is_told: bool
) -> None:
    assert bool(told(prices(after), s1=millions)) == is_told


def test_what_was_free_is_told_when_it_costs() -> None:
    (one,) = told(prices("1", "0"), prices("0", "0"))
    assert "prompt 0.00 -> 1.00, completion 0.00 USD per million tokens; 10.00 USD" in one.text


def test_who_pays_less_is_not_among_those_who_pay_more() -> None:
    rows = (
        Cost("#s1", Figures(Decimal(1), prompt=10**7), "acme/large"),
        Cost("#r1", Figures(Decimal(1), completion=10**6), "acme/large"),
    )
    known = used([CostHour("w1", NOW - HOUR, NOW, rows, ())])
    change = Repriced("acme/large", prices("2", "10"), prices("4", "5"), BEFORE, NOW)
    (one,) = repriced(Offer(NOW, (), (change,)), known, PEOPLE, RULES, NOW)
    assert "; 15.00 USD a day more at" in one.text
    assert one.contributors == (("s1", Decimal(20)),)


def test_all_other_prices_that_changed_are_told() -> None:
    before = prices(**{"cache read": "0.2", "request": "1000", "web search": "10000"})
    after = prices("3", **{"cache read": "0.3", "request": "2000", "image": "40"})
    (one,) = told(after, before)
    assert (
        "prompt 2.00 -> 3.00, completion 10.00, cache read 0.20 -> 0.30 USD per million tokens, "
        "request 0.001 -> 0.002 USD, image none -> 0.00004 USD, web search 0.01 -> none USD; "
    ) in one.text


def test_a_price_under_a_condition_is_told_by_the_most_that_it_can_be() -> None:
    night = "from 16:30 to 00:30 UTC"
    (one,) = told((*prices(), Price("prompt", Decimal("0.000001"), night)))
    assert f"completion 10.00, prompt none -> 1.00 {night} USD per million tokens" in one.text
    assert "; up to 10.00 USD a day less at the tokens" in one.text


def test_a_change_is_told_for_a_day() -> None:
    assert told(prices("4"), age=23)
    assert not told(prices("4"), age=NEWS // HOUR)


def test_a_second_change_is_a_matter_of_its_own() -> None:
    ids = {told(prices("4"), age=age)[0].id for age in (0, 12)}
    assert len(ids) == 2


def test_a_model_that_nobody_uses_is_nobodys_matter() -> None:
    change = Repriced("acme/other", prices(), prices("9"), BEFORE, NOW)
    known = used(hours(s1=10))
    assert not list(repriced(Offer(NOW, (), (change,)), known, PEOPLE, RULES, NOW))


def last_week(**keys: int) -> list[DayMix]:
    day = TODAY - 5 * DAY
    spent = {(key, "acme/large"): usd for key, usd in keys.items()}
    return [mix_of(day, [an_hour(NOW - 5 * DAY, spent)], PEOPLE, NOW)]


def leaving(
    until: date | None, lately: list[CostHour], before: list[DayMix] | None = None
) -> list[Signal]:
    offer = Offer(NOW, (Model("acme/large", until=until), Model("acme/small")))
    return list(withdrawn(offer, used(lately), before or [], PEOPLE, RULES, TODAY))


def test_a_model_that_is_to_go_is_told_with_its_day_and_who_uses_it() -> None:
    lately = [an_hour(NOW - HOUR, {("s1", "acme/large"): 3, ("r1", "acme/large"): 5})]
    (one,) = leaving(date(2026, 12, 1), lately, last_week(s2=1))
    assert one.kind is Kind.WITHDRAWN
    assert one.id == "withdrawn/acme/large/2026-12-01"
    assert one.text == (
        "acme/large may be withdrawn after 2026-12-01 (in 13 days), and is in use: 8.00 USD "
        "yesterday and today; most by r1 5.00, s1 3.00 USD; owners research, search"
    )
    assert one.owner == "research"


def test_a_model_that_was_used_last_week_only_is_told_by_its_owners() -> None:
    (one,) = leaving(date(2026, 12, 1), [], last_week(s1=1))
    assert one.text.endswith("(in 13 days), and was used within a week; owner search")
    assert leaving(date(2026, 12, 1), [], last_week(nobody=1))


def test_a_model_that_nobody_uses_may_go() -> None:
    other = [an_hour(NOW - HOUR, {("s1", "acme/small"): 3})]
    assert not leaving(date(2026, 12, 1), other)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (TODAY + 31 * DAY, None),
        (TODAY + 30 * DAY, "in 30 days"),
        (TODAY + DAY, "tomorrow"),
        (TODAY, "today"),
        (TODAY - 2 * DAY, "2 days ago"),
        (None, None),
    ],
)
def test_it_is_told_from_a_month_before_until_it_is_gone(
    until: date | None, words: str | None
) -> None:
    found = leaving(until, [an_hour(NOW - HOUR, {("s1", "acme/large"): 3})])
    assert [f"({words})" in one.text for one in found] == ([True] if words else [])
