"""What a person may grant, whoever asks for it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.adapters.starter import RecordingStarter
from budget_guard.domain.errors import RequestError
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.granting import GrantAsked, grant
from tests.use_cases.scene import Scene, daily

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "-Infinity"])
def test_only_an_amount_above_0_is_granted(amount: str) -> None:
    on = Scene(daily())
    desk = Desk(on.guard.ledger, RecordingStarter(), "ann", on.now)
    asked = GrantAsked("each", Decimal(amount), HOUR, "launch", on.key().hash)
    with pytest.raises(RequestError, match="above 0 USD"):
        grant(asked, desk)
    assert not on.guard.ledger.grants()


def test_a_grant_lasts_from_what_was_seen_last_where_that_is_later() -> None:
    on = Scene(daily())
    desk = Desk(on.guard.ledger, RecordingStarter(), "ann", on.now - timedelta(days=2))
    given = grant(GrantAsked("each", Decimal(1), HOUR, "launch", on.key().hash), desk).grant
    assert (given.begins, given.ends) == (on.now, on.now + HOUR)
