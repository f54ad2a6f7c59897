"""What those who tell people need of the world: see `ports.py`."""

from typing import Protocol

from budget_guard.domain.alerts import Alert


class Notifier(Protocol):
    """The topic that people subscribe to."""

    def publish(self, alert: Alert) -> None:
        """Publish; return only when SNS took it, else raise `NotifierError`."""
        ...

    def unconfirmed(self) -> tuple[str, ...]:
        """Return the endpoints whose subscription nobody has confirmed."""
        ...

    def confirmed(self) -> tuple[str, ...]:
        """Return the endpoints that alerts go to."""
        ...
