"""The port `Vault` in this process, with labels as Secrets Manager has them."""

from dataclasses import dataclass, field
from datetime import timedelta

from budget_guard.adapters.vault.texts import read, same, written
from budget_guard.domain.errors import SecretGone, VaultError
from budget_guard.use_cases.rotation.ports import Kept


@dataclass(slots=True)
class Versions:
    """One secret: its texts by version, and which version has which label."""

    texts: dict[str, str] = field(default_factory=dict, repr=False)
    labels: dict[str, str] = field(default_factory=dict)
    is_leaving: bool = False


class MemoryVault:
    """See the port `VaultOffice` for what each method promises.

    `schedules` and `rotations` (the secrets, with the tokens of their versions) are what was asked
    for; nobody is called.
    """

    def __init__(self) -> None:
        self._secrets: dict[str, Versions] = {}
        self._ids: dict[str, str] = {}
        self._deleted: set[str] = set()
        self.schedules: dict[str, timedelta] = {}
        self.rotations: list[tuple[str, str]] = []

    def create(self, name: str) -> str:
        """Add a secret that holds nothing, unless there is one; a second of a name is another one."""
        full = f"openrouter/{name}"
        secret = self._ids.setdefault(full, full)
        if secret in self._deleted:
            secret = self._ids[full] = (
                f"arn:aws:secretsmanager:::secret:{full}-{len(self._deleted):06}"
            )
        self._use(self._secrets.setdefault(secret, Versions()), secret)
        return secret

    def require(self, secret: str) -> None:
        """Look for it."""
        self._named(secret)

    def delete(self, secret: str, *, at_once: bool = True) -> None:
        """Delete a secret as a person does: for good, or in some days."""
        if at_once:
            del self._secrets[secret]
            self._deleted.add(secret)
            self.schedules.pop(secret, None)
        else:
            self._secrets[secret].is_leaving = True

    def restore(self, secret: str) -> None:
        """Keep a secret that was to be deleted."""
        self._secrets[secret].is_leaving = False

    def current(self, secret: str) -> Kept | None:
        """Return what has AWSCURRENT."""
        found = self.in_use(secret)
        return self.version(secret, found) if found else None

    def version(self, secret: str, token: str) -> Kept | None:
        """Return what a version holds."""
        held = self._secrets.get(secret)
        text = self._use(held, secret).texts.get(token) if held else None
        return read(secret, text) if text else None

    def in_use(self, secret: str) -> str | None:
        """Return the version that has AWSCURRENT."""
        return self._there(secret).labels.get("AWSCURRENT")

    def put_pending(self, secret: str, token: str, kept: Kept) -> None:
        """Put it, unless the version holds another key."""
        held, there = self._named(secret), self.version(secret, token)
        if there is not None and not same(there, kept):
            message = f"The version {token} of the secret {secret} holds another key; it was kept."
            raise VaultError(message)
        held.texts[token] = written(kept)
        held.labels["AWSPENDING"] = token

    def promote(self, secret: str, token: str) -> None:
        """Move AWSCURRENT, then drop AWSPENDING."""
        held = self._named(secret)
        if token not in held.texts:
            raise _absent(secret)
        if (was := held.labels.get("AWSCURRENT")) and was != token:
            held.labels["AWSPREVIOUS"] = was
        held.labels["AWSCURRENT"] = token
        self.drop_pending(secret, token)

    def drop_pending(self, secret: str, token: str) -> None:
        """Take the label away."""
        if self._there(secret).labels.get("AWSPENDING") == token:
            del self._named(secret).labels["AWSPENDING"]

    def schedule(self, secret: str, every: timedelta) -> None:
        """Remember it."""
        self._named(secret)
        self.schedules[secret] = every

    def unschedule(self, secret: str) -> None:
        """Forget it."""
        self._named(secret)
        self.schedules.pop(secret, None)

    def rotate_now(self, secret: str, token: str) -> None:
        """Let a version without a text have AWSPENDING, unless another has it or this one was asked."""
        held = self._named(secret)
        if "AWSPENDING" not in held.labels and (secret, token) not in self.rotations:
            held.labels["AWSPENDING"] = token
            self.rotations.append((secret, token))

    def _named(self, secret: str) -> Versions:
        return self._use(self._there(secret), secret)

    def _there(self, secret: str) -> Versions:
        if secret not in self._secrets:
            raise _absent(secret)
        return self._secrets[secret]

    def _use(self, held: Versions, secret: str) -> Versions:
        if held.is_leaving:
            message = f"The secret {secret} is scheduled for deletion: restore-secret keeps it."
            raise SecretGone(message)
        return held


def _absent(secret: str) -> SecretGone:
    return SecretGone(
        f"Secrets Manager answered ResourceNotFoundException for the secret {secret}: there is no "
        "such secret, or no such version of it; `budget-guard adopt KEY` makes another."
    )
