"""What is held and wished of keys' guardrails, in both ledgers alike."""

from dataclasses import replace
from datetime import timedelta

from budget_guard.domain.holds import Override
from budget_guard.domain.restriction import Refusal, Restriction, RestrictWish, Sent
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger
from tests.adapters.ledger.conftest import NOW, Clock
from tests.adapters.ledger.samples import HASH

WISH = RestrictWish(
    HASH, "prod-api", "w1", "cheap", "spent 8 of 10 USD", NOW, "prod", NOW + timedelta(hours=12)
)
SENT = Sent("a1", "g-cheap", NOW, "spent", "run-1")
RESTRICTION = Restriction(
    key=HASH,
    baseline="g-privacy",
    placed="g-cheap",
    placed_at=NOW,
    sent=(SENT, replace(SENT, id="a2", guardrail=None)),
    wanted="cheap",
    looked_at=NOW,
    reason="spent",
    budget="prod",
    until=NOW + timedelta(hours=12),
    refusal=Refusal(NOW, ("providers: cheap allows any",)),
    override=Override(NOW, "guardrail cheap became none"),
    let_go_until=NOW + timedelta(hours=12),
    reapplied=2,
    tries=1,
    names={"g-cheap": "cheap", "g-privacy": "privacy"},
)


def test_before_the_first_there_is_none(ledger: Ledger) -> None:
    assert not ledger.restrictions()
    assert not ledger.restrict_wishes()


def test_both_are_returned_as_they_were_saved_and_forgotten_each_by_itself(ledger: Ledger) -> None:
    lease = Lease("enforce", "run-1", NOW + timedelta(minutes=5))
    ledger.acquire(lease, now=NOW)
    ledger.save(RESTRICTION, WISH, lease=lease)
    assert ledger.restrictions() == {HASH: RESTRICTION}
    assert ledger.restrict_wishes() == {HASH: WISH}
    ledger.forget(WISH, lease=lease)
    assert not ledger.restrict_wishes()
    assert ledger.restrictions() == {HASH: RESTRICTION}
    ledger.forget(RESTRICTION, lease=lease)
    assert not ledger.restrictions()


def test_one_that_is_over_is_thrown_away_after_a_week_and_no_other(
    ledger: Ledger, clock: Clock
) -> None:
    over = replace(RESTRICTION, key="b", placed=None, sent=())
    ledger.save(RESTRICTION, over)
    clock.pass_(timedelta(days=6))
    assert set(ledger.restrictions()) == {HASH, "b"}
    clock.pass_(timedelta(days=2))
    assert set(ledger.restrictions()) == {HASH}
