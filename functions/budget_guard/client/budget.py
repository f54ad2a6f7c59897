"""Soft caps: what an application refuses by itself, before OpenRouter does."""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any, Literal

from budget_guard.client.errors import BudgetExceeded, BudgetUnknown
from budget_guard.client.facts import key_hash, wall_clock
from budget_guard.client.fetching import said
from budget_guard.client.headroom import Headroom, HeadroomUrl

KEPT = timedelta(seconds=30)
"""How long an answer is used, or the lack of one."""
DAY = timedelta(days=1)


@dataclass(kw_only=True)
class Budget:
    """Caps on a request, on this process's UTC day, and on what the guard leaves the key (USD).

    What is None is not asked after. The key is told by `api_key`, of which only the hash is kept,
    or by `of_key`, its hash. Where the guard cannot be asked, `fail="open"` lets requests pass and
    counts them in `unknown`; `"closed"` refuses them. Safe to share between threads. `check` may
    take a second, twice a minute at most: call it by `asyncio.to_thread` where that matters.
    `http` and `session` (boto3 or botocore) are used instead of own ones.
    """

    headroom_url: str | None = None
    api_key: InitVar[str | None] = None
    of_key: str | None = None
    per_request: Decimal | None = None
    per_day: Decimal | None = None
    fail: Literal["open", "closed"] = "open"
    http: Any = field(default=None, repr=False)
    session: Any = field(default=None, repr=False)
    clock: Callable[[], datetime] = field(default=wall_clock, repr=False)
    unknown: int = field(default=0, init=False)

    def __post_init__(self, api_key: str | None) -> None:
        """Check what was given; raise `ValueError` for what cannot be meant."""
        if self.fail not in {"open", "closed"}:
            message = f'fail must be "open" or "closed", not {self.fail!r}'
            raise ValueError(message)
        for name, cap in (("per_request", self.per_request), ("per_day", self.per_day)):
            if cap is not None:
                _require_amount(name, cap)
        if api_key:
            self.of_key = key_hash(api_key)
        self._guard: HeadroomUrl | None = None
        if self.headroom_url:
            if not self.of_key:
                message = "headroom_url needs the key to ask for: give api_key or of_key"
                raise ValueError(message)
            self._guard = HeadroomUrl(self.headroom_url, self.of_key, self.http, self.session)
        self._lock, self._asking = Lock(), Lock()
        self._day = self._ends = self.clock()
        self._spent = Decimal(0)
        self._known: Headroom | None = None
        self._problem = "it was not asked yet"

    def record(self, actual: Decimal) -> None:
        """Count what a request cost (`usage.cost` of its answer) towards today."""
        _require_amount("actual", actual)
        with self._lock:
            self._spent = self._today() + actual

    def check(self, estimated_cost: Decimal) -> None:
        """Return if a request may be sent that costs up to so much.

        Raises `BudgetExceeded` where one of the caps leaves less, or nothing; `BudgetUnknown`.
        """
        _require_amount("estimated_cost", estimated_cost)
        if self.per_request is not None and estimated_cost > self.per_request:
            message = (
                f"{_may_cost(estimated_cost)}, and one request at most {_usd(self.per_request)}. "
                "Ask for fewer tokens, or a cheaper model."
            )
            raise BudgetExceeded(message, headroom=self.per_request)
        if self.per_day is not None:
            self._check_today(estimated_cost, self.per_day)
        if self._guard:
            self._check_key(estimated_cost, self._guard)

    def _check_today(self, cost: Decimal, cap: Decimal) -> None:
        with self._lock:
            left = max(Decimal(0), cap - self._today())
            resets_at = _midnight(self._day) + DAY
        if not _fits(cost, left):
            message = (
                f"{_may_cost(cost)}, and {_usd(left)} are left of this process's {_usd(cap)} for "
                f"today. It has more at {_time(resets_at)}."
            )
            raise BudgetExceeded(message, headroom=left, resets_at=resets_at)

    def _today(self) -> Decimal:
        """Return what was recorded today; to be called under the lock."""
        now = self.clock()
        if _midnight(now) > _midnight(self._day):
            self._spent = Decimal(0)
        self._day = max(now, self._day)
        return self._spent

    def _check_key(self, cost: Decimal, guard: HeadroomUrl) -> None:
        known, problem = self._ask(guard)
        if known is None:
            if self.fail == "closed":
                message = f"What the key may still spend is unknown: {problem}. Nothing was sent."
                raise BudgetUnknown(message)
            with self._lock:
                self.unknown += 1
        elif known.usd is not None and not _fits(cost, known.usd):
            raise BudgetExceeded(
                _refusal(cost, known.usd, known),
                headroom=known.usd,
                resets_at=known.resets_at,
                budget=known.budget,
                owner=known.owner,
            )

    def _ask(self, guard: HeadroomUrl) -> tuple[Headroom | None, str]:
        """Return what the guard knows, at most `KEPT` old, or None and why."""
        with self._asking:
            if self.clock() >= self._ends:
                try:
                    self._known, self._problem = guard.ask(), ""
                except Exception as error:
                    self._known, self._problem = None, f"the guard's URL: {said(error)}"
                if self._known and self._known.state == "unknown":
                    since = _time(self._known.observed_at)
                    self._known, self._problem = None, f"the guard read nothing since {since}"
                self._ends = self.clock() + KEPT
            return self._known, self._problem


def _fits(cost: Decimal, left: Decimal) -> bool:
    """Tell whether `left` covers a cost; where nothing is left nothing may be sent."""
    return left > 0 and cost <= left


def _refusal(cost: Decimal, left: Decimal, known: Headroom) -> str:
    bound = [f"budget {known.budget}"] if known.budget else []
    bound += [known.window] if known.window else []
    bound += [f"owner {known.owner}"] if known.owner else []
    by = f" ({', '.join(bound)})" if bound else ""
    more = f" It has more at {_time(known.resets_at)}." if known.resets_at else ""
    read = _time(known.observed_at)
    return f"{_may_cost(cost)}, and the key has {_usd(left)} left{by}, as of {read}.{more}"


def _require_amount(name: str, amount: object) -> None:
    if not (isinstance(amount, Decimal) and amount.is_finite() and amount >= 0):
        message = f"{name} must be a Decimal of at least 0 (USD), not {amount!r}"
        raise ValueError(message)


def _may_cost(cost: Decimal) -> str:
    return f"Not sent: the request may cost {_usd(cost)}"


def _usd(amount: Decimal) -> str:
    whole, _, parts = f"{amount:.6f}".rstrip("0").partition(".")
    return f"{whole}.{parts:0<2} USD"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
