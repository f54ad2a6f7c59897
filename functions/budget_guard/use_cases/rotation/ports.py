"""What only rotation needs of the world: keys made and deleted, what hangs on hashes, secrets."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from budget_guard.domain.keys import Reading, Settings
from budget_guard.domain.lineage import Cap
from budget_guard.domain.money import Usd
from budget_guard.domain.strays import Sighting
from budget_guard.domain.windows import Window


class Plaintext(Protocol):
    """A secret that shows itself only when asked."""

    def get_secret_value(self) -> str:
        """Return it."""
        ...


@dataclass(frozen=True, slots=True)
class NewKey:
    """The key to be made. Unlike a limit, its end and its creator can never be changed."""

    name: str
    workspace: str
    settings: Settings
    creator: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key as its maker was answered; the plaintext is given out once."""

    plaintext: Plaintext
    reading: Reading


@dataclass(frozen=True, slots=True)
class OwnView:
    """What a key is told of itself: no hash, and no name."""

    label: str
    settings: Settings
    workspace: str | None
    creator: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyGuardrail:
    """The guardrail that a key has, and its budget for each such key (USD; None: none)."""

    id: str
    limit: Usd | None = None
    reset: Window | None = None
    include_byok: bool = False

    @property
    def cap(self) -> Cap | None:
        """Return its budget; None where it has none. Only one with a window is documented."""
        if self.limit is None or self.reset is None:
            return None
        return Cap(self.limit, self.reset, self.include_byok)


class ListKind(StrEnum):
    """Whose list of keys it is."""

    BYOK = "BYOK credential"
    DESTINATION = "observability destination"


@dataclass(frozen=True, slots=True)
class KeyList:
    """The hashes of the only keys that something is for."""

    kind: ListKind
    id: str
    keys: tuple[str, ...]


class KeyMaker(Protocol):
    """OpenRouter, as rotation needs it. Every method may raise a `ProviderError`."""

    def make(self, key: NewKey) -> MadeKey:
        """Ask for a key, once: after `ProviderUnavailable` there may be one, its plaintext lost.

        `LivesTooLong` where the account allows keys no such end, or lack of one.
        """
        ...

    def delete(self, key: str) -> None:
        """Delete a key; one that is not there is deleted."""
        ...

    def own_view(self, plaintext: Plaintext) -> OwnView:
        """Ask as the key itself; `ProviderRejected` where it is not let in."""
        ...

    def sightings(self, workspace: str) -> tuple[Sighting, ...]:
        """Return every key of a workspace, disabled and expired ones too."""
        ...

    def guardrail(self, key: str) -> KeyGuardrail | None:
        """Return the guardrail assigned to a key."""
        ...

    def assign(self, guardrail: str, key: str) -> None:
        """Assign a guardrail to a key in place of any other, and make sure that it is."""
        ...

    def lists(self, workspace: str) -> tuple[KeyList, ...]:
        """Return the lists of keys that a workspace's BYOK credentials and destinations have.

        And those of credentials that are listed where no workspace is named: so may be some that
        are for every workspace. Who serves every key has none.
        """
        ...

    def write(self, changed: KeyList) -> None:
        """Replace a list whole, and make sure that it is."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What a secret holds."""

    api_key: Plaintext
    hash: str
    name: str
    rotated_at: datetime


class Vault(Protocol):
    """The secrets of applications. Every method may raise a `VaultError`, and none tells a secret.

    `SecretGone` where it was deleted, or is about to be; of the latter `in_use` can still be told.
    """

    def current(self, secret: str) -> Kept | None:
        """Return what is in use (AWSCURRENT); None where nothing was put there yet."""
        ...

    def version(self, secret: str, token: str) -> Kept | None:
        """Return what a version holds, whatever its label; None where it holds nothing."""
        ...

    def in_use(self, secret: str) -> str | None:
        """Return the version that is in use."""
        ...

    def put_pending(self, secret: str, token: str, kept: Kept) -> None:
        """Put a value aside as AWSPENDING; again is as well, another value under one token is not."""
        ...

    def promote(self, secret: str, token: str) -> None:
        """Put a version into use: who asks from now on gets it. Again is as well."""
        ...

    def drop_pending(self, secret: str, token: str) -> None:
        """Take AWSPENDING from a version, if it has it."""
        ...

    def schedule(self, secret: str, every: timedelta) -> None:
        """Have a secret rotated regularly, the first time after `every`: never at once."""
        ...

    def unschedule(self, secret: str) -> None:
        """Have a secret rotated no more; again is as well."""
        ...

    def rotate_now(self, secret: str, token: str) -> None:
        """Have a secret rotated once, by a version of this token; asked again, that one goes on.

        While another rotation is under way, there is none besides it.
        """
        ...


class VaultOffice(Vault, Protocol):
    """The vault, for who puts keys under rotation."""

    def create(self, name: str) -> str:
        """Make an empty secret under the prefix, or find the one of this name; return its ARN.

        Where one was deleted for good, another is made, with another ARN.
        """
        ...

    def require(self, secret: str) -> None:
        """Raise `SecretGone` where nobody can read a secret: it was deleted, or is about to be."""
        ...
