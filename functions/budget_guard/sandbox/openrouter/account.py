"""The simulated account: its keys and workspaces, and what the management API does with them."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.money import Usd
from budget_guard.sandbox.openrouter.analytics import Analytics
from budget_guard.sandbox.openrouter.behaviour import Behaviour
from budget_guard.sandbox.openrouter.bodies import KeyPatch, NewKey, changes, parsed
from budget_guard.sandbox.openrouter.books import Books, Change
from budget_guard.sandbox.openrouter.byok import Credentials
from budget_guard.sandbox.openrouter.catalog import Catalog
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.destinations import Destinations
from budget_guard.sandbox.openrouter.generations import Generations
from budget_guard.sandbox.openrouter.guardrails import Guardrails
from budget_guard.sandbox.openrouter.key_rows import current_row, key_row, shown_terms
from budget_guard.sandbox.openrouter.keys import SimulatedKey, changed, digest
from budget_guard.sandbox.openrouter.refusals import (
    Refusal,
    management_only,
    not_found,
    unknown_credential,
)
from budget_guard.sandbox.openrouter.security import Security, accept_lifetime, require_lifetime
from budget_guard.sandbox.openrouter.spending import Spending
from budget_guard.sandbox.openrouter.wire import management_row
from budget_guard.sandbox.openrouter.workspaces import Workspaces

PAGE = 100


class Account:
    """One account, in process, deterministic and without I/O; refused requests raise `Refusal`.

    Answers are in the vendor's wire form, numbers as `Decimal`. Time is `clock`'s; `behaviour` may
    be replaced at any moment. `age` and `delay` arguments make one answer's counters older, one
    PATCH's enforcement later than `behaviour` says. `books` knows the truth at any moment.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        behaviour: Behaviour | None = None,
        total_credits: Usd = Decimal(1_000_000),
        management_key: str = "sk-or-v1-management-of-the-simulated-account",
    ) -> None:
        self.clock = clock
        self.behaviour = behaviour or Behaviour()
        self.books = Books()
        self.keys: dict[str, SimulatedKey] = {}
        self.workspaces = Workspaces()
        self.workspaces.add("Default", clock.now)
        self.management_key: str | None = management_key
        self.catalog = Catalog()
        self.generations = Generations()
        self.analytics = Analytics(self)
        self.spending = Spending(self, total_credits)
        self.security = Security()
        self.guardrails = Guardrails(self)
        self.byok = Credentials(self)
        self.destinations = Destinations(self)

    def list_keys(
        self,
        *,
        workspace_id: str | None = None,
        offset: int = 0,
        include_disabled: bool = False,
        include_expired: bool = False,
        age: timedelta | None = None,
    ) -> list[dict[str, Any]]:
        """Return a page of one workspace's keys (the default one's for None), latest first."""
        workspace, now = self.workspaces.named(workspace_id), self.clock.now
        listed = [
            key
            for key in reversed(self.keys.values())
            if key.workspace == workspace
            and key.deleted_at is None
            and (include_disabled or not shown_terms(self, key).settings.disabled)
            and (include_expired or not key.expired(now))
        ]
        return [key_row(self, key, age) for key in listed[offset : offset + PAGE]]

    def create_key(self, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the plaintext, given out here only, and the new key."""
        asked = parsed(NewKey, body)
        self._accept_amount(asked.limit)
        accept_lifetime(self, asked.expires_at)
        plaintext = "sk-or-v1-" + digest(f"plaintext {len(self.keys)}")
        workspace = self.workspaces.named(asked.workspace_id)
        key = SimulatedKey.made(asked, plaintext, workspace=workspace, at=self.clock.now)
        self.keys[key.hash] = key
        return plaintext, key_row(self, key)

    def get_key(self, key_hash: str, *, age: timedelta | None = None) -> dict[str, Any]:
        """Return one key, disabled and expired ones too; 404 once it is deleted."""
        return key_row(self, self._existing(key_hash), age)

    def patch_key(
        self,
        key_hash: str,
        body: Mapping[str, Any],
        *,
        age: timedelta | None = None,
        delay: timedelta | None = None,
    ) -> dict[str, Any]:
        """Change the fields asked for; return the key as changed, whenever that is enforced."""
        key, asked = self._existing(key_hash), parsed(KeyPatch, body)
        fields = changes(asked)
        self._accept_amount(asked.limit)
        workspace = self.workspaces.named(fields.get("workspace_id", key.workspace))
        now, before = self.clock.now, key.terms.settings
        enforced_at = now + (self.behaviour.patch_delay if delay is None else delay)
        lifetime = self.books.tallies[key_hash].until(now)
        terms = key.terms.amended(changed(before, fields), lifetime, self.behaviour.limit_count)
        key.amend(terms, at=now, enforced_at=enforced_at)
        key.name, key.workspace = fields.get("name", key.name), workspace
        self.books.changes.append(
            Change(now, enforced_at, key_hash, before, terms.settings, fields)
        )
        return key_row(self, key, age, terms)

    def delete_key(self, key_hash: str) -> dict[str, Any]:
        """Delete a key for good; its charges stay in the books, its guardrail is free of it.

        Allowlists that name its hash keep it, and it may not be written into one again.
        """
        self._existing(key_hash).deleted_at = self.clock.now
        self.guardrails.keys.forget(key_hash)
        return {"deleted": True}

    def current_key(self, plaintext: str, *, age: timedelta | None = None) -> dict[str, Any]:
        """Return what GET /key says of the key that asks."""
        if self.is_management(plaintext):
            return management_row()
        return current_row(self, self.identify(plaintext), age)

    def credits(self) -> dict[str, Usd]:
        """Return the account's lifetime totals."""
        return {
            "total_credits": self.spending.total_credits,
            "total_usage": self.spending.total_usage,
        }

    def is_management(self, plaintext: str) -> bool:
        """Tell whether this is the management key; none is, once it was revoked (None)."""
        return self.management_key is not None and plaintext == self.management_key

    def admit_management(self, plaintext: str) -> None:
        """Pass for the management key; else 403, or 401 for a key that may not be used."""
        if not self.is_management(plaintext):
            self.identify(plaintext)
            raise management_only()

    def identify(self, plaintext: str) -> SimulatedKey:
        """Return the inference key with this plaintext; 401 unless it may be used now."""
        return self.usable(digest(plaintext))

    def usable(self, key_hash: str) -> SimulatedKey:
        """Return the key with this hash; 401 if unknown, deleted, disabled or expired.

        403 (401 by setting) if it outlives the account's maximum.
        """
        key, now = self.keys.get(key_hash), self.clock.now
        if key is None or key.expired(now) or key.enforced(now).settings.disabled:
            raise unknown_credential()
        if key.deleted_at is not None and key.deleted_at + self.behaviour.deletion_delay <= now:
            raise unknown_credential()
        require_lifetime(self, key)
        return key

    def exists(self, key_hash: str) -> bool:
        """Tell whether there is such a key, disabled and expired ones too."""
        return key_hash in self.keys and self.keys[key_hash].deleted_at is None

    def require_keys(self, hashes: Iterable[str] | None) -> None:
        """Pass for hashes of keys that exist; else 400."""
        if not all(map(self.exists, hashes or ())):
            raise Refusal(400, "Every API key hash must be that of a key of this account")

    def _existing(self, key_hash: str) -> SimulatedKey:
        if not self.exists(key_hash):
            raise not_found(what="API key")
        return self.keys[key_hash]

    def _accept_amount(self, amount: Usd | None) -> None:
        if amount == 0 and not self.behaviour.accepts_zero_limit:
            raise Refusal(400, "limit must be greater than 0")
