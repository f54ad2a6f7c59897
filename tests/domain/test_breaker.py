"""Rule 11: what is new and wide waits for a person's word; what spend brings never does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from budget_guard.domain.alerts import Kind
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold as KeyHold
from budget_guard.domain.observations import Observation, observe
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.records import Approval, Release
from budget_guard.domain.restriction import Restriction
from budget_guard.domain.wishes import Fence, Restore
from tests.domain.builders import (
    ALWAYS,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_budget,
    a_reading,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
    usd,
)

NAMES = [f"k{number}" for number in range(8)]
KIND = policy_of(a_budget("kind", daily=100, hold=ALWAYS, per_key=True))
STERN = replace(
    policy_of(a_budget("stern", daily=5, hold=ALWAYS, per_key=True)), hash="stern-and-new"
)


def approved(policy: Policy, at: timedelta = HOUR) -> Approval:
    return Approval(policy, NOW - at, "ann", "looked at it")


def account(
    policy: Policy, spends: Sequence[int], *approvals: Approval, holds: Sequence[KeyHold] = ()
) -> Facts:
    keys = [seen(name, counters(spend)) for name, spend in zip(NAMES, spends, strict=False)]
    return replace(facts_of(keys, policy, holds=holds), approvals=approvals)


def fences(plan: Plan) -> dict[str, str]:
    """Return what each wished fence leaves its key, by key."""
    return {
        key: f"{plan.standings[key].headroom:.2f}"
        for key, wish in plan.wishes.items()
        if isinstance(wish.want, Fence)
    }


def test_a_new_file_that_stops_many_keys_is_held_back_and_the_approved_one_goes_on() -> None:
    plan = decide(account(STERN, [20] * 4 + [1] * 4, approved(KIND)))
    assert plan.held_back
    assert plan.held_back.stops == {f"#{name}" for name in NAMES[:4]}
    assert plan.held_back.policy_hash == "stern-and-new"
    assert plan.facts.policy is KIND
    assert set(fences(plan).values()) == {"80.00", "99.00"}


def test_once_a_person_has_approved_it_the_new_file_counts() -> None:
    facts = account(STERN, [20] * 4 + [1] * 4, approved(KIND), approved(STERN, MINUTE))
    plan = decide(facts)
    assert plan.held_back is None
    assert set(fences(plan).values()) == {"0.00", "4.00"}


@pytest.mark.parametrize(("stopped", "waits"), [(3, False), (4, True)])
def test_three_keys_may_be_stopped_by_a_new_file_and_not_four_of_eight(
    stopped: int, waits: bool
) -> None:
    plan = decide(account(STERN, [20] * stopped + [1] * (8 - stopped), approved(KIND)))
    assert bool(plan.held_back) is waits
    assert plan.is_news is not waits, "what holds no surprise approves itself"


def test_stops_that_spend_brings_under_an_approved_file_are_never_held_back() -> None:
    plan = decide(account(KIND, [100] * 8, approved(KIND)))
    assert plan.held_back is None
    assert set(fences(plan).values()) == {"0.00"}


def test_a_new_file_that_releases_many_keys_is_held_back_too() -> None:
    nobody = replace(policy_of(a_budget("other", keys="x*", daily=1)), hash="typo")
    fenced = [held(name, limited(100)) for name in NAMES]
    plan = decide(account(nobody, [1] * 8, approved(KIND), holds=fenced))
    assert plan.held_back
    assert len(plan.held_back.releases) == 8
    assert not any(isinstance(one.want, Restore) for one in plan.wishes.values())


def test_mode_release_waits_for_a_word_like_every_wide_change() -> None:
    gone = replace(KIND, mode=Mode.RELEASE, hash="gone")
    fenced = [held(name, limited(100)) for name in NAMES]
    facts = account(gone, [1] * 8, approved(KIND), holds=fenced)
    assert decide(facts).held_back
    followed = decide(replace(facts, approvals=(approved(KIND), approved(gone, MINUTE))))
    assert all(one.want == Restore(for_good=True) for one in followed.wishes.values())
    assert len(followed.wishes) == 8


def test_what_a_person_gives_back_by_command_is_no_surprise() -> None:
    new = replace(KIND, hash="new")
    fenced = [held(name, limited(100)) for name in NAMES]
    word = Release(None, NOW + DAY, "ann", "removal", NOW - MINUTE)
    facts = replace(account(new, [1] * 8, approved(KIND), holds=fenced), releases=(word,))
    plan = decide(facts)
    assert plan.held_back is None
    assert len(plan.wishes) == 8


def test_where_nothing_was_ever_approved_the_keys_in_question_stay_as_they_are() -> None:
    plan = decide(account(STERN, [20] * 4 + [1] * 4))
    assert plan.held_back
    assert fences(plan) == {f"#{name}": "4.00" for name in NAMES[4:]}


def jumped(name: str, before: int, after: int) -> Observation:
    """Return a key whose counters were seen to grow so far in one poll, just now."""
    first = Observation(a_reading(name, counters(before), at=NOW - 5 * MINUTE))
    return observe(first, a_reading(name, counters(after)), usd(500))


def test_where_counters_jumped_the_others_are_fenced_at_what_was_left_before() -> None:
    team = policy_of(a_budget("team", daily=1000, hold=ALWAYS))
    keys = [jumped("k0", 100, 900)] + [seen(name, counters(50)) for name in NAMES[1:]]
    plan = decide(replace(facts_of(keys, team), approvals=(approved(team),)))
    assert plan.held_back
    assert plan.held_back.jumped == {"#k0"}
    assert sum(usd(one) for one in fences(plan).values()) == pytest.approx(550)
    (told,) = [one for one in conditions(plan) if one.kind is Kind.BREAKER]
    assert "counters jumped by more than 500.00 USD (k0)" in told.entry.text


def test_a_jump_that_stops_few_keys_passes_and_is_not_asked_about_again() -> None:
    plan = decide(replace(facts_of([jumped("k0", 1, 900)], KIND), approvals=(approved(KIND),)))
    assert plan.held_back is None
    assert plan.is_news


def test_growth_up_to_the_bound_is_no_jump_and_a_later_poll_keeps_the_mark() -> None:
    still = Observation(a_reading("k0", counters(1), at=NOW - HOUR))
    assert observe(still, a_reading("k0", counters(501)), usd(500)).jump is None
    marked = jumped("k0", 1, 900)
    assert observe(marked, a_reading("k0", counters(901), at=NOW + MINUTE), usd(500)).jump


def test_observe_is_refused_while_keys_are_held_and_taken_up_when_none_is() -> None:
    watching = replace(KIND, mode=Mode.OBSERVE, hash="watching")
    fenced = [held("k0", limited(100))]
    plan = decide(account(watching, [1], approved(KIND), holds=fenced))
    assert plan.held_back
    assert plan.held_back.is_refused
    assert plan.facts.policy is KIND
    (told,) = [one for one in conditions(plan) if one.kind is Kind.MODE_REFUSED]
    assert told.entry.text == "mode: observe is refused while 1 key is held"
    assert decide(account(watching, [1], approved(KIND))).held_back is None
    ours = {"#k0": Restriction("#k0", placed="cheap")}
    restricted = replace(account(watching, [1], approved(KIND)), restrictions=ours)
    assert decide(restricted).held_back


def test_the_alert_names_what_would_be_done_why_and_the_command() -> None:
    plan = decide(account(STERN, [20] * 4 + [1] * 4, approved(KIND)))
    (told,) = [one for one in conditions(plan) if one.kind is Kind.BREAKER]
    assert told.entry.text == (
        "a plan to stop 4 of 8 keys is held back: the budgets file is new (hash stern-an)"
    )
    assert told.entry.todo == (
        'look: budget-guard approve; then: budget-guard approve stern-an --reason "..."'
    )
