"""Where it lies what is held, and wished, of keys' guardrails; imported, the ledger knows."""

from datetime import datetime, timedelta

from budget_guard.adapters.ledger.layout import Address, lifetime, place
from budget_guard.domain.restriction import Restriction, RestrictWish

RESTRICTIONS = "RESTRICTION"
RESTRICT_WISHES = "RESTRICTWISH"
GIVEN_BACK_KEPT = timedelta(days=7)


@place.register(Restriction)
def _(record: Restriction) -> Address:
    return Address(RESTRICTIONS, record.key)


@place.register(RestrictWish)
def _(record: RestrictWish) -> Address:
    return Address(RESTRICT_WISHES, record.key)


@lifetime.register(Restriction)
def _(record: Restriction) -> tuple[datetime | None, timedelta]:
    return None if record.is_ours else record.looked_at, GIVEN_BACK_KEPT
