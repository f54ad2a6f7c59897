"""What the use cases need of the world. Each port has a real adapter and a first-class fake."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from budget_guard.domain.keys import Limit, Reading
from budget_guard.domain.money import Usd
from budget_guard.domain.polls import Workspace
from budget_guard.use_cases.listings import Listing


@dataclass(frozen=True, slots=True)
class Change:
    """The settings of a key to change; None leaves a field as it is."""

    limit: Limit | None = None
    include_byok: bool | None = None
    disabled: bool | None = None


class OpenRouter(Protocol):
    """OpenRouter's management API. Every method may raise a `ProviderError`.

    A missing, wrong, revoked or locked-out management key raises `ManagementKeyError`.
    """

    def require_management_key(self) -> None:
        """Raise `ManagementKeyError` unless the credential is a management key."""
        ...

    def workspaces(self) -> tuple[Workspace, ...]:
        """Return every workspace of the account."""
        ...

    def keys(self, workspace: str, known: Container[str] = ()) -> Listing:
        """Return every key of a workspace; rows with a `known` fingerprint may stay unread."""
        ...

    def key(self, key_hash: str) -> Reading:
        """Return one key as it is now; raise `KeyGone` on 404."""
        ...

    def change(self, key_hash: str, change: Change) -> Reading:
        """Change a key's settings and return the answer; raise `KeyGone` on 404."""
        ...

    def balance(self) -> Usd:
        """Return the account's credits left, in USD."""
        ...


class Starter(Protocol):
    """Starts the next function of the chain, without waiting for it."""

    def start(self, *, time: datetime, run: str) -> None:
        """Start it with this logical time; raise `GuardError` if it cannot be started."""
        ...
