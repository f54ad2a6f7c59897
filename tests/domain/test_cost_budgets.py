"""Budgets on models and providers: they tell of thresholds, and no fence is measured by them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Condition, Incident, Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.conditions import conditions
from budget_guard.domain.cost_budgets import reached
from budget_guard.domain.cost_spends import CostSpend, Counted, Spender, terms_of
from budget_guard.domain.decision import decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Severity
from budget_guard.domain.ownership import owner_of
from budget_guard.domain.policy import Budget, Hold, Mode, Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, start
from tests.domain.builders import (
    ALWAYS,
    AT_90,
    DAILY,
    DAY,
    HOUR,
    MONTHLY,
    NEVER,
    NOW,
    a_budget,
    a_grant,
    counters,
    facts_of,
    policy_of,
    seen,
    usd,
    utc,
)

CLAUDE = a_budget("claude", daily=100, models=("anthropic/*",), owner="ann", runbook="https://wiki")
UNTIL = NOW - HOUR


def spend(
    usd_: str = "91.20",
    *keys: tuple[str, str],
    budget: Budget = CLAUDE,
    until: datetime = UNTIL,
    since: datetime = NOW - 28 * DAY,
    now: datetime = NOW,
) -> CostSpend:
    """Return what a budget spent in each window, `keys` of it by hash, at 2 USD an hour."""
    spenders = tuple(Spender(key, usd(spent), usd(1)) for key, spent in keys)
    windows = tuple(
        Counted(window, start(window, now), usd(usd_), usd(2), spenders) for window in Window
    )
    return CostSpend(budget.name, terms_of(budget, ()), now, since, until, windows)


def facts(
    *spends: CostSpend,
    budget: Budget = CLAUDE,
    now: datetime = NOW,
    incidents: Sequence[Incident] = (),
    grants: Sequence[Grant] = (),
) -> Facts:
    keys = [seen("api", counters(5000)), seen("job")]
    told = facts_of(keys, policy_of(budget), now=now, incidents=incidents, grants=grants)
    return replace(told, cost_spends={one.budget: one for one in spends})


def the_one(told: Facts) -> Condition:
    (found,) = reached(told)
    return found


def an_incident(step: int = 900, name: str = "claude/*/daily/2026-11-18") -> Incident:
    entry = replace(the_one(facts(spend())).entry, incident=name)
    return Incident(name, Kind.THRESHOLD, step, NOW - HOUR, "a1", entry)


@pytest.mark.parametrize(
    ("spent", "step", "severity"),
    [
        ("80", 800, Severity.WARNING),
        ("99.99", 900, Severity.WARNING),
        ("100", 1000, Severity.CRITICAL),
        ("250", 1000, Severity.CRITICAL),
    ],
)
def test_each_threshold_is_a_step_as_with_other_budgets(
    spent: str, step: int, severity: Severity
) -> None:
    found = the_one(facts(spend(spent)))
    assert (found.kind, found.step, found.severity) == (Kind.THRESHOLD, step, severity)
    assert found.id == "claude/*/daily/2026-11-18"


@pytest.mark.parametrize("spent", ["0", "79.99"])
def test_below_the_first_threshold_nothing_is_told(spent: str) -> None:
    assert not list(reached(facts(spend(spent))))


def test_the_alert_says_on_what_until_when_that_is_known_who_spent_and_that_nothing_is_fenced() -> (
    None
):
    keys = (("#api", "60"), ("?old-job", "20"), ("#job", "11.2"), ("#none", "0.1"))
    entry = the_one(facts(spend("91.20", *keys))).entry
    assert entry.text == (
        "claude spent 91.20 of 100.00 USD today on anthropic/*; costs are known until 11:00 UTC; "
        "most by api 60.00, old-job 20.00, job 11.20 USD"
    )
    assert entry.action == "nothing is fenced: a key's limit cannot tell models apart"
    assert (entry.spent, entry.cap, entry.burn_per_hour) == (usd("91.20"), usd(100), usd(2))
    assert (entry.resets_at, entry.exhausts_at) == (
        utc("2026-11-19"),
        NOW + timedelta(seconds=15840),
    )
    assert (entry.owner, entry.runbook, entry.undo) == ("ann", "https://wiki", None)
    assert entry.todo is not None
    assert entry.todo.endswith('budget-guard grant claude 20 --for 4h --reason "..."')


def test_a_budget_on_providers_says_so() -> None:
    served = a_budget("served", daily=100, providers=("Google", "Azure", "xAI", "Groq"))
    entry = the_one(facts(spend(budget=served), budget=served)).entry
    assert "today with Google, Azure and 2 more; costs" in entry.text
    assert entry.action == "nothing is fenced: a key's limit cannot tell providers apart"


def test_of_a_budget_for_each_key_each_key_is_told_by_itself() -> None:
    each = replace(CLAUDE, per_key=True)
    told = facts(spend("200", ("#api", "95"), ("#job", "79"), budget=each), budget=each)
    found = the_one(told)
    assert found.id == "claude/#api/daily/2026-11-18"
    assert (found.entry.key, found.entry.key_name) == ("#api", "api")
    assert found.entry.text.startswith("api, in claude, spent 95.00 of 100.00 USD today on")
    assert "--key #api" in (found.entry.todo or "")


def test_a_grant_lifts_its_cap() -> None:
    granted = facts(spend(), grants=[a_grant(100, budget="claude")])
    assert not list(reached(granted))
    over = replace(granted, cost_spends={"claude": spend("180")})
    assert (the_one(over).entry.cap, the_one(over).step) == (usd(200), 900)


UNKNOWN = {
    "no costs were read": facts(),
    "they were read too long ago": facts(spend("1", until=NOW - 2 * HOUR - timedelta(seconds=1))),
    "they were read from later on": facts(spend("1", since=NOW - HOUR)),
    "it counted something else then": facts(spend("1", budget=replace(CLAUDE, keys=("j*",)))),
    "they are of yesterday": facts(spend("1", now=NOW - DAY, until=NOW)),
}


@pytest.mark.parametrize("why", UNKNOWN)
def test_what_is_not_known_opens_nothing_and_ends_nothing(why: str) -> None:
    assert not list(reached(UNKNOWN[why]))
    known = an_incident()
    kept = the_one(replace(UNKNOWN[why], incidents={known.id: known}))
    assert (kept.id, kept.step, kept.entry) == (known.id, known.step, known.entry)


def test_what_is_known_to_be_below_again_is_over() -> None:
    known = an_incident()
    assert not list(reached(facts(spend("1"), incidents=[known])))


def test_what_is_known_to_be_reached_is_told_however_old_it_is() -> None:
    assert the_one(facts(spend("100", until=utc("2026-11-18")))).step == 1000


@pytest.mark.parametrize("name", ["claude/*/daily/2026-11-17", "other/*/daily/2026-11-18"])
def test_an_incident_of_another_day_or_budget_is_not_kept(name: str) -> None:
    known = an_incident(name=name)
    if name.startswith("other"):
        known = replace(known, entry=replace(known.entry, budget="other"))
    assert not list(reached(facts(incidents=[known])))


def test_a_window_that_rolled_ends_its_incident_before_costs_of_the_new_one_are_read() -> None:
    midnight = utc("2026-11-19 00:00")
    told = facts(spend("120"), now=midnight, incidents=[an_incident()])
    assert not list(reached(told))


def test_a_key_beyond_the_dearest_that_are_kept_is_not_taken_to_be_below() -> None:
    each = replace(CLAUDE, per_key=True)
    many = [(f"#{number}", "1") for number in range(1000)]
    known = an_incident(name="claude/#job/daily/2026-11-18")
    told = facts(spend("1000", *many, budget=each), budget=each, incidents=[known])
    assert the_one(told).id == known.id
    few = facts(spend("1", ("#api", "1"), budget=each), budget=each, incidents=[known])
    assert not list(reached(few))


def test_such_a_budget_does_not_make_a_key_managed_or_owned() -> None:
    (found,) = conditions(decide(facts(spend("1"), budget=replace(CLAUDE, keys=("api",)))))[:1]
    assert found.kind is Kind.UNMANAGED
    assert found.entry.text.startswith("api is only in budgets that count some models or providers")


def test_who_watches_a_model_does_not_own_the_keys_that_use_it() -> None:
    budgets = (CLAUDE, a_budget("all", owner="bob"))
    assert owner_of(seen("api"), budgets) == "bob"
    assert owner_of(seen("api"), budgets[:1]) is None


def test_the_axis_is_what_is_named() -> None:
    assert CLAUDE.axis is Axis.MODEL
    assert a_budget(providers=("x",)).axis is Axis.PROVIDER
    assert a_budget().axis is None


HOLDS = st.sampled_from([ALWAYS, AT_90, NEVER])
NARROWED = st.sampled_from([{"models": ("*",)}, {"providers": ("Acme",)}])


@given(
    st.lists(st.tuples(HOLDS, st.booleans(), st.sampled_from(["*", "a*", "j*"])), max_size=3),
    st.lists(
        st.tuples(NARROWED, HOLDS, st.booleans(), st.integers(0, 100)), min_size=1, max_size=3
    ),
    st.integers(0, 120),
)
def test_no_decision_about_any_key_knows_of_such_budgets(
    ordinary: list[tuple[Hold, bool, str]],
    narrowed: list[tuple[dict[str, Any], Hold, bool, int]],
    spent: int,
) -> None:
    plain = [
        a_budget(f"b{place}", keys=keys, hold=hold, per_key=per_key, daily=100, monthly=500)
        for place, (hold, per_key, keys) in enumerate(ordinary)
    ]
    others = [
        a_budget(f"c{place}", hold=hold, per_key=per_key, daily=cap, **some)
        for place, (some, hold, per_key, cap) in enumerate(narrowed)
    ]
    keys = [seen("api", counters(spent)), seen("job", counters(7))]
    without, beside = (
        decide(facts_of(keys, Policy(tuple(some), "hash", Mode.ENFORCE)))
        for some in (plain, [*others[:1], *plain, *others[1:]])
    )
    assert beside.wishes == without.wishes
    assert beside.constraints == without.constraints
    assert beside.standings.keys() == without.standings.keys()
    assert not beside.held_back
    assert (beside.is_news, beside.dropped) == (without.is_news, without.dropped)


def test_a_month_is_told_beside_a_day() -> None:
    both = replace(CLAUDE, cap={DAILY: usd(100), MONTHLY: Decimal(95)})
    ids = [one.id for one in reached(facts(spend(budget=both), budget=both))]
    assert ids == ["claude/*/daily/2026-11-18", "claude/*/monthly/2026-11-01"]
