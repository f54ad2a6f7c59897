"""The verdict on an evening: what was spent beyond a cap is explained, or the promise is broken."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.money import ZERO
from budget_guard.domain.policy import Budget, Hold, Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window
from budget_guard.sandbox.custody import NOTICED
from budget_guard.sandbox.openrouter import Account, Clock
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.verdict import Evening, Row

OPENED = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
LATER = NOTICED + timedelta(minutes=1)
ALWAYS, NEVER = Hold(Decimal(0)), Hold(None)


@dataclass
class Played:
    """An account that has one key, "api", and what was done to it."""

    account: Account = field(default_factory=lambda: Account(clock=Clock(OPENED)))
    by_people: list[tuple[datetime, str]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, name: str = "api", **settings: Any) -> str:
        _, row = self.account.create_key({"name": name, **settings})
        self.keys[name] = row["hash"]
        return self.keys[name]

    def later(self, by: timedelta = LATER) -> None:
        self.account.clock.set(self.account.clock.now + by)

    def fences(self, **limits: str) -> None:
        """Fence several keys for their lifetime, as the guard does where they share a cap."""
        for name, limit in limits.items():
            self.fence(limit, None, name)

    def fence(self, limit: str, reset: str | None = "daily", name: str = "api") -> None:
        body = {"limit": Decimal(limit), "limit_reset": reset}
        self.account.patch_key(self.keys[name], body)

    def by_hand(self, limit: str | None, name: str = "api") -> None:
        key = self.keys[name]
        self.by_people.append((self.account.clock.now, key))
        body = {"limit": None if limit is None else Decimal(limit), "limit_reset": None}
        self.account.patch_key(key, body)

    def spend(self, amount: str, *, byok: bool = False, name: str = "api") -> None:
        self.account.spending.charge(self.keys[name], Decimal(amount), byok=byok)
        self.later(timedelta(seconds=1))

    def rows(
        self,
        budget: Budget | None = None,
        *,
        grants: Sequence[Grant] = (),
        protect: frozenset[str] = frozenset(),
    ) -> list[Row]:
        policy = Policy((budget or cap("10"),), "hash", protect=protect)
        people = frozenset(self.by_people)
        return list(Evening(self.account, policy, OPENED, people, grants).rows())

    def row(self, budget: Budget | None = None, **told: Any) -> Row:
        (found,) = self.rows(budget, **told)
        return found


def cap(amount: str, hold: Hold = ALWAYS, **fields: Any) -> Budget:
    return Budget("api", {Window.DAILY: Decimal(amount)}, ("api",), hold=hold, **fields)


TEAM = Budget("team", {Window.DAILY: Decimal(10)}, ("a*",), hold=ALWAYS)


def parts(row: Row) -> tuple[str, str, str]:
    """In flight, not held, broken."""
    return f"{row.in_flight:.2f}", f"{row.unheld:.2f}", f"{row.broken:.2f}"


@pytest.fixture
def evening() -> Played:
    played = Played()
    played.key()
    return played


@pytest.fixture
def team() -> Played:
    """Two keys, "api" and "app", that a budget of 10 USD covers."""
    played = Played()
    played.key("api")
    played.key("app")
    return played


def test_a_cap_that_was_not_reached_holds(evening: Played) -> None:
    evening.fence("10")
    evening.spend("9.99")
    row = evening.row()
    assert (row.cap, row.spent, row.over, row.promised, row.holds) == (
        Decimal(10),
        Decimal("9.99"),
        ZERO,
        True,
        True,
    )


def test_the_last_request_that_a_fence_let_in_is_in_flight(evening: Played) -> None:
    evening.fence("10")
    evening.spend("9.50")
    evening.spend("3")
    row = evening.row()
    assert (row.over, row.in_flight, row.unheld, row.broken) == (
        Decimal("2.5"),
        Decimal("2.5"),
        ZERO,
        ZERO,
    )
    assert row.holds


def test_a_fence_that_is_too_wide_breaks_the_promise(evening: Played) -> None:
    evening.fence("12")
    evening.spend("10")
    evening.spend("1.50")
    evening.spend("1")
    row = evening.row()
    assert (row.in_flight, row.unheld, row.broken) == (Decimal("0.5"), ZERO, Decimal(2))
    assert not row.holds


def test_a_cent_is_rounding_and_no_broken_promise(evening: Played) -> None:
    evening.fence("10.009")
    evening.spend("10.009")
    row = evening.row()
    assert row.broken == Decimal("0.009")
    assert row.holds


def test_spend_before_the_guard_could_see_it_was_not_held(evening: Played) -> None:
    evening.spend("14")
    row = evening.row()
    assert (row.in_flight, row.unheld, row.broken) == (ZERO, Decimal(4), ZERO)
    assert row.holds


def test_a_guard_that_never_fences_breaks_the_promise(evening: Played) -> None:
    evening.later()
    evening.spend("14")
    row = evening.row()
    assert (row.unheld, row.broken, row.holds) == (ZERO, Decimal(4), False)


def test_a_budget_held_from_a_fraction_is_not_due_before_it_is_reached(evening: Played) -> None:
    evening.spend("8")
    evening.later()
    evening.spend("7")
    row = evening.row(cap("10", Hold(Decimal("0.9"))))
    assert (row.unheld, row.broken, row.holds) == (Decimal(5), ZERO, True)


def test_a_budget_held_from_a_fraction_is_due_once_that_was_seen(evening: Played) -> None:
    evening.spend("9")
    evening.later()
    evening.spend("7")
    assert not evening.row(cap("10", Hold(Decimal("0.9")))).holds


def test_spend_that_a_person_allowed_by_hand_was_not_held(evening: Played) -> None:
    evening.fence("10")
    evening.later()
    evening.by_hand("50")
    evening.later()
    evening.spend("30")
    row = evening.row()
    assert (row.unheld, row.broken, row.holds) == (Decimal(20), ZERO, True)


def test_a_guards_own_mistake_is_not_a_persons(evening: Played) -> None:
    """The same limit as above, but no person set it."""
    evening.fence("10")
    evening.later()
    evening.fence("50")
    evening.later()
    evening.spend("30")
    assert evening.row().broken == Decimal(20)


def test_settings_from_before_the_evening_are_peoples() -> None:
    evening = Played()
    evening.account.clock = Clock(OPENED - timedelta(hours=6))
    evening.key()
    evening.fence("50")
    evening.account.clock.set(OPENED)
    evening.spend("14")
    row = evening.row()
    assert (row.unheld, row.broken) == (Decimal(4), ZERO)


def test_a_keys_own_limit_explains_what_was_in_flight_at_it() -> None:
    evening = Played()
    evening.key(limit=Decimal(10), limit_reset="daily")
    evening.later()
    evening.spend("9")
    evening.spend("3")
    row = evening.row()
    assert (row.in_flight, row.broken, row.holds) == (Decimal(2), ZERO, True)


def test_a_protected_key_is_promised_nothing(evening: Played) -> None:
    evening.later()
    evening.spend("14")
    row = evening.row(protect=frozenset({evening.keys["api"]}))
    assert (row.promised, row.broken, row.unheld, row.holds) == (False, ZERO, Decimal(4), True)


def test_a_budget_that_never_holds_promises_nothing(evening: Played) -> None:
    evening.later()
    evening.spend("14")
    row = evening.row(cap("10", NEVER))
    assert (row.promised, row.holds) == (False, True)


def test_a_budget_for_each_key_is_judged_key_by_key(evening: Played) -> None:
    evening.key("app")
    evening.later()
    evening.spend("8")
    evening.spend("12", name="app")
    each = Budget("each", {Window.DAILY: Decimal(10)}, ("a*",), hold=ALWAYS, per_key=True)
    assert {row.key: row.holds for row in evening.rows(each)} == {"api": True, "app": False}


def test_byok_counts_where_the_budget_says_so(evening: Played) -> None:
    evening.later()
    evening.spend("8")
    evening.spend("8", byok=True)
    assert evening.row().spent == Decimal(8)
    row = evening.row(cap("10", include_byok=True))
    assert (row.spent, row.broken) == (Decimal(16), Decimal(6))


def test_a_grant_lifts_the_cap_of_its_budget_and_no_other(evening: Played) -> None:
    evening.fence("15")
    evening.spend("15")
    ends = OPENED + timedelta(hours=1)
    given = [Grant("id", "api", Decimal(5), OPENED, ends, "release", "ann")]
    other = [Grant("id", "other", Decimal(5), OPENED, ends, "release", "ann")]
    lifted, plain = evening.row(grants=given), evening.row(grants=other)
    assert (lifted.cap, lifted.over, lifted.holds) == (Decimal(15), ZERO, True)
    assert (plain.cap, plain.over, plain.holds) == (Decimal(10), Decimal(5), False)


def test_both_days_of_an_evening_over_midnight_are_judged(evening: Played) -> None:
    evening.fence("10")
    evening.spend("9")
    evening.later(timedelta(hours=5))
    evening.spend("8")
    assert [(row.opens.day, row.spent) for row in evening.rows()] == [
        (18, Decimal(9)),
        (19, Decimal(8)),
    ]


def test_what_was_spent_yesterday_is_not_in_flight_today(evening: Played) -> None:
    evening.fence("12")
    evening.spend("9")
    evening.later(timedelta(hours=5))
    evening.spend("9.50")
    evening.spend("3")
    today = evening.rows()[-1]
    assert (today.in_flight, today.broken) == (Decimal("0.5"), Decimal(2))


def test_a_budget_that_never_holds_is_not_broken_at_another_budgets_fence(evening: Played) -> None:
    evening.fence("20")
    evening.spend("14")
    row = evening.row(cap("10", NEVER))
    assert (row.unheld, row.broken) == (Decimal(4), ZERO)


def test_a_shared_cap_is_one_row_for_all_of_its_keys(team: Played) -> None:
    team.fences(api="6", app="4")
    team.spend("6", name="api")
    team.spend("3.5", name="app")
    row = team.row(TEAM)
    assert (row.key, set(row.hashes)) == (None, set(team.keys.values()))
    assert (row.cap, row.spent, row.promised, row.holds) == (
        Decimal(10),
        Decimal("9.5"),
        True,
        True,
    )


def test_what_one_key_took_in_flight_explains_where_another_one_ends(team: Played) -> None:
    """The first is over its share before the cap is reached; the second stays within its own."""
    team.fences(api="6", app="4")
    team.spend("5.50", name="api")
    team.spend("1", name="api")
    team.spend("4", name="app")
    assert parts(team.row(TEAM)) == ("0.50", "0.00", "0.00")


def test_shares_that_sum_to_more_than_the_cap_break_the_promise(team: Played) -> None:
    team.fences(api="7", app="4")
    team.spend("7", name="api")
    team.spend("4", name="app")
    row = team.row(TEAM)
    assert parts(row) == ("0.00", "0.00", "1.00")
    assert row.promised
    assert not row.holds


def test_what_was_in_flight_is_no_excuse_once_the_guard_has_shared_out_anew(team: Played) -> None:
    team.fences(api="6", app="4")
    team.spend("5.50", name="api")
    team.spend("1", name="api")
    team.fences(app="4")
    team.spend("4", name="app")
    assert parts(team.row(TEAM)) == ("0.00", "0.00", "0.50")


def test_a_persons_word_is_not_the_guards(team: Played) -> None:
    """As above, but it is a person who changed the other key: the guard has counted nothing."""
    team.fences(api="6", app="4")
    team.spend("5.50", name="api")
    team.spend("1", name="api")
    team.by_hand("4", name="app")
    team.spend("4", name="app")
    assert parts(team.row(TEAM)) == ("0.50", "0.00", "0.00")


def test_an_excuse_serves_once(team: Played) -> None:
    team.fences(api="6", app="5")
    team.spend("5.50", name="api")
    team.spend("1", name="api")
    team.spend("4", name="app")
    team.spend("1", name="app")
    assert parts(team.row(TEAM)) == ("0.50", "0.00", "1.00")


def test_a_guard_that_never_shares_out_breaks_the_promise(team: Played) -> None:
    team.spend("4", name="api")
    team.later()
    team.spend("8", name="app")
    assert parts(team.row(TEAM)) == ("0.00", "0.00", "2.00")


def test_what_keys_spent_before_the_guard_could_share_out_was_not_held(team: Played) -> None:
    team.spend("8", name="api")
    team.spend("8", name="app")
    assert parts(team.row(TEAM)) == ("0.00", "6.00", "0.00")


def test_a_protected_member_explains_what_it_spent_since_the_others_were_fenced(
    team: Played,
) -> None:
    protect = frozenset({team.keys["app"]})
    team.fences(api="8")
    team.later()
    team.spend("3", name="app")
    team.spend("8", name="api")
    team.spend("0.50", name="app")
    row = team.row(TEAM, protect=protect)
    assert parts(row) == ("0.00", "1.50", "0.00")
    assert row.promised


def test_a_protected_member_does_not_explain_what_others_spend_beyond_that(team: Played) -> None:
    protect = frozenset({team.keys["app"]})
    team.fences(api="12")
    team.later()
    team.spend("1", name="app")
    team.spend("12", name="api")
    assert parts(team.row(TEAM, protect=protect)) == ("0.00", "1.00", "2.00")


def test_a_cap_of_protected_keys_alone_is_not_promised(team: Played) -> None:
    team.later()
    team.spend("14", name="api")
    row = team.row(TEAM, protect=frozenset(team.keys.values()))
    assert (row.promised, row.holds) == (False, True)


def test_a_shared_cap_that_never_holds_is_not_promised(team: Played) -> None:
    team.later()
    team.spend("14", name="api")
    only_alerts = Budget("team", {Window.DAILY: Decimal(10)}, ("a*",), hold=NEVER)
    row = team.row(only_alerts)
    assert (row.promised, row.holds, parts(row)) == (False, True, ("0.00", "4.00", "0.00"))


def test_a_member_that_a_person_took_out_explains_what_it_spent(team: Played) -> None:
    team.fences(api="5", app="5")
    team.later()
    team.by_hand("50", name="app")
    team.spend("9", name="app")
    team.spend("5", name="api")
    assert parts(team.row(TEAM)) == ("0.00", "4.00", "0.00")


def test_a_key_created_later_is_not_held_until_it_can_be_noticed(team: Played) -> None:
    team.fences(api="5", app="5")
    team.later()
    team.key("api-2")
    team.spend("2", name="api-2")
    team.spend("5", name="api")
    team.spend("5", name="app")
    assert parts(team.row(TEAM)) == ("0.00", "2.00", "0.00")


def test_a_key_created_later_is_to_be_held_once_it_was_noticed(team: Played) -> None:
    team.fences(api="5", app="5")
    team.later()
    team.key("api-2")
    team.later()
    team.spend("2", name="api-2")
    team.spend("5", name="api")
    team.spend("5", name="app")
    assert parts(team.row(TEAM)) == ("0.00", "0.00", "2.00")


def test_a_grant_lifts_a_shared_cap(team: Played) -> None:
    team.fences(api="9", app="6")
    team.spend("9", name="api")
    team.spend("6", name="app")
    ends = OPENED + timedelta(hours=1)
    given = [Grant("id", "team", Decimal(5), OPENED, ends, "release", "ann")]
    assert parts(team.row(TEAM, grants=given)) == ("0.00", "0.00", "0.00")
    assert parts(team.row(TEAM)) == ("0.00", "0.00", "5.00")


def test_a_key_under_two_caps_is_judged_by_each(team: Played) -> None:
    team.key("bot")
    team.fences(api="6", app="4", bot="20")
    team.spend("6", name="api")
    team.spend("4", name="app")
    team.spend("20", name="bot")
    both = Budget("both", {Window.DAILY: Decimal(25)}, ("a*", "bot"), hold=ALWAYS)
    policy = Policy((TEAM, both), "hash")
    rows = Evening(team.account, policy, OPENED, frozenset(), ()).rows()
    assert {row.budget: parts(row)[2] for row in rows} == {"team": "0.00", "both": "5.00"}


def test_another_budgets_fence_does_not_make_a_cap_due_that_is_held_from_a_fraction(
    team: Played,
) -> None:
    team.fences(api="12", app="12")
    team.spend("8", name="api")
    team.later()
    team.spend("4", name="app")
    late = Budget("late", {Window.DAILY: Decimal(10)}, ("a*",), hold=Hold(Decimal("0.9")))
    assert parts(team.row(late)) == ("0.00", "2.00", "0.00")
    team.later()
    team.spend("1", name="app")
    assert parts(team.row(late)) == ("0.00", "2.00", "1.00")


def test_a_key_and_its_successor_are_judged_as_one_and_nobody_made_the_new_one_by_hand(
    evening: Played,
) -> None:
    """What a new key spends in its first minutes is excused only if a person made it."""
    evening.fence("6", None)
    evening.later()
    evening.spend("6")
    evening.key("api #2", limit=Decimal(9))
    evening.spend("9", name="api #2")
    each = cap("10", per_key=True)
    policy = Policy((each,), "hash")
    both = dict.fromkeys(evening.keys.values(), "api")
    judged = Evening(evening.account, policy, OPENED, frozenset(), (), kin=both)
    (row,) = judged.rows()
    assert (row.key, len(row.hashes), row.spent) == ("api", 2, Decimal(15))
    assert parts(row) == ("0.00", "0.00", "5.00")
    by_hand = {evening.keys["api"]: "api"}
    alone = Evening(evening.account, policy, OPENED, frozenset(), (), kin=by_hand)
    assert [parts(one) for one in alone.rows()] == [("0.00", "0.00", "0.00")]


SPENDING = st.lists(
    st.tuples(st.sampled_from(["api", "app"]), st.integers(1, 300)), min_size=1, max_size=12
)


@given(SPENDING, st.integers(0, 1000), st.integers(0, 300))
def test_what_lies_beyond_a_cap_is_explained_or_broken_and_nothing_is_lost(
    charges: list[tuple[str, int]], share: int, too_much: int
) -> None:
    """Broken is at most what the shares exceed the cap by; nothing at all if they do not."""
    played = Played()
    for name, cents in {"api": share, "app": 1000 - share + too_much}.items():
        played.key(name)
        played.fence(f"{Decimal(cents) / 100}", None, name)
    for name, cents in charges:
        with suppress(Refusal):
            played.spend(f"{Decimal(cents) / 100}", name=name)
    row = played.row(TEAM)
    assert row.in_flight + row.unheld + row.broken == row.over
    assert row.unheld == ZERO
    assert row.broken <= Decimal(too_much) / 100


def test_a_budget_on_models_promises_nothing_and_is_not_judged() -> None:
    played = Played()
    played.key()
    played.spend("50")
    assert played.rows(cap("10", models=("acme/*",))) == []
