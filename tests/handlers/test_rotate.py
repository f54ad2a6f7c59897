"""The function `rotate` on emulated AWS: driven by hand as Secrets Manager does, and by the loop."""

import json
from typing import Any
from uuid import uuid4

import pytest

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.errors import (
    GuardError,
    LeaseLost,
    ManagementKeyError,
    ProviderUnavailable,
    RotationFailed,
    SettingsError,
)
from budget_guard.domain.lineage import begun
from budget_guard.sandbox.openrouter import Fault
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.steps import Step
from tests.domain.builders import MINUTE
from tests.handlers.deployment import Deployment, sample

FIRST = str(uuid4())


class Rotated:
    """A key under rotation in a deployment that holds it."""

    def __init__(self, guard: Deployment) -> None:
        guard.put_key()
        self.guard = guard
        self.plaintext, self.key = guard.new_key("prod", spent="2")
        fields = {
            "api_key": self.plaintext,
            "hash": self.key,
            "name": "prod",
            "rotated_at": guard.account.clock.now.isoformat(),
        }
        self.manager = guard.aws("secretsmanager")
        self.secret = self.manager.create_secret(
            Name="openrouter/prod", SecretString=json.dumps(fields), ClientRequestToken=FIRST
        )["ARN"]
        dynamodb, clock = guard.aws("dynamodb"), guard.account.clock
        self.ledger = DynamoLedger(dynamodb, "ledger", lambda: clock.now)
        place = guard.account.workspaces.default
        self.ledger.save(begun(self.secret, self.key, "prod", workspace=place, at=clock.now))
        for _ in range(2):
            self.chain()

    def chain(self, minutes: int = 5) -> list[str]:
        """Let time pass, then poll; return the functions that ran."""
        self.guard.account.clock.advance(minutes * MINUTE)
        return list(self.guard.chain())

    def step(self, step: Step, token: str, *, seconds: float = 280, **more: str) -> dict[str, Any]:
        asked = {"Step": step.value, "SecretId": self.secret, "ClientRequestToken": token}
        event = sample("rotate.create-secret") | asked | more
        return self.guard.run("rotate", event, seconds=seconds)

    def rotate(self) -> str:
        token = str(uuid4())
        for step in Step:
            self.step(step, token)
        return token

    def expected(self) -> float:
        """Return how many errors the alarm leaves out."""
        found = self.guard.output.metrics("ErrorsExpected")
        assert all(one == {"function": "rotate", "service": "budget-guard"} for _, one in found)
        return sum(value for value, _ in found)

    def in_use(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.manager.get_secret_value(SecretId=self.secret)["SecretString"]
        )
        return found


@pytest.fixture
def rotated(guard: Deployment) -> Rotated:
    return Rotated(guard)


def test_a_key_is_rotated_and_its_plaintext_is_in_the_secret_alone(rotated: Rotated) -> None:
    token = rotated.rotate()
    account = rotated.guard.account
    kept = rotated.in_use()
    new = account.identify(kept["api_key"])
    assert (new.hash, new.name) == (kept["hash"], kept["name"])
    assert kept["name"] == "prod #2"
    assert kept["hash"] != rotated.key
    labels = rotated.manager.describe_secret(SecretId=rotated.secret)["VersionIdsToStages"]
    assert labels[token] == ["AWSCURRENT"]
    left = [account.get_key(one)["limit_remaining"] for one in (rotated.key, new.hash)]
    assert sum(left) <= 8
    stored = rotated.guard.everything_stored() + rotated.guard.output.text
    assert kept["api_key"] not in stored
    assert rotated.plaintext not in stored
    assert rotated.guard.output.logs("run finished")[-1]["stage"] == "done"
    lowered = rotated.guard.output.logs("key applied")[-1]
    assert lowered["key"] == rotated.key
    assert "replaced by prod #2" in lowered["reason"]


def test_a_step_that_names_its_time_goes_by_it(rotated: Rotated) -> None:
    """Secrets Manager names none; where time is played, who asks does."""
    began = rotated.guard.account.clock.now + 7 * MINUTE
    rotated.step(Step.CREATE, str(uuid4()), time=began.isoformat())
    found = rotated.ledger.rotation(rotated.secret)
    lineage = rotated.ledger.lineage(rotated.secret)
    assert found
    assert lineage
    assert found.began == began
    assert lineage.asked[-1].at > began


def test_before_the_first_rotation_the_service_tests_the_function(rotated: Rotated) -> None:
    assert rotated.step(Step.TEST, str(uuid4())) == {"stage": "nothing to do"}
    assert rotated.in_use()["hash"] == rotated.key


def test_a_failure_is_raised_and_the_secret_stays(rotated: Rotated) -> None:
    rotated.guard.api.faults.add(Fault(method="POST", path="/keys", status=400))
    with pytest.raises(RotationFailed):
        rotated.rotate()
    assert rotated.in_use()["hash"] == rotated.key
    assert rotated.guard.account.get_key(rotated.key)["limit_remaining"] == 8
    assert rotated.expected() == 1


def test_what_is_put_off_is_an_error_that_no_alarm_tells_besides_the_alert(
    rotated: Rotated,
) -> None:
    rotated.guard.account.patch_key(rotated.key, {"disabled": True})
    token = str(uuid4())
    for _ in range(2):
        with pytest.raises(RotationFailed, match="it is disabled"):
            rotated.step(Step.CREATE, token)
    assert rotated.expected() == 2
    rotated.chain()
    assert Kind.ROTATION_FAILED in [one.kind for one in rotated.guard.alerts()]


