"""What a piece of work takes of its process."""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of the clock and of the processor (user), and the most memory in bytes."""

    seconds: float
    user: float
    memory: int


def measured(work: Callable[[], object]) -> Taken:
    """Do `work` once. Memory is the whole process's, from its start to now."""
    began, user = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    work()
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    # Linux counts in KiB.
    return Taken(seconds, usage.ru_utime - user, usage.ru_maxrss * 1024)


def tell(taken: Taken) -> None:
    """Write what was taken, for the process that started this one."""
    json.dump(asdict(taken), sys.stdout)
