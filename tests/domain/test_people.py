"""Whose a key is, and how people call it, by any hash of its lineage."""

from dataclasses import replace

from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import begun
from budget_guard.domain.ownership import People
from tests.domain.builders import NOW, a_budget, seen, usd

LINEAGE = begun("secret", "#1", "api", workspace="w1", at=NOW).moved_to("#2", NOW)
KIN = Kin({"secret": LINEAGE})
NEW = seen("api #2", hash="#2")
PEOPLE = People(
    {"#2": NEW, "#job": seen("job")},
    (a_budget("apis", keys="api", owner="search"),),
    KIN,
)


def test_every_generation_has_the_lineages_name_and_owner_also_one_that_is_known_no_more() -> None:
    for key in ("#1", "#2"):
        assert (PEOPLE.name(key), PEOPLE.owner(key)) == ("api", "search")
    assert (PEOPLE.name("#job"), PEOPLE.owner("#job")) == ("job", None)
    assert PEOPLE.name("?gone") == "gone"


def test_a_generation_that_a_person_renamed_is_called_so() -> None:
    people = replace(PEOPLE, observations={"#2": seen("search", hash="#2")}, _owners={})
    assert (people.name("#1"), people.owner("#1")) == ("search", None)


def test_before_the_key_in_use_was_seen_the_others_tell() -> None:
    people = replace(PEOPLE, observations={"#1": seen("api", hash="#1")}, _owners={})
    assert (people.name("#2"), people.owner("#2")) == ("api", "search")


def test_amounts_of_a_lineages_keys_are_one_amount() -> None:
    told = {"#1": usd(1), "#job": usd(5), "#2": usd(2)}
    assert PEOPLE.together(told) == {"#1": usd(3), "#job": usd(5)}
