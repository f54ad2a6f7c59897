"""Premium models: those that a million tokens came dear on, by what was paid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.costs import Figures
from budget_guard.domain.premium import Premium, premium, price_of
from tests.domain.builders import usd


def figures(credits_: str, prompt: int, completion: int = 0, byok: str = "0") -> Figures:
    return Figures(Decimal(credits_), Decimal(byok), 1, prompt, completion)


@pytest.mark.parametrize(
    ("one", "price"),
    [
        (figures("30", 900_000, 100_000), usd(30)),
        (figures("10", 500_000, byok="5"), usd(30)),
        (figures("0", 10), usd(0)),
        (figures("3", 0), None),
    ],
)
def test_the_price_of_a_model_is_what_its_tokens_came_to(one: Figures, price: Decimal) -> None:
    assert price_of(one) == price


def test_a_model_is_premium_above_the_price_and_not_at_it() -> None:
    models = {
        "dear": figures("30", 10**6),
        "fair": figures("20", 10**6),
        "images": figures("50", 0),
    }
    found = premium(models, usd(20))
    assert found == Premium(usd(20), usd(30), usd(100))
    assert found.share == Decimal("0.3")


def test_of_nothing_no_part_is_premium() -> None:
    assert premium({}, usd(20)).share == 0


@given(
    st.dictionaries(
        st.text(max_size=3), st.tuples(st.integers(0, 99), st.integers(0, 10**7)), max_size=9
    ),
    st.integers(0, 50),
)
def test_a_higher_price_never_makes_more_of_the_spend_premium(
    models: dict[str, tuple[int, int]], above: int
) -> None:
    told = {name: figures(str(cost), tokens) for name, (cost, tokens) in models.items()}
    less, more = premium(told, usd(above + 1)), premium(told, usd(above))
    assert 0 <= less.share <= more.share <= 1
