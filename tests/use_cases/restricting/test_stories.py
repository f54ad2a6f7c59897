"""Keys are downgraded at a threshold and get back what they had: told as an admin sees it."""

from dataclasses import replace

import pytest

from budget_guard.domain import commands
from budget_guard.domain.alerts import Kind
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.policy import Mode, OnOverride
from budget_guard.domain.records import Freeze, Grant, Release
from budget_guard.sandbox.openrouter import Fault, When
from budget_guard.use_cases.evaluate import summary
from tests.domain.builders import DAY, HOUR, policy_of, usd
from tests.use_cases.restricting.scene import (
    AT_80,
    CHEAP,
    DEAR,
    FULL,
    Scene,
    restricted,
    restricting,
)


def test_at_its_threshold_a_key_may_use_only_the_cheaper_models() -> None:
    scene = Scene()
    assert scene.spend("7.99", work=DEAR)
    scene.wait()
    assert scene.has() is None
    assert scene.spend("0.01", work=DEAR)
    scene.wait()
    assert scene.has() == scene.cheap
    assert not scene.spend(1, work=DEAR)
    assert scene.spend(1, work=CHEAP)


def test_when_the_window_rolls_the_key_has_no_guardrail_again() -> None:
    scene = restricted()
    scene.midnight()
    assert scene.has() is None
    assert scene.spend(1, work=DEAR)
    assert not scene.known().is_ours


def test_it_gets_back_the_guardrail_that_it_had() -> None:
    scene = Scene()
    scene.assign(scene.privacy)
    scene.account.guardrails.change(scene.cheap, {"allowed_providers": ["openai"]})
    scene.spend(8)
    scene.wait()
    assert scene.has() == scene.cheap
    scene.midnight()
    assert scene.has() == scene.privacy


@pytest.mark.parametrize("by", ["name", "id"])
def test_the_guardrail_is_found_by_its_name_in_the_keys_own_workspace_or_by_its_id(by: str) -> None:
    scene = Scene()
    research = scene.account.workspaces.add("Research", scene.account.clock.now)["id"]
    made = scene.account.create_key({"name": "prod-lab", "workspace_id": research})[1]["hash"]
    scene.hash["prod-lab"] = made
    theirs = scene.guardrail(name="cheap", allowed_models=[CHEAP.model], workspace_id=research)
    step = replace(AT_80, restrict_to=theirs if by == "id" else "cheap")
    scene.deploy(restricting(thresholds=(step, FULL)))
    scene.spend(8, "prod-lab")
    scene.wait()
    assert scene.has("prod-lab") == theirs


def test_every_key_of_a_budget_is_restricted_and_no_other() -> None:
    names = ("prod-a", "prod-b", "dev")
    scene = Scene(keys=names)
    scene.spend(8, "prod-a")
    scene.wait()
    assert [scene.has(name) for name in names] == [scene.cheap, scene.cheap, None]
    posts = [one for one in scene.guard.restricted.results if one.after]
    assert len(posts) == 2


def test_of_several_budgets_the_first_in_the_file_says_to_what() -> None:
    other = replace(AT_80, restrict_to="privacy")
    scene = Scene(policy_of(restricting(), restricting("all", keys="*", thresholds=(other,))))
    scene.spend(8)
    scene.wait()
    assert scene.has() == scene.cheap
    scene.deploy(restricting("all", keys="*", thresholds=(other,)), restricting())
    scene.wait(15)
    assert scene.has() == scene.privacy


def test_within_a_budget_the_highest_step_that_is_reached_says_to_what() -> None:
    strictest = Threshold(usd("0.9"), Severity.WARNING, Do.RESTRICT, "privacy")
    scene = restricted(policy=policy_of(restricting(thresholds=(AT_80, strictest))))
    scene.spend(1)
    scene.wait()
    assert scene.has() == scene.privacy
    scene.midnight()
    assert scene.has() is None


@pytest.mark.parametrize("end", ["grant", "cap", "threshold", "budget", "release", "mode"])
def test_whatever_ends_it_the_guardrail_goes(end: str) -> None:
    scene = restricted()
    now, ledger = scene.account.clock.now, scene.guard.ledger
    match end:
        case "grant":
            ledger.save(Grant("1", "prod", usd(5), now, now + HOUR, "more", "ann"))
        case "cap":
            scene.guard.change_policy(policy_of(restricting(daily=20)))
        case "threshold":
            scene.guard.change_policy(policy_of(restricting(thresholds=(FULL,))))
        case "budget":
            scene.guard.change_policy(policy_of())
        case "release":
            ledger.save(Release(scene.hash["prod-api"], now + HOUR, "ann", "urgent", now))
        case "mode":
            scene.guard.change_policy(policy_of(restricting(), mode=Mode.RELEASE))
    scene.wait()
    assert scene.has() is None
    scene.wait()
    assert scene.has() is None


def test_after_a_release_ends_it_is_restricted_again() -> None:
    scene = restricted()
    now = scene.account.clock.now
    word = Release(scene.hash["prod-api"], now + HOUR, "ann", "urgent", now)
    scene.guard.ledger.save(word)
    scene.wait()
    scene.wait(60)
    assert scene.has() == scene.cheap


