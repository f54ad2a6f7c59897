"""What is known of a generation comes from several sides, in any order."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.generations import UNSAID, Remark, Said
from tests.domain.builders import NOW, usd
from tests.domain.generations import a_generation, said

remarks = st.none() | st.builds(
    Remark,
    st.sampled_from(["import", "export", ""]),
    st.integers(0, 3).map(lambda minutes: NOW + timedelta(minutes=minutes)),
)
sayings = st.builds(Said, remarks, remarks, remarks, remarks)


@given(st.lists(sayings, max_size=4))
def test_what_applications_say_is_the_same_in_whichever_order_it_arrives(some: list[Said]) -> None:
    results = set()
    for order in permutations(some):
        found = UNSAID
        for one in (*order, *order[:1]):
            found |= one
        results.add(found)
    assert len(results) == 1


def test_of_two_remarks_the_later_counts_and_none_takes_back_another() -> None:
    first = said(job="import", outcome="running")
    later = said(NOW + timedelta(minutes=1), outcome="done")
    both = later | first
    assert both.job == first.job
    assert both.outcome == later.outcome


def test_what_is_known_is_not_lost_by_what_is_not() -> None:
    known = a_generation().with_what_is_known(said(job="import"), "#api", usd("0.01"))
    assert known.with_what_is_known() == known
    assert known.with_what_is_known(key="?api") == known


def test_a_key_that_only_had_a_name_gets_its_hash() -> None:
    named = a_generation(key="?api")
    assert named.with_what_is_known(key="#api").key == "#api"


def test_analytics_knows_the_key_better_than_an_application() -> None:
    told = a_generation(said=said(key="#claimed"))
    assert told.spender == "#claimed"
    assert replace(told, key="?api").spender == "#claimed"
    assert replace(told, key="#api").spender == "#api"
    assert a_generation().spender is None
    assert a_generation(key="?api").spender == "?api"


def test_a_user_is_whom_the_application_named_or_else_openrouter_was_told() -> None:
    assert a_generation(external_user="u1").user == "u1"
    assert a_generation(external_user="u1", said=said(user="ann")).user == "ann"
