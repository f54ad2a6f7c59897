"""The keys that play anybody's budgets: each budget has one of them to hold."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.keys import Key
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.cast import OPUS, SONNET, Role, cast_for, fitting, story
from budget_guard.sandbox.openrouter.work import ORDINARY

OPENS = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)
CAP = {Window.DAILY: Decimal(10), Window.MONTHLY: Decimal(100)}


def budget(*keys: str, name: str = "one", **fields: Any) -> Budget:
    return Budget(name, CAP, keys or ("*",), **fields)


def cast(*budgets: Budget) -> tuple[Role, ...]:
    return cast_for(Policy(budgets, "hash"), OPENS)


def covered(by: Budget, roles: tuple[Role, ...]) -> list[str]:
    def identity(role: Role) -> Key:
        creator = role.settings.get("creator_user_id")
        return Key(role.name, role.name, role.workspace or "default", creator=creator)

    return [role.name for role in roles if by.covers(identity(role))]


def until_midnight(role: Role) -> Decimal:
    made = (call for script in role.scripts for call in script.calls())
    return sum((call.cost for call in made if call.at < MIDNIGHT), Decimal(0))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", ["a", "b"]),
        ("prod-*", ["prod-a", "prod-b"]),
        ("team-?-x", ["team-a-x", "team-b-x"]),
        ("[ab]-*", ["a-a", "b-b"]),
        ("[!a-c]?", ["da", "db"]),
        ("v[0-9]", ["v0"]),
        ("[é]-key", ["é-key"]),
        ("plain", ["plain"]),
        ("not[closed", ["not[closed"]),
        ("[]]*", ["]a", "]b"]),
    ],
)
def test_a_pattern_has_keys_that_it_matches(pattern: str, names: list[str]) -> None:
    one = budget(pattern)
    assert covered(one, cast(one)) == names


@given(st.text(alphabet="ab-*?[]!0é", min_size=1))
def test_whatever_the_pattern_its_keys_match_it(pattern: str) -> None:
    one = budget(pattern)
    assert len(covered(one, cast(one))) == len(cast(one))


def test_narrowing_to_workspaces_and_creators_is_followed() -> None:
    one = budget("prod-*", workspaces=("ws-[12]*",), creators=("user_?",))
    assert covered(one, cast(one)) == ["prod-a", "prod-b"]
    assert {role.workspace for role in cast(one)} == {"ws-1a"}


def test_budgets_on_the_same_names_in_other_workspaces_have_keys_of_their_own() -> None:
    here = budget("api", name="here", workspaces=("here",))
    there = budget("api", name="there", workspaces=("there",))
    roles = cast(here, there)
    assert [role.workspace for role in roles] == ["here", "there"]
    assert covered(here, roles) == covered(there, roles) == ["api"]


def test_budgets_on_the_same_keys_share_them() -> None:
    assert len(cast(budget("api"), budget("api", name="other"))) == 1


def test_the_first_key_runs_beyond_its_tightest_cap_before_midnight_and_the_other_does_not() -> (
    None
):
    runaway, other = cast(budget("prod-*"))
    assert until_midnight(runaway) > CAP[Window.DAILY] > 2 * until_midnight(other) > 0


def test_a_tiny_cap_is_still_overrun() -> None:
    (runaway,) = cast(Budget("tiny", {Window.DAILY: Decimal("0.000001")}, ("one",)))
    assert until_midnight(runaway) > Decimal("0.000001")


def test_a_pattern_that_matches_nothing_has_no_keys() -> None:
    assert cast(budget("prod-[z-a]")) == ()
    assert fitting("prod-[z-a]") == "prod-a"


def test_the_story_has_sixteen_keys_in_two_workspaces_and_ends_after_midnight() -> None:
    roles = story(OPENS)
    assert len({role.name for role in roles}) == len(roles) == 16
    assert len({role.workspace for role in roles}) == 2
    last = max(script.ends for role in roles for script in role.scripts)
    assert last > MIDNIGHT + timedelta(minutes=16)


def test_before_the_play_a_key_did_its_usual_work_or_what_it_does_now() -> None:
    roles = {role.name: role for role in story(OPENS)}
    assert roles["agent-crawler"].before == SONNET
    assert roles["agent-crawler"].scripts[0].work == OPUS
    assert roles["prod-search"].before == roles["prod-search"].scripts[0].work
    assert roles["dev-dan"].before == ORDINARY
