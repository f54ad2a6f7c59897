"""`budget-guard rotate`: asked for at once, and refused where it would be put off."""

from collections.abc import Callable

import pytest

from budget_guard.domain.policy import Mode
from budget_guard.use_cases.rotation.steps import Step
from tests.cli import adopted
from tests.cli.adopted import adopt, lineage, rotate_all
from tests.cli.desk import Office, flat, golden

WHY = ("--reason", "a leaver")


@pytest.fixture
def office() -> Office:
    made = adopted.office()
    adopt(made)
    made.cycle()
    return made


def test_secrets_manager_is_asked_and_who_asked_is_on_record(office: Office) -> None:
    result = office.run("rotate", "prod-api", *WHY)
    assert result.exit_code == 0
    golden("rotate.txt", result.stdout, office)
    ((secret, _),) = office.vault.rotations
    assert secret == lineage(office).secret
    rotate_all(office)
    shown = flat(office.run("status", "prod-api").stdout)
    assert "user/ann had it rotated: a leaver" in shown


def test_asked_twice_it_is_one_rotation(office: Office) -> None:
    for _ in range(2):
        assert office.run("rotate", "prod-api", *WHY).exit_code == 0
    assert len(office.vault.rotations) == 1


def frozen(office: Office) -> None:
    office.run("freeze", "prod-api", "--reason", "a loop")


def released(office: Office) -> None:
    office.run("release", "prod-api", "--reason", "a demo")


def protected(office: Office) -> None:
    office.deploy("protecting", protect=frozenset({office.hash("prod-api")}))
    office.guard.evaluate()


def observed(office: Office) -> None:
    office.deploy("observing", mode=Mode.RELEASE)
    office.guard.evaluate()


def named_as_another(office: Office) -> None:
    adopt(office, "dev-ann")
    office.account.patch_key(office.hash("prod-api"), {"name": "dev-ann"})
    office.cycle()


def stale(office: Office) -> None:
    office.pass_(20)


def stopped(office: Office) -> None:
    office.spend("prod-api", "50")
    office.cycle()


def disabled(office: Office) -> None:
    office.account.patch_key(office.hash("prod-api"), {"disabled": True})
    office.cycle()


def deleted(office: Office) -> None:
    office.account.delete_key(office.hash("prod-api"))
    office.cycle()


def being_rotated(office: Office) -> None:
    rotate_all(office, steps=(Step.CREATE,))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (frozen, "it is disabled, and its successor would not be"),
        (released, "user/ann released it: a demo"),
        (protected, "the budgets file protects it"),
        (observed, "the budgets file says mode: release"),
        (stale, "nothing new is known of its workspace"),
        (stopped, "it is stopped, and there is nothing to share with its successor"),
        (disabled, "it is disabled, and its successor would not be"),
        (deleted, "it was deleted before"),
        (named_as_another, "it was given the name of another key under rotation"),
        (being_rotated, "prod-api #2 is being made since 09:10"),
    ],
)
def test_where_it_would_be_put_off_nobody_is_asked(
    office: Office, event: Callable[[Office], None], told: str
) -> None:
    event(office)
    result = office.run("rotate", lineage(office).secret, *WHY)
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not office.vault.rotations


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("prod-api",), "say why with --reason"),
        (("dev-bob", *WHY), "dev-bob is not under rotation: no secret has it"),
        (("dev-ann", *WHY), "its secret has no schedule"),
        (("nobody", *WHY), "has seen no key 'nobody'"),
    ],
)
def test_what_cannot_be_rotated_is_refused(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    adopt(office, "dev-ann")
    result = office.run("rotate", *arguments)
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not office.vault.rotations
