"""What a single generation tells of fallbacks, waste and success."""

from decimal import Decimal

import pytest

from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.outcomes import (
    PerSuccess,
    Rate,
    Waste,
    fell_back,
    is_success,
    waste,
    wasted_cost,
)
from tests.domain.builders import usd
from tests.domain.generations import ACME, a_generation, said

DOWN = Attempt("Beta", 503, "acme/small")
FELL_BACK = a_generation(attempts=(DOWN, ACME))


@pytest.mark.parametrize(
    ("one", "is_so"),
    [
        (a_generation(), False),
        (FELL_BACK, True),
        (a_generation(attempts=(ACME, ACME)), False),
        (a_generation(attempts=()), False),
        (a_generation(requested="acme/large"), True),
        (a_generation(requested="openrouter/auto"), False),
    ],
)
def test_a_fallback_is_another_provider_or_another_model(one: Generation, is_so: bool) -> None:
    assert fell_back(one) is is_so


def test_a_rate_is_of_all_and_zero_of_none() -> None:
    rate = Rate(1, 3) + Rate(1, 1)
    assert (rate, rate.fraction) == (Rate(2, 4), Decimal("0.5"))
    assert Rate(0, 0).fraction == 0


def test_what_one_success_cost_is_not_known_without_any() -> None:
    assert (PerSuccess(usd(10), 1) + PerSuccess(usd(2), 2)).usd == 4
    assert PerSuccess(usd(10), 0).usd is None


@pytest.mark.parametrize(
    ("outcome", "is_so"), [("ok", True), (" Success ", True), ("failed", False), (None, False)]
)
def test_a_success_is_what_an_application_calls_one(outcome: str | None, is_so: bool) -> None:
    told = said(outcome=outcome) if outcome else said()
    assert is_success(a_generation(said=told)) is is_so


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (a_generation(), None),
        (a_generation(cancelled=True, finish=None), Waste.CANCELLED),
        (a_generation(attempts=(DOWN, DOWN), provider=None), Waste.FAILED),
        (FELL_BACK, None),
        (a_generation(finish="error"), Waste.BROKEN),
        (a_generation(finish="length"), None),
        (a_generation(attempts=(), finish=None), None),
        (a_generation(attempts=(Attempt("Acme"),)), None),
    ],
)
def test_money_is_wasted_on_what_was_cancelled_failed_or_broke_off(
    one: Generation, why: Waste | None
) -> None:
    assert waste(one) is why
    assert wasted_cost(one) == (one.cost if why else 0)
