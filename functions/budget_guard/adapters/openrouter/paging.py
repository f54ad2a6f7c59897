"""All keys of a workspace from pages whose number and size OpenRouter does not tell."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from budget_guard.domain.errors import ProviderConfusing
from budget_guard.domain.keys import Reading
from budget_guard.use_cases.listings import Listing, Unread

MOST_FRUITLESS = 3


def every_page(fetch: Callable[[int], Listing], *, at_once: int) -> Listing:
    """Return the keys that `fetch` finds at all offsets; `at_once` requests at a time at most.

    The end is a page without keys: a short page is also what a smaller page size looks like
    (100 is in the guides, but not in the OpenAPI file). Any page's error is raised.
    """
    pages = [fetch(0)]
    offset = step = len(pages[0].rows)
    width, fruitless = 1, 0
    with ThreadPoolExecutor(at_once) as pool:
        while all(page.rows for page in pages[-width:]):
            known = _newest(pages).keys()
            width = min(len(pages), at_once)
            pages += pool.map(fetch, range(offset, offset + width * step, step))
            offset += width * step
            fruitless = 0 if _newest(pages).keys() - known else fruitless + 1
            if fruitless > MOST_FRUITLESS:
                msg = "GET /keys gives the same keys at every offset; nothing was concluded."
                raise ProviderConfusing(msg)
    return Listing(
        _newest(pages),
        began=min(page.began for page in pages),
        at=max(page.at for page in pages),
    )


def _newest(pages: Iterable[Listing]) -> dict[str, Reading | Unread]:
    """Return one row per hash: a key is on two pages when another was made meanwhile."""
    newest: dict[str, Reading | Unread] = {}
    for page in sorted(pages, key=lambda page: page.at):
        newest |= page.rows
    return newest
