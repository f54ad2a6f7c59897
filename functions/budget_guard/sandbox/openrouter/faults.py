"""Faults on demand: what goes wrong, with which requests, how many times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from budget_guard.sandbox.openrouter.behaviour import NOTHING
from budget_guard.sandbox.openrouter.refusals import Refusal, Shape


class When(StrEnum):
    """Whether a status or a dropped connection strikes before the request had its effect."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with the requests that match `method` and `path` (fnmatch patterns).

    The first `skip` matches are spared, the next `times` struck. Paths are those below `/api/v1`,
    such as `/keys/*`. What may be combined is combined:

    - `status` with `message`, `shape` and `retry_after` (seconds): an error answer;
    - `drop`: the connection is closed without an answer;
    - `when`: both strike before or after the effect;
    - `truncate`: half of the body arrives, then the connection is closed;
    - `raw`: this body in place of the true one;
    - `overlay`: laid over each object in `data` (unknown fields, unknown enums, nulls);
    - `delay`: the answer comes late, in real time (in process: if the client's time-out allows);
    - `shift`: this page of keys begins so many rows earlier (keys were created while paging; a
      negative shift: keys went away);
    - `late`: the effect comes only when the account's clock has moved so far, with the first request
      after that, and the answer never: unless `status` is one, the connection is dropped;
    - `counters_age`: the counters in this answer are so old;
    - `patch_delay`: this PATCH is enforced so late.
    """

    method: str = "*"
    path: str = "*"
    skip: int = 0
    times: int = 1
    when: When = When.BEFORE
    status: int | None = None
    message: str = "Simulated failure"
    shape: Shape = Shape.ERROR
    retry_after: Decimal | None = None
    drop: bool = False
    truncate: bool = False
    raw: bytes | None = None
    overlay: Mapping[str, Any] = field(default_factory=dict)
    delay: timedelta = NOTHING
    shift: int = 0
    late: timedelta | None = None
    counters_age: timedelta | None = None
    patch_delay: timedelta | None = None

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault is meant for such a request."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    def refusal(self) -> Refusal | None:
        """Return the error answer, if the fault is one."""
        if self.status is None:
            return None
        return Refusal(self.status, self.message, shape=self.shape)


HARMLESS = Fault()
"""Nothing goes wrong."""


class Faults:
    """The faults in waiting; of several that match a request, the first added strikes."""

    def __init__(self, *faults: Fault) -> None:
        self._waiting: list[tuple[Fault, list[int]]] = []
        self.add(*faults)

    def add(self, *faults: Fault) -> None:
        """Put faults behind those that wait already."""
        self._waiting.extend((fault, [0]) for fault in faults)

    def clear(self) -> None:
        """Forget all that wait."""
        self._waiting.clear()

    def take(self, method: str, path: str) -> Fault:
        """Return the fault that strikes this request, `HARMLESS` if none does."""
        struck = HARMLESS
        for fault, seen in self._waiting:
            if struck is HARMLESS and fault.matches(method, path):
                seen[0] += 1
                if seen[0] > fault.skip:
                    struck = fault
        self._waiting = [
            (fault, seen) for fault, seen in self._waiting if seen[0] < fault.skip + fault.times
        ]
        return struck

    def __len__(self) -> int:
        return len(self._waiting)
