"""The simulated account's time: it stands still until somebody moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Clock:
    """The account's own UTC time. It never goes back (ValueError), nor is it ever naive."""

    now: datetime

    def __post_init__(self) -> None:
        """Refuse a naive start; keep every time in UTC."""
        self.now = _utc(self.now)

    def set(self, at: datetime) -> None:
        """Move to `at`, which is not before now."""
        if _utc(at) < self.now:
            message = f"the simulated clock is at {self.now.isoformat()} and cannot go back to {at.isoformat()}"
            raise ValueError(message)
        self.now = _utc(at)

    def advance(self, by: timedelta) -> None:
        """Move on by `by`, which is not negative."""
        self.set(self.now + by)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        message = f"{at.isoformat()} says no time zone; the simulated clock needs one"
        raise ValueError(message)
    return at.astimezone(UTC)
