"""The built-in story, rehearsed in process: teams, a runaway, and an hour without the guard."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest

from budget_guard.domain.windows import Window
from budget_guard.sandbox.cast import story
from budget_guard.sandbox.openrouter.books import Change
from budget_guard.sandbox.play import write_story
from budget_guard.sandbox.stage import Set
from budget_guard.sandbox.verdict import Row
from tests.sandbox.rehearsal import Rehearsed, rehearse

OPENS = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)
OFF, BACK = (datetime(2026, 11, 18, *at, tzinfo=UTC) for at in ((22, 36), (23, 11)))
ASKS = datetime(2026, 11, 18, 23, 13, tzinfo=UTC)
RUN = timedelta(minutes=5)
TEAM = ("agent-crawler", "agent-support", "agent-writer")


@pytest.fixture(scope="module", params=[1, 2], ids=["decided-once", "decided-twice"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    built = Set(OPENS, story(OPENS), write_story)
    folder = tmp_path_factory.mktemp("story")
    return rehearse(built, folder, with_people=True, rounds=request.param)


def row(played: Rehearsed, budget: str) -> Row:
    """The evening's day of a budget."""
    return next(one for one in played.rows if one.budget == budget)


def changes(played: Rehearsed, name: str) -> list[Change]:
    """What the guard did to a key."""
    key, people = played.on.hashes[name], played.bill.by_people
    booked = played.on.account.books.changes
    return [one for one in booked if one.hash == key and (one.at, key) not in people]


def amounts(played: Rehearsed, name: str) -> list[Decimal]:
    """The limits that the guard gave a key on the evening's day, in USD."""
    found = (one.after.limit.amount for one in changes(played, name) if one.at < MIDNIGHT)
    return [one for one in found if one is not None]


def refused(played: Rehearsed, name: str) -> list[datetime]:
    key = played.on.hashes[name]
    return [one.at for one in played.on.account.books.refused if one.hash == key]


def spent(played: Rehearsed, at: datetime, *names: str) -> Decimal:
    keys = [played.on.hashes[name] for name in names]
    return played.on.account.books.spent(keys, Window.DAILY, at).credits


def test_every_promised_cap_held(played: Rehearsed) -> None:
    promised = [one for one in played.rows if one.promised]
    assert {one.budget for one in promised} >= {"assistants", "production"}
    assert [one for one in promised if one.broken] == []


def test_a_teams_cap_is_reached_and_overshot_by_no_more_than_was_in_flight(
    played: Rehearsed,
) -> None:
    team = row(played, "assistants")
    assert team.cap * Decimal("0.99") < team.spent
    assert team.over == team.in_flight < 3


def test_money_moves_from_the_quiet_to_the_runaway(played: Rehearsed) -> None:
    crawler, writer = amounts(played, "agent-crawler"), amounts(played, "agent-writer")
    assert crawler[-1] > 2 * crawler[0]
    assert min(writer) < writer[0] / 2


def test_no_function_runs_while_the_guard_is_switched_off(played: Rehearsed) -> None:
    assert [at for at in played.on.polled if OFF < at < BACK] == []
    booked = played.on.account.books.changes
    assert [one for one in booked if OFF < one.at < BACK] == []
    assert len([at for at in played.on.polled if at == OFF + RUN or at == BACK]) == 1


def test_without_the_guard_openrouter_stops_the_runaway_at_its_share(played: Rehearsed) -> None:
    stopped = [at for at in refused(played, "agent-crawler") if OFF < at < BACK]
    assert stopped[-1] - stopped[0] > 2 * RUN
    limit = next(
        one.after.limit.amount
        for one in reversed(changes(played, "agent-crawler"))
        if one.at <= OFF
    )
    assert limit is not None
    assert limit <= spent(played, BACK, "agent-crawler") < limit + 2
    assert spent(played, BACK, *TEAM) < row(played, "assistants").cap


def test_the_quiet_colleague_is_served_when_it_asks(played: Rehearsed) -> None:
    """While more than a tenth of the team's money is left, never refused for longer than two runs."""
    key, cap = played.on.hashes["agent-support"], row(played, "assistants").cap
    books = played.on.account.books
    asked = [(one.admitted_at, True) for one in books.charges if one.hash == key]
    asked += [(at, False) for at in refused(played, "agent-support")]
    early = [
        (at, served)
        for at, served in sorted(asked)
        if ASKS <= at < MIDNIGHT and spent(played, at, *TEAM) < cap * Decimal("0.9")
    ]
    assert sum(served for _, served in early) > len(early) / 2
    for served, those in groupby(early, key=lambda one: one[1]):
        times = [at for at, _ in those]
        assert served or times[-1] - times[0] < 2 * RUN


def test_the_accounts_cap_binds_late_in_the_evening(played: Rehearsed) -> None:
    account = row(played, "production")
    assert account.cap - 5 < account.spent
    assert account.over == account.in_flight + account.unheld < 1
    assert MIDNIGHT - 4 * RUN < refused(played, "prod-mail")[0] < MIDNIGHT


def test_the_timeline_tells_of_the_team_in_a_line_a_run(played: Rehearsed) -> None:
    lines = [one for one in played.told if " assistants: " in one]
    assert len({one[:5] for one in lines}) == len(lines)
    assert any("agent-crawler 0.00 -> " in one for one in lines)
    assert "22:36 the guard is switched off: nothing of it runs, its fences stay" in played.told
    back = played.told.index("23:11 the guard is back")
    refused = sum(OFF < one.at <= BACK for one in played.on.account.books.refused)
    told = f"23:11 meanwhile OpenRouter refused {refused} requests: agent-crawler, prod-search"
    assert played.told[back + 1] == told
