"""The promise, held against the books: what held keys can still spend is never more than is left.

Judged by the true state of the account; the guard's ledger tells only which keys it holds.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.windows import Window, end, start
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from tests.simulation.excuses import Excuse, Instance, Quiet
from tests.simulation.guard import Guard
from tests.simulation.held import is_fenced, most, remaining
from tests.simulation.leavers import Leavers
from tests.simulation.truth import LONG_AGO, NOBODY_KNOWS, ZERO, Cap, Place, Truth

NOISE = Decimal("0.00002")


@dataclass
class Promise:
    """What is promised, and what is excused.

    `changed` are the keys whose settings a person ever changed, `touched` those of which the guard
    has not answered it yet. `excused` lasts as long as its window: it bounds what is spent. `unseen` ends when the guard
    must have answered it: until then it bounds what keys can still spend.
    """

    guard: Guard
    truth: Truth = field(init=False)
    leavers: Leavers = field(init=False)
    excused: defaultdict[Instance, Decimal] = field(
        default_factory=lambda: defaultdict(lambda: ZERO)
    )
    unseen: list[Excuse] = field(default_factory=list)
    loose: list[tuple[datetime, str, Decimal]] = field(default_factory=list)
    lost: list[tuple[datetime, str, Decimal]] = field(default_factory=list)
    former_caps: list[tuple[datetime, Place, Decimal]] = field(default_factory=list)
    touched: dict[str, datetime] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    seen: Quiet = field(default_factory=lambda: Quiet(LONG_AGO, LONG_AGO, LONG_AGO))
    _coming: Quiet | None = None

    def __post_init__(self) -> None:
        self.truth = Truth(self.guard)
        self.leavers = Leavers(self.truth)

    @property
    def now(self) -> datetime:
        return self.guard.now

    @property
    def is_given(self) -> bool:
        """Tell whether anything is promised: with `mode: release` people have it all back."""
        return self.guard.policy.mode is Mode.ENFORCE

    def instance(self, place: Place) -> Instance:
        window = place[2]
        return place, start(window, self.now) if window else None

    def is_held(self, key: SimulatedKey) -> bool:
        """Tell whether a fence of the guard's is in force, and no person's change is unanswered."""
        return key.hash not in self.touched and is_fenced(self.guard, key)

    # What is excused

    def spends(self, key: SimulatedKey, cost: Decimal, *, byok: bool, left: Decimal | None) -> None:
        """Book a request of a key that its limit left so much: what no fence can have kept."""
        loose = cost
        if self.is_held(key):
            counts = left is not None and (not byok or key.terms.settings.include_byok)
            loose = cost - min(cost, max(ZERO, left or ZERO)) if counts else cost
        self.loose.append((self.now, key.hash, loose))
        self.leavers.fenced.append((self.now, key.hash, cost - loose))
        for cap in self.truth.caps():
            if self.truth.counts(key, cap) and (not byok or cap.budget.include_byok):
                self.excused[self.instance(cap.place)] += loose
        if key.deleted_at:
            self.lost.append(self.loose[-1])

    @contextmanager
    def people(self, *keys: SimulatedKey) -> Iterator[None]:
        """Excuse what people's hands do: keys changed by them, and what joiners bring along."""
        before = {cap.place: self.truth.spent(cap) for cap in self.truth.caps()}
        yield
        for key in keys:
            self.touched[key.hash] = self.now
        for cap in self.truth.caps():
            brought = self.truth.spent(cap) - before.get(cap.place, ZERO)
            if brought > 0:
                self.excused[self.instance(cap.place)] += brought
                self.unseen.append(Excuse(self.now, self.instance(cap.place), brought))

    def deletes(self, key: SimulatedKey) -> None:
        """Excuse for ever what a key spends without a fence and nobody can read any more."""
        observed = self.guard.ledger.observations().get(key.hash)
        age = self.guard.account.behaviour.counters_age
        since = observed.reading.at - age if observed else LONG_AGO
        self.lost += [one for one in self.loose if one[1] == key.hash and one[0] >= since]

    def deploys(self, policy: Policy) -> None:
        """Replace the budgets file; fences may go by the old one until the guard has answered.

        Where a budget is new, or about other keys, none has been measured by it so far.
        """
        caps = self.truth.caps() if self.is_given else ()
        before = {cap.place: (cap, self.allowed(cap)) for cap in caps}
        with self.people():
            self.guard.change_policy(policy)
        for cap in self.truth.caps():
            was, amount = before.get(cap.place, (None, NOBODY_KNOWS))
            if was is None or replace(was.budget, cap=cap.budget.cap) != cap.budget:
                amount = NOBODY_KNOWS
            self.former_caps.append((self.now, cap.place, amount))

    def quiet(self, began: datetime) -> None:
        """Note a cycle that began then, saw everything, and left nothing to do."""
        if self._coming is None:
            behaviour = self.guard.account.behaviour
            in_force = self.now + behaviour.patch_delay
            self._coming = Quiet(in_force, began, began - behaviour.counters_age)

    def move_on(self) -> None:
        """Take back the excuses that a quiet cycle, in force by now, has ended."""
        if self._coming is None or self._coming.at > self.now:
            return
        self.seen, self._coming = self._coming, None
        began, counted = self.seen.began, self.seen.counted
        self.unseen = [one for one in self.unseen if one.at >= began]
        self.touched = {
            key: at for key, at in self.touched.items() if at >= began or self._is_unanswered(key)
        }
        self.loose = [one for one in self.loose if one[0] >= counted]
        answered = {place for at, place, _ in self.former_caps if at < began}
        self.former_caps = [one for one in self.former_caps if one[0] >= began]
        answered |= self.truth.notice_ended_grants(began)
        self._excuse_what_was_let_pass(answered)

    def _is_unanswered(self, key: str) -> bool:
        """Tell whether a person's change was not yet to be told from the guard's own."""
        hold, settings = self.guard.ledger.hold(key), self.guard.account.keys[key].terms.settings
        if hold is None or not hold.is_held or hold.confirmed is None:
            return False
        confirmed = hold.confirmed.settings
        return (confirmed.limit, confirmed.include_byok) != (settings.limit, settings.include_byok)

    def _excuse_what_was_let_pass(self, places: set[Place]) -> None:
        """Excuse what these caps' keys spent while fences still went by a higher cap."""
        for cap in self.truth.caps():
            if cap.place in places:
                instance = self.instance(cap.place)
                over = self.truth.spent(cap) - self.allowed(cap) - self.excused[instance]
                self.excused[instance] += max(ZERO, over)

    def allowed(self, cap: Cap) -> Decimal:
        """Return a cap with its grants, or what it was before a change not yet answered."""
        former = [amount for _, place, amount in self.former_caps if place == cap.place]
        return max([self.truth.allowed(cap), *former])

    def excuse(self, cap: Cap, held: set[str]) -> Decimal:
        """Return what was spent of a cap that the guard cannot have answered yet."""
        instance = self.instance(cap.place)
        brought = sum((one.amount for one in self.unseen if one.instance == instance), ZERO)
        byok = cap.budget.include_byok
        return brought + sum(
            (
                max(
                    self.unanswered(key, cap.window, include_byok=byok, until=until, held=held),
                    self.leavers.unread(key, cap, until),
                )
                for key, until in self.truth.contributors(cap)
            ),
            ZERO,
        )

    def unanswered(
        self,
        key: SimulatedKey,
        window: Window | None,
        *,
        include_byok: bool,
        until: datetime,
        held: set[str],
    ) -> Decimal:
        """Return what a key spent since the guard last counted; a held one's, beyond its fence."""
        spent = self.truth.spent_by(
            key, window, include_byok=include_byok, until=until, since=self.seen.counted
        )
        if key.hash not in held:
            return spent + self._lost(key, window)
        left = [remaining(self.guard, key, one) or ZERO for one in key.from_now_on(self.now)]
        if any(one.settings.limit.reset for one in key.from_now_on(self.now)):
            return sum((cost for _, one, cost in self.loose if one == key.hash), ZERO)
        return min(spent, max(ZERO, -max(left)))

    def _lost(self, key: SimulatedKey, window: Window | None) -> Decimal:
        """Return what a deleted key spent in the window that nobody could read any more."""
        begun = start(window, self.now) if window else LONG_AGO
        return sum((cost for at, one, cost in self.lost if one == key.hash and at >= begun), ZERO)

    # What is promised

    def check(self) -> None:
        """At every instant, for every cap that fences, and for every held key's own limit."""
        self.move_on()
        held = {key.hash for key in self.truth.keys if self.is_held(key)}
        for hold in self.guard.ledger.holds().values():
            assert not hold.override or hold.key in self.changed, f"nobody touched {hold.key}"
        if not self.is_given:
            return
        for cap in self.truth.caps():
            if cap.fences:
                self._check_cap(cap, held)
        for key in self.truth.keys:
            if key.hash in held:
                self._check_own_limit(key, held)

    def _check_cap(self, cap: Cap, held: set[str]) -> None:
        members = [key for key in self.truth.members(cap) if key.hash in held]
        can_spend = sum((most(self.guard, key, cap.window) for key in members), ZERO)
        if can_spend <= NOISE * len(members):
            return
        left = self.allowed(cap) - self.truth.spent(cap) + self.excuse(cap, held)
        assert can_spend <= max(ZERO, left) + NOISE * len(members), (
            f"{[key.name for key in members]} can spend {can_spend} of {left} left "
            f"in {cap.place} at {self.now}"
        )

    def _check_own_limit(self, key: SimulatedKey, held: set[str]) -> None:
        """By itself, and with its lineage where it is the one in use: they have its limit together."""
        self._check_limit(key, [key], held)
        if self.truth.is_in_use(key):
            line = self.truth.lineage(key)
            self._check_limit(key, [one for one in line if self.truth.is_on_record(one)], held)

    def _check_limit(self, key: SimulatedKey, line: list[SimulatedKey], held: set[str]) -> None:
        hold = self.guard.ledger.hold(key.hash)
        assert hold is not None
        own, byok = hold.baseline.limit, hold.baseline.include_byok
        if own.amount is None:
            return
        left, can_spend = own.amount, ZERO
        for one in line:
            left -= self.truth.spent_by(one, own.reset, include_byok=byok)
            left += self.unanswered(one, own.reset, include_byok=byok, until=self.now, held=held)
            can_spend += most(self.guard, one, own.reset) if one.hash in held else ZERO
        assert can_spend <= max(ZERO, left) + NOISE, (
            f"{key.name} can spend {can_spend} of {left} left by its own limit at {self.now}"
        )

    def check_roll(self, at: datetime) -> None:
        """When a window ends: spend ≤ cap + grants + what is excused."""
        self.move_on()
        for cap in self.truth.caps():
            if self.is_given and cap.fences and end(cap.window, self.now) == at:
                self.check_spend(cap)

    def check_spend(self, cap: Cap) -> None:
        excused = self.excused[self.instance(cap.place)] + self.leavers.unread_behind_fences(cap)
        spent, allowed = self.truth.spent(cap), self.allowed(cap)
        assert spent <= allowed + excused + NOISE, (
            f"{spent} spent of {allowed} in {cap.place} ({excused} excused) until {self.now}"
        )
