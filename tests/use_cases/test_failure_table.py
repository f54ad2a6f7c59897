"""What happens when something fails, row by row: facts stand, fences stay, people hear of it.

A function killed between any two calls is the matter of the crash test of the simulation.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain import commands
from budget_guard.domain.alerts import Kind
from budget_guard.domain.errors import LedgerUnavailable, ManagementKeyError
from budget_guard.domain.holds import Hold, HoldState, exposure
from budget_guard.domain.keys import Limit
from budget_guard.domain.ladder import Severity
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.records import Release
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Wish
from budget_guard.sandbox.openrouter import Fault, When
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Record
from budget_guard.use_cases.ports import OpenRouter
from tests.use_cases.scene import Scene, daily, usd

FOR_LONG = 1000
FENCE = Limit(usd(10), Window.DAILY)


def fenced() -> Scene:
    """Return a scene whose one key has spent 9.50 of 10, and is fenced."""
    scene = Scene(daily())
    scene.spend("9.5")
    scene.wait()
    assert scene.limit() == FENCE
    return scene


def tries(scene: Scene, minutes: int) -> int:
    """Wait so long, five minutes at a time; return how many PATCHes were tried meanwhile."""
    tried = 0
    for _ in range(0, minutes, 5):
        scene.account.clock.advance(timedelta(minutes=5))
        scene.guard.poll()
        scene.guard.evaluate()
        switch = scene.guard.switch
        scene.guard.enforce()
        tried += switch.calls.count("enforce: OpenRouter.change")
    return tried


@pytest.mark.parametrize("path", ["/key", "/workspaces", "/keys"])
@pytest.mark.parametrize(
    "fault", [{"status": 429}, {"status": 500}, {"status": 503}, {"drop": True}, {"truncate": True}]
)
def test_when_openrouter_cannot_be_read_the_last_facts_and_the_fences_stand(
    path: str, fault: dict[str, int]
) -> None:
    scene = fenced()
    known = scene.guard.ledger.observations()
    scene.guard.faults.add(Fault(method="GET", path=path, **fault))  # type: ignore[arg-type]
    scene.wait()
    assert f"GET {path}" in scene.problem
    assert scene.guard.ledger.observations() == known
    assert scene.limit() == FENCE
    scene.wait()
    assert not scene.problem


def test_a_read_is_repeated_before_the_poll_gives_up() -> None:
    scene = fenced()
    scene.over_http()
    scene.guard.faults.add(Fault(method="GET", path="/keys", status=503, times=7))
    scene.wait()
    assert not scene.problem
    scene.guard.faults.add(Fault(method="GET", path="/keys", status=503, times=8))
    scene.wait()
    assert scene.problem


def test_one_workspace_that_fails_stays_as_it_was_and_the_others_are_evaluated() -> None:
    scene = Scene(daily())
    other = scene.account.workspaces.add("Other", scene.now)["id"]
    scene.account.create_key({"name": "far", "workspace_id": other})
    scene.wait()
    seen = scene.guard.ledger.freshness()[other]
    scene.spend("9.5")
    scene.spend("9.5", "far")
    scene.guard.faults.add(Fault(method="GET", path="/keys", status=503, skip=1))
    scene.wait()
    assert scene.problem.startswith("workspace Other: GET /keys")
    assert scene.guard.ledger.freshness()[other] == seen
    assert scene.limit() == FENCE
    assert scene.limit("far") == Limit()
    assert not any(one.gone_at for one in scene.guard.ledger.observations().values())


def many() -> Scene:
    """Return a scene of two pages of keys, over HTTP."""
    scene = Scene(daily(), keys=[f"k{number}" for number in range(150)])
    scene.over_http()
    scene.wait()
    return scene


def test_one_page_that_fails_makes_no_key_gone_and_its_workspace_no_fresher() -> None:
    scene = many()
    before = scene.guard.ledger.freshness()
    scene.guard.faults.add(Fault(method="GET", path="/keys", status=503, skip=1, times=FOR_LONG))
    scene.wait()
    assert scene.guard.ledger.freshness() == before
    assert not any(one.gone_at for one in scene.guard.ledger.observations().values())


@pytest.mark.parametrize("shift", [-3, 3])
def test_a_page_that_shifts_loses_no_key_and_counts_none_twice(shift: int) -> None:
    scene = many()
    scene.guard.faults.add(Fault(method="GET", path="/keys", skip=1, shift=shift))
    scene.wait()
    assert not scene.problem
    report = scene.guard.ledger.poll_report()
    assert report is not None
    assert report.keys == (150 if shift > 0 else 147)
    known = scene.guard.ledger.observations()
    assert len(known) == 150
    assert not any(one.gone_at for one in known.values())


def test_a_key_is_gone_only_when_openrouter_says_so_of_that_key() -> None:
    scene = Scene(daily(), keys=("prod", "old"))
    old = scene.key("old").hash
    scene.account.delete_key(old)
    scene.guard.faults.add(Fault(method="GET", path="/keys/*", status=503))
    scene.wait()
    assert scene.guard.ledger.observations()[old].gone_at is None
    scene.wait()
    assert scene.guard.ledger.observations()[old].gone_at == scene.now


def test_a_404_that_is_not_openrouters_makes_no_key_gone() -> None:
    scene = Scene(daily(), keys=("prod", "old"))
    scene.over_http()
    old = scene.key("old").hash
    scene.account.delete_key(old)
    scene.guard.faults.add(Fault(method="GET", path="/keys/*", status=404, raw=b"<html>"))
    scene.wait()
    assert scene.problem
    assert scene.guard.ledger.observations()[old].gone_at is None


def refused(status: int = 400) -> Scene:
    """Return a scene whose one key must be fenced, and cannot be."""
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.faults.add(Fault(method="PATCH", status=status, times=FOR_LONG))
    scene.wait()
    return scene


def test_a_change_refused_five_times_over_ten_minutes_is_told_with_the_wish_and_the_undo() -> None:
    scene = refused()
    tries(scene, 15)
    assert not scene.alerts(Kind.ACTION_FAILED)
    tries(scene, 10)
    (alert,) = scene.alerts(Kind.ACTION_FAILED)
    (entry,) = alert.entries
    assert alert.severity is Severity.CRITICAL
    assert entry.action == (
        "still wanted: prod, in each, spent 9.50 of 10.00 USD today; "
        "fenced at 0.50 USD more until 00:00 UTC"
    )
    assert entry.undo == commands.release(scene.key().hash)
    assert "400" in entry.text


def test_five_refusals_within_ten_minutes_are_not_told_yet() -> None:
    scene = refused()
    for _ in range(6):
        scene.account.clock.advance(timedelta(minutes=1))
        scene.guard.enforce()
    scene.guard.evaluate()
    assert not scene.alerts(Kind.ACTION_FAILED)


def test_what_is_refused_for_good_stays_wanted_and_is_tried_hourly() -> None:
    scene = refused()
    assert tries(scene, 20) == 4
    assert tries(scene, 55) == 0
    assert tries(scene, 60) == 1
    assert scene.key().hash in scene.guard.ledger.wishes()
    scene.guard.faults.clear()
    assert tries(scene, 60) == 1
    assert scene.limit() == FENCE
    assert scene.alerts(Kind.RESOLVED)[-1].entries[-1].incident.startswith("failed/")


def test_what_is_only_out_of_reach_is_tried_every_time() -> None:
    scene = refused(status=503)
    assert tries(scene, 60) == 12
    assert len(scene.alerts(Kind.ACTION_FAILED)) == 1


def test_limits_that_a_refused_change_may_have_set_stay_counted() -> None:
    scene = refused(status=503)
    hold, reading = scene.hold(), scene.guard.ledger.observations()[scene.key().hash].reading
    assert [one.settings.limit for one in hold.intents] == [FENCE]
    possible = hold.possible(reading.began)
    most = exposure(
        possible, reading.counters, reading.at, window=Window.DAILY, byok=False, now=scene.now
    )
    assert most == usd("0.5")


def test_the_failure_of_one_key_does_not_stop_the_others() -> None:
    scene = Scene(daily(), keys=("prod", "web"))
    scene.spend("9.5")
    scene.spend("9.5", "web")
    scene.guard.faults.add(Fault(method="PATCH", path=f"/keys/{scene.key().hash}", status=400))
    scene.wait()
    assert scene.limit("web") == FENCE
    assert scene.limit() == Limit()


def test_a_change_answered_404_closes_the_hold_and_keeps_the_spend() -> None:
    scene = Scene(Budget("team", {Window.DAILY: usd(20)}), daily(), keys=("prod", "web"))
    scene.spend("9.5")
    scene.spend("8", "web")
    scene.guard.faults.add(Fault(method="PATCH", status=404))
    scene.guard.poll()
    scene.guard.evaluate()
    scene.guard.enforce()
    assert scene.hold().state is HoldState.GONE
    assert not scene.guard.ledger.wishes()
    scene.account.delete_key(scene.key().hash)
    scene.account.clock.advance(timedelta(minutes=5))
    scene.guard.poll()
    report = scene.evaluate()
    team = next(one for one in report.plan.constraints if one.subject is None)
    assert team.spend >= usd("17.5")
    assert team.members == {scene.key("web").hash}


def test_a_change_answered_409_is_decided_again() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.faults.add(Fault(method="PATCH", status=409))
    scene.wait()
    refusals = scene.hold().refusals
    assert refusals
    assert not refusals.for_good
    scene.wait()
    assert scene.limit() == FENCE
    assert scene.hold().refusals is None


def test_a_change_whose_answer_is_lost_is_counted_and_settled_by_the_next_read() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.faults.add(Fault(method="PATCH", drop=True, when=When.AFTER))
    scene.wait()
    assert scene.limit() == FENCE
    (intent,) = scene.hold().intents
    assert intent.settings.limit == FENCE
    assert not scene.guard.ledger.audit(scene.key().hash)
    scene.wait()
    assert not scene.hold().intents
    assert scene.hold().baseline.limit == Limit()
    (audit,) = scene.guard.ledger.audit(scene.key().hash)
    assert (audit.id, audit.after.limit) == (intent.id, FENCE)
    assert len(scene.changes) == 1


def test_an_alert_that_sns_does_not_take_is_sent_by_the_next_run() -> None:
    scene = Scene(daily())
    scene.spend("8.5")
    scene.guard.inbox.is_down = True
    scene.account.clock.advance(timedelta(minutes=5))
    scene.guard.poll()
    report = scene.evaluate()
    (waiting,) = report.unsent
    assert waiting.event_id in str(report.problem)
    scene.guard.inbox.is_down = False
    scene.wait()
    assert [one.event_id for one in scene.guard.inbox.alerts] == [waiting.event_id]
    scene.wait()
    assert len(scene.guard.inbox.alerts) == 1


def test_a_fence_does_not_wait_for_sns() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.inbox.is_down = True
    scene.wait()
    assert scene.limit() == FENCE


def missing(_: Scene) -> Callable[[], OpenRouter]:
    def connect() -> OpenRouter:
        message = "There is no management key yet"
        raise ManagementKeyError(message)

    return connect


def wrong_kind(scene: Scene) -> Callable[[], OpenRouter]:
    plaintext, _ = scene.account.create_key({"name": "x"})
    return lambda: InProcessOpenRouter(scene.account, key=plaintext)


def revoked(scene: Scene) -> Callable[[], OpenRouter]:
    return lambda: InProcessOpenRouter(scene.account, key="sk-or-v1-revoked")


def locked_out(scene: Scene) -> Callable[[], OpenRouter]:
    fault = Fault(method="GET", status=403, times=FOR_LONG, message="IP not allowed")
    scene.guard.faults.add(fault)
    return lambda: InProcessOpenRouter(scene.account, scene.guard.faults)


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (missing, "no management key"),
        (wrong_kind, "inference key"),
        (revoked, "wrong or revoked"),
        (locked_out, "IP allowlist"),
    ],
)
def test_a_management_key_that_does_not_work_is_one_clear_alert_and_no_storm(
    problem: Callable[[Scene], Callable[[], OpenRouter]], says: str
) -> None:
    scene = fenced()
    scene.guard.connect = problem(scene)
    for _ in range(5):
        scene.account.clock.advance(timedelta(minutes=5))
        switch = scene.guard.switch
        report = scene.guard.poll()
        assert report is not None
        assert report.needs_hands
        assert says in scene.problem
        assert sum("OpenRouter" in call for call in switch.calls) <= 1
        scene.guard.evaluate()
    (alert,) = scene.alerts(Kind.BLIND)
    assert alert.severity is Severity.CRITICAL
    assert says in alert.entries[0].text
    assert scene.limit() == FENCE
    scene.guard.connect = None
    scene.guard.faults.clear()
    scene.wait()
    assert [one.incident for one in scene.alerts(Kind.RESOLVED)[-1].entries] == ["blind/account"]


def test_a_key_revoked_before_a_change_ends_the_run_with_its_name_and_leaves_the_wishes() -> None:
    scene = Scene(daily(), keys=("prod", "web"))
    scene.spend("9.5")
    scene.spend("9.5", "web")
    scene.account.clock.advance(timedelta(minutes=5))
    scene.guard.poll()
    scene.guard.evaluate()
    scene.guard.connect = revoked(scene)
    switch = scene.guard.switch
    with pytest.raises(ManagementKeyError, match="wrong or revoked"):
        scene.guard.enforce()
    assert sum("OpenRouter" in call for call in switch.calls) == 1
    assert len(scene.guard.ledger.wishes()) == 2


def test_fields_that_nobody_knows_yet_change_nothing() -> None:
    scene = fenced()
    scene.guard.faults.add(Fault(method="GET", overlay={"tier": "gold"}, times=FOR_LONG))
    scene.wait()
    assert not scene.problem


@pytest.mark.parametrize(
    ("overlay", "names"),
    [
        ({"limit_reset": "yearly"}, "limit_reset"),
        ({"usage_daily": None}, "usage_daily"),
        ({"usage": "12"}, "usage"),
        ({"disabled": "no"}, "disabled"),
    ],
)
def test_a_value_that_nobody_knows_is_named_and_nothing_is_concluded_from_it(
    overlay: dict[str, str | None], names: str
) -> None:
    scene = fenced()
    known = scene.guard.ledger.observations()
    scene.guard.faults.add(Fault(method="GET", path="/keys", overlay=overlay))
    scene.wait()
    assert "GET /keys" in scene.problem
    assert f"data.0.{names}" in scene.problem
    assert scene.guard.ledger.observations() == known
    assert scene.limit() == FENCE


@pytest.mark.parametrize("raw", [b"", b"<html>Bad gateway</html>", b'{"data": []', b"[]", b"null"])
def test_a_body_that_cannot_be_read_is_not_an_account_without_keys(raw: bytes) -> None:
    scene = fenced()
    scene.over_http()
    scene.guard.faults.add(Fault(method="GET", path="/keys", raw=raw, times=FOR_LONG))
    scene.wait()
    assert scene.problem
    assert not any(one.gone_at for one in scene.guard.ledger.observations().values())
    assert scene.limit() == FENCE


def test_an_answer_to_a_change_that_is_not_what_was_asked_is_a_failure_and_stays_counted() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.faults.add(Fault(method="PATCH", overlay={"limit": usd(100)}))
    scene.wait()
    assert scene.hold().refusals
    assert scene.key().hash in scene.guard.ledger.wishes()
    scene.wait()
    assert scene.limit() == FENCE
    assert not scene.guard.ledger.wishes()


def blind(scene: Scene, minutes: int = 20) -> None:
    """Let no key be listed for so long."""
    scene.guard.faults.add(Fault(method="GET", path="/keys", status=503, times=FOR_LONG))
    for _ in range(0, minutes, 5):
        scene.wait()


def test_a_stale_workspace_is_named_once_and_again_when_it_is_over() -> None:
    scene = fenced()
    blind(scene, 15)
    assert not scene.alerts(Kind.BLIND)
    blind(scene, 30)
    (alert,) = scene.alerts(Kind.BLIND)
    assert "workspace Default since 09:05 UTC" in alert.entries[0].text
    assert alert.severity is Severity.CRITICAL
    scene.guard.faults.clear()
    scene.wait()
    assert scene.alerts(Kind.RESOLVED)[-1].entries[-1].incident == alert.entries[0].incident


def test_nothing_is_decided_for_a_stale_workspace_and_its_fences_stay() -> None:
    scene = Scene(daily(), keys=("prod", "web"))
    scene.spend("9.5")
    scene.wait()
    done = len(scene.changes)
    blind(scene)
    scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=100),))
    scene.wait()
    scene.midnight()
    assert scene.limit() == FENCE
    assert scene.hold().state is HoldState.HELD
    assert len(scene.changes) == done
    scene.guard.faults.clear()
    scene.wait()
    assert scene.limit() == Limit()


def test_what_was_wished_before_a_workspace_got_stale_is_still_wished() -> None:
    scene = refused(status=503)
    wishes = scene.guard.ledger.wishes()
    blind(scene)
    assert scene.guard.ledger.wishes().keys() == wishes.keys()
    assert scene.guard.ledger.wishes()[scene.key().hash].want == wishes[scene.key().hash].want


def test_a_person_can_release_a_key_of_a_stale_workspace() -> None:
    scene = fenced()
    blind(scene)
    until = scene.now + timedelta(hours=4)
    scene.guard.ledger.save(Release(scene.key().hash, until, "ada", "a launch", scene.now))
    scene.wait()
    assert scene.limit() == Limit()
    assert scene.hold().state is HoldState.RELEASED


class Throttled(MemoryLedger):
    """A ledger that takes no more writes of a kind while `kind` is set."""

    kind: type[Record] | None = None

    def save(self, *records: Record, lease: Lease | None = None, wish: Wish | None = None) -> None:
        if self.kind and any(isinstance(record, self.kind) for record in records):
            message = "DynamoDB throttles"
            raise LedgerUnavailable(message)
        super().save(*records, lease=lease, wish=wish)


def test_when_the_ledger_takes_no_intent_no_change_is_sent() -> None:
    scene = Scene(daily())
    ledger = Throttled()
    scene.guard.ledger = ledger
    scene.spend("9.5")
    scene.guard.poll()
    scene.guard.evaluate()
    ledger.kind = Hold
    with pytest.raises(LedgerUnavailable):
        scene.guard.enforce()
    assert not scene.changes
    ledger.kind = None
    scene.guard.enforce()
    assert scene.limit() == FENCE


def test_when_the_ledger_takes_no_facts_the_poll_fails_loudly_and_the_lease_is_free_again() -> None:
    scene = Scene(daily())
    ledger = Throttled()
    scene.guard.ledger = ledger
    ledger.kind = Observation
    with pytest.raises(LedgerUnavailable):
        scene.guard.poll()
    assert not ledger.freshness()
    ledger.kind = None
    assert scene.guard.poll()
    assert ledger.freshness()
