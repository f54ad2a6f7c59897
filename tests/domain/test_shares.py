"""Shares: what keys may still spend when several caps bind them together."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.shares import Bid
from budget_guard.domain.shares import shares as shared
from tests.domain.builders import usd

KEYS = "abcde"
TINY = Decimal("1e-20")
"""Shares are levels times weights in 28 digits: they may differ from exact ones by so much."""


class Pot(NamedTuple):
    members: frozenset[str]
    left: Decimal


AMOUNTS = st.decimals(0, 1000, places=2)
WEIGHTS = st.fixed_dictionaries({key: st.decimals(Decimal("0.01"), 50, places=2) for key in KEYS})
POTS = st.builds(Pot, st.frozensets(st.sampled_from(KEYS), min_size=1), AMOUNTS)
WORLDS = st.lists(POTS, min_size=1, max_size=6)


def shares(weighted: dict[str, Decimal], pots: list[Pot]) -> dict[str, Decimal]:
    bids = {}
    for key in sorted({key for one in pots for key in one.members}):
        mine = [place for place, one in enumerate(pots) if key in one.members]
        common = tuple(place for place in mine if len(pots[place].members) > 1)
        own = tuple(place for place in mine if place not in common)
        bids[key] = Bid(weighted[key], common, own)
    found = shared(bids, [one.left for one in pots])
    assert all(found[key].bound_by in bid.common + bid.own for key, bid in bids.items())
    return {key: share.amount for key, share in found.items()}


def pot(members: str, left: int | str) -> Pot:
    return Pot(frozenset(members), usd(left))


def weights(**given_weights: int) -> dict[str, Decimal]:
    return dict.fromkeys(KEYS, Decimal(1)) | {k: usd(v) for k, v in given_weights.items()}


def filled_by_pouring(weighted: dict[str, Decimal], pots: list[Pot]) -> dict[str, Fraction]:
    """Return the shares found by pouring small drops until no pot takes another."""
    rising = {key for one in pots for key in one.members}
    result = dict.fromkeys(rising, Fraction(0))
    drop = {key: Fraction(weighted[key]) / 50 for key in rising}
    while rising:
        for one in pots:
            taken = sum(result[key] for key in one.members)
            if taken + sum(drop[key] for key in one.members & rising) > Fraction(one.left):
                rising = rising - one.members
        for key in rising:
            result[key] += drop[key]
    return result


@given(WEIGHTS, WORLDS)
def test_rule_4b_the_shares_of_a_pot_sum_to_no_more_than_what_is_left_in_it(
    weighted: dict[str, Decimal], pots: list[Pot]
) -> None:
    found = shares(weighted, pots)
    assert set(found) == {key for one in pots for key in one.members}
    assert all(share >= 0 for share in found.values())
    for one in pots:
        assert sum(found[key] for key in one.members) <= one.left + TINY


@given(WEIGHTS, WORLDS)
def test_rule_4b_every_key_is_stopped_by_an_empty_pot_in_which_nobody_rose_higher(
    weighted: dict[str, Decimal], pots: list[Pot]
) -> None:
    found = shares(weighted, pots)
    level = {key: found[key] / weighted[key] for key in found}
    for key in found:
        assert any(
            key in one.members
            and sum(found[other] for other in one.members) >= one.left - TINY
            and all(level[other] <= level[key] + TINY for other in one.members)
            for one in pots
        )


@given(
    st.fixed_dictionaries({key: st.integers(1, 4).map(Decimal) for key in "abc"}),
    st.lists(
        st.builds(
            Pot,
            st.frozensets(st.sampled_from("abc"), min_size=1),
            st.integers(0, 12).map(Decimal),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_shares_are_what_pouring_in_small_steps_gives(
    weighted: dict[str, Decimal], pots: list[Pot]
) -> None:
    found, poured = shares(weighted, pots), filled_by_pouring(weighted, pots)
    assert set(found) == set(poured)
    for key, share in found.items():
        assert abs(Fraction(share) - poured[key]) < 1


@given(st.lists(AMOUNTS, min_size=1, max_size=5), WEIGHTS)
def test_a_key_that_is_alone_in_its_pots_gets_the_least_that_is_left(
    lefts: list[Decimal], weighted: dict[str, Decimal]
) -> None:
    found = shares(weighted, [pot("a", str(left)) for left in lefts])
    assert abs(found["a"] - min(lefts)) <= TINY


@given(WEIGHTS, WORLDS, st.randoms())
def test_the_order_of_pots_does_not_matter(
    weighted: dict[str, Decimal], pots: list[Pot], random: Random
) -> None:
    shuffled = list(pots)
    random.shuffle(shuffled)
    found, again = shares(weighted, pots), shares(weighted, shuffled)
    assert set(found) == set(again)
    assert all(abs(found[key] - again[key]) <= TINY for key in found)


def test_keys_share_in_proportion_to_their_weight() -> None:
    assert shares(weights(a=3), [pot("ab", 40)]) == {"a": 30, "b": 10}


def test_what_one_key_may_not_use_elsewhere_reaches_the_others() -> None:
    assert shares(weights(), [pot("abc", 30), pot("a", 2)]) == {"a": 2, "b": 14, "c": 14}


def test_an_exhausted_pot_stops_its_keys_and_no_others() -> None:
    found = shares(weights(), [pot("ab", 0), pot("bc", 12), pot("cd", 20)])
    assert found == {"a": 0, "b": 0, "c": 10, "d": 10}


def test_pots_without_keys_mean_nothing() -> None:
    assert shares(weights(), [pot("", 5)]) == {}


def test_keys_of_unrelated_pots_do_not_wait_for_each_other() -> None:
    assert shares(weights(), [pot("ab", 4), pot("cd", 100)]) == {"a": 2, "b": 2, "c": 50, "d": 50}


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_chains_of_pots_are_one_group_in_whatever_order_they_are_named(order: str) -> None:
    pots = {"a": pot("ab", 6), "b": pot("bc", 6), "c": pot("ca", 6)}
    assert shares(weights(), [pots[one] for one in order]) == {"a": 3, "b": 3, "c": 3}


GRID = 6
SMALL_POTS = [
    Pot(frozenset(members), Decimal(left))
    for members in ("a", "b", "ab", "bc", "abc")
    for left in (0, 1, 2)
]


@pytest.mark.parametrize("heavy", [1, 2])
def test_rule_4b_no_other_way_to_share_in_sixths_raises_who_has_least(heavy: int) -> None:
    """Brute force: of all ways to share on a grid, none is better for the worst off, and so on."""
    weighted = {"a": Decimal(heavy), "b": Decimal(1), "c": Decimal(1)}
    everybody = Pot(frozenset("abc"), Decimal(2))
    for one, other in combinations(SMALL_POTS, 2):
        pots = [everybody, one, other]
        found = shares(weighted, pots)
        levels = sorted(Fraction(found[key]) / heavy ** (key == "a") for key in "abc")
        best = max(sorted(way) for way in _ways(pots, heavy))
        assert best <= [level + Fraction(1, 10**20) for level in levels], pots


def _ways(pots: list[Pot], heavy: int) -> Iterator[list[Fraction]]:
    """Yield the levels of every way to share that no pot forbids."""
    steps = [Fraction(step, GRID) for step in range(2 * GRID + 1)]
    weight = {"a": heavy, "b": 1, "c": 1}
    for levels in product(steps, repeat=3):
        taken = dict(zip("abc", levels, strict=True))
        if all(
            sum(taken[key] * weight[key] for key in one.members) <= Fraction(one.left)
            for one in pots
        ):
            yield list(levels)
