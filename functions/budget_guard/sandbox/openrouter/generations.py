"""What each request was for and who served it: one generation for every charge in the books."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.domain.money import ZERO, Usd
from budget_guard.sandbox.openrouter.books import Charge
from budget_guard.sandbox.openrouter.catalog import Model
from budget_guard.sandbox.openrouter.keys import SimulatedKey, digest
from budget_guard.sandbox.openrouter.refusals import Refusal, not_found
from budget_guard.sandbox.openrouter.work import Attempt, Tokens, Work

MILLISECOND = timedelta(milliseconds=1)
ROUTERS = "openrouter/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One completed request: what was charged, what for, and who answered.

    `asked` and `served` are the permaslugs of the models that were asked for and that answered,
    `user` is the external user, `workspace` and `creator` are the key's at that moment.
    """

    id: str
    charge: Charge
    work: Work
    asked: str
    served: str
    tokens: Tokens
    is_byok: bool
    workspace: str
    creator: str | None
    user: str | None

    @property
    def hash(self) -> str:
        """Return the hash of the key; no answer of the service tells it."""
        return self.charge.hash

    @property
    def created_at(self) -> datetime:
        """Return when it was completed and charged: of the two times the books know, the later."""
        return self.charge.at

    @property
    def cost(self) -> Usd:
        """Return what was charged to credits, a BYOK fee included."""
        return self.charge.credits

    @property
    def byok(self) -> Usd:
        """Return what the provider charges for it by list price, if it was BYOK."""
        return self.charge.byok

    @property
    def tools(self) -> Usd:
        """Return the part of `cost` that web search took."""
        return min(self.work.tools, self.cost)

    @property
    def latency(self) -> int:
        """Return the milliseconds between admission and completion."""
        lasted = (self.charge.at - self.charge.admitted_at) // MILLISECOND
        return lasted or self.work.latency

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Return what every provider answered, the failed ones first.

        They were asked for the model that the caller wanted, or a router chose.
        """
        model = self.served if self.router else self.asked
        served = () if self.work.provider is None else ((self.work.provider, self.served, 200),)
        answers = (*((name, model, 503) for name in self.work.failed), *served)
        each = self.latency // max(1, len(answers))
        return tuple(
            Attempt(provider=name, model=its, status=code, latency=each)
            for name, its, code in answers
        )

    @property
    def router(self) -> str | None:
        """Return what chose the model, if not the caller."""
        is_routed = self.asked != self.served and self.asked.startswith(ROUTERS)
        return self.asked if is_routed else None


@dataclass(slots=True)
class Generations:
    """Every generation, in order of time. `foreign`: ids that belong to another account's users."""

    foreign: set[str] = field(default_factory=set)
    _all: list[Generation] = field(default_factory=list)
    _times: list[datetime] = field(default_factory=list)
    _by_id: dict[str, Generation] = field(default_factory=dict)

    def add(
        self,
        charge: Charge,
        work: Work,
        key: SimulatedKey,
        model: Model | None,
        *,
        asked: str,
        byok: bool,
    ) -> Generation:
        """Keep what was charged, not earlier than the last, as work done for this key.

        `model` is the catalog's entry for what answered, if it has one; `asked` is the permaslug of
        what was asked for.
        """
        made = Generation(
            id=f"gen-{charge.at.timestamp():.0f}-{digest(f'generation {len(self._all)}')[:20]}",
            charge=charge,
            work=work,
            asked=asked,
            served=work.served or (work.model if model is None else model.canonical_slug),
            tokens=work.tokens or _bought(model, charge.credits + charge.byok),
            is_byok=byok,
            workspace=key.workspace,
            creator=key.creator,
            user=work.user or key.external_user,
        )
        self._all.append(made)
        self._times.append(charge.at)
        self._by_id[made.id] = made
        return made

    def between(self, since: datetime, until: datetime, *, seen: datetime) -> Sequence[Generation]:
        """Return those completed from `since` on and before `until`, as far as up to `seen`."""
        end = min(bisect_left(self._times, until), bisect_right(self._times, seen))
        return self._all[bisect_left(self._times, since) : end]

    def find(self, identity: str, *, seen: datetime) -> Generation:
        """Return one; 404 if there was none up to `seen`, 403 if it is somebody else's."""
        if identity in self.foreign:
            raise Refusal(403, "You do not have access to this generation")
        found = self._by_id.get(identity)
        if found is None or found.created_at > seen:
            raise not_found(what=f"Generation {identity}")
        return found

    @property
    def latest(self) -> Generation:
        """Return the one completed last; IndexError if there is none yet."""
        return self._all[-1]

    def __iter__(self) -> Iterator[Generation]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _bought(model: Model | None, cost: Usd) -> Tokens:
    """Return what `cost` buys: three prompt tokens to one of the completion."""
    price = ZERO if model is None else 3 * model.price("prompt") + model.price("completion")
    count = 0 if price == ZERO else int(Decimal(cost) / price)
    return Tokens(prompt=3 * count, completion=count)
