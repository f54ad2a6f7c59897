"""All that one decision rests on: the policy, what was seen, what is held, and the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from budget_guard.domain.alerts import Incident
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.holds import Hold, HoldState
from budget_guard.domain.keys import Settings
from budget_guard.domain.kin import Kin
from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.domain.records import Approval, Freeze, Grant, Release
from budget_guard.domain.restriction import Restriction
from budget_guard.domain.signals.signal import RequestSignals, Signals
from budget_guard.domain.wishes import Wish


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knew when the decision was taken, at logical time `now`.

    While a plan is held back (rule 11), `spared` keys are left as they are, `unrestricted` ones get
    no guardrail, `pressed` ones are held from the first cent on, and the window counters of
    `doubted` ones are not OpenRouter's.
    """

    policy: Policy
    now: datetime
    observations: Mapping[str, Observation] = field(default_factory=dict)
    freshness: Mapping[str, Freshness] = field(default_factory=dict)
    workspaces: Mapping[str, Workspace] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    grants: Sequence[Grant] = ()
    releases: Sequence[Release] = ()
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    poll: PollReport | None = None
    freezes: Sequence[Freeze] = ()
    approvals: Sequence[Approval] = ()
    signals: Signals | None = None
    cost_spends: Mapping[str, CostSpend] = field(default_factory=dict)
    request_signals: RequestSignals | None = None
    kin: Kin = field(default_factory=Kin)
    restrictions: Mapping[str, Restriction] = field(default_factory=dict)
    spared: frozenset[str] = frozenset()
    unrestricted: frozenset[str] = frozenset()
    pressed: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()

    @property
    def approval(self) -> Approval | None:
        """Return the last approval, whoever gave it; None before the first."""
        return max(self.approvals, key=lambda one: one.at, default=None)

    def began(self, seen: Observation) -> datetime:
        """Return when the last read that showed the key as `seen` began."""
        fresh = self.freshness.get(seen.key.workspace)
        if fresh is None or seen.gone_at:
            return seen.reading.began
        return max(seen.reading.began, fresh.began)

    def read_at(self, seen: Observation) -> datetime:
        """Return OpenRouter's time of the last read that showed the key as `seen`."""
        fresh = self.freshness.get(seen.key.workspace)
        if fresh is None or seen.gone_at:
            return seen.reading.at
        return max(seen.reading.at, fresh.at)

    def is_stale(self, workspace: str) -> bool:
        """Tell whether what is known of a workspace is too old to decide by (rule 13)."""
        fresh = self.freshness.get(workspace)
        return fresh is None or self.now - fresh.at > self.policy.safety.stale_after

    def release_of(self, key: str) -> Release | None:
        """Return the release that covers `key` now, if a person gave one."""
        for release in reversed(self.releases):
            if release.key in (key, None) and release.at <= self.now < release.until:
                return release
        return None

    def freeze_of(self, key: str) -> Freeze | None:
        """Return the freeze of `key` that lasts, unless a later release took it back."""
        lasting = [one for one in self.freezes if one.key == key and one.at <= self.now < one.until]
        freeze = max(lasting, key=lambda one: one.at, default=None)
        release = self.release_of(key)
        return None if freeze and release and release.at > freeze.at else freeze

    def is_protected(self, key: str) -> bool:
        """Tell whether the key may never be touched: by its hash, or by name and a person's word."""
        if key in self.policy.protect:
            return True
        seen = self.observations.get(key)
        is_proposed = seen is not None and self.policy.proposes(seen.key)
        return is_proposed and any(key in one.protect for one in self.approvals)

    def settings(self, seen: Observation) -> Settings:
        """Return what a key is set to by the newest word of OpenRouter: an answer, or a reading.

        A read that had begun when the answer came may have missed the change.
        """
        hold = self.holds.get(seen.key.hash)
        answered = hold.confirmed_at if hold else None
        if hold and hold.confirmed and answered and answered >= self.began(seen):
            return hold.confirmed.settings
        return seen.reading.settings

    def baseline(self, seen: Observation) -> Settings:
        """Return a key's settings without the guard: what a hold recorded, else what it is set to.

        Of one that was just given back, what was read last may still be the fence.
        """
        hold = self.holds.get(seen.key.hash)
        if hold and hold.state is HoldState.HELD:
            return hold.baseline
        return self.settings(seen)
