"""Which rule keeps a key's fence from its share, and where its weight comes from."""

from decimal import Decimal

import pytest

from budget_guard.domain.claim import Allotment, Claim, Move
from budget_guard.use_cases.explaining import Waits, Weighed, explain, waits
from tests.cli.desk import Office, teams
from tests.domain.builders import seen

USD = Decimal
CLAIM = Claim(
    seen=seen(),
    hold=None,
    common=(0,),
    weight=USD(1),
    reach=None,
    allowed=USD(5),
    short_below=USD(1),
)


def allotment(share: str, move: Move = Move.KEEP) -> Allotment:
    return Allotment(move, CLAIM.allowed, USD(share), 0)


@pytest.mark.parametrize(
    ("claim", "allotted", "why"),
    [
        (CLAIM, allotment("5"), Waits.NOT),
        (CLAIM, allotment("4"), Waits.NOT),
        (CLAIM, allotment("5.009"), Waits.CENT),
        (CLAIM, allotment("7"), Waits.NOT_SHORT),
        (CLAIM._replace(allowed=USD("0.9")), allotment("7"), Waits.NOTHING_FREE),
        (CLAIM._replace(allowed=USD("0.9")), allotment("1"), Waits.LITTLE),
        (CLAIM._replace(is_stuck=True), allotment("7"), Waits.STUCK),
        (CLAIM._replace(is_off=True), allotment("0", Move.LOWER), Waits.OFF),
        (CLAIM, allotment("7", Move.FIRST), Waits.FIRST),
        (CLAIM, allotment("7", Move.RAISE), Waits.RAISED),
        (CLAIM, allotment("7", Move.LOWER), Waits.LOWERED),
    ],
)
def test_each_rule_of_the_sharing_has_its_word(
    claim: Claim, allotted: Allotment, why: Waits
) -> None:
    assert waits(claim, allotted) is why


def weighed(office: Office, name: str) -> tuple[Weighed, Decimal]:
    told = explain(office.ledger, name, office.now).shared
    assert told
    return told.weighed, told.weight


def test_a_weight_is_burn_or_the_least_or_twice_the_last_portion() -> None:
    office = teams()
    assert weighed(office, "search-batch") == (Weighed.BURN, USD(18))
    assert weighed(office, "search-index") == (Weighed.FLOOR, USD(1))
    while office.spend("search-index", "0.5"):
        pass
    office.pass_(5)
    office.guard.poll()
    assert weighed(office, "search-index") == (Weighed.DRY, USD("6.54"))
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.cycle()
    assert weighed(office, "search-index")[0] is Weighed.UNREAD


def test_a_pace_since_the_fence_was_set_counts_where_it_is_more() -> None:
    office = teams()
    office.spend("search-index", "3")
    office.pass_(5)
    office.guard.poll()
    assert weighed(office, "search-index")[0] is Weighed.LATELY


def test_a_key_that_no_budget_fences_has_no_part_in_the_sharing() -> None:
    office = teams()
    told = explain(office.ledger, "dev-ann", office.now)
    assert told.shared is None
    assert not told.is_left_alone
    assert [(name, at) for name, at, _ in told.caps] == [("developers", USD("0.9"))]
