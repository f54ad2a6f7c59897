"""Workspaces are read ahead, in their order, and one that fails does not stop the rest."""

from datetime import UTC, datetime

import pytest

from budget_guard.adapters.openrouter import ahead
from budget_guard.domain.errors import ProviderUnavailable
from budget_guard.use_cases.listings import Listing

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def read(workspace: str) -> Listing:
    if workspace == "w2":
        raise ProviderUnavailable(workspace)
    return Listing({}, NOON, NOON)


def test_each_listing_comes_in_its_turn_and_a_failure_where_it_is_asked_for() -> None:
    first, second, third = ahead(read, ["w1", "w2", "w3"])
    assert first() == third() == Listing({}, NOON, NOON)
    with pytest.raises(ProviderUnavailable, match="w2"):
        second()


def test_no_more_is_read_than_is_asked_for_soon() -> None:
    begun: list[str] = []

    def noted(workspace: str) -> Listing:
        begun.append(workspace)
        return read(workspace)

    listings = ahead(noted, [f"w{number}" for number in range(5, 15)])
    next(listings)()
    next(listings)()
    assert len(begun) <= 3
    list(listings)


def test_an_account_without_workspaces_has_no_listings() -> None:
    assert not list(ahead(read, []))
