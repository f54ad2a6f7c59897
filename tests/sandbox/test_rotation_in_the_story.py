"""The story's rotation, rehearsed in process: a key is replaced while its application goes on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from budget_guard.cli import sandbox_rotation
from budget_guard.cli.sandbox_verdict import as_json, sentences
from budget_guard.domain.lineage import State
from budget_guard.domain.money import MICRO
from budget_guard.sandbox.application import Application
from budget_guard.sandbox.cast import story
from budget_guard.sandbox.play import write_story
from budget_guard.sandbox.stage import Set
from budget_guard.sandbox.succession import Generation, Standing, Succession
from budget_guard.sandbox.verdict import Verdict
from tests.sandbox.rehearsal import Rehearsed, rehearse

OPENS = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
BEGAN = datetime(2026, 11, 18, 23, 26, tzinfo=UTC)
NAME = "chat-api"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    built = Set(OPENS, story(OPENS), write_story)
    return rehearse(built, tmp_path_factory.mktemp("story"), with_people=True)


@pytest.fixture(scope="module")
def succession(played: Rehearsed) -> Succession:
    found = played.judged.succession
    assert found
    return found


def test_one_key_is_in_use_and_its_predecessor_is_off(
    played: Rehearsed, succession: Succession
) -> None:
    names = [(one.number, one.name, one.state) for one in succession.generations]
    assert names == [(1, NAME, State.DISABLED), (2, f"{NAME} #2", State.CURRENT)]
    first, second = (played.on.account.keys[played.on.hashes[one]] for _, one, _ in names)
    assert first.terms.settings.disabled
    assert not second.terms.settings.disabled


def test_its_application_called_all_the_time_and_noticed_nothing(
    played: Rehearsed, succession: Succession
) -> None:
    assert succession.requests > 400
    assert succession.failed == 0
    first, second = (played.on.hashes[one] for one in (NAME, f"{NAME} #2"))
    charges = played.on.account.books.charges
    last = max(one.admitted_at for one in charges if one.hash == first)
    new = min(one.admitted_at for one in charges if one.hash == second)
    assert BEGAN < last < new <= last + timedelta(seconds=5)
    assert new < succession.generations[1].since + timedelta(minutes=1, seconds=5)


def test_its_budget_is_what_it_was_but_for_what_was_spent_meanwhile(succession: Succession) -> None:
    assert succession.meanwhile > 0
    assert succession.drift <= MICRO
    assert succession.after.reach <= succession.after.left


def test_both_keys_are_under_the_one_cap(played: Rehearsed) -> None:
    days = [one for one in played.rows if one.budget == "chat"]
    assert [(one.key, len(one.hashes), one.holds) for one in days] == [(NAME, 2, True)] * 2


def test_the_timeline_tells_of_it_in_a_few_lines(played: Rehearsed) -> None:
    told = [one for one in played.told if NAME in one and one[:5] not in ("22:01", "00:00")]
    adopted, rotated, lowered, moved, disabled = told
    assert adopted.startswith(f"22:06 budget-guard adopt {NAME}")
    assert rotated.startswith(f"23:26 on-call: budget-guard rotate {NAME}")
    assert lowered.endswith(f"{NAME} is replaced by {NAME} #2; it keeps what it needs")
    assert moved.startswith(f"23:28 {NAME} #2 is in the secret")
    assert disabled.startswith(f"00:01 {NAME} -> disabled: its successor is in use")


def test_the_polls_after_it_are_as_regular_as_before(played: Rehearsed) -> None:
    polled = [f"{at:%H:%M}" for at in played.on.polled if at.date() == OPENS.date()]
    assert polled[polled.index("23:26") :] == [
        *("23:26", "23:28", "23:31", "23:36", "23:41", "23:46", "23:51", "23:56")
    ]


def test_the_page_shows_the_lineage_the_budget_and_the_requests(
    played: Rehearsed, succession: Succession
) -> None:
    console = Console(record=True, width=80, file=None, quiet=False)
    with console.capture() as page:
        sandbox_rotation.show_succession(succession, console)
    lines = [" ".join(line.split()) for line in page.get().splitlines()]
    assert f"#1 {NAME} disabled 00:01" in lines
    assert f"#2 {NAME} #2 current 23:28" in lines
    assert f"before the rotation, 23:26 {succession.before.spent:.2f} 39.86" in lines
    *_, last = sentences(played.judged, 0)
    assert last.endswith(
        f"{succession.requests} requests from 23:26 to 00:01, 0 failed; its budget is what it was."
    )


def test_machines_are_told_too(played: Rehearsed, succession: Succession) -> None:
    told = as_json(played.judged, [])["rotation"]
    assert (told["key"], told["good"], told["failed"]) == (NAME, True, 0)
    assert [one["state"] for one in told["lineage"]] == ["disabled", "current"]
    assert Decimal(told["spent_meanwhile"]) == succession.meanwhile


def wrong(good: Succession) -> list[Succession]:
    """What a bad rotation would have come to."""
    first, second = good.generations
    return [
        replace(good, failed=1),
        replace(good, requests=0),
        replace(good, generations=(replace(first, state=State.DRAINING), second)),
        replace(good, generations=(replace(first, state=State.CURRENT),)),
        replace(good, after=replace(good.after, spent=good.after.spent - 2 * MICRO)),
        replace(good, after=replace(good.after, left=good.after.left + 2 * MICRO)),
        replace(good, after=replace(good.after, reach=good.after.left + 2 * MICRO)),
    ]


@pytest.mark.parametrize("which", range(7))
def test_the_verdict_is_bad_if_anything_of_it_is_not_so(which: int) -> None:
    before, after = Standing(BEGAN, *USD), Standing(BEGAN, *USD)
    generations = (
        Generation(1, NAME, State.DISABLED, BEGAN),
        Generation(2, f"{NAME} #2", State.CURRENT, BEGAN),
    )
    good = Succession(
        name=NAME,
        budget="chat",
        generations=generations,
        before=before,
        after=after,
        began=BEGAN,
        ended=BEGAN,
        requests=3,
        failed=0,
    )
    assert Verdict((), None, good).is_good
    bad = wrong(good)[which]
    assert not Verdict((), None, bad).is_good
    assert "was noticed" in sandbox_rotation.sentence(bad)


USD = (Decimal(20), Decimal(40), Decimal(40), Decimal(150))


def test_an_application_reads_its_secret_once_a_minute() -> None:
    now, keys = [BEGAN], ["first"]
    application = Application(lambda: now[0], lambda: keys[-1])
    assert application.key() == "first"
    keys.append("second")
    now[0] += timedelta(seconds=59)
    assert application.key() == "first"
    now[0] += timedelta(seconds=1)
    assert application.key() == "second"
