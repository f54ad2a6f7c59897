"""What single generations tell of fallbacks, tools and waste."""

from decimal import Decimal

import pytest

from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.outcomes import (
    NOBODY,
    PerSuccess,
    Rate,
    Waste,
    by_app,
    by_job,
    by_session,
    by_user,
    fallbacks,
    fell_back,
    per_success,
    tool_cost,
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


def test_the_fallback_rate_is_of_all_and_zero_of_none() -> None:
    rate = fallbacks([a_generation(), FELL_BACK, FELL_BACK, a_generation()])
    assert (rate, rate.fraction) == (Rate(2, 4), Decimal("0.5"))
    assert fallbacks([]).fraction == 0


def test_tools_cost_what_was_told_of_them() -> None:
    assert tool_cost([a_generation(tools=usd("0.02")), a_generation()]) == usd("0.02")


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


def test_a_success_costs_what_its_failures_and_its_steps_cost_too() -> None:
    some = [
        a_generation(cost=1, said=said(job="import")),
        a_generation(cost=2, said=said(job="import", outcome="failed")),
        a_generation(cost=3, said=said(job="import", outcome=" Success ")),
        a_generation(cost=4, said=said(outcome="ok")),
        a_generation(cost=50),
        a_generation(cost=60, said=said(job="chat")),
    ]
    assert per_success(some) == PerSuccess(usd(10), 2)
    assert per_success(some).usd == 5
    assert per_success(some, {"failed"}).usd == 10
    assert per_success(some[4:]).usd is None


def test_costs_are_told_by_app_user_session_and_job() -> None:
    one = a_generation(cost=1, app="7", session="s1", said=said(user="ann", job="import"))
    other, rest = a_generation(cost=2, external_user="ann"), a_generation(cost=4)
    three = [one, other, rest]
    assert by_user(three) == {"ann": one.figures + other.figures, NOBODY: rest.figures}
    for by, label in ((by_app, "7"), (by_session, "s1"), (by_job, "import")):
        assert by(three) == {label: one.figures, NOBODY: other.figures + rest.figures}
    assert by_app([]) == {}


def test_costs_by_anything_are_all_costs() -> None:
    some = [a_generation(figures=Figures(usd(n), usd(1), 1)) for n in range(5)]
    assert sum((one.credits + one.byok for one in by_app(some).values()), usd(0)) == 15
