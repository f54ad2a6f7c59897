"""What of two words about a key is the newer one: OpenRouter's answer to a change, or a reading."""

from datetime import timedelta

from tests.domain.builders import NOW, facts_of, held, limited, policy_of, seen

STOPPED = limited(5, disabled=True)
SECONDS = timedelta(seconds=1)


def test_a_read_that_had_begun_when_the_change_was_answered_may_have_missed_it() -> None:
    reading = seen(settings=limited(5), at=NOW, began=NOW - SECONDS)
    facts = facts_of([reading], policy_of(), holds=[held(fence=STOPPED, at=NOW)])
    assert facts.settings(reading) == STOPPED


def test_a_read_that_began_after_the_answer_is_the_newer_word() -> None:
    reading = seen(settings=limited(7), at=NOW, began=NOW - SECONDS)
    facts = facts_of([reading], policy_of(), holds=[held(fence=STOPPED, at=NOW - 3 * SECONDS)])
    assert facts.settings(reading) == limited(7)
