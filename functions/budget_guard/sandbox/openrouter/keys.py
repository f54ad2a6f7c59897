"""One simulated key: its terms over time, and what its limit leaves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from budget_guard.domain.keys import Counters, Limit, Settings, Spent
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window, start
from budget_guard.sandbox.openrouter.behaviour import LimitCount
from budget_guard.sandbox.openrouter.bodies import NewKey
from budget_guard.sandbox.openrouter.books import Tally, minus


@dataclass(frozen=True, slots=True)
class Terms:
    """Settings, and the lifetime spend that their limit does not count (see `LimitCount`)."""

    settings: Settings
    forgiven: Spent = field(default_factory=Spent)

    def amended(self, settings: Settings, lifetime: Spent, count: LimitCount) -> "Terms":
        """Return the terms after a change, made when the key had spent `lifetime`."""
        was, now = self.settings.limit, settings.limit
        restarts = (count is LimitCount.RESTARTS_WITH_ANY and was != now) or (
            count is LimitCount.RESTARTS_WITH_RESET and was.reset != now.reset
        )
        return Terms(settings, lifetime if restarts else self.forgiven)


@dataclass(slots=True, kw_only=True)
class SimulatedKey:
    """One key of the account, its plaintext left out."""

    hash: str
    label: str
    name: str
    workspace: str
    terms: Terms
    created_at: datetime
    creator: str | None = None
    external_user: str | None = None
    expires_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    _enforced: list[tuple[datetime, Terms]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Enforce the first terms from the beginning."""
        self._enforced.append((self.created_at, self.terms))

    @classmethod
    def made(cls, asked: NewKey, plaintext: str, *, workspace: str, at: datetime) -> "SimulatedKey":
        """Return the key that POST /keys asks for."""
        return cls(
            hash=digest(plaintext),
            label=f"{plaintext[:12]}...{plaintext[-4:]}",
            name=asked.name,
            workspace=workspace,
            terms=Terms(
                Settings(Limit(asked.limit, asked.limit_reset), asked.include_byok_in_limit)
            ),
            created_at=at,
            creator=asked.creator_user_id,
            external_user=None if asked.external is None else asked.external.user,
            expires_at=asked.expires_at,
        )

    def amend(self, terms: Terms, *, at: datetime, enforced_at: datetime) -> None:
        """Change the terms at `at`, but check requests against them only from `enforced_at` on.

        Terms that were to be enforced later than that never are: these already contain them.
        """
        self.terms, self.updated_at = terms, at
        while self._enforced and self._enforced[-1][0] >= enforced_at:
            self._enforced.pop()
        self._enforced.append((enforced_at, terms))

    def enforced(self, at: datetime) -> Terms:
        """Return the terms against which a request of now (`at`) is checked."""
        return next(terms for since, terms in reversed(self._enforced) if since <= at)

    def from_now_on(self, at: datetime) -> list[Terms]:
        """Return the terms that requests are checked against at `at`, and all that follow them."""
        coming = [terms for since, terms in self._enforced if since > at]
        return [self.enforced(at), *coming]

    def expired(self, at: datetime) -> bool:
        """Tell whether the key's own end has come."""
        return self.expires_at is not None and self.expires_at <= at


def counters(tally: Tally, *, seen: datetime, calendar: datetime) -> Counters:
    """Return the counters with the charges up to `seen`, in the windows that contain `calendar`."""
    lifetime = tally.until(seen)
    return Counters(
        lifetime, {window: _since(window, tally, lifetime, calendar) for window in Window}
    )


def remaining(terms: Terms, tally: Tally, *, seen: datetime, calendar: datetime) -> Usd | None:
    """Return what the limit leaves, negative if overspent; None without a limit."""
    limit: Limit = terms.settings.limit
    if limit.amount is None:
        return None
    begun = Spent() if limit.reset is None else tally.before(start(limit.reset, calendar))
    floor = begun.at_least(terms.forgiven)
    counted = minus(tally.until(seen).at_least(floor), floor)
    return limit.amount - counted.counted(include_byok=terms.settings.include_byok)


def changed(settings: Settings, fields: Mapping[str, Any]) -> Settings:
    """Return the settings with what the fields of a PATCH say of them."""
    limit = Limit(
        fields.get("limit", settings.limit.amount), fields.get("limit_reset", settings.limit.reset)
    )
    byok = fields.get("include_byok_in_limit", settings.include_byok)
    disabled = fields.get("disabled", settings.disabled)
    return replace(settings, limit=limit, include_byok=byok, disabled=disabled)


def digest(text: str) -> str:
    """Return the SHA-256 of a text; a key's hash is that of its plaintext."""
    return sha256(text.encode()).hexdigest()


def _since(window: Window, tally: Tally, lifetime: Spent, calendar: datetime) -> Spent:
    begun = tally.before(start(window, calendar))
    return minus(lifetime.at_least(begun), begun)
