"""What the guard did, as the timeline tells it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.policy import Budget, Hold, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.narration import Narration
from budget_guard.sandbox.openrouter import Account

ALWAYS, NEVER = Hold(Decimal(0)), Hold(None)
DAILY = {Window.DAILY: Decimal(10)}
TEAM = Budget("team", DAILY, ("team-*",), hold=ALWAYS)
ALL = Budget("all", DAILY, ("*",), hold=ALWAYS)


@pytest.fixture
def fence(account: Account) -> Callable[[str, str | None], None]:
    """Gives a key, created when it is first named, a lifetime limit."""
    keys: dict[str, str] = {}

    def give(name: str, limit: str | None) -> None:
        if name not in keys:
            keys[name] = str(account.create_key({"name": name})[1]["hash"])
            account.spending.charge(keys[name], Decimal(2))
        amount = None if limit is None else Decimal(limit)
        account.patch_key(keys[name], {"limit": amount, "limit_reset": None})

    return give


def told(account: Account, *budgets: Budget) -> list[str]:
    """The lines, the guard's own reason always being the same."""
    narration = Narration(account, Policy(budgets, "hash"), lambda _key: "because")
    return [line for _, line in narration.lines(account.books.changes)]


type Fence = Callable[[str, str | None], None]


def test_what_a_team_gets_at_one_moment_is_one_line(account: Account, fence: Fence) -> None:
    fence("team-a", "7")
    fence("team-b", "5.50")
    assert told(account, TEAM) == ["team: team-a 5.00, team-b 3.50 USD more"]


def test_a_key_that_is_switched_off_is_told_of_once(account: Account, fence: Fence) -> None:
    fence("team-a", "7")
    key = account.books.changes[-1].hash
    for change in ({"disabled": True}, {"limit": Decimal(8)}):
        account.patch_key(key, change)
    _, off, fenced = told(account)
    assert off == "team-a -> disabled: because"
    assert fenced == "team-a -> 8.00 USD in its lifetime: because"


def test_a_key_and_its_successor_are_no_team(account: Account, fence: Fence) -> None:
    fence("team-a", "7")
    fence("team-a #2", "5")
    kin = dict.fromkeys(account.keys, "team-a")
    narration = Narration(account, Policy((TEAM,), "hash"), lambda _key: "because", kin)
    lines = [line for _, line in narration.lines(account.books.changes)]
    assert lines[1] == "team-a #2 -> 5.00 USD in its lifetime: because"


def test_money_that_moves_is_told_with_what_was_there_before(
    account: Account, fence: Fence
) -> None:
    fence("team-a", "7")
    fence("team-b", "7")
    account.clock.set(account.clock.now + timedelta(minutes=5))
    fence("team-a", "2")
    fence("team-b", "12")
    assert told(account, TEAM)[1] == "team: team-a 5.00 -> 0.00, team-b 5.00 -> 10.00 USD more"


def test_each_moment_has_a_line_of_its_own(account: Account, fence: Fence) -> None:
    moments: list[datetime] = []
    for limit in ("7", "8"):
        moments.append(account.clock.now)
        fence("team-a", limit)
        fence("team-b", limit)
        account.clock.set(account.clock.now + timedelta(minutes=5))
    narration = Narration(account, Policy((TEAM,), "hash"), lambda _key: "because")
    assert [at for at, _ in narration.lines(account.books.changes)] == moments


def test_a_key_is_told_of_in_its_smallest_team(account: Account, fence: Fence) -> None:
    fence("other", "3")
    fence("team-a", "7")
    fence("team-b", "7")
    assert told(account, ALL, TEAM) == [
        "all: other 1.00 USD more",
        "team: team-a 5.00, team-b 5.00 USD more",
    ]


def test_a_key_that_a_budget_has_alone_is_told_of_with_the_reason(
    account: Account, fence: Fence
) -> None:
    fence("team-a", "7")
    fence("team-b", "7")
    own = Budget("own", DAILY, ("team-a",), hold=ALWAYS)
    each = Budget("each", DAILY, ("team-b",), hold=ALWAYS, per_key=True)
    assert told(account, TEAM, own, each) == [
        "team-a -> 7.00 USD in its lifetime: because",
        "team-b -> 7.00 USD in its lifetime: because",
    ]


def test_a_budget_that_only_alerts_makes_no_team(account: Account, fence: Fence) -> None:
    fence("team-a", "7")
    fence("team-b", None)
    assert told(account, Budget("team", DAILY, ("team-*",), hold=NEVER)) == [
        "team-a -> 7.00 USD in its lifetime: because",
        "team-b -> no limit: because",
    ]


def test_a_key_that_gets_its_own_limit_back_is_told_of_with_the_reason(
    account: Account, fence: Fence
) -> None:
    fence("team-a", "7")
    fence("team-b", None)
    assert told(account, TEAM) == [
        "team-b -> no limit: because",
        "team: team-a 5.00 USD more",
    ]


def test_parts_of_a_cent_are_not_told(account: Account, fence: Fence) -> None:
    fence("team-a", "2.000651")
    fence("team-b", "6.999999")
    assert told(account, TEAM) == ["team: team-a 0.00, team-b 4.99 USD more"]
