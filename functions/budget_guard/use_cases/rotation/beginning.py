"""Before the first step: whether a key can be rotated now, and how it was before."""

from collections.abc import Iterator
from dataclasses import replace

from budget_guard.domain import words
from budget_guard.domain.errors import KeyGone, ProviderRejected, RotationPutOff
from budget_guard.domain.facts import Facts
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Key, Reading
from budget_guard.domain.lineage import Lineage, stem
from budget_guard.domain.money import ZERO
from budget_guard.domain.policy import Mode
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.split import is_enough
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.money import Purse, measured
from budget_guard.use_cases.rotation.rotating import Rotating


def begin(secret: str, token: str, lineage: Lineage, lease: Lease, to: Rotating) -> Rotation:
    """Write down how the old key was, before it is lowered.

    Its successor is named as it is named now: a person who renamed it meant other budgets for it.
    Raises `RotationPutOff`, and leaves a record of it, where the key is not to be rotated now.
    """
    hold = to.ledger.hold(lineage.current.hash)
    rotation = Rotation(
        secret=secret,
        token=token,
        name=lineage.next_name,
        workspace=lineage.workspace,
        old=lineage.current.hash,
        is_held=hold is not None and is_ours(hold),
        allowed=ZERO,
        began=to.now,
        run=to.run,
    )
    try:
        purse = rotatable(lineage, to)
        _require_money(purse)
        lineage = lineage.following(purse.reading.key)
        # What cannot be read cannot be carried over, nor a key be taken from it.
        to.keys.lists(lineage.workspace)
    except (RotationPutOff, ProviderRejected) as error:
        to.ledger.save(replace(rotation, stage=Stage.FAILED, failure=str(error)), lease=lease)
        raise RotationPutOff(str(error)) from error
    rotation = replace(
        rotation, name=lineage.next_name, allowed=purse.reach, workspace=lineage.workspace
    )
    to.ledger.save(rotation, replace(lineage, cap=purse.cap), lease=lease)
    return rotation


def _require_money(purse: Purse) -> None:
    if not is_enough(purse.reach / 2, purse.reach):
        message = f"{purse.reading.key.name} was not rotated: it has nothing left to share."
        raise RotationPutOff(message)


def rotatable(lineage: Lineage, to: Rotating) -> Purse:
    """Return the lineage's money, and raise `RotationPutOff` where its key is not to be rotated."""
    try:
        purse = measured(lineage, to)
    except KeyGone:
        message = f"{lineage.name}'s key was deleted at OpenRouter; there is nothing to rotate."
        raise RotationPutOff(message) from None
    hold = to.ledger.hold(purse.reading.key.hash)
    if why := obstacle(purse.reading, hold, purse.facts):
        message = f"{purse.reading.key.name} was not rotated: {why}."
        raise RotationPutOff(message)
    return purse


def obstacle(reading: Reading, hold: Hold | None, facts: Facts) -> str | None:
    """Return what keeps a key from being rotated, as it was read and is held; None: nothing."""
    return next((why for is_so, why in _obstacles(reading, hold, facts) if is_so), None)


def _obstacles(reading: Reading, hold: Hold | None, facts: Facts) -> Iterator[tuple[bool, str]]:
    key, ends = reading.key.hash, reading.key.expires_at
    is_off = reading.settings.disabled or facts.freeze_of(key) is not None
    mode = facts.policy.mode
    yield mode is not Mode.ENFORCE, f"the budgets file says mode: {mode}"
    yield facts.is_protected(key), "the budgets file protects it"
    yield is_off, "it is disabled, and its successor would not be"
    yield ends is not None and ends <= facts.now, "its own end has come"
    if other := _taken(reading.key, facts):
        yield True, f"it was given the name of another key under rotation, {other}: rename one"
    if release := facts.release_of(key):
        yield True, f"{release.by} released it: {release.reason}"
    if hold and hold.let_go_until:
        until = words.moment(hold.let_go_until, facts.now)
        is_free = facts.now < hold.let_go_until
        yield is_free, f"a person changed it, and the guard leaves it alone until {until}"


def _taken(key: Key, facts: Facts) -> str | None:
    """Return whose name, by its secret, a person gave a key that had one of its own."""
    lineage = facts.kin.of.get(key.hash)
    if lineage is None or stem(key.name) == lineage.name:
        return None
    other = facts.kin.namesake(key, facts.observations)
    return other.secret_name if other else None
