"""The evening that is played: when it opens, and what it writes down."""

from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.policy import Mode
from budget_guard.domain.windows import Window, end, start
from budget_guard.sandbox.cast import story
from budget_guard.sandbox.play import BEFORE_MIDNIGHT, opening, write_story


@given(st.dates(date(2024, 1, 1), date(2040, 12, 31)))
def test_it_opens_before_a_midnight_that_ends_a_day_and_nothing_else(today: date) -> None:
    opens = opening(today)
    midnight = end(Window.DAILY, opens)
    assert opens.date() >= today
    assert midnight - opens == BEFORE_MIDNIGHT
    assert start(Window.WEEKLY, opens) == start(Window.WEEKLY, midnight)
    assert start(Window.MONTHLY, opens) == start(Window.MONTHLY, midnight)


def test_the_storys_budgets_file_is_right_and_protects_a_key(tmp_path: Path) -> None:
    opens = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
    hashes = {role.name: f"{number:064x}" for number, role in enumerate(story(opens))}
    policy = yaml_file.load(write_story(tmp_path, hashes))
    assert policy.mode is Mode.ENFORCE
    assert policy.protect == {hashes["prod-checkout"]}
