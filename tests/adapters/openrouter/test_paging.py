"""All keys are found, each once, whatever the size and the shifting of pages."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.domain.errors import ProviderConfusing, ProviderUnavailable
from budget_guard.use_cases.listings import Unread
from tests.adapters.openrouter.scripted import Script, answer, connected, refusal, row


class Pages:
    """A workspace of numbered keys, `size` on a page; `shift` keys were created meanwhile."""

    def __init__(self, count: int, *, size: int = 100, shift: int = 0) -> None:
        self.hashes = [f"{number:064x}" for number in range(count)]
        self.size, self.shift = size, shift
        self.queries: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.queries.append(query)
        offset = int(query["offset"])
        begin = max(0, offset - self.shift)
        found = self.hashes[begin : begin + self.size]
        return answer({"data": [row(hash=one, usage=offset) for one in found]})


@settings(deadline=None)
@given(count=st.integers(0, 1200), size=st.integers(30, 150), shift=st.integers(0, 5))
def test_every_key_is_listed_once(count: int, size: int, shift: int) -> None:
    pages = Pages(count, size=size, shift=shift)
    listing = connected(pages).keys("w")
    assert sorted(one.key.hash for one in listing.readings) == pages.hashes


def test_disabled_and_expired_keys_of_the_one_workspace_are_asked_for() -> None:
    pages = Pages(1)
    connected(pages).keys("w")
    assert pages.queries[0] == {
        "workspace_id": "w",
        "offset": "0",
        "include_disabled": "true",
        "include_expired": "true",
    }


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (40, 2), (250, 4), (1000, 12)])
def test_few_requests_are_made_beyond_the_end(count: int, requests: int) -> None:
    pages = Pages(count)
    connected(pages).keys("w")
    assert len(pages.queries) == requests


def test_a_key_that_names_no_workspace_is_in_the_one_asked() -> None:
    rows = [row(hash="a", workspace_id=None), row(hash="b", workspace_id="other")]
    script = Script(answer({"data": rows}), answer({"data": []}))
    found = {one.key.hash: one.key.workspace for one in connected(script).keys("w").readings}
    assert found == {"a": "w", "b": "other"}


def test_the_newest_of_two_readings_wins() -> None:
    late, early = "Wed, 18 Nov 2026 12:00:05 GMT", "Wed, 18 Nov 2026 12:00:01 GMT"
    script = Script(
        answer({"data": [row(usage=5)]}, date=late),
        answer({"data": [row(usage=1)]}, date=early),
        answer({"data": []}, date=early),
    )
    listing = connected(script).keys("w")
    assert [one.counters.lifetime.credits for one in listing.readings] == [5]
    assert (listing.began.second, listing.at.second) == (1, 5)


def test_of_a_row_that_was_known_and_one_that_was_not_the_newer_wins() -> None:
    (before,) = (
        connected(Script(answer({"data": [row()]}), answer({"data": []}))).keys("w").readings
    )
    late, early = "Wed, 18 Nov 2026 12:00:05 GMT", "Wed, 18 Nov 2026 12:00:01 GMT"
    for of_known, of_new, unread in ((late, early, True), (early, late, False)):
        script = Script(
            answer({"data": [row()]}, date=of_known),
            answer({"data": [row(usage=1)]}, date=of_new),
            answer({"data": []}),
        )
        listing = connected(script).keys("w", {before.fingerprint})
        assert isinstance(listing.rows[before.key.hash], Unread) == unread


def test_one_page_that_cannot_be_read_fails_the_listing() -> None:
    pages = Pages(250)

    def broken(request: httpx.Request) -> httpx.Response:
        return refusal(500) if request.url.params["offset"] == "200" else pages(request)

    with pytest.raises(ProviderUnavailable, match="GET /keys "):
        connected(broken).keys("w")


def test_an_offset_that_is_ignored_does_not_go_on_for_ever() -> None:
    with pytest.raises(ProviderConfusing, match="every offset"):
        connected(Script(answer({"data": [row()]}))).keys("w")
    with pytest.raises(ProviderConfusing, match="every offset"):
        connected(
            Script(answer({"data": [{"id": "a", "name": "A"}], "total_count": 2}))
        ).workspaces()


@settings(deadline=None)
@given(st.integers(0, 250), st.booleans())
def test_every_workspace_is_listed(count: int, told: bool) -> None:
    every = [{"id": f"w{number}", "name": str(number)} for number in range(count)]

    def page(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        total = {"total_count": count} if told else {}
        return answer({"data": every[offset : offset + 100], **total})

    assert [one.id for one in connected(page).workspaces()] == [one["id"] for one in every]
