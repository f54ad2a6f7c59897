"""The simulated account: its keys and workspaces, and what the management API does with them."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.money import Usd
from budget_guard.sandbox.openrouter import wire
from budget_guard.sandbox.openrouter.analytics import Analytics
from budget_guard.sandbox.openrouter.behaviour import Behaviour, Staleness
from budget_guard.sandbox.openrouter.bodies import KeyPatch, NewKey, parsed
from budget_guard.sandbox.openrouter.books import Books, Change
from budget_guard.sandbox.openrouter.catalog import Catalog
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.generations import Generations
from budget_guard.sandbox.openrouter.keys import (
    SimulatedKey,
    Terms,
    changed,
    counters,
    digest,
    remaining,
)
from budget_guard.sandbox.openrouter.refusals import (
    Refusal,
    management_only,
    not_found,
    unknown_credential,
)
from budget_guard.sandbox.openrouter.spending import Spending
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
            and (include_disabled or not self._shown(key).settings.disabled)
            and (include_expired or not key.expired(now))
        ]
        return [self._row(key, age) for key in listed[offset : offset + PAGE]]

    def create_key(self, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the plaintext, given out here only, and the new key."""
        asked = parsed(NewKey, body)
        self._accept_amount(asked.limit)
        plaintext = "sk-or-v1-" + digest(f"plaintext {len(self.keys)}")
        workspace = self.workspaces.named(asked.workspace_id)
        key = SimulatedKey.made(asked, plaintext, workspace=workspace, at=self.clock.now)
        self.keys[key.hash] = key
        return plaintext, self._row(key)

    def get_key(self, key_hash: str, *, age: timedelta | None = None) -> dict[str, Any]:
        """Return one key, disabled and expired ones too; 404 once it is deleted."""
        return self._row(self._existing(key_hash), age)

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
        fields = asked.model_dump(include=asked.model_fields_set)
        if not fields:
            raise Refusal(400, "No update fields provided")
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
        return self._row(key, age, terms)

    def delete_key(self, key_hash: str) -> dict[str, Any]:
        """Delete a key for good; its charges stay in the books."""
        self._existing(key_hash).deleted_at = self.clock.now
        return {"deleted": True}

    def current_key(self, plaintext: str, *, age: timedelta | None = None) -> dict[str, Any]:
        """Return what GET /key says of the key that asks."""
        if self.is_management(plaintext):
            return wire.management_row()
        return wire.current_row(self._row(self.identify(plaintext), age), self.clock.now)

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
        """Return the key with this hash; 401 if unknown, deleted, disabled or expired."""
        key, now = self.keys.get(key_hash), self.clock.now
        if key is None or key.expired(now) or key.enforced(now).settings.disabled:
            raise unknown_credential()
        if key.deleted_at is not None and key.deleted_at + self.behaviour.deletion_delay <= now:
            raise unknown_credential()
        return key

    def _existing(self, key_hash: str) -> SimulatedKey:
        key = self.keys.get(key_hash)
        if key is None or key.deleted_at is not None:
            raise not_found(what="API key")
        return key

    def _accept_amount(self, amount: Usd | None) -> None:
        if amount == 0 and not self.behaviour.accepts_zero_limit:
            raise Refusal(400, "limit must be greater than 0")

    def _shown(self, key: SimulatedKey) -> Terms:
        late = self.behaviour.patch_shown_late
        return key.enforced(self.clock.now) if late else key.terms

    def _row(
        self, key: SimulatedKey, age: timedelta | None = None, terms: Terms | None = None
    ) -> dict[str, Any]:
        behaviour, now = self.behaviour, self.clock.now
        seen = now - (behaviour.counters_age if age is None else age)
        calendar = seen if behaviour.staleness is Staleness.OLD_SNAPSHOT else now
        shown, tally = terms or self._shown(key), self.books.tallies[key.hash]
        left = remaining(shown, tally, seen=seen, calendar=calendar)
        if left is not None and not behaviour.remaining_below_zero:
            left = max(left, Decimal(0))
        figures = counters(tally, seen=seen, calendar=calendar)
        return wire.key_row(key, shown.settings, figures, left, tally.last)
