"""How money leaves the account: a request is admitted when it arrives, charged when it completes."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from budget_guard.domain.money import MICRO, ZERO, Usd
from budget_guard.sandbox.openrouter.books import Charge, Refused
from budget_guard.sandbox.openrouter.guardrails.layers import check_budgets, check_endpoint
from budget_guard.sandbox.openrouter.keys import SimulatedKey, remaining
from budget_guard.sandbox.openrouter.refusals import (
    Refusal,
    limit_spent,
    no_credits,
    too_many_tokens,
)
from budget_guard.sandbox.openrouter.work import ORDINARY, Work

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account


@dataclass(frozen=True, slots=True, eq=False)
class InFlight:
    """A request under way. It may cost at most `max_cost` (None: not stated, so anything)."""

    hash: str
    max_cost: Usd | None
    byok: bool
    admitted_at: datetime


@dataclass(slots=True)
class Spending:
    """Admission and charging, by key hash. A request under way completes whatever happens.

    `failing` are providers that fail now, each with the one that serves its models instead.
    """

    _account: "Account"
    total_credits: Usd
    total_usage: Usd = ZERO
    failing: dict[str, str] = field(default_factory=dict)
    _in_flight: dict[InFlight, None] = field(default_factory=dict)

    def charge(
        self,
        key_hash: str,
        cost: Usd,
        *,
        byok: bool = False,
        max_cost: Usd | None = None,
        work: Work = ORDINARY,
    ) -> Charge:
        """Begin and complete a request at once; `Refusal` if it is not admitted."""
        return self.complete(
            self.begin(key_hash, byok=byok, max_cost=max_cost, work=work), cost, work=work
        )

    def begin(
        self,
        key_hash: str,
        *,
        byok: bool = False,
        max_cost: Usd | None = None,
        price: Usd = MICRO,
        work: Work = ORDINARY,
    ) -> InFlight:
        """Admit a request for `work`, or raise `Refusal` and enter that in the books.

        401 for a key that may not be used; 402 when the account is out of credits; 403 when a
        guardrail's budget is spent, 403 (402 by setting) when the key's limit leaves nothing; 402
        when what `max_tokens` could cost (`max_cost`, at `price` a token) is more than remains; 404
        (403 by setting) when a guardrail excludes who is to serve it. A request that the key's limit
        does not count (BYOK) is not checked against it; `byok` is what the caller states of that,
        and counts only in an account without BYOK credentials.
        """
        now = self._account.clock.now
        try:
            byok = self._admit(key_hash, max_cost, work, stated=byok, price=price)
        except Refusal as refusal:
            self._account.books.refused.append(Refused(now, key_hash, refusal.status))
            raise
        request = InFlight(key_hash, max_cost, byok, now)
        self._in_flight[request] = None
        return request

    def complete(self, request: InFlight, cost: Usd, *, work: Work = ORDINARY) -> Charge:
        """Book what the request really cost: not below 0, nor above what it could cost at most.

        `work` becomes the generation; a BYOK request costs credits only by the work's fee.
        """
        if cost < ZERO or (request.max_cost is not None and cost > request.max_cost):
            message = f"a request with max_cost {request.max_cost} cannot cost {cost}"
            raise ValueError(message)
        del self._in_flight[request]
        paid, byok = (work.fee, cost) if request.byok else (cost, ZERO)
        account, now = self._account, self._account.clock.now
        charge = Charge(now, request.hash, paid, byok, request.admitted_at)
        account.books.book(charge)
        key, model = account.keys[request.hash], account.catalog.named(work.served_by, now)
        done, asked = self._served(work), account.catalog.called(work.model, now, "permaslug")
        account.generations.add(charge, done, key, model, asked=asked, byok=request.byok)
        self.total_usage += paid
        return charge

    def _admit(
        self, key_hash: str, max_cost: Usd | None, work: Work, *, stated: bool, price: Usd
    ) -> bool:
        """Return whether the request is BYOK; `Refusal` if it is not admitted."""
        key = self._account.usable(key_hash)
        byok = self._account.byok.serves(key, work, stated=stated)
        self._check_balance(max_cost, byok=byok, price=price)
        check_budgets(self._account, key)
        self._check_limit(key, max_cost, byok=byok, price=price)
        check_endpoint(self._account, key, work)
        return byok

    def _served(self, work: Work) -> Work:
        """Return the work as somebody does it who answers: what was cached elsewhere is no use."""
        provider = work.provider or ""
        if provider not in self.failing:
            return work
        failed = (*work.failed, provider)
        return replace(work, provider=self.failing[provider], failed=failed, cache_discount=ZERO)

    def _check_balance(self, max_cost: Usd | None, *, byok: bool, price: Usd) -> None:
        balance = self.total_credits - self.total_usage
        if byok:
            return
        if balance <= ZERO:
            raise no_credits()
        if max_cost is not None and max_cost > balance:
            raise too_many_tokens(max_cost, balance, price=price, source="openrouter_credits")

    def _check_limit(
        self, key: SimulatedKey, max_cost: Usd | None, *, byok: bool, price: Usd
    ) -> None:
        account, now = self._account, self._account.clock.now
        terms = key.enforced(now)
        left = remaining(terms, account.books.tallies[key.hash], seen=now, calendar=now)
        if left is None or (byok and not terms.settings.include_byok):
            return
        if account.behaviour.in_flight_counted:
            left -= self._reserved(key.hash, include_byok=terms.settings.include_byok)
        if left <= ZERO:
            status = account.behaviour.spent_limit_status
            raise limit_spent(status, terms.settings.limit.reset)
        if max_cost is not None and max_cost > left:
            raise too_many_tokens(max_cost, left, price=price, source="openrouter_key_limit")

    def _reserved(self, key_hash: str, *, include_byok: bool) -> Usd:
        return sum(
            (
                request.max_cost or ZERO
                for request in self._in_flight
                if request.hash == key_hash and (include_byok or not request.byok)
            ),
            Decimal(0),
        )
