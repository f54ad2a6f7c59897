"""The budgets file as a model: its fields, and what the domain makes of them."""

import hashlib
import json

from pydantic import ConfigDict, Field

from budget_guard.adapters.budgets import leaves, scalars
from budget_guard.adapters.budgets.budget import Budget, Part, Threshold, absent, domain_steps
from budget_guard.adapters.budgets.costs import Costs
from budget_guard.adapters.budgets.rotation import Rotation
from budget_guard.adapters.budgets.signals import Signals
from budget_guard.domain import ladder, policy
from budget_guard.domain.signals import rules


def as_ever(section: Costs | Signals) -> bool:
    """Tell whether all is as without the section: then the file's hash is, too."""
    return section.to_domain() in (policy.Costs(), rules.SignalRules())


class Scope(Part):
    """Which part of the account is this guard's; for more than one guard on an account."""

    workspaces: tuple[leaves.Pattern, ...] = Field(
        description="Only keys of these workspaces are seen to (patterns of ids).",
        examples=[["prod"]],
        min_length=1,
        exclude_if=absent,
    )


def _whole(scope: Scope) -> bool:
    return absent(scope.workspaces)


class Safety(Part):
    """Bounds on what the guard itself does."""

    stale_after: leaves.Staleness = Field(
        policy.Safety().stale_after,
        description="Nothing is decided from facts older than this (2m to 1d).",
        examples=["15m"],
    )
    max_jump: leaves.Jump = Field(
        policy.Safety().max_jump,
        description="USD spent in one poll above which wide stops and releases wait for approval.",
        examples=[500],
    )
    patches_per_second: leaves.Rate = Field(
        policy.Safety().patches_per_second,
        description="Changes a second at OpenRouter, at most.",
        examples=[5],
    )
    on_override: leaves.OverrideWord = Field(
        policy.OnOverride.RESPECT,
        description="When a person changes what the guard holds: let go, or put it back.",
        examples=["respect"],
    )

    def to_domain(self) -> policy.Safety:
        """Return the domain's word for it."""
        return policy.Safety(**dict(self))


class Account(Part):
    """When to warn that the account itself runs short."""

    balance_below: leaves.Balance = Field(None, description="USD of credits left.", examples=[100])
    runway_below: leaves.Runway = Field(
        None, description="Time left at the present burn (1h to 90d).", examples=["72h"]
    )

    def to_domain(self) -> rules.Account:
        """Return the domain's word for it."""
        return rules.Account(**dict(self))


class File(Part):
    """What Budget Guard holds your OpenRouter keys to."""

    model_config = ConfigDict(title="Budget Guard budgets file")

    mode: leaves.ModeWord = Field(
        policy.Mode.OBSERVE,
        description="observe: only report; enforce: fence keys; release: give every key back.",
        examples=["enforce"],
    )
    scope: Scope = Field(
        Scope.model_construct(workspaces=()),
        description="The part of the account that this guard sees to; the whole if absent.",
        examples=[{"workspaces": ["prod"]}],
        exclude_if=_whole,
    )
    protect: tuple[leaves.Protected, ...] = Field(
        (),
        description="Hashes of keys that are never touched. A name or name pattern only proposes:"
        " each key that it fits is announced, and protected after budget-guard approve.",
        examples=[["0123456789abcdef" * 4]],
    )
    safety: Safety = Field(
        Safety.model_construct(),
        description="How far and how fast the guard itself may go.",
        examples=[{"max_jump": 500}],
    )
    costs: Costs = Field(
        Costs.model_construct(),
        description="Which requests are looked at one by one, and which models are premium.",
        examples=[{"generations": "above 0.05"}],
        exclude_if=as_ever,
    )
    account: Account = Field(
        Account.model_construct(),
        description="When the account itself is short.",
        examples=[{"balance_below": 100}],
    )
    signals: Signals = Field(
        Signals.model_construct(),
        description="What in the costs people are told of, and from when on.",
        examples=[{"unusual": "off"}],
        exclude_if=as_ever,
    )
    thresholds: tuple[Threshold, ...] = Field(
        tuple(Threshold.model_construct(at=at.at, severity=at.severity) for at in ladder.LADDER),
        description="The ladder of budgets that have none of their own, lowest first.",
        min_length=1,
        examples=[[{"at": "80%", "severity": "warning"}]],
    )
    rotation: tuple[Rotation, ...] = Field(
        (),
        description="Which keys are rotated; the first rule that fits a key's name is the one.",
        examples=[[{"keys": ["prod-*"], "every": "30d"}]],
        min_length=1,
        exclude_if=absent,
    )
    budgets: tuple[Budget, ...] = Field(
        description="The budgets; a key may belong to several.",
        examples=[[{"name": "everything", "keys": ["*"], "cap": {"monthly": 5000}}]],
        min_length=1,
    )

    def to_json(self) -> str:
        """Return the one JSON text of this content: same meaning, same text; money as strings."""
        content = self.model_dump(mode="json", exclude_none=True)
        content["protect"] = sorted({*self.protect})
        if not _whole(self.scope):
            content["scope"]["workspaces"] = sorted({*self.scope.workspaces})
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    def to_domain(self) -> policy.Policy:
        """Return the policy; its hash is the SHA-256 of `to_json`, so comments do not change it."""
        ladder = domain_steps(self.thresholds)
        hashes = frozenset(filter(scalars.is_hash, self.protect))
        return policy.Policy(
            budgets=tuple(budget.to_domain(ladder) for budget in self.budgets),
            hash=hashlib.sha256(self.to_json().encode()).hexdigest(),
            mode=self.mode,
            protect=hashes,
            protect_names=tuple(sorted({*self.protect} - hashes)),
            scope=tuple(sorted({*self.scope.workspaces})),
            safety=self.safety.to_domain(),
            costs=self.costs.to_domain(),
            account=self.account.to_domain(),
            signals=self.signals.to_domain(),
            rotation=tuple(rule.to_domain() for rule in self.rotation),
        )