def test_in_observe_nothing_is_done() -> None:
    scene = Scene(policy_of(restricting(), mode=Mode.OBSERVE))
    scene.spend(8)
    scene.wait()
    assert scene.has() is None
    assert not scene.guard.ledger.restrict_wishes()
    report = scene.guard.evaluate()
    assert report is not None
    assert "prod-api may use what cheap allows" in str(summary(report)["would"])


@pytest.mark.parametrize("why", ["protected", "frozen", "released"])
def test_a_key_that_is_to_be_left_alone_is_not_touched(why: str) -> None:
    scene = Scene()
    key, now = scene.hash["prod-api"], scene.account.clock.now
    match why:
        case "protected":
            scene.guard.change_policy(policy_of(restricting(), protect=[key]))
        case "frozen":
            scene.guard.ledger.save(Freeze(key, now + DAY, "ann", "leak", now))
        case "released":
            scene.guard.ledger.save(Release(key, now + DAY, "ann", "urgent", now))
    scene.spend(8)
    scene.wait()
    assert scene.has() is None


def test_a_guardrail_that_would_let_more_through_is_refused_and_told_field_by_field() -> None:
    scene = Scene()
    scene.assign(scene.privacy)
    scene.spend(8)
    scene.wait()
    assert scene.has() == scene.privacy
    scene.wait()
    (alert,) = scene.alerts(Kind.RESTRICT_REFUSED)
    assert "providers: cheap allows any" in alert.entries[0].text
    scene.wait(60)
    assert len(scene.alerts(Kind.RESTRICT_REFUSED)) == 1


def test_once_it_is_strict_enough_it_is_assigned_at_the_next_look() -> None:
    scene = Scene()
    scene.assign(scene.privacy)
    scene.spend(8)
    scene.wait()
    scene.account.guardrails.change(scene.cheap, {"allowed_providers": ["openai"]})
    scene.wait(15)
    assert scene.has() == scene.cheap


def test_when_the_admins_guardrail_becomes_stricter_meanwhile_it_comes_back() -> None:
    scene = Scene()
    plain = scene.guardrail(name="plain")
    scene.assign(plain)
    scene.spend(8)
    scene.wait()
    assert scene.has() == scene.cheap
    scene.account.guardrails.change(plain, {"enforce_zdr_openai": True})
    scene.wait(15)
    assert scene.has() == plain
    scene.wait()
    (alert,) = scene.alerts(Kind.RESTRICT_REFUSED)
    assert "zero data retention: cheap does not enforce it for openai" in alert.entries[0].text


@pytest.mark.parametrize("count", [0, 2])
def test_a_name_that_means_none_or_several_is_refused_and_told(count: int) -> None:
    scene = Scene()
    if count:
        scene.guardrail(name="cheap")
    else:
        scene.account.guardrails.delete(scene.cheap)
    scene.spend(8)
    scene.wait()
    scene.wait()
    assert scene.has() is None
    (alert,) = scene.alerts(Kind.RESTRICT_REFUSED)
    told = "has no guardrail" if count == 0 else "2 guardrails are called cheap"
    assert told in alert.entries[0].text


def test_a_key_that_has_that_guardrail_already_keeps_it() -> None:
    scene = Scene()
    scene.assign(scene.cheap)
    scene.spend(8)
    scene.wait()
    scene.midnight()
    assert scene.has() == scene.cheap
    assert not scene.guard.ledger.audit(scene.hash["prod-api"])


@pytest.mark.parametrize("change", ["took it away", "gave another"])
def test_what_a_person_changes_stays_until_midnight_and_is_told(change: str) -> None:
    scene = restricted()
    if change == "took it away":
        scene.take_away()
    else:
        scene.assign(scene.privacy)
    theirs = scene.has()
    scene.wait(15)
    assert scene.has() == theirs
    scene.wait()
    (alert,) = scene.alerts(Kind.OVERRIDE)
    became = "none" if theirs is None else "privacy"
    assert f"guardrail cheap became {became}" in alert.entries[0].text
    scene.wait(60)
    scene.midnight()
    assert scene.has() == theirs


def test_an_override_ends_at_midnight_where_a_longer_window_asks_for_it() -> None:
    scene = restricted(policy=policy_of(restricting(weekly=10)))
    scene.take_away()
    scene.wait(15)
    assert scene.has() is None
    scene.midnight()
    scene.wait()
    assert scene.has() == scene.cheap


def test_a_change_is_not_taken_for_a_persons_until_the_last_one_has_settled() -> None:
    scene = restricted()
    scene.take_away()
    scene.guard.ledger.save(replace(scene.known(), looked_at=None))
    scene.wait(1)
    assert not scene.known().override
    scene.wait(2)
    assert scene.known().override


def test_with_reapply_it_is_put_back_three_times() -> None:
    scene = restricted(policy=policy_of(restricting(), on_override=OnOverride.REAPPLY))
    for _ in range(3):
        scene.take_away()
        scene.wait(15)
        assert scene.has() == scene.cheap
    scene.take_away()
    scene.wait(15)
    assert scene.has() is None


