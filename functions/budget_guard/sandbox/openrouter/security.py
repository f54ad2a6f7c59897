"""The account's security settings, which people set in the dashboard (guide "Security settings")."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

from budget_guard.sandbox.openrouter.keys import SimulatedKey, digest
from budget_guard.sandbox.openrouter.refusals import forbidden, lives_too_long

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What the account asks of its keys and of whoever uses them.

    - `maximum_lifetime`: keys that never expire, or later than so long after their creation, are
      refused, even if they exist already; None for any.
    - `allowed_addresses`: requests from elsewhere are refused; empty for any. (The service takes
      single addresses too: networks of one.)
    """

    maximum_lifetime: timedelta | None = None
    allowed_addresses: tuple[IPv4Network | IPv6Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Tell whether requests may come from this address."""
        if not self.allowed_addresses:
            return True
        return any(ip_address(address) in network for network in self.allowed_addresses)

    def lets_live(self, expires_at: datetime | None, created_at: datetime) -> bool:
        """Tell whether a key with these two times may be used at all."""
        if self.maximum_lifetime is None:
            return True
        return expires_at is not None and expires_at <= created_at + self.maximum_lifetime


def accept_lifetime(account: "Account", expires_at: datetime | None) -> None:
    """Refuse to make a key that could not be used, if the account's behaviour is so."""
    lives = account.security.lets_live(expires_at, account.clock.now)
    if account.behaviour.lifetime_checked_at_creation and not lives:
        raise lives_too_long(400)


def require_lifetime(account: "Account", key: SimulatedKey) -> None:
    """Refuse a key that outlives the account's maximum."""
    if not account.security.lets_live(key.expires_at, key.created_at):
        raise lives_too_long(account.behaviour.lifetime_refusal_status)


def admit_address(account: "Account", plaintext: str, address: str) -> None:
    """Refuse a credential of the account from an address that it does not allow."""
    if account.is_management(plaintext):
        bound = account.behaviour.allowlist_covers_management
    else:
        bound = digest(plaintext) in account.keys
    if bound and not account.security.allows(address):
        raise forbidden()
