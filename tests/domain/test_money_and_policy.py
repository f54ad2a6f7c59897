"""Money as people read it, and which keys a budget covers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.errors import ProviderRejected
from budget_guard.domain.ladder import Severity
from budget_guard.domain.money import MICRO, round_down, show
from budget_guard.domain.policy import Budget, Mode, Policy
from tests.domain.builders import ALWAYS, AT_90, NEVER, a_budget, a_key, usd


@given(st.decimals(-1000, 1000, places=12))
def test_rounding_down_never_adds_and_loses_less_than_a_millionth(amount: Decimal) -> None:
    assert 0 <= amount - round_down(amount) < MICRO
    assert round_down(amount) == round_down(amount).quantize(MICRO)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("91.2", "91.20"),
        ("100", "100.00"),
        ("0", "0.00"),
        ("0.005", "0.005"),
        ("0.0000014", "0.000001"),
        ("0.01", "0.01"),
        ("1.005", "1.01"),
        ("-3.456", "-3.46"),
        ("-0.005", "-0.005"),
        ("1E+3", "1000.00"),
    ],
)
def test_money_is_shown_with_two_decimals_and_more_only_below_a_cent(
    amount: str, shown: str
) -> None:
    assert show(usd(amount)) == shown


@pytest.mark.parametrize(
    ("budget", "covers"),
    [
        (a_budget(keys="*"), True),
        (a_budget(keys="prod-*"), True),
        (a_budget(keys="PROD-*"), False),
        (a_budget(keys="prod"), False),
        (Budget("b", {}, keys=("dev-*", "prod-?pi")), True),
        (Budget("b", {}, keys=()), False),
        (a_budget(workspaces=("w1",)), True),
        (a_budget(workspaces=("w2", "x*")), False),
        (a_budget(creators=("ann*",)), True),
        (a_budget(creators=("bob",)), False),
        (a_budget(workspaces=("w1",), creators=("bob",)), False),
    ],
)
def test_a_budget_covers_a_key_that_fits_a_pattern_and_every_narrowing(
    budget: Budget, covers: bool
) -> None:
    assert budget.covers(a_key("prod-api", workspace="w1", creator="ann-1")) == covers


@pytest.mark.parametrize(
    ("scope", "concerned"),
    [((), True), (("w1",), True), (("x", "w*"), True), (("w2",), False), (("W1",), False)],
)
def test_a_policy_concerns_the_keys_of_the_workspaces_in_its_scope(
    scope: tuple[str, ...], concerned: bool
) -> None:
    assert Policy((), "hash", scope=scope).concerns(a_key(workspace="w1")) == concerned


def test_patterns_tell_capitals_apart() -> None:
    assert a_budget(keys="Prod-*").covers(a_key("Prod-api"))
    assert not a_budget(keys="prod-*").covers(a_key("Prod-api"))


def test_a_key_without_a_creator_fits_only_creators_that_fit_nobody() -> None:
    assert not a_budget(creators=("ann",)).covers(a_key())
    assert a_budget(creators=("*",)).covers(a_key())


def test_a_hold_begins_at_its_fraction_and_never_where_it_has_none() -> None:
    assert ALWAYS.begins(usd(0))
    assert AT_90.begins(usd("0.9"))
    assert not AT_90.begins(usd("0.8999"))
    assert not NEVER.begins(usd(5))


def test_a_budget_holds_from_90_percent_and_a_policy_only_observes_by_default() -> None:
    assert a_budget(daily=1).hold == AT_90
    assert Policy((), "hash").mode is Mode.OBSERVE


def test_severities_are_ranked() -> None:
    ranks = [one.rank for one in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)]
    assert ranks == [0, 1, 2]


def test_a_refusal_keeps_its_status() -> None:
    refusal = ProviderRejected("no", status=403)
    assert (str(refusal), refusal.status) == ("no", 403)
