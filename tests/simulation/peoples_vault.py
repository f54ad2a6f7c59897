"""Secrets as people have their hands on them too."""

from typing import Any

from budget_guard.adapters.vault.memory import MemoryVault, Versions
from budget_guard.adapters.vault.texts import read
from budget_guard.domain.errors import VaultError
from budget_guard.use_cases.rotation.ports import Kept

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


class PeoplesVault(MemoryVault):
    """A vault in which people delete and restore secrets, and move labels."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: set[str] = set()

    def version(self, secret: str, token: str) -> Any:
        self._require(secret)
        return super().version(secret, token)

    def in_it(self, secret: str) -> Kept:
        """Return what a secret holds, even while it is deleted."""
        versions = self._secrets[secret]
        return read(secret, versions.texts[versions.labels[CURRENT]])

    def labels(self, secret: str) -> dict[str, str]:
        return self._secrets[secret].labels

    def forget(self, secret: str) -> None:
        """Take AWSPENDING away: a version without a label is deleted by the service in time."""
        versions = self._secrets[secret]
        pending = versions.labels.pop(PENDING, None)
        if pending and pending not in versions.labels.values():
            versions.texts.pop(pending, None)

    def roll_back(self, secret: str) -> None:
        """Put the version before into use again."""
        labels = self.labels(secret)
        if PREVIOUS in labels:
            labels[CURRENT], labels[PREVIOUS] = labels[PREVIOUS], labels[CURRENT]

    def _require(self, secret: str) -> None:
        if secret in self.deleted:
            message = f"Secrets Manager answered InvalidRequestException for the secret {secret}"
            raise VaultError(message)

    def _named(self, secret: str) -> Versions:
        self._require(secret)
        return super()._named(secret)
