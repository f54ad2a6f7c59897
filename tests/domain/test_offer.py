"""The models on offer: what is called what, what changed, what a day's tokens cost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.costs import Figures
from budget_guard.domain.offer import (
    CACHE_READ,
    COMPLETION,
    NEWS,
    PROMPT,
    REMEMBERED,
    REQUEST,
    Model,
    Offer,
    Price,
    Prices,
    Repriced,
    conditions,
    cost,
    renewed,
)
from tests.domain.builders import DAY, NOW

LARGE = Model("acme/large", ("acme/large-2026", "Acme: Large"))


def prices(prompt: str = "2", completion: str = "10", **more: str) -> Prices:
    """Return prices in USD per million tokens."""
    told = {PROMPT: prompt, COMPLETION: completion, **more}
    return tuple(Price(of, Decimal(usd).scaleb(-6)) for of, usd in told.items())


def offer(*models: Model) -> Offer:
    return Offer(NOW, models)


def test_a_model_is_known_by_each_of_its_names() -> None:
    assert offer(LARGE, Model("acme/bare")).ids() == {
        "acme/large-2026": "acme/large",
        "Acme: Large": "acme/large",
    }


def test_a_lasting_slug_that_a_variant_shares_is_the_models_own() -> None:
    free = Model("acme/large:free", ("acme/large-2026", "Acme: Large (free)"))
    for models in ((LARGE, free), (free, LARGE)):
        ids = offer(*models).ids()
        assert ids["acme/large-2026"] == "acme/large"
        assert ids["Acme: Large (free)"] == "acme/large:free"
    assert offer(free).ids()["acme/large-2026"] == "acme/large:free"


def test_a_name_that_two_models_have_is_nobodys() -> None:
    assert "Acme: Large" not in offer(LARGE, Model("beta/copy", ("Acme: Large",))).ids()


def test_what_is_an_id_is_never_taken_for_a_name() -> None:
    assert offer(LARGE, Model("beta/odd", ("acme/large",))).ids().keys() == set(LARGE.names)


def test_a_model_that_is_gone_is_still_known_by_its_names_for_a_while() -> None:
    last = renewed(offer(LARGE, Model("acme/small")), [Model("acme/small")], NOW + DAY)
    assert last.ids()["acme/large-2026"] == "acme/large"
    still = renewed(last, [Model("acme/small")], NOW + REMEMBERED - DAY)
    assert still.former == last.former
    assert renewed(still, [Model("acme/small")], NOW + REMEMBERED).former == ()
    assert renewed(still, [LARGE], NOW + 2 * DAY).former[0].id == "acme/small"


def test_a_name_that_passed_to_another_model_is_the_new_ones() -> None:
    heir = Model("acme/heir", ("Acme: Large",))
    assert renewed(offer(LARGE), [heir], NOW + DAY).ids()["Acme: Large"] == "acme/heir"


def test_a_change_of_a_price_is_kept_for_a_day() -> None:
    before, after = prices(), prices("3")
    first = renewed(None, [replace(LARGE, prices=before)], NOW)
    assert first == Offer(NOW, (replace(LARGE, prices=before),))
    second = renewed(first, [replace(LARGE, prices=after)], NOW + DAY)
    assert second.changes == (Repriced("acme/large", before, after, NOW, NOW + DAY),)
    soon = renewed(second, second.models, NOW + DAY + NEWS - timedelta(seconds=1))
    assert soon.changes == second.changes
    assert renewed(soon, soon.models, NOW + DAY + NEWS).changes == ()


def test_prices_that_are_not_known_or_in_another_order_did_not_change() -> None:
    first = offer(replace(LARGE, prices=prices()))
    for after in ((), prices()[::-1]):
        assert renewed(first, [replace(LARGE, prices=after)], NOW + DAY).changes == ()
    assert renewed(offer(LARGE), [replace(LARGE, prices=prices())], NOW + DAY).changes == ()


def test_a_day_costs_its_tokens_and_requests() -> None:
    figures = Figures(requests=100, prompt=1_000_000, completion=100_000, cached=400_000)
    assert cost(figures, prices()) == Decimal(3)
    dear = prices(**{CACHE_READ: "0.5", REQUEST: "10000"})
    assert cost(figures, dear) == Decimal("1.2") + Decimal("0.2") + 1 + 1
    assert cost(figures, ()) == 0


def test_a_price_under_a_condition_stands_for_the_ordinary_one_and_no_other() -> None:
    some = (*prices(), Price(PROMPT, Decimal("0.000004"), "above 200,000 prompt tokens"))
    figures = Figures(prompt=1_000_000, completion=100_000)
    assert conditions(some) == ("", "above 200,000 prompt tokens")
    assert [cost(figures, some, when) for when in conditions(some)] == [3, 5]
    assert cost(figures, some, "at night") == 3


counts = st.integers(0, 10**9)


@given(st.builds(Figures, prompt=counts, completion=counts, cached=counts, requests=counts))
def test_twice_the_price_is_twice_the_cost(figures: Figures) -> None:
    some = prices(**{CACHE_READ: "0.5", REQUEST: "3"})
    double = tuple(replace(one, usd=2 * one.usd) for one in some)
    assert cost(figures, double) == 2 * cost(figures, some)
