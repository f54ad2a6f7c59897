"""A lineage: which keys are of it, what the next is called, and which stray ones are nobody's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from budget_guard.domain.keys import Spent
from budget_guard.domain.lineage import Lineage, State, begun
from budget_guard.domain.strays import Sighting, Stray, stray
from tests.domain.builders import DAY, HOUR, MINUTE, NOW, usd

ARN = "arn:secret"


def a_lineage(name: str = "prod-api") -> Lineage:
    return begun(ARN, "#1", name, workspace="w1", at=NOW)


@pytest.mark.parametrize(
    ("name", "stem", "next_name"),
    [
        ("prod-api", "prod-api", "prod-api #2"),
        ("prod-api #3", "prod-api", "prod-api #4"),
        ("prod-api #0", "prod-api #0", "prod-api #0 #2"),
        ("#3", "#3", "#3 #2"),
        ("two\nlines #9", "two\nlines", "two\nlines #10"),
    ],
)
def test_the_next_name_has_the_next_number(name: str, stem: str, next_name: str) -> None:
    lineage = a_lineage(name)
    assert (lineage.name, lineage.next_name) == (stem, next_name)


def test_a_new_key_takes_over_and_the_one_before_it_drains() -> None:
    lineage = a_lineage().moved_to("#2", NOW + DAY)
    assert lineage.current.hash == "#2"
    assert [(one.hash, one.number) for one in lineage.draining] == [("#1", 1)]
    assert lineage.moved_to("#2", NOW + 2 * DAY) == lineage
    assert lineage.next_name == "prod-api #3"


def test_a_state_is_dated_by_when_it_came() -> None:
    lineage = a_lineage().moved_to("#2", NOW).come_to("#1", State.DISABLED, NOW + HOUR)
    assert lineage.come_to("#1", State.DISABLED, NOW + DAY) == lineage
    assert lineage.generations[0].since == NOW + HOUR
    assert not lineage.draining


def test_only_an_unused_key_of_a_name_asked_for_is_an_orphan() -> None:
    lineage = a_lineage().asking("prod-api #2", NOW).asking("prod-api #2", NOW + DAY)
    late = Sighting("#late", "prod-api #2", NOW + HOUR, is_used=False)
    used = replace(late, hash="#used", is_used=True)
    earlier = replace(late, hash="#earlier", created_at=NOW - HOUR)
    days_later = replace(late, hash="#days-later", created_at=NOW + 3 * DAY)
    other = replace(late, hash="#other", name="prod-api #9")
    known = replace(late, hash="#1")
    kept = replace(late, hash="#kept")
    found = stray(lineage, [late, used, earlier, days_later, other, known, kept], pending="#kept")
    assert found == Stray((late,), (used, earlier, days_later))
    again = lineage.asking("prod-api #2", NOW + 3 * DAY - HOUR)
    assert stray(again, [days_later]) == Stray((days_later,))


def test_the_last_twenty_names_are_remembered() -> None:
    lineage = a_lineage()
    for number in range(2, 30):
        lineage = lineage.asking(f"prod-api #{number}", NOW)
    assert [one.name for one in lineage.asked] == [f"prod-api #{n}" for n in range(10, 30)]


def test_a_generation_is_idle_since_it_last_spent_or_was_last_used() -> None:
    seen = a_lineage().current.looked_at(Spent(usd(5)), None, NOW)
    assert seen.idle_for(NOW + HOUR) == HOUR
    again = seen.looked_at(Spent(usd(5)), None, NOW + HOUR)
    assert again.idle_for(NOW + 2 * HOUR) == 2 * HOUR
    assert again.looked_at(Spent(usd(6)), None, NOW + HOUR).idle_for(NOW + 2 * HOUR) == HOUR
    free_of_charge = again.looked_at(Spent(usd(5)), NOW + MINUTE, NOW + HOUR)
    assert free_of_charge.idle_for(NOW + HOUR) == HOUR - MINUTE
    assert a_lineage().current.idle_for(NOW + DAY) == timedelta()


def test_a_secret_is_called_by_its_name_whatever_its_arn() -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:openrouter/prod-api/12-AbCdEf"
    assert replace(a_lineage(), secret=arn).secret_name == "openrouter/prod-api/12"
    assert replace(a_lineage(), secret="openrouter/prod-api").secret_name == "openrouter/prod-api"
