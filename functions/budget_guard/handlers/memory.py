"""How a run uses its memory."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let no garbage be looked for within the block.

    A run builds up a few facts for each key and no cycles: to walk through all of them again and
    again took a fifth of its time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
