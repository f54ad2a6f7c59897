"""Conditions: what people must hear of now."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from budget_guard.domain.alerts import Condition, Kind
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold, HoldState, Override, Refusals
from budget_guard.domain.ladder import Severity
from budget_guard.domain.observations import Freshness, HourMark, observe_gone
from budget_guard.domain.policy import Mode
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.domain.wishes import Fence, Wish
from tests.domain.builders import (
    ALWAYS,
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    NOW,
    OPEN,
    a_budget,
    counters,
    facts_of,
    held,
    limited,
    plan_of,
    policy_of,
    seen,
    usd,
    utc,
)

PROD = a_budget("prod", daily=100, owner="ann", runbook="https://wiki")
FENCED = held("api", limited(100, DAILY))


def of(facts: Facts) -> tuple[Condition, ...]:
    return conditions(decide(facts))


def the_one(spent: str, *holds: Hold, budget: Any = PROD) -> Condition:
    settings = holds[0].confirmed.settings if holds and holds[0].confirmed else OPEN
    key = seen("api", counters(spent), settings)
    (found,) = conditions(plan_of([key], budget, holds=holds))
    return found


@pytest.mark.parametrize(
    ("spent", "step", "severity"),
    [
        ("80", 800, Severity.WARNING),
        ("89.99", 800, Severity.WARNING),
        ("90", 900, Severity.WARNING),
        ("100", 1000, Severity.CRITICAL),
        ("130", 1000, Severity.CRITICAL),
    ],
)
def test_each_threshold_is_a_step_and_equal_is_reached(
    spent: str, step: int, severity: Severity
) -> None:
    found = the_one(spent)
    assert (found.kind, found.step, found.severity) == (Kind.THRESHOLD, step, severity)
    assert found.id == "prod/*/daily/2026-11-18"


@pytest.mark.parametrize("spent", ["0", "79.99"])
def test_below_the_first_threshold_nothing_is_told(spent: str) -> None:
    assert conditions(plan_of([seen("api", counters(spent))], PROD)) == ()


def test_a_cap_of_zero_is_told_only_once_something_was_spent() -> None:
    assert conditions(plan_of([seen()], a_budget(daily=0))) == ()
    assert conditions(plan_of([seen("api", counters(1))], a_budget(daily=0)))


def test_a_fenced_key_is_a_step_beyond_its_threshold() -> None:
    found = the_one("91.20", FENCED)
    assert (found.kind, found.step, found.severity) == (Kind.FENCED, 901, Severity.WARNING)
    assert found.entry.action == "fenced: 8.80 USD more until 00:00 UTC"
    assert found.entry.undo == 'budget-guard release #api --reason "..."'


def test_a_stopped_key_is_the_last_step_and_critical() -> None:
    found = the_one("100", FENCED)
    assert (found.kind, found.step, found.severity) == (Kind.STOPPED, 1001, Severity.CRITICAL)
    assert "OpenRouter refuses the key" in (found.entry.action or "")


def test_a_stop_is_told_even_by_a_budget_without_thresholds() -> None:
    found = the_one("100", FENCED, budget=replace(PROD, thresholds=()))
    assert (found.kind, found.step, found.severity) == (Kind.STOPPED, 1001, Severity.CRITICAL)


def test_a_key_that_is_always_fenced_is_news_only_by_its_thresholds() -> None:
    assert the_one("91.20", FENCED, budget=replace(PROD, hold=ALWAYS)).kind is Kind.THRESHOLD


def test_a_fence_that_openrouter_has_not_confirmed_is_not_told_as_one() -> None:
    found = the_one("91.20")
    assert found.kind is Kind.THRESHOLD
    assert found.entry.action == "fencing the key at 8.80 USD more until 00:00 UTC"
    assert found.entry.undo is None


def test_an_entry_says_whose_how_much_of_what_and_until_when() -> None:
    key = replace(seen("api", counters("95")), hours=(HourMark(NOW - HOUR, counters(85).lifetime),))
    (found,) = conditions(plan_of([key], PROD))
    entry = found.entry
    assert entry.text == "prod spent 95.00 of 100.00 USD today"
    assert (entry.budget, entry.owner, entry.runbook) == ("prod", "ann", "https://wiki")
    assert (entry.key, entry.key_name, entry.window) == ("#api", "api", DAILY)
    assert (entry.spent, entry.cap, entry.burn_per_hour) == (usd(95), usd(100), usd(10))
    assert entry.exhausts_at == NOW + timedelta(minutes=30)
    assert entry.resets_at == utc("2026-11-19 00:00")


def test_a_cap_that_lasts_until_it_resets_is_not_said_to_be_exhausted() -> None:
    slow = (HourMark(NOW - HOUR, counters("94.9").lifetime),)
    (found,) = conditions(plan_of([replace(seen("api", counters(95)), hours=slow)], PROD))
    assert found.entry.exhausts_at is None


def test_thresholds_step_on_as_spend_grows_and_resolve_at_the_roll() -> None:
    key = seen("api", counters(95))
    assert of(facts_of([key], policy_of(PROD)))
    assert of(facts_of([key], policy_of(PROD), now=NOW + DAY)) == ()


def test_a_per_key_budget_has_an_incident_for_each_key() -> None:
    keys = [seen(name, counters(85)) for name in ("a", "b")]
    found = conditions(plan_of(keys, replace(PROD, per_key=True)))
    assert [one.id for one in found] == [
        "prod/#a/daily/2026-11-18",
        "prod/#b/daily/2026-11-18",
    ]
    assert found[0].entry.text == "a, in prod, spent 85.00 of 100.00 USD today"


def test_the_todo_of_a_reached_cap_names_the_grant_and_its_key() -> None:
    shared, own = the_one("100"), the_one("100", budget=replace(PROD, per_key=True))
    assert "budget-guard grant prod 20 --for 4h" in (shared.entry.todo or "")
    assert "budget-guard grant prod 20 --key #api --for 4h" in (own.entry.todo or "")
    assert the_one("91").entry.todo is None


def test_what_is_about_to_be_done_and_what_is_not_is_said() -> None:
    two = [seen("a", counters(50)), seen("b", counters(45))]
    (shared,) = conditions(plan_of(two, PROD))
    assert shared.entry.action == "fencing its keys at 5.00 USD more until 00:00 UTC"
    assert (shared.entry.key, shared.entry.spent) == (None, 95)
    (observed,) = of(facts_of(two[:1], policy_of(a_budget(daily=50), mode=Mode.OBSERVE)))
    assert observed.entry.action == "nothing: the budgets file says mode: observe"


def test_what_is_neither_fenced_nor_to_be_is_said_to_be_left_for_now() -> None:
    assert the_one("85").entry.action == "nothing yet"
    facts = facts_of(
        [seen("api", counters(95), limited(100, DAILY))],
        policy_of(replace(PROD, hold=NEVER), a_budget("firm", daily=100)),
        holds=[FENCED],
    )
    kinds = {one.entry.budget: one.kind for one in of(facts)}
    assert kinds == {"prod": Kind.THRESHOLD, "firm": Kind.FENCED}


UNBUDGETED = seen("stray", counters(3), limited(5, DAILY))


def test_an_unmanaged_key_is_told_with_its_own_limit_under_one_lasting_incident() -> None:
    for now in (NOW, NOW + DAY):
        (found,) = of(facts_of([UNBUDGETED], policy_of(), now=now))
        assert (found.kind, found.id, found.step) == (Kind.UNMANAGED, "unmanaged/#stray", 1)
        assert found.entry.text == "stray is in no budget; its own limit: 5.00 USD daily"


@pytest.mark.parametrize(
    "key",
    [
        observe_gone(UNBUDGETED, NOW),
        seen("stray", settings=limited(disabled=True)),
        seen("stray", expires_at=NOW),
    ],
)
def test_a_key_that_cannot_spend_is_not_unmanaged(key: Any) -> None:
    assert of(facts_of([key], policy_of())) == ()


def test_a_key_that_expires_later_is_unmanaged() -> None:
    (found,) = of(facts_of([seen("stray", expires_at=NOW + HOUR)], policy_of()))
    assert found.entry.text == "stray is in no budget; its own limit: no limit"


def overridden_at(*minutes: int, until: bool = True) -> tuple[Condition, ...]:
    holds = [
        held(
            f"k{number}",
            state=HoldState.LET_GO,
            override=Override(NOW - minute * MINUTE, "10 became 80"),
            let_go_until=utc("2026-11-19 00:00") if until else None,
        )
        for number, minute in enumerate(minutes)
    ]
    keys = [seen(f"k{number}") for number in range(len(holds))]
    return of(facts_of(keys, policy_of(a_budget(daily=5)), holds=holds))


def test_an_override_says_what_changed_and_until_when_the_key_is_let_go() -> None:
    (found,) = overridden_at(5)
    assert (found.kind, found.severity) == (Kind.OVERRIDE, Severity.WARNING)
    assert found.entry.text == "somebody changed k0 while the guard held it: 10 became 80"
    assert found.entry.action == "the guard lets the key go until 00:00 UTC"
    assert overridden_at(5, until=False)[0].entry.action == "the fence is put back"


def test_an_override_of_yesterday_is_over() -> None:
    assert overridden_at(12 * 60 + 1) == ()


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [
        ((0, 3, 10), Kind.OVERRIDE),
        ((0, 3, 7, 10), Kind.OVERRIDE_MASS),
        ((0, 3, 7, 11), Kind.OVERRIDE),
        ((60, 20, 10, 12, 15), Kind.OVERRIDE_MASS),
    ],
)
def test_more_than_three_overrides_within_ten_minutes_are_terraforms(
    minutes: tuple[int, ...], kind: Kind
) -> None:
    found = overridden_at(*minutes)
    assert {one.kind for one in found} == {kind}
    assert all(
        ("ignore_changes" in (one.entry.todo or "")) == (kind is Kind.OVERRIDE_MASS)
        for one in found
    )


def test_an_override_of_a_key_that_was_never_seen_is_told_by_its_hash() -> None:
    hold = held("gone", override=Override(NOW, "x"))
    (found,) = of(facts_of([], policy_of(), holds=[hold]))
    assert found.entry.key_name == "#gone"


WISH = Wish(
    "#api", Fence(limited(5).limit, include_byok=False), "why", NOW, 3, True, usd(1), "prod"
)


def failing(count: int, lasted: timedelta, *, wished: bool = True) -> tuple[Condition, ...]:
    refusals = Refusals(count, NOW - lasted, NOW, "403 no", for_good=True)
    facts = facts_of(
        [seen("api", counters(10))],
        policy_of(PROD),
        fresh=NOW - DAY,
        holds=[held("api", refusals=refusals)],
        wishes=[WISH] if wished else [],
    )
    return tuple(one for one in of(facts) if one.kind is Kind.ACTION_FAILED)


def test_an_action_has_failed_after_five_refusals_over_ten_minutes() -> None:
    (found,) = failing(5, 10 * MINUTE)
    assert (found.id, found.severity) == ("failed/#api/3", Severity.CRITICAL)
    assert found.entry.text == "api cannot be changed: 5 tries in a row failed. 403 no"
    assert (found.entry.owner, found.entry.action) == ("ann", "still wanted: why")
    assert found.entry.undo == 'budget-guard release #api --reason "..."'


def test_before_that_or_once_nothing_is_wished_no_failure_is_told() -> None:
    assert failing(4, HOUR) == failing(5, 9 * MINUTE) == failing(5, HOUR, wished=False) == ()


def blind(**rest: Any) -> list[Condition]:
    facts = facts_of([seen("api", counters(1))], policy_of(PROD), **rest)
    return [one for one in of(facts) if one.kind is Kind.BLIND]


def test_a_workspace_that_is_stale_is_named_with_the_polls_problem() -> None:
    poll = PollReport(NOW, "run", problem="OpenRouter answers 503")
    (found,) = blind(fresh=NOW - HOUR, poll=poll)
    assert (found.id, found.severity) == ("blind/w1", Severity.CRITICAL)
    assert found.entry.text == (
        "nothing new is known of workspace w1-name since 11:00 UTC. OpenRouter answers 503"
    )
    assert blind(fresh=NOW - 15 * MINUTE, poll=poll) == []
    assert blind(fresh=NOW - HOUR)[0].entry.text.endswith("since 11:00 UTC.")


def test_what_needs_hands_is_told_at_once_and_instead_of_every_workspace() -> None:
    poll = PollReport(NOW, "run", problem="the management key is missing", needs_hands=True)
    for fresh in (NOW, NOW - DAY):
        (found,) = blind(fresh=fresh, poll=poll)
        assert found.id == "blind/account"
        assert found.entry.text == (
            "the guard cannot read the account: the management key is missing"
        )


def test_a_workspace_without_living_keys_or_never_polled_is_nothing_to_be_blind_of() -> None:
    facts = facts_of([observe_gone(seen(), NOW)], policy_of(PROD), fresh=NOW - DAY)
    assert of(facts) == ()
    new = replace(facts_of([seen()], policy_of(PROD)), freshness={})
    assert of(new) == ()
    other = replace(
        facts_of([seen()], policy_of(PROD)),
        workspaces={"w2": Workspace("w2", "two")},
        freshness={"w1": Freshness("w1", NOW, NOW), "w2": Freshness("w2", NOW - DAY, NOW - DAY)},
    )
    assert of(other) == ()
