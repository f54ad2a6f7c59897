"""How much the old key keeps and the new one gets: what is free, as it is while nobody else decides."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from budget_guard.domain.errors import (
    KeyGone,
    ProviderConfusing,
    ProviderUnavailable,
    RotationPutOff,
)
from budget_guard.domain.facts import Facts
from budget_guard.domain.fences import lifetime_fence
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import SETTLE
from budget_guard.domain.keys import Counters, Limit, Reading, Settings
from budget_guard.domain.lineage import Cap, Lineage
from budget_guard.domain.money import CENT, Usd
from budget_guard.domain.observations import observe
from budget_guard.domain.policy import Policy
from budget_guard.domain.rooms import in_force, rooms, to_stay
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.split import Limited, Room, free, kept
from budget_guard.domain.wishes import Fence, Restore, Want, Wish
from budget_guard.domain.wishing import NEVER_DRY
from budget_guard.use_cases.apply import apply
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.outcomes import Outcome
from budget_guard.use_cases.patching import Enforcement
from budget_guard.use_cases.rotation.rotating import Rotating, deciding

READS = 4
SECOND = timedelta(seconds=1)
UNBOUNDED: Usd = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Purse:
    """A lineage's money as it is now: its rooms, and its current key as read just now.

    `old` are all limits that may be in force on that, `stays` the one that does. `cap` is the budget
    of its guardrail.
    """

    facts: Facts
    rooms: tuple[Room, ...]
    reading: Reading
    old: Limited
    stays: Limited
    cap: Cap | None = None

    @property
    def reach(self) -> Usd:
        """Return what its limit leaves the current key (USD); Infinity where nothing bounds it.

        A limit from before the last change may leave it more, until that has settled: what is given
        by it would be given twice.
        """
        reached = (self.stays.reaches(one, self.facts.now) for one in self.rooms)
        return min(reached, default=UNBOUNDED)

    @property
    def free(self) -> Usd:
        """Return what a successor can be given (USD)."""
        return free(self.rooms, [self.old], self.facts.now)

    def keeps(self, allowance: Usd, allowed: Usd) -> Usd:
        """Return what the current key is to keep of what it was `allowed` before (USD)."""
        seen = self.facts.observations[self.reading.key.hash]
        return kept(allowance, seen.burn(include_byok=True), allowed)

    def fence(self, headroom: Usd, counters: Counters) -> Fence:
        """Return the limit that lets a key with such counters spend so much more."""
        byok = any(one.include_byok for one in self.rooms)
        if not headroom.is_finite():
            return Fence(Limit(), self.reading.settings.include_byok)
        return lifetime_fence(headroom, counters, include_byok=byok)


def measured(lineage: Lineage, to: Rotating, *, apart: str | None = None) -> Purse:
    """Read the current key, and return the lineage's money; to be relied on under `deciding`.

    The key `apart` does not count: it is the successor that the money is for. Raises `RotationPutOff` where too little is known of the workspace.
    """
    key = lineage.current.hash
    reading = to.openrouter.key(key)
    facts = gather(to.ledger, _policy(to), to.clock())
    if facts.is_stale(reading.key.workspace):
        message = f"{reading.key.name} was not rotated: nothing new is known of its workspace."
        raise RotationPutOff(message)
    seen = facts.kin.named(observe(facts.observations.get(key), reading))
    others = {one: other for one, other in facts.observations.items() if one != apart}
    facts = replace(facts, observations={**others, key: seen})
    has = to.keys.guardrail(key)
    # A new key would begin with all of its guardrail's budget.
    cap = has.cap if has else None
    limits = in_force(seen, facts), to_stay(seen, facts)
    return Purse(facts, rooms(facts, key, cap), seen.reading, *limits, cap)


def _policy(to: Rotating) -> Policy:
    """Return the newest policy that is known: the budgets file may be deployed while this runs."""
    deployed = to.ledger.deployed()
    return deployed.policy if deployed and deployed.at > to.now else to.policy


def lower(rotation: Rotation, lineage: Lineage, to: Rotating) -> None:
    """Lower the old key to what it keeps, confirmed and settled; what nothing bounds stays as it is."""
    with deciding(to) as lease:
        purse = measured(lineage, to)
        if not purse.rooms:
            return
        keeps = min(purse.reach, purse.keeps(to.rule(lineage).allowance, rotation.allowed))
        hold = to.ledger.hold(rotation.old)
        if hold is None or not is_ours(hold) or purse.reach > keeps:
            why = f"{purse.reading.key.name} is replaced by {rotation.name}; it keeps what it needs"
            _bring_about(purse.fence(keeps, purse.reading.counters), rotation, why, lease, to)
    _settle(rotation.old, to)


def put_back(rotation: Rotation, lineage: Lineage, to: Rotating) -> None:
    """Give the old key back what it could spend, as far as that is still free; a person's stays."""
    with deciding(to) as lease:
        hold = to.ledger.hold(rotation.old)
        if hold is None or not is_ours(hold) or not rotation.allowed.is_finite():
            return
        try:
            purse = measured(lineage, to)
            if purse.facts.freeze_of(rotation.old):
                # A fence would switch it on again: what a person stopped meanwhile stays stopped.
                return
            want = _former(rotation, purse)
            if want is not None:
                why = f"{rotation.name} did not come to be; its predecessor goes on"
                _bring_about(want, rotation, why, lease, to)
        except (KeyGone, RotationPutOff):
            # Deleted, changed by a person, or too little known: the next evaluation decides.
            return


def _former(rotation: Rotation, purse: Purse) -> Want | None:
    if not rotation.is_held:
        return Restore()
    headroom = min(rotation.allowed, purse.reach + purse.free)
    is_more = headroom.is_finite() and headroom - purse.reach >= CENT
    return purse.fence(headroom, purse.reading.counters) if is_more else None


def _bring_about(want: Want, rotation: Rotation, why: str, lease: Lease, to: Rotating) -> None:
    """Wish it and apply it at once, as `enforce` does, with all its care for what people changed."""
    known = to.ledger.wishes().get(rotation.old)
    generation = known.generation + 1 if known else int(to.now.timestamp())
    wish = Wish(rotation.old, want, why, to.clock(), generation, urgent=True, hours_left=NEVER_DRY)
    to.ledger.save(wish, lease=lease)
    on_override = to.policy.safety.on_override
    enforcement = Enforcement(to.openrouter, to.ledger, lease, to.run, to.clock(), on_override)
    result = apply(wish, enforcement)
    if result.outcome is Outcome.APPLIED:
        to.tell(result)
    if result.outcome in (Outcome.APPLIED, Outcome.ALREADY):
        return
    to.ledger.forget(wish, lease=lease)
    if result.outcome is Outcome.FAILED:
        raise ProviderUnavailable(result.text)
    message = f"{result.name or rotation.old[:12]} cannot be changed now: {result.text}"
    raise RotationPutOff(message)


def _settle(key: str, to: Rotating) -> None:
    """Wait until a reading shows all that was spent before the key's last change took effect."""
    hold = to.ledger.hold(key)
    if hold is None or hold.confirmed_at is None:
        return
    for _ in range(READS):
        missing = SETTLE - (to.openrouter.key(key).began - hold.confirmed_at)
        if missing <= timedelta():
            return
        to.pause(missing + SECOND)
    message = "OpenRouter's clock does not go on; nothing was concluded from it."
    raise ProviderConfusing(message)


def settings_of(fence: Fence) -> Settings:
    """Return the settings that a fence means for a key that is on."""
    return Settings(fence.limit, fence.include_byok)
