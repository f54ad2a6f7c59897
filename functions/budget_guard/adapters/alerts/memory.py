"""The topic in this process: for tests, simulations and trying things out."""

from budget_guard.domain.alerts import Alert
from budget_guard.domain.errors import NotifierError


class RecordingNotifier:
    """The `Notifier` port; keeps what was published, in order.

    While `failing` is above 0 each `publish` fails and lowers it by one. `pending` are the
    endpoints that nobody has confirmed, `subscribed` those that alerts go to.
    """

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.failing = 0
        self.pending: list[str] = []
        self.subscribed: list[str] = []

    def publish(self, alert: Alert) -> None:
        """Record the alert, or raise `NotifierError`."""
        if self.failing:
            self.failing -= 1
            message = f"The notifier was told to fail; the alert {alert.event_id} stays pending"
            raise NotifierError(message)
        self.alerts.append(alert)

    def unconfirmed(self) -> tuple[str, ...]:
        """Return the endpoints whose subscription nobody has confirmed."""
        return tuple(self.pending)

    def confirmed(self) -> tuple[str, ...]:
        """Return the endpoints that alerts go to."""
        return tuple(self.subscribed)
