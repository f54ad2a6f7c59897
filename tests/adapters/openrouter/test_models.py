"""`GET /models` as the official SDK has it: prices, names, last days; and rows that are not so."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.openrouter.answers import read_answer
from budget_guard.adapters.openrouter.models import read_models
from budget_guard.domain.errors import ProviderConfusing
from budget_guard.domain.offer import Model, Price
from budget_guard.use_cases.costs.source import Models
from tests.adapters.openrouter.scripted import Script, answer
from tests.adapters.openrouter.scripted_costs import costs


def a_row(**fields: Any) -> dict[str, Any]:
    return {
        "id": "acme/large",
        "canonical_slug": "acme/large-2026",
        "name": "Acme: Large",
        "pricing": {"prompt": "0.000002", "completion": "0.00001"},
        "expiration_date": None,
        "architecture": {"modality": "text->text"},
        **fields,
    }


def read(*rows: object) -> Models:
    body = answer({"data": list(rows)})
    return read_models(read_answer("GET /models", body, timedelta()))


def priced(**pricing: Any) -> list[Price]:
    """Return the prices beside those of tokens."""
    told = {"prompt": "0", "completion": "0"} | pricing
    (one,) = read(a_row(pricing=told)).models
    return [price for price in one.prices if price.usd]


def test_a_row_becomes_a_model_with_its_names_prices_and_last_day() -> None:
    assert read(a_row(expiration_date="2026-12-31")) == Models(
        (
            Model(
                "acme/large",
                ("acme/large-2026", "Acme: Large"),
                (
                    Price("prompt", Decimal("0.000002")),
                    Price("completion", Decimal("0.00001")),
                ),
                date(2026, 12, 31),
            ),
        )
    )


def test_all_models_are_asked_for_at_once() -> None:
    script = Script(answer({"data": [a_row()]}))
    costs(script).models()
    assert dict(script.requests[0].url.params) == {"output_modalities": "all"}


def test_each_price_has_a_name_and_those_of_an_unknown_name_are_left_out() -> None:
    told = {
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
        "request": "0.001",
        "web_search": "0.01",
        "per_thought": "0.5",
    }
    assert {one.of: str(one.usd) for one in priced(**told)} == {
        "request": "0.001",
        "cache read": "3E-7",
        "cache write": "0.00000375",
        "web search": "0.01",
    }


def test_a_discount_is_taken_off_every_price() -> None:
    above = [{"min_prompt_tokens": 200_000, "prompt": "0.000004"}]
    assert priced(prompt="0.000002", overrides=above, discount=0.25) == [
        Price("prompt", Decimal("0.0000015")),
        Price("prompt", Decimal("0.000003"), "above 200,000 prompt tokens"),
    ]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"min_prompt_tokens": 200_000}, "above 200,000 prompt tokens"),
        ({"min_prompt_tokens": 200_000.0}, "above 200,000 prompt tokens"),
        ({"utc_start": 1630, "utc_end": 30}, "from 16:30 to 00:30 UTC"),
        ({"utc_start": 100}, "from 01:00 to 24:00 UTC"),
        ({"utc_end": 400, "utc_days": ["monday"]}, "on monday from 00:00 to 04:00 UTC"),
        ({"utc_days": ["saturday", "sunday"]}, "on saturday, sunday"),
    ],
)
def test_a_condition_is_told_in_words(condition: dict[str, Any], words: str) -> None:
    (one,) = priced(overrides=[{**condition, "prompt": "0.000001"}])
    assert one == Price("prompt", Decimal("0.000001"), words)


def test_a_price_under_a_condition_of_another_kind_is_left_out() -> None:
    assert priced(overrides=[{"min_images": 3, "prompt": "0.000001"}]) == []


@pytest.mark.parametrize("price", ["-1", "-0.5"])
def test_what_depends_on_a_routers_choice_has_no_price_and_is_no_fault(price: str) -> None:
    told = read(a_row(id="openrouter/auto", pricing={"prompt": price, "completion": price}))
    assert (told.models[0].prices, told.warnings) == ((), ())


def test_an_alias_is_no_model_of_its_own() -> None:
    alias = a_row(id="~acme/latest", alias_target={"slug": "acme/large", "name": "Acme: Large"})
    assert [one.id for one in read(alias, a_row()).models] == ["acme/large"]


@pytest.mark.parametrize(
    "pricing",
    [
        None,
        [],
        {},
        {"prompt": "0.1"},
        {"prompt": 0.1, "completion": "0.1"},
        {"prompt": "NaN", "completion": "0.1"},
        {"prompt": "1e99", "completion": "0.1"},
        {"prompt": "0.1 USD", "completion": "0.1"},
        {"prompt": "0.1", "completion": "0.1", "discount": "half"},
        {"prompt": "0.1", "completion": "0.1", "overrides": ["night"]},
        {"prompt": "0.1", "completion": "0.1", "overrides": [{"utc_days": 3, "prompt": "0"}]},
        {"prompt": "0.1", "completion": "0.1", "overrides": [{"utc_start": "1", "prompt": "0"}]},
    ],
)
def test_prices_in_another_form_are_warned_of_and_the_model_is_known(pricing: object) -> None:
    told = read(a_row(pricing=pricing), a_row(id="acme/small"))
    assert [(one.id, bool(one.prices)) for one in told.models] == [
        ("acme/large", False),
        ("acme/small", True),
    ]
    (warning,) = told.warnings
    assert "prices of acme/large in no known form" in warning


def test_many_faults_are_one_short_warning_each() -> None:
    bad = [a_row(id=f"a/{number}", pricing=None, expiration_date="soon") for number in range(5)]
    told = read(*bad, 7, {}, a_row(id=None))
    some, unknown = "a/0, a/1, a/2 and 2 more", "in no known form"
    assert told.warnings == (
        f"OpenRouter lists 3 models {unknown}: they are left out.",
        f"OpenRouter lists prices of {some} {unknown}: that they change is not told.",
        f"OpenRouter lists the last day of {some} {unknown}: it is not told.",
    )
    assert len(told.models) == 5


@pytest.mark.parametrize("data", [[], [{}], {}, None, "none"])
def test_an_answer_without_any_model_is_refused(data: object) -> None:
    with pytest.raises(ProviderConfusing, match="/models"):
        costs(Script(answer({"data": data}))).models()


odd_values: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, -0.5, 10**400, "", "x", "1e400", "\u0000", [], [1], [{}], {}, {"prompt": "1"}]
)
fields = st.sampled_from(
    ["id", "canonical_slug", "name", "pricing", "expiration_date", "alias_target"]
)
within_pricing = st.sampled_from(["prompt", "request", "discount", "overrides"])


@given(st.dictionaries(fields, odd_values), st.dictionaries(within_pricing, odd_values))
def test_no_row_keeps_the_others_from_being_read(
    odd: dict[str, Any], pricing: dict[str, Any]
) -> None:
    worse = a_row(pricing={"prompt": "0", "completion": "0"} | pricing) | odd
    assert read(worse, a_row(id="acme/other")).models[-1].id == "acme/other"
