"""The budgets file as a model: its fields, and what the domain makes of them."""

import hashlib
import json
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from budget_guard.adapters.budgets import leaves, scalars
from budget_guard.domain import policy
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window


def _absent(items: tuple[object, ...]) -> bool:
    return not items


class Part(BaseModel):
    """A mapping of the file: unknown fields are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Threshold(Part):
    """A step of a ladder: at this share of the cap, an alert of this severity is sent."""

    at: leaves.Percentage = Field(description="Share of the cap, up to 1000%.", examples=["80%"])
    severity: leaves.SeverityWord = Field(
        description="How urgent the alert is.", examples=["warning"]
    )


class Cap(Part):
    """The most that may be spent in each calendar window (UTC); no field: no cap for it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    daily: leaves.Amount = Field(
        None, description="USD from 00:00 UTC on.", examples=[100, "12.50"]
    )
    weekly: leaves.Amount = Field(None, description="USD from Monday on.", examples=[500])
    monthly: leaves.Amount = Field(None, description="USD from the 1st on.", examples=[1500])

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.to_domain():
            scalars.refuse("a cap needs a window", "write cap: {daily: 100}")
        return self

    def to_domain(self) -> dict[Window, Usd]:
        """Return the cap of each window that has one."""
        caps = {window: getattr(self, window) for window in Window}
        return {window: usd for window, usd in caps.items() if usd is not None}


class Budget(Part):
    """A named cap over the keys whose names fit a pattern."""

    name: leaves.Name = Field(
        description="What alerts and metrics call it; once in a file.", examples=["prod-api"]
    )
    owner: leaves.Owner = Field(
        None, description="Who answers for it.", examples=["search-platform"]
    )
    runbook: leaves.Address = Field(
        None,
        description="Where on-call reads what to do.",
        examples=["https://wiki.example.com/openrouter"],
    )
    keys: tuple[leaves.Pattern, ...] = Field(
        description="Patterns of key names; * and ? stand for anything, case counts.",
        examples=[["prod-*"]],
        min_length=1,
    )
    workspaces: tuple[leaves.Pattern, ...] = Field(
        (),
        description="Only keys of these workspaces (patterns of ids).",
        examples=[["prod"]],
        min_length=1,
        exclude_if=_absent,
    )
    creators: tuple[leaves.Pattern, ...] = Field(
        (),
        description="Only keys made by these users (patterns of ids).",
        examples=[["user_*"]],
        min_length=1,
        exclude_if=_absent,
    )
    per_key: leaves.Flag = Field(
        default=False, description="One such budget for each key.", examples=[True]
    )
    include_byok: leaves.Flag = Field(
        default=False,
        description="Count what is spent through your own provider keys too.",
        examples=[True],
    )
    cap: Cap = Field(description="USD for each window.", examples=[{"daily": 100, "monthly": 1500}])
    hold: leaves.HoldFrom = Field(
        policy.Hold(),
        description="From when on its keys are fenced: always, never, or a share of the cap.",
        examples=["always", "90%", "never"],
    )
    thresholds: tuple[Threshold, ...] = Field(
        (),
        description="Its own ladder of alerts, lowest first; the file's ladder if absent.",
        min_length=1,
        exclude_if=_absent,
        examples=[[{"at": "80%", "severity": "warning"}]],
    )

    def to_domain(self, ladder: tuple[policy.Threshold, ...]) -> policy.Budget:
        """Return the budget; `ladder` is the file's, used where it has none of its own."""
        return policy.Budget(
            name=self.name,
            cap=self.cap.to_domain(),
            keys=self.keys,
            workspaces=self.workspaces,
            creators=self.creators,
            owner=self.owner,
            runbook=self.runbook,
            per_key=self.per_key,
            include_byok=self.include_byok,
            hold=self.hold,
            thresholds=_steps(self.thresholds) or ladder,
        )


class Safety(Part):
    """Bounds on what the guard itself does."""

    stale_after: leaves.Staleness = Field(
        policy.Safety().stale_after,
        description="Nothing is decided from facts older than this (2m to 1d).",
        examples=["15m"],
    )
    max_jump: leaves.Jump = Field(
        policy.Safety().max_jump,
        description="USD in one poll above which wide stops wait for approval.",
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

    def to_domain(self) -> policy.Account:
        """Return the domain's word for it."""
        return policy.Account(**dict(self))


class File(Part):
    """What Budget Guard holds your OpenRouter keys to."""

    model_config = ConfigDict(title="Budget Guard budgets file")

    mode: leaves.ModeWord = Field(
        policy.Mode.OBSERVE,
        description="observe: only report; enforce: fence keys; release: give every key back.",
        examples=["enforce"],
    )
    protect: tuple[leaves.KeyHash, ...] = Field(
        (),
        description="Hashes of keys that are never touched.",
        examples=[["0123456789abcdef" * 4]],
    )
    safety: Safety = Field(
        Safety.model_construct(),
        description="Bounds on what the guard itself does.",
        examples=[{"max_jump": 500}],
    )
    account: Account = Field(
        Account.model_construct(),
        description="When the account itself is short.",
        examples=[{"balance_below": 100}],
    )
    thresholds: tuple[Threshold, ...] = Field(
        tuple(Threshold.model_construct(at=at.at, severity=at.severity) for at in policy.LADDER),
        description="The ladder of budgets that have none of their own, lowest first.",
        min_length=1,
        examples=[[{"at": "80%", "severity": "warning"}]],
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
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    def to_domain(self) -> policy.Policy:
        """Return the policy; its hash is the SHA-256 of `to_json`, so comments do not change it."""
        ladder = _steps(self.thresholds)
        return policy.Policy(
            budgets=tuple(budget.to_domain(ladder) for budget in self.budgets),
            hash=hashlib.sha256(self.to_json().encode()).hexdigest(),
            mode=self.mode,
            protect=frozenset(self.protect),
            safety=self.safety.to_domain(),
            account=self.account.to_domain(),
        )


def _steps(ladder: tuple[Threshold, ...]) -> tuple[policy.Threshold, ...]:
    return tuple(policy.Threshold(step.at, step.severity) for step in ladder)
