"""The last step: who asks for the secret from now on gets the new key."""

from dataclasses import replace

from budget_guard.domain.errors import KeyGone, RotationFailed, RotationPutOff
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Reading
from budget_guard.domain.lineage import Lineage, stem
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.settling import overridden
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.rotating import Rotating


def finish(rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    """Move the secret on, then the lineage: the old key drains.

    Raises `RotationPutOff` where a person has changed the old key since the new one was made: that
    one would not be as they want it.
    """
    if rotation.stage is Stage.DONE:
        return
    if rotation.stage is not Stage.PROVEN:
        message = f"{rotation.name} was not proven; the secret stays with its predecessor."
        raise RotationFailed(message)
    if to.vault.in_use(rotation.secret) != rotation.token:
        _require_untouched(rotation, lineage, to)
        to.vault.promote(rotation.secret, rotation.token)
    record_move(rotation, lineage, lease, to)


def record_move(rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    """Write down that the secret holds the new key."""
    moved = lineage.moved_to(rotation.new or "", to.clock()) if rotation.new else lineage
    to.ledger.save(replace(rotation, stage=Stage.DONE), moved, lease=lease)


def _require_untouched(rotation: Rotation, lineage: Lineage, to: Rotating) -> None:
    try:
        old = to.openrouter.key(rotation.old)
    except KeyGone:
        return
    hold = to.ledger.hold(rotation.old)
    facts = gather(to.ledger, to.policy, to.clock())
    is_off = old.settings.disabled or facts.freeze_of(rotation.old) is not None
    if is_off or stem(old.key.name) != lineage.name or _is_changed(rotation, old, hold, to):
        message = f"A person changed {old.key.name} meanwhile; {rotation.name} would not be so."
        raise RotationPutOff(message)


def _is_changed(rotation: Rotation, old: Reading, hold: Hold | None, to: Rotating) -> bool:
    """Tell whether the old key's limit is a person's, given since what bounds it was measured."""
    if hold is not None and hold.let_go_until and to.clock() < hold.let_go_until:
        return True
    if hold is not None and is_ours(hold):
        return overridden(hold, old) is not None
    return not rotation.allowed.is_finite() and old.settings.limit.amount is not None
