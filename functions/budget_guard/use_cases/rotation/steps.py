"""The four steps of a rotation, as Secrets Manager asks for them; each goes on from where it stands."""

from contextlib import suppress
from enum import StrEnum

from budget_guard.domain.errors import (
    KeyGone,
    ProviderRejected,
    RotationFailed,
    RotationPutOff,
    SecretGone,
)
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.beginning import begin
from budget_guard.use_cases.rotation.carrying import carry
from budget_guard.use_cases.rotation.creating import create
from budget_guard.use_cases.rotation.finishing import finish
from budget_guard.use_cases.rotation.proving import prove
from budget_guard.use_cases.rotation.rotating import Rotating, alone
from budget_guard.use_cases.rotation.taking_back import take_back

FOR_GOOD = (RotationFailed, RotationPutOff, ProviderRejected, KeyGone, SecretGone)
"""After these, trying again would come to the same."""


class Step(StrEnum):
    """What Secrets Manager asks the function for, in this order, with one token."""

    CREATE = "createSecret"
    SET = "setSecret"
    TEST = "testSecret"
    FINISH = "finishSecret"


def rotate(step: Step, secret: str, token: str, to: Rotating) -> None:
    """Do one step; repeated, it goes on, or has nothing to do.

    Raises `RotationFailed` where the rotation was taken back: the secret, and the old key, are as
    before, and the ledger's rotation says why. Any other error: the next call goes on from there.
    A secret that holds nothing yet passes every step but the first, and that without a lease: the
    service tests the function when a schedule is set, and who sets it holds the lease.
    """
    if step is not Step.CREATE and not _is_of(token, to.ledger.rotation(secret)):
        return
    with alone(secret, to) as lease:
        try:
            _step(step, secret, token, lease, to)
        except RotationFailed:
            # Left there, it would look like a rotation under way: the service would begin no other.
            with suppress(SecretGone):
                to.vault.drop_pending(secret, token)
            raise


def _step(step: Step, secret: str, token: str, lease: Lease, to: Rotating) -> None:
    lineage, rotation = to.ledger.lineage(secret), to.ledger.rotation(secret)
    if rotation is None or not _is_of(token, rotation):
        if step is not Step.CREATE:
            return
        if _is_former(secret, token, lineage, to):
            to.vault.drop_pending(secret, token)
            return
        rotation = _begun(secret, token, lineage, rotation, lease, to)
        lineage = to.ledger.lineage(secret)
    if lineage is None or rotation.stage is Stage.DONE:
        return
    _go_on(step, rotation, lineage, lease, to)


def _is_of(token: str, rotation: Rotation | None) -> bool:
    return rotation is not None and rotation.token == token


def _is_former(secret: str, token: str, lineage: Lineage | None, to: Rotating) -> bool:
    """Tell whether a version holds a generation already: the secret must not go back to that."""
    kept = to.vault.version(secret, token) if lineage else None
    return lineage is not None and kept is not None and lineage.knows(kept.hash)


def _begun(
    secret: str,
    token: str,
    lineage: Lineage | None,
    former: Rotation | None,
    lease: Lease,
    to: Rotating,
) -> Rotation:
    """Begin a rotation; one that was left half done before it is taken back first."""
    if lineage is None:
        message = f"The secret {secret} is not under rotation: put its key there with `adopt`."
        raise RotationFailed(message)
    if former is not None and not former.stage.is_over:
        take_back(former, lineage, "another rotation of the same secret was begun", lease, to)
    try:
        return begin(secret, token, to.ledger.lineage(secret) or lineage, lease, to)
    except RotationPutOff as error:
        raise RotationFailed(str(error)) from error


def _go_on(step: Step, rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    if rotation.stage in (Stage.FAILING, Stage.FAILED):
        why = rotation.failure or "it failed before"
    else:
        try:
            _do(step, rotation, lineage, lease, to)
        except FOR_GOOD as error:
            why = str(error)
        else:
            return
    if rotation.stage is not Stage.FAILED:
        # As they are by now: the name that was asked for is on record since.
        now = to.ledger.rotation(rotation.secret) or rotation
        take_back(now, to.ledger.lineage(rotation.secret) or lineage, why, lease, to)
    message = f"{rotation.name} did not come to be, its predecessor goes on: {why}"
    raise RotationFailed(message)


def _do(step: Step, rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    if step is Step.CREATE:
        create(rotation, lineage, lease, to)
        return
    if rotation.new is None:
        message = f"{rotation.name} was not made; it cannot take a place."
        raise RotationFailed(message)
    match step:
        case Step.SET:
            carry(rotation, rotation.new, lineage, lease, to)
        case Step.TEST:
            prove(rotation, rotation.new, lease, to)
        case Step.FINISH:
            finish(rotation, lineage, lease, to)
