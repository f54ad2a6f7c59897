"""Listings read ahead: while one workspace is recorded, OpenRouter already answers for the next."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from budget_guard.use_cases.listings import Listing

AHEAD = 2
"""Workspaces that are read at a time: more would only wait in memory."""


def ahead(
    read: Callable[[str], Listing], workspaces: Iterable[str]
) -> Iterator[Callable[[], Listing]]:
    """Yield what gives each workspace's listing, or raises what reading it raised, in order."""
    names = iter(workspaces)
    with ThreadPoolExecutor(AHEAD) as pool:
        begun = deque(pool.submit(read, name) for name in islice(names, AHEAD))
        while begun:
            yield begun.popleft().result
            begun.extend(pool.submit(read, name) for name in islice(names, 1))
