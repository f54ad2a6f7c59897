"""Rule 11 for guardrails: a key restricted is a key changed, and so is one that gets its own back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from budget_guard.domain.alerts import Condition, Kind
from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.observations import Observation, observe
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.records import Approval, Freeze, Release
from budget_guard.domain.restriction import Refusal, Restriction
from budget_guard.domain.wishes import Fence
from tests.domain.builders import (
    ALWAYS,
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    NOW,
    a_budget,
    a_reading,
    counters,
    facts_of,
    policy_of,
    seen,
    usd,
    utc,
)

NAMES = [f"k{number}" for number in range(8)]
ALL = frozenset(f"#{name}" for name in NAMES)
MIDNIGHT = utc("2026-11-19 00:00")


def restricting(cap: int, to: str = "cheap", **fields: Any) -> Policy:
    """Return a file that restricts each key at 80 % of its own cap; its hash says which."""
    step = Threshold(usd("0.8"), Severity.WARNING, Do.RESTRICT, to)
    each: dict[str, Any] = {"daily": cap, "hold": NEVER, "per_key": True, "thresholds": (step,)}
    return replace(policy_of(a_budget("each", **(each | fields))), hash=f"{to}-at-{cap}")


KIND, STERN = restricting(100), restricting(10)


def approved(policy: Policy, at: timedelta = HOUR) -> Approval:
    return Approval(policy, NOW - at, "ann", "looked at it")


def restricted(name: str, **fields: Any) -> Restriction:
    """Return a restriction to `cheap` that is in place."""
    ours: dict[str, Any] = {"placed": "g1", "wanted": "cheap", "looked_at": NOW - HOUR}
    return Restriction(f"#{name}", **(ours | {"until": MIDNIGHT} | fields))


def account(
    policy: Policy, spends: Sequence[int], *approvals: Approval, known: Sequence[Restriction] = ()
) -> Facts:
    keys = [seen(name, counters(spend)) for name, spend in zip(NAMES, spends, strict=False)]
    restrictions = {one.key: one for one in known}
    return replace(facts_of(keys, policy), approvals=approvals, restrictions=restrictions)


def told(plan: Plan) -> Condition:
    (one,) = [one for one in conditions(plan) if one.kind is Kind.BREAKER]
    return one


def test_a_new_file_that_restricts_many_keys_is_held_back_and_the_approved_one_goes_on() -> None:
    plan = decide(account(STERN, [90] + [8] * 3 + [1] * 4, approved(KIND)))
    assert plan.held_back
    assert plan.held_back.restricts == {f"#{name}" for name in NAMES[:4]}
    assert not plan.held_back.stops | plan.held_back.releases
    assert set(plan.guardrails) == {"#k0"}, "the approved file restricts this one too"


def test_once_a_person_has_approved_it_the_keys_are_restricted() -> None:
    plan = decide(account(STERN, [8] * 8, approved(KIND), approved(STERN, MINUTE)))
    assert plan.held_back is None
    assert set(plan.guardrails) == ALL


@pytest.mark.parametrize(("count", "waits"), [(3, False), (4, True)])
def test_three_keys_may_be_restricted_by_a_new_file_and_not_four_of_eight(
    count: int, *, waits: bool
) -> None:
    plan = decide(account(STERN, [8] * count + [1] * (8 - count), approved(KIND)))
    assert bool(plan.held_back) is waits
    assert plan.is_news is not waits


def test_restrictions_that_spend_brings_under_an_approved_file_are_never_held_back() -> None:
    plan = decide(account(KIND, [80] * 8, approved(KIND)))
    assert plan.held_back is None
    assert set(plan.guardrails) == ALL


def test_a_key_that_is_to_be_stopped_and_restricted_counts_once() -> None:
    both = restricting(10, hold=ALWAYS)
    assert decide(account(both, [20] * 3 + [1] * 5, approved(KIND))).held_back is None
    plan = decide(account(both, [20] * 2 + [8] * 2 + [1] * 4, approved(KIND)))
    assert plan.held_back
    assert (len(plan.held_back.stops), len(plan.held_back.restricts)) == (2, 4)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"placed": None, "refusal": Refusal(NOW, ("providers: cheap allows any",))},
        {"placed": None, "let_go_until": NOW - MINUTE},
        {"until": NOW - HOUR},
    ],
    ids=["in place", "refused", "a person had it", "of the day before"],
)
def test_what_was_asked_for_before_is_not_new(known: dict[str, Any]) -> None:
    before = [restricted(name, **known) for name in NAMES]
    plan = decide(account(STERN, [8] * 8, approved(KIND), known=before))
    assert plan.held_back is None
    assert plan.is_news


@pytest.mark.parametrize(
    "known", [{"wanted": None}, {"wanted": "mini"}, {"until": NOW}], ids=["over", "other", "ended"]
)
def test_what_was_asked_for_otherwise_or_is_over_is_new(known: dict[str, Any]) -> None:
    before = [restricted(name, placed=None, **known) for name in NAMES]
    plan = decide(account(STERN, [8] * 8, approved(KIND), known=before))
    assert plan.held_back
    assert plan.held_back.restricts == ALL


def test_another_guardrail_for_many_keys_is_held_back_and_they_keep_the_one_they_have() -> None:
    typo = restricting(100, to="block-all")
    before = [restricted(name) for name in NAMES]
    plan = decide(account(typo, [80] * 8, approved(KIND), known=before))
    assert plan.held_back
    assert plan.held_back.restricts == ALL
    assert {one.to for one in plan.guardrails.values()} == {"cheap"}


@pytest.mark.parametrize("why", ["budget", "release"])
def test_a_new_file_that_gives_many_guardrails_back_is_held_back(why: str) -> None:
    file = policy_of() if why == "budget" else replace(KIND, mode=Mode.RELEASE)
    file = replace(file, hash="other")
    facts = account(file, [80] * 8, approved(KIND), known=[restricted(name) for name in NAMES])
    plan = decide(facts)
    assert plan.held_back
    assert plan.held_back.releases == ALL
    assert {one.to for one in plan.guardrails.values()} == {"cheap"}
    plan = decide(replace(facts, approvals=(approved(KIND), approved(file, MINUTE))))
    assert {one.to for one in plan.guardrails.values()} == {None}
    assert set(plan.guardrails) == ALL


def test_guardrails_that_a_person_gives_back_by_command_are_no_surprise() -> None:
    word = Release(None, NOW + DAY, "ann", "removal", NOW - MINUTE)
    known = [restricted(name) for name in NAMES]
    facts = replace(account(STERN, [8] * 8, approved(KIND), known=known), releases=(word,))
    plan = decide(facts)
    assert plan.held_back is None
    assert set(plan.guardrails) == ALL


def test_keys_that_a_person_froze_do_not_count() -> None:
    words = [Freeze(f"#{name}", NOW + DAY, "ann", "leak", NOW) for name in NAMES[:5]]
    plan = decide(replace(account(STERN, [8] * 8, approved(KIND)), freezes=words))
    assert plan.held_back is None
    assert set(plan.guardrails) == {f"#{name}" for name in NAMES[5:]}


def test_where_nothing_was_ever_approved_keys_are_fenced_and_not_restricted() -> None:
    plan = decide(account(restricting(10, hold=ALWAYS), [8] * 5 + [1] * 3))
    assert plan.held_back
    assert not plan.guardrails
    assert {key for key, one in plan.wishes.items() if isinstance(one.want, Fence)} == ALL
    actions = {one.entry.action for one in conditions(plan) if one.kind is Kind.THRESHOLD}
    assert actions
    assert not any("guardrail" in str(one) for one in actions)


def test_where_counters_jumped_the_keys_are_not_restricted_by_what_they_show() -> None:
    keys = [jumped(name) for name in NAMES]
    plan = decide(replace(facts_of(keys, KIND), approvals=(approved(KIND),)))
    assert plan.held_back
    assert plan.held_back.restricts == plan.held_back.jumped == ALL
    assert not plan.guardrails
    assert told(plan).entry.action == (
        "no key is restricted or released; stops become fences at what was left before"
    )


def jumped(name: str, at: datetime = NOW) -> Observation:
    first = Observation(a_reading(name, counters(1), at=at - 5 * MINUTE))
    return observe(first, a_reading(name, counters(600), at=at), usd(500))


def test_the_alert_says_how_many_keys_would_be_restricted_and_what_goes_on() -> None:
    entry = told(decide(account(STERN, [8] * 8, approved(KIND)))).entry
    assert entry.text == (
        "a plan to restrict 8 of 8 keys is held back: the budgets file is new (hash cheap-at)"
    )
    assert entry.action == (
        "the budgets file approved before (hash cheap-at) stays in force; "
        "no key is restricted or released"
    )
    entry = told(decide(account(STERN, [8] * 8))).entry
    assert entry.action == (
        "none of these keys is stopped, restricted or released; what else the file says is done"
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((12, 0, 0), "stop 12"),
        ((0, 4, 0), "restrict 4"),
        ((12, 0, 3), "stop 12 and release 3"),
        ((12, 4, 3), "stop 12, restrict 4 and release 3"),
    ],
)
def test_what_a_plan_would_do_is_said_in_figures(counts: tuple[int, ...], words: str) -> None:
    stops, restricts, releases = (frozenset(map(str, range(count))) for count in counts)
    assert HeldBack("hash", 20, stops, restricts, releases).deeds == words