def test_four_overrides_in_ten_minutes_name_terraform() -> None:
    names = tuple(f"prod-{number}" for number in range(4))
    scene = Scene(keys=names)
    scene.spend(8, "prod-0")
    scene.wait()
    for name in names:
        scene.take_away(name)
    scene.wait(15)
    scene.wait()
    (alert,) = scene.alerts(Kind.OVERRIDE_MASS)
    assert len(alert.entries) == 4
    assert "Terraform" in str(alert.entries[0].todo)


def test_the_threshold_says_what_is_done_and_how_to_undo_it() -> None:
    scene = Scene(policy_of(restricting(per_key=True)))
    scene.spend(8)
    scene.wait()
    (alert,) = scene.alerts(Kind.THRESHOLD)
    (entry,) = alert.entries
    assert entry.action == "restricting the key to the guardrail cheap until 00:00 UTC"
    assert entry.undo == commands.release(scene.hash["prod-api"])


def test_what_undoes_it_for_several_keys_brings_all_of_them_below_the_threshold() -> None:
    scene = Scene(policy_of(restricting(daily=1000)), keys=("prod-a", "prod-b"))
    scene.spend(850, "prod-a")
    scene.wait()
    assert scene.has("prod-b") == scene.cheap
    (alert,) = scene.alerts(Kind.THRESHOLD)
    (entry,) = alert.entries
    assert entry.action == "restricting its 2 keys to the guardrail cheap until 00:00 UTC"
    assert entry.undo == commands.grant("prod", None, 63)
    now = scene.account.clock.now
    scene.guard.ledger.save(Grant("1", "prod", usd(63), now, now + 4 * HOUR, "more", "ann"))
    scene.wait()
    assert (scene.has("prod-a"), scene.has("prod-b")) == (None, None)


def test_in_observe_the_threshold_says_what_would_be_done() -> None:
    scene = Scene(policy_of(restricting(), mode=Mode.OBSERVE))
    scene.spend(8)
    scene.wait()
    (alert,) = scene.alerts(Kind.THRESHOLD)
    told = "nothing: the budgets file says mode: observe; it would restrict the key to the "
    assert alert.entries[0].action == f"{told}guardrail cheap until 00:00 UTC"


def test_what_was_done_is_on_record_with_before_and_after() -> None:
    scene = restricted()
    scene.midnight()
    back, done = scene.guard.ledger.audit(scene.hash["prod-api"])
    assert (done.guardrails, back.guardrails) == (("none", "cheap"), ("cheap", "none"))
    assert "8.00 of 10.00 USD" in done.reason
    assert "no budget restricts" in back.reason


def test_a_guardrail_deleted_meanwhile_does_not_come_back_and_nothing_is_in_its_place() -> None:
    scene = Scene()
    plain = scene.guardrail(name="plain")
    scene.assign(plain)
    scene.spend(8)
    scene.wait()
    assert scene.has() == scene.cheap
    scene.account.guardrails.delete(plain)
    scene.midnight()
    assert scene.has() is None


def test_a_deleted_key_is_forgotten() -> None:
    scene = restricted()
    scene.account.delete_key(scene.hash["prod-api"])
    scene.wait()
    scene.wait()
    assert not scene.guard.ledger.restrictions()
    assert not scene.guard.ledger.restrict_wishes()


def test_nothing_is_asked_of_openrouter_but_once_in_a_quarter_of_an_hour() -> None:
    scene = restricted()
    looked = scene.known().looked_at
    for _ in range(2):
        scene.wait()
        assert scene.known().looked_at == looked
    scene.wait()
    assert scene.known().looked_at == scene.account.clock.now


def test_a_key_that_openrouter_refuses_does_not_stop_the_others() -> None:
    scene = Scene(keys=("prod-a", "prod-b"))
    fault = Fault(path="/guardrails/*/assignments/keys", method="POST", status=400)
    scene.guard.faults.add(fault)
    scene.spend(8, "prod-a")
    scene.wait()
    assert [scene.has(name) for name in ("prod-a", "prod-b")] == [scene.cheap] * 2


def test_while_openrouter_cannot_answer_it_stays_wished() -> None:
    scene = Scene()
    scene.guard.faults.add(Fault(path="/guardrails/assignments/keys", status=503, times=1))
    scene.spend(8)
    scene.wait()
    assert scene.has() is None
    assert scene.guard.restricted.failed == 1
    scene.wait(1)
    assert scene.has() == scene.cheap


@pytest.mark.parametrize("when", list(When))
def test_a_lost_answer_is_settled_by_the_next_look(when: When) -> None:
    scene = Scene()
    fault = Fault(path="/guardrails/*/assignments/keys", method="POST", status=502, when=when)
    scene.guard.faults.add(fault)
    scene.spend(8)
    scene.wait()
    scene.wait(1)
    scene.wait(2)
    assert scene.has() == scene.cheap
    assert scene.known().placed == scene.cheap
    scene.midnight()
    assert scene.has() is None
