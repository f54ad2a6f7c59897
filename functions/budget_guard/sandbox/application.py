"""An application as rotation expects one: it reads its secret now and then, and calls all the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

READS_EVERY = timedelta(minutes=1)


@dataclass
class Application:
    """Calls with the key that it read last; `read` returns the hash of the one in its secret."""

    clock: Callable[[], datetime]
    read: Callable[[], str]
    _key: str = ""
    _reads_at: datetime | None = None

    def key(self) -> str:
        """Return the hash of the key to call with now."""
        now = self.clock()
        if self._reads_at is None or self._reads_at <= now:
            self._key, self._reads_at = self.read(), now + READS_EVERY
        return self._key
