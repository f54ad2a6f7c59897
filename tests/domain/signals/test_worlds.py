"""What is wrong in a made-up account is found, and little else is told.

The whole table: `uv run python -m tests.domain.signals.measuring 101 121`. The bounds here are
those of some of its seeds; they were not looked at while the signals were made.
"""

import pytest

from tests.domain.signals.faults import FAULTS, FAULTS_OF_REQUESTS
from tests.domain.signals.measuring import GIVEN_UP, with_fault, without

FAULTY = range(101, 104)
QUIET = range(121, 125)


@pytest.mark.parametrize("name", [*FAULTS, *FAULTS_OF_REQUESTS])
def test_what_goes_wrong_is_told_within_a_day(name: str) -> None:
    hours = [with_fault(name, seed).hours for seed in FAULTY]
    assert None not in hours, hours
    assert max(one or GIVEN_UP for one in hours) <= 24


def test_accounts_in_which_nothing_is_wrong_raise_an_alarm_at_most_once_in_two_weeks() -> None:
    alarms = [one.incident for seed in QUIET for one in without(seed)]
    assert len(alarms) <= len(QUIET) // 2, alarms