def test_what_no_alert_can_tell_is_left_to_the_alarm(rotated: Rotated) -> None:
    secret = rotated.manager.create_secret(Name="openrouter/other")["ARN"]
    with pytest.raises(RotationFailed, match="not under rotation"):
        rotated.step(Step.CREATE, str(uuid4()), SecretId=secret)
    rotated.guard.api.faults.add(Fault(method="GET", path="/keys/*", status=500, times=9))
    with pytest.raises(ProviderUnavailable):
        rotated.step(Step.CREATE, str(uuid4()))
    assert rotated.expected() == 0


def test_a_run_that_another_keeps_out_is_no_success(rotated: Rotated) -> None:
    now = rotated.guard.account.clock.now
    name = f"rotate/{rotated.secret}"
    rotated.ledger.acquire(Lease(name, "another", now + MINUTE), now=now)
    with pytest.raises(LeaseLost):
        rotated.rotate()
    assert rotated.expected() == 1


def test_without_a_management_key_it_is_no_success_either(rotated: Rotated) -> None:
    rotated.guard.put_key("not-set")
    with pytest.raises(ManagementKeyError):
        rotated.rotate()
    assert rotated.expected() == 1


def test_a_run_without_the_time_to_wait_leaves_it_to_the_next(rotated: Rotated) -> None:
    token = str(uuid4())
    with pytest.raises(ProviderUnavailable, match="no time left"):
        rotated.step(Step.CREATE, token, seconds=60)
    assert rotated.expected() == 1
    rotated.guard.account.clock.advance(3 * MINUTE)
    rotated.step(Step.CREATE, token)
    assert len(rotated.guard.account.keys) == 2


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"time": "2026-11-18T09:01:00Z"},
        {"Step": "other"},
        {"Step": "testSecret", "time": "2026-11-18T09:01:00Z", "run": "r"},
    ],
)
def test_an_event_of_another_form_is_refused(rotated: Rotated, event: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="rotate-secret"):
        rotated.guard.run("rotate", event)


def test_the_loop_retires_the_old_key_and_starts_rotate_only_for_that(rotated: Rotated) -> None:
    account = rotated.guard.account
    assert "rotate" not in rotated.chain()
    rotated.rotate()
    ran = [rotated.chain() for _ in range(8)]
    assert "rotate" in ran[0]
    assert account.get_key(rotated.key)["disabled"]
    (line,) = rotated.guard.output.logs("old key disabled")
    assert (line["key_name"], line["key"]) == ("prod", rotated.key)
    assert "rotate" not in rotated.chain()
    ran = [rotated.chain(24 * 60) for _ in range(8)]
    assert sum("rotate" in one for one in ran) == 1
    assert not account.exists(rotated.key)
    assert len(rotated.guard.output.logs("old key deleted")) == 1
    assert account.get_key(rotated.in_use()["hash"])["disabled"] is False
    assert "rotate" not in rotated.chain()


def test_evaluate_starts_rotate_with_its_own_time_and_run(rotated: Rotated) -> None:
    rotated.rotate()
    rotated.guard.account.clock.advance(5 * MINUTE)
    rotated.guard.run("poll_usage")
    rotated.guard.starts.clear()
    rotated.guard.run("evaluate", sample("rotate.loop"))
    assert ("rotate", sample("rotate.loop")) in rotated.guard.starts


def test_a_run_of_the_loop_is_one_summary_and_one_count(rotated: Rotated) -> None:
    summary = rotated.guard.run("rotate", sample("rotate.loop"))
    assert set(summary.values()) == {0}
    (line,) = (one for one in rotated.guard.output.logs("run finished") if "disabled" in one)
    assert line["run"] == sample("rotate.loop")["run"]
    counted = [where["function"] for _, where in rotated.guard.output.metrics("RunsFinished")]
    assert counted.count("rotate") == 1


def test_of_two_runs_of_the_loop_one_leaves_it_to_the_other(rotated: Rotated) -> None:
    now = rotated.guard.account.clock.now
    rotated.ledger.acquire(Lease("rotate", "another", now + MINUTE), now=now)
    assert rotated.guard.run("rotate")["outcome"] == "another run is at work"


def test_a_lineage_that_a_step_is_at_is_left_to_it(rotated: Rotated) -> None:
    rotated.rotate()
    now = rotated.guard.account.clock.now
    rotated.ledger.acquire(Lease(f"rotate/{rotated.secret}", "a step", now + MINUTE), now=now)
    assert set(rotated.guard.run("rotate").values()) == {0}


def test_what_the_loop_could_not_do_is_raised_and_done_by_the_next(rotated: Rotated) -> None:
    rotated.rotate()
    rotated.guard.api.faults.add(Fault(method="GET", path="/keys/*", status=400))
    with pytest.raises(GuardError, match="400"):
        rotated.guard.run("rotate")
    rotated.guard.run("rotate")
    lineage = rotated.ledger.lineage(rotated.secret)
    assert lineage is not None
    assert lineage.draining[0].idle_since is not None


def test_without_a_management_key_the_loop_ends_well_and_says_so(rotated: Rotated) -> None:
    rotated.guard.put_key("not-set")
    assert rotated.guard.run("rotate") == {"outcome": "no management key"}
    assert rotated.guard.output.warnings
