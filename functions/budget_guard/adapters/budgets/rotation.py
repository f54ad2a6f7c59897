"""Which keys the budgets file has rotated, and what becomes of the ones that were replaced."""

from pydantic import Field

from budget_guard.adapters.budgets import leaves
from budget_guard.adapters.budgets.budget import Part
from budget_guard.domain import policy

USUAL = policy.RotationRule()


class Rotation(Part):
    """A rule of rotation: the first one that a key's name fits is the one for it."""

    keys: tuple[leaves.Pattern, ...] = Field(
        description="Patterns of key names, without the number that a rotated key has (prod-api,"
        " not prod-api #4). Only keys with a secret are rotated: budget-guard adopt gives them one.",
        examples=[["prod-*"]],
        min_length=1,
    )
    every: leaves.Schedule = Field(
        USUAL.every,
        description="How often, in hours or days: what Secrets Manager's schedule takes (4h to"
        " 999d).",
        examples=["30d"],
        json_schema_extra={"default": "30d"},
    )
    drain: leaves.Drain = Field(
        USUAL.drain,
        description="The old key is disabled when nothing was spent with it for so long (5m to 7d:"
        " longer than your applications keep a secret that they read).",
        examples=["30m"],
        json_schema_extra={"default": "30m"},
    )
    drain_max: leaves.DrainMax = Field(
        USUAL.drain_max,
        description="Still in use after so long, the old key is told of (10m to 30d).",
        examples=["24h"],
        json_schema_extra={"default": "24h"},
    )
    delete_after: leaves.Keeping = Field(
        USUAL.delete_after,
        description="A disabled key is deleted after so long (1h to 365d); until then it can be"
        " enabled again, and its last spend is read.",
        examples=["7d"],
        json_schema_extra={"default": "7d"},
    )
    force: leaves.Flag = Field(
        default=USUAL.force,
        description="Disable an old key that is still in use after drain_max; its requests fail"
        " then.",
        examples=[True],
    )
    allowance: leaves.Least = Field(
        USUAL.allowance,
        description="USD that the old key keeps at the switch, besides what it spends in 10"
        " minutes; never more than half of what was left to it.",
        examples=[1],
    )
    on_leak: leaves.LeakWord = Field(
        USUAL.on_leak,
        description="When spend is out of profile, as if the key had leaked: rotate it, or give"
        " people the command.",
        examples=["propose-rotation"],
    )

    def to_domain(self) -> policy.RotationRule:
        """Return the domain's word for it."""
        # `dict(self)` would take the field `keys` for the method of a mapping.
        return policy.RotationRule(**dict(iter(self)))
