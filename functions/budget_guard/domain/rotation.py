"""A rotation: how far it got."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from budget_guard.domain.money import Usd


class Stage(StrEnum):
    """How far a rotation got, in this order.

    `BEGUN`: the old key may be lowered. `INTENT`: a new one may exist. `CREATED`: its plaintext is
    put aside. `CARRIED`: what hung on the old one's hash hangs on it too. `FAILING`: it is being
    taken back.
    """

    BEGUN = "begun"
    INTENT = "intent"
    CREATED = "created"
    CARRIED = "carried"
    PROVEN = "proven"
    DONE = "done"
    FAILING = "failing"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more is to be done."""
        return self in (Stage.DONE, Stage.FAILED)

    def reaches(self, other: "Stage") -> bool:
        """Tell whether this is `other`, or a later one."""
        order = list(Stage)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The last rotation of a secret, begun at `began` under a version id (`token`) of its own.

    `name` is the new key's; `old` and `new` are hashes. Before the old key was lowered it could
    spend `allowed` (USD; Infinity: nothing bounded it), by a fence of the guard or not (`is_held`).
    `granted` is what the new key was made with. `failure` says why it failed, for people.
    """

    secret: str
    token: str
    name: str
    workspace: str
    old: str
    is_held: bool
    allowed: Usd
    began: datetime
    run: str
    stage: Stage = Stage.BEGUN
    new: str | None = None
    granted: Usd | None = None
    failure: str | None = None

    def at(self, stage: Stage) -> "Rotation":
        """Return the rotation at a stage, or at the later one that it is at."""
        return self if self.stage.reaches(stage) else replace(self, stage=stage)
