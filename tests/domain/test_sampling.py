"""What a sample says of all, and how far off it may be."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.generations import Generation
from budget_guard.domain.money import Usd
from budget_guard.domain.outcomes import wasted_cost
from budget_guard.domain.sampling import Count, Estimate, Sampled, coverage, estimate
from tests.domain.builders import HOUR, NOW, usd
from tests.domain.generations import a_generation, strata_of

type Of = Callable[[Generation], Usd]


def cost(one: Generation) -> Usd:
    return one.cost


def estimated(hours: Sequence[Sampled], kept: Sequence[Generation], of: Of) -> Estimate:
    return estimate(strata_of(hours, kept, of))


def count(some: Sequence[Generation]) -> Count:
    return Count(len(some), sum((one.cost for one in some), Decimal(0)))


def sampled(
    some: Sequence[Generation], choice: Choice, kept: Sequence[Generation], hours: int = 0
) -> Sampled:
    chosen = [one for one in some if choice and choice.takes(one.id, one.cost)]
    both = count(chosen), count([one for one in chosen if one in kept])
    return Sampled("w1", NOW + hours * HOUR, NOW, choice, count(some), *both)


@cache
def a_world(seed: int, size: int = 1500) -> tuple[Generation, ...]:
    """Many cheap requests and few dear ones; one in eight is cancelled."""
    dice = Random(seed)  # noqa: S311 - nothing secret
    return tuple(
        a_generation(
            f"gen-{seed}-{number}",
            Decimal(round(dice.lognormvariate(-4, 1.5) * 10**6)).scaleb(-6),
            cancelled=dice.random() < 0.125,
            created_at=NOW + timedelta(minutes=dice.uniform(0, 59)),
        )
        for number in range(size)
    )


@pytest.mark.parametrize("of", [cost, wasted_cost])
@pytest.mark.parametrize("n", [10, 50])
def test_the_bound_holds_for_95_of_100_seeds(of: Of, n: int) -> None:
    held, bounds = 0, []
    for seed in range(100):
        world = a_world(seed)
        kept = [one for one in world if OneIn(n).takes(one.id, one.cost)]
        found = estimated([Sampled("w1", NOW, NOW, OneIn(n), count(world))], kept, of)
        truth = sum(map(of, world), Decimal(0))
        held += abs(found.total - truth) <= found.bound
        bounds.append(found.bound / truth)
    assert held >= 95
    assert sorted(bounds)[50] < 8


def test_the_same_generations_are_drawn_whenever_they_are_drawn() -> None:
    ids = [f"gen-{number}" for number in range(10_000)]
    drawn = [one for one in ids if OneIn(100).takes(one, Decimal(0))]
    assert 60 < len(drawn) < 140
    assert drawn == [one for one in ids if OneIn(100).takes(one, Decimal(5))]
    assert drawn[:3] == ["gen-46", "gen-100", "gen-123"]
    assert all(OneIn(1).takes(one, Decimal(0)) for one in ids)


def test_above_an_amount_means_more_than_it() -> None:
    assert [Above(usd(1)).takes("gen-1", usd(cost)) for cost in ("0.9", 1, "1.1")] == [
        False,
        False,
        True,
    ]


def test_of_all_on_record_there_is_no_doubt() -> None:
    world = a_world(1, 50)
    found = estimated([sampled(world, OneIn(1), world)], world, cost)
    assert found == Estimate(sum((one.cost for one in world), Decimal(0)))
    assert found.bound == 0


@given(st.integers(0, 50), st.decimals(0, "0.1", places=3))
def test_what_is_below_the_amount_is_missing_at_most(seed: int, least: Decimal) -> None:
    world = a_world(seed, 40)
    choice = Above(least)
    kept = [one for one in world if choice.takes(one.id, one.cost)]
    for of in (cost, wasted_cost):
        found = estimated([sampled(world, choice, kept)], kept, of)
        truth = sum(map(of, world), Decimal(0))
        assert found.total <= truth <= found.total + found.bound
    every = estimated([sampled(world, choice, kept)], kept, cost)
    assert every.total + every.bound == count(world).usd


def test_one_that_was_sent_to_the_queue_does_not_stand_for_others() -> None:
    world = a_world(2, 400)
    choice = OneIn(20)
    drawn = [one for one in world if choice.takes(one.id, one.cost)]
    sent = [one for one in world if one not in drawn][:100]
    hours = [sampled(world, choice, drawn)]
    assert estimated(hours, [*drawn, *sent], cost) == estimated(hours, drawn, cost)


def test_what_could_not_be_fetched_is_in_the_bound() -> None:
    world = a_world(3, 400)
    choice = OneIn(20)
    drawn = [one for one in world if choice.takes(one.id, one.cost)]
    dearest = max(drawn, key=cost)
    left = [one for one in drawn if one != dearest]
    hours = [sampled(world, choice, left)]
    assert hours[0].kept == count(left)
    lost = estimated(hours, left, cost)
    assert lost.total + lost.unseen >= count(world).usd


def test_of_nothing_drawn_all_that_exists_is_in_the_bound() -> None:
    world = [one for one in a_world(4, 40) if not OneIn(50).takes(one.id, one.cost)]
    found = estimated([sampled(world, OneIn(50), [])], [], cost)
    assert not found.total
    assert found.bound == count(world).usd


def test_hours_of_different_choices_are_added_up() -> None:
    first = list(a_world(5, 100))
    second = [replace(one, created_at=one.created_at + HOUR) for one in a_world(6, 100)]
    kept = first + [one for one in second if one.cost > usd("0.05")]
    hours = [sampled(first, OneIn(1), first), sampled(second, Above(usd("0.05")), kept, 1)]
    found = estimated(hours, kept, cost)
    assert found.total == count(kept).usd
    assert found.total + found.bound == count(first + second).usd


def test_what_exists_is_held_against_what_is_on_record_for_any_reason() -> None:
    world = a_world(7, 30)
    elsewhere = a_generation("gen-x", workspace="w2")
    kept = (*world[:4], elsewhere)
    assert coverage(strata_of([sampled(world, None, [])], kept, cost)) == (
        count(world),
        count(world[:4]),
    )
    assert coverage(strata_of([], kept, cost)) == (Count(), Count())
    hours = [sampled(world, None, [])]
    assert estimated(hours, kept, cost) == estimated(hours, world[:4], cost)


def test_counts_do_not_fall_below_zero() -> None:
    assert Count(1, usd(1)) - Count(2, usd(2)) == Count()
