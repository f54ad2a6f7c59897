"""How things stand, in the words that `status` shows."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.policy import Budget, Hold
from budget_guard.domain.records import Freeze, Release
from budget_guard.domain.windows import Window
from budget_guard.use_cases.overview import Overview, overview
from tests.use_cases.scene import Scene

DAILY = Window.DAILY
NEVER = Hold(None)


def each(**fields: Any) -> Budget:
    return replace(Budget("each", {DAILY: Decimal(10)}, per_key=True), **fields)


def look(on: Scene) -> Overview:
    return overview(on.guard.ledger, on.now)


def states(on: Scene) -> list[str]:
    return [cap.state for budget in look(on).budgets for cap in budget.caps]


def test_the_policy_of_the_last_evaluation_is_what_is_shown() -> None:
    on = Scene(each())
    first = on.guard.ledger.deployed()
    assert first
    assert first.policy == on.guard.policy
    on.guard.policy = replace(on.guard.policy, budgets=(each(name="other"),), hash="new")
    assert [one.name for one in look(on).budgets] == ["each"]
    on.wait()
    assert [one.name for one in look(on).budgets] == ["other"]
    assert look(on).evaluated_at == on.now


def test_the_highest_threshold_reached_is_named() -> None:
    on = Scene(each(hold=NEVER))
    for cost, state in (("7.9", "ok"), ("0.1", "at 80 %"), ("1.5", "at 90 %"), ("1", "at 100 %")):
        on.spend(cost)
        on.guard.poll()
        assert states(on) == [state]


def test_a_key_on_its_way_to_be_fenced_is_fencing_then_fenced_then_stopped() -> None:
    on = Scene(each())
    on.spend("9.5")
    on.guard.poll()
    assert states(on) == ["fencing"]
    on.wait()
    assert states(on) == ["fenced"]
    on.spend("0.5")
    on.wait()
    assert states(on) == ["stopped"]


def test_a_protected_key_is_called_so() -> None:
    on = Scene(each())
    on.guard.policy = replace(on.guard.policy, protect=frozenset({on.key().hash}))
    on.wait()
    assert states(on) == ["protected"]


def test_the_keys_of_a_budget_are_counted_and_whether_they_are_held_at_all_is_said() -> None:
    team = Budget("team", {DAILY: Decimal(10)}, keys=("a", "b"))
    alone = Budget("alone", {DAILY: Decimal(10)}, keys=("c",))
    none = Budget("none", {DAILY: Decimal(10)}, keys=("d",), hold=NEVER)
    notes = [one.note for one in look(Scene(team, alone, none, keys=("a", "b", "c"))).budgets]
    assert notes == ["2 keys", "1 key", "0 keys, alerts only"]


def test_of_a_per_key_budget_the_five_nearest_to_their_end_are_shown() -> None:
    names = [f"k{number}" for number in range(8)]
    on = Scene(each(hold=NEVER), keys=names)
    for number, name in enumerate(names):
        on.spend(number, name)
    on.guard.poll()
    (budget,) = look(on).budgets
    assert budget.keys == 8
    assert [one.key_name for one in budget.caps] == ["k7", "k6", "k5", "k4", "k3"]


def test_of_a_keys_windows_the_one_nearest_to_its_end_is_shown() -> None:
    cap = {DAILY: Decimal(10), Window.MONTHLY: Decimal(12)}
    on = Scene(each(cap=cap, hold=NEVER))
    on.spend(5)
    on.guard.poll()
    (budget,) = look(on).budgets
    assert [(one.window, one.fraction) for one in budget.caps] == [(DAILY, Decimal("0.5"))]


def test_looking_changes_nothing() -> None:
    on = Scene(each())
    on.spend("9.5")
    on.guard.poll()
    before = dict(on.guard.ledger.wishes()), on.guard.ledger.deployed()
    look(on)
    assert (dict(on.guard.ledger.wishes()), on.guard.ledger.deployed()) == before


def test_who_approved_the_file_in_force_and_who_froze_what_is_there_for_people() -> None:
    on = Scene(each())
    view = look(on)
    assert view.approved
    assert (view.policy, view.approved.policy, view.approved.by) == ("test", "test", "the guard")
    key, at = on.key().hash, on.now
    on.guard.ledger.save(Freeze(key, FOR_EVER, "ann", "a loop", at))
    assert [(one.key, one.by) for one in look(on).freezes] == [(key, "ann")]
    on.go_to(at + timedelta(minutes=1))
    on.guard.ledger.save(Release(key, FOR_EVER, "bob", "a demo", on.now))
    assert look(on).freezes == ()
    on.guard.ledger.save(Freeze(key, at, "ann", "a loop", at))
    assert look(on).freezes == ()


def test_a_frozen_key_is_called_so() -> None:
    on = Scene(each())
    on.guard.ledger.save(Freeze(on.key().hash, FOR_EVER, "ann", "a loop", on.now))
    assert states(on) == ["frozen"]


def test_a_plan_that_is_held_back_is_the_first_that_is_missing() -> None:
    names = [f"k{number}" for number in range(8)]
    on = Scene(each(), keys=names)
    for name in names:
        on.spend(9, name)
    on.guard.policy = replace(on.guard.policy, budgets=(each(cap={DAILY: Decimal(5)}),), hash="new")
    on.wait()
    view = look(on)
    assert view.policy == "test"
    assert view.missing[0].startswith(
        "The plan by the deployed budgets file new is held back: it would newly stop 8"
    )


def test_that_all_keys_are_released_is_said_with_the_way_back() -> None:
    on = Scene(each())
    on.guard.ledger.save(Release(None, FOR_EVER, "bob", "removal", on.now))
    assert any("bob released ALL keys (removal)" in one for one in look(on).missing)
