"""Whether one guardrail would let through what another refuses: never missed, and said in words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.guardrails import Allowance, ContentFilter, Guardrail, weakens
from budget_guard.domain.windows import Window

names = st.frozensets(st.sampled_from("abcd"))
allowances = st.builds(Allowance, st.none() | names, names)
filters = st.builds(
    ContentFilter,
    st.sampled_from(["email", "/x/"]),
    st.sampled_from(["flag", "redact", "block", "new"]),
    st.sampled_from([None, "user_only", "all_messages"]),
)
budgets = st.just((None, None)) | st.tuples(
    st.integers(1, 5).map(Decimal), st.sampled_from(list(Window))
)


@st.composite
def guardrails(draw: st.DrawFn) -> Guardrail:
    limit, reset = draw(budgets)
    return Guardrail(
        id=draw(st.sampled_from(["1", "2"])),
        name=draw(st.sampled_from(["cheap", "privacy"])),
        models=draw(allowances),
        providers=draw(allowances),
        regions=draw(allowances),
        zdr=draw(names),
        forbidden=draw(names),
        retention=frozenset(draw(st.dictionaries(st.sampled_from("ab"), st.booleans())).items()),
        filters=draw(st.frozensets(filters, max_size=3)),
        limit=limit,
        reset=reset,
        include_byok=draw(st.booleans()),
        unknown=frozenset(draw(st.dictionaries(st.sampled_from("uv"), st.just("1"))).items()),
    )


def lets_through(allowance: Allowance) -> set[str]:
    """Return which of some names may be used, one that no list has among them."""
    return {
        one
        for one in "abcd?"
        if one not in allowance.never and (allowance.only is None or one in allowance.only)
    }


@given(guardrails())
def test_nothing_weakens_itself_and_nothing_can_weaken_none(one: Guardrail) -> None:
    assert not weakens(one, one)
    assert not weakens(None, one)


@given(allowances, allowances)
def test_an_allowance_goes_beyond_another_only_where_it_lets_something_more_through(
    one: Allowance, other: Allowance
) -> None:
    assert bool(one.beyond(other)) == (not lets_through(one) <= lets_through(other))


@given(guardrails(), guardrails(), guardrails())
def test_what_weakens_nothing_by_two_steps_weakens_nothing_at_once(
    first: Guardrail, second: Guardrail, third: Guardrail
) -> None:
    if not weakens(first, second) and not weakens(second, third):
        assert not weakens(first, third)


@given(guardrails(), st.data())
def test_whatever_is_added_to_a_guardrail_never_weakens_it(
    one: Guardrail, data: st.DataObject
) -> None:
    stricter = data.draw(st.sampled_from([_fewer, _never, _private, _filtered, _capped]))
    more = stricter(one, data.draw(names))
    assert not weakens(one, more)
    if weakens(more, one):
        assert more != one


def _fewer(one: Guardrail, names: frozenset[str]) -> Guardrail:
    only = names if one.models.only is None else one.models.only & names
    return replace(one, models=replace(one.models, only=only))


def _never(one: Guardrail, names: frozenset[str]) -> Guardrail:
    return replace(one, providers=replace(one.providers, never=one.providers.never | names))


def _private(one: Guardrail, names: frozenset[str]) -> Guardrail:
    return replace(one, zdr=one.zdr | names, forbidden=one.forbidden | names)


def _filtered(one: Guardrail, names: frozenset[str]) -> Guardrail:
    added = {ContentFilter(name, "block") for name in names}
    return replace(one, filters=one.filters | added)


def _capped(one: Guardrail, names: frozenset[str]) -> Guardrail:
    if one.limit is None:
        return replace(one, limit=Decimal(len(names)), reset=Window.DAILY)
    return replace(one, limit=one.limit / 2, include_byok=True)


PRIVACY = Guardrail(
    "p",
    "privacy",
    providers=Allowance(frozenset({"openai", "azure"})),
    zdr=frozenset({"openai"}),
    forbidden=frozenset({"training by paid models"}),
    filters=frozenset({ContentFilter("email", "redact")}),
    limit=Decimal(100),
    reset=Window.MONTHLY,
    include_byok=True,
    retention=frozenset({("google", False)}),
    unknown=frozenset({("enforce_moon_phase", "true")}),
)
CHEAP = replace(PRIVACY, id="c", name="cheap", models=Allowance(frozenset({"mini"})))


def test_more_models_refused_and_all_else_the_same_weakens_nothing() -> None:
    assert not weakens(PRIVACY, CHEAP)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"providers": Allowance()}, "providers: cheap allows any"),
        (
            {"providers": Allowance(frozenset({"openai", "together"}))},
            "providers: cheap allows together",
        ),
        (
            {"zdr": frozenset()},
            "zero data retention: cheap does not enforce it for openai",
        ),
        (
            {"forbidden": frozenset()},
            "prompts: cheap does not forbid training by paid models",
        ),
        (
            {"filters": frozenset({ContentFilter("email", "flag")})},
            "content filters: cheap does less than email (redact)",
        ),
        ({"limit": None, "reset": None}, "budget: cheap has none, privacy has 100.00 USD monthly"),
        (
            {"reset": Window.DAILY},
            "budget: cheap has 100.00 USD daily, privacy has 100.00 USD monthly",
        ),
        ({"include_byok": False}, "budget: cheap does not count BYOK"),
        (
            {"retention": frozenset()},
            "retention for safety: cheap allows more of it for google",
        ),
        (
            {"unknown": frozenset()},
            "enforce_moon_phase: the guard does not know this field, and it is not the same in both",
        ),
    ],
)
def test_each_field_that_lets_more_through_is_told(fields: dict[str, Any], told: str) -> None:
    assert weakens(PRIVACY, replace(CHEAP, **fields)) == (told,)


def test_a_list_of_models_is_a_rule_too() -> None:
    approved = Guardrail("a", "approved", models=Allowance(frozenset({"big"})))
    assert weakens(approved, CHEAP)[0] == "models: cheap allows mini"
    banned = Guardrail("b", "banned", models=Allowance(None, frozenset({"mini", "bad"})))
    assert weakens(banned, CHEAP)[0] == "models: cheap allows mini"
    assert weakens(banned, Guardrail("n", "none"))[0] == "models: none allows bad, mini"


def test_a_long_list_is_cut_short() -> None:
    many = Guardrail("m", "many", zdr=frozenset("abcdefgh"))
    (told,) = weakens(many, Guardrail("n", "none"))
    assert told.endswith("a, b, c, d, e and 3 more")
