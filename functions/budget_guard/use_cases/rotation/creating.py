"""The first step: the old key is lowered, a new one made with what is free, its plaintext put aside."""

from dataclasses import replace

from budget_guard.domain import words
from budget_guard.domain.errors import KeyGone, LivesTooLong, RotationFailed, RotationPutOff
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold, Possible
from budget_guard.domain.keys import Counters, Key, Limit, Reading
from budget_guard.domain.lineage import Lineage, stem
from budget_guard.domain.money import ZERO, Usd, show
from budget_guard.domain.observations import observe
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.settling import next_roll
from budget_guard.domain.split import expiry, is_enough
from budget_guard.domain.strays import Sighting
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ports import Change
from budget_guard.use_cases.rotation.beginning import rotatable
from budget_guard.use_cases.rotation.lifetimes import too_long
from budget_guard.use_cases.rotation.money import Purse, lower, measured, settings_of
from budget_guard.use_cases.rotation.orphans import remove_orphans
from budget_guard.use_cases.rotation.ports import Kept, MadeKey, NewKey
from budget_guard.use_cases.rotation.rotating import Rotating, deciding, require_time


def create(rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    """Go on from where the rotation stands until the new key is made, and on record."""
    if rotation.stage.reaches(Stage.CREATED):
        return
    if to.vault.version(rotation.secret, rotation.token) is None:
        rotation, lineage = _intended(rotation, lineage, lease, to)
        remove_orphans(lineage, rotation.workspace, to)
        _make(rotation, lineage, to)
    else:
        _take_up(rotation, lineage, to)


def _intended(
    rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating
) -> tuple[Rotation, Lineage]:
    """Lower the old key, then write down that a key of the new name may exist from now on."""
    lower(rotation, lineage, to)
    intended = rotation.at(Stage.INTENT)
    asking = lineage.asking(rotation.name, to.clock())
    to.ledger.save(intended, asking, lease=lease)
    return intended, asking


def _make(rotation: Rotation, lineage: Lineage, to: Rotating) -> None:
    """Make the key while nobody else gives away what is free, and put its plaintext aside at once."""
    old = _sighting(rotation, to)
    with deciding(to) as lease:
        purse = rotatable(lineage, to)
        _require_name(lineage, purse.reading.key)
        granted = _granted(rotation, purse)
        asked = _asked(rotation, purse, granted, old)
        _remember(purse.reading, lease, to)
        require_time(lease, to)
        made = _made(asked, to)
        key, at = made.reading.key, made.reading.at
        kept = Kept(made.plaintext, key.hash, key.name, at)
        to.vault.put_pending(rotation.secret, rotation.token, kept)
        _require_as_asked(asked, made.reading)
        _record(replace(rotation, granted=granted), made.reading, lease, to)


def _made(asked: NewKey, to: Rotating) -> MadeKey:
    """Ask for the key; raise `RotationFailed` with the way out where none may live so long.

    What the account allows is told by no endpoint, and by no answer.
    """
    try:
        return to.keys.make(asked)
    except LivesTooLong as error:
        message = f"{error} {too_long(asked.expires_at)}"
        raise RotationFailed(message) from error


def _remember(old: Reading, lease: Lease, to: Rotating) -> None:
    """Keep what was read of the old key since it was lowered.

    Whoever deletes it now, because it leaked, would else have it counted with all that it had before.
    """
    seen = to.ledger.observation(old.key.hash)
    to.ledger.save(observe(seen, replace(old, key=replace(old.key, lineage=None))), lease=lease)


def _require_name(lineage: Lineage, key: Key) -> None:
    """Raise `RotationPutOff` where what is free is not what is free to a key of the asked name."""
    if stem(key.name) != lineage.name:
        message = f"{lineage.name} was renamed {key.name} meanwhile; the next try goes by that."
        raise RotationPutOff(message)


def _granted(rotation: Rotation, purse: Purse) -> Usd:
    """Return what the new key is to get; raise `RotationPutOff` where it could not do its work."""
    if not is_enough(purse.free, rotation.allowed):
        message = (
            f"{purse.reading.key.name} was not rotated: too little is free for its successor, "
            f"{show(purse.free)} USD; the other keys of its budgets have the rest."
        )
        raise RotationPutOff(message)
    return purse.free


def _sighting(rotation: Rotation, to: Rotating) -> Sighting | None:
    seen = to.keys.sightings(rotation.workspace)
    return next((one for one in seen if one.hash == rotation.old), None)


def _asked(rotation: Rotation, purse: Purse, granted: Usd, old: Sighting | None) -> NewKey:
    reading, key = purse.reading, purse.reading.key
    made_at = old.created_at if old else reading.at
    return NewKey(
        name=rotation.name,
        workspace=rotation.workspace,
        settings=settings_of(purse.fence(granted, Counters())),
        creator=key.creator,
        expires_at=expiry(made_at, key.expires_at, reading.at),
    )


def _require_as_asked(asked: NewKey, made: Reading) -> None:
    """Raise `RotationFailed` where OpenRouter made another key than was asked for."""
    key = made.key
    got = NewKey(key.name, key.workspace, made.settings, key.creator, key.expires_at)
    if got != asked:
        message = f"OpenRouter was asked for {_told(asked)}, and made {_told(got)}."
        raise RotationFailed(message)


def _told(key: NewKey) -> str:
    ends = f"ending {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "without an end"
    made = f"made by {key.creator or 'nobody'} in {key.workspace}"
    return f"{key.name} ({words.settings(key.settings)}, {ends}, {made})"


def _take_up(rotation: Rotation, lineage: Lineage, to: Rotating) -> None:
    """Put a key on record whose plaintext was put aside before a run died: at what is free now."""
    kept = to.vault.version(rotation.secret, rotation.token)
    if kept is None:
        return
    with deciding(to) as lease:
        try:
            reading = to.openrouter.key(kept.hash)
        except KeyGone:
            message = f"{rotation.name} was deleted at OpenRouter before it was put to use."
            raise RotationFailed(message) from None
        hold = to.ledger.hold(kept.hash)
        if hold is not None and is_ours(hold):
            # A poll found the key, and what it may spend was decided with everybody else's.
            _record(rotation, reading, lease, to)
            return
        purse = measured(lineage, to, apart=kept.hash)
        granted = _granted(rotation, purse)
        fence = purse.fence(granted, reading.counters)
        if _exceeds(reading.settings.limit, fence.limit):
            change = Change(limit=fence.limit, include_byok=fence.include_byok)
            reading = to.openrouter.change(kept.hash, change)
        _record(replace(rotation, granted=granted), reading, lease, to)


def _exceeds(limit: Limit, most: Limit) -> bool:
    if limit.amount is None or most.amount is None:
        return limit.amount is None and most.amount is not None
    return limit.amount > most.amount


def _record(rotation: Rotation, new: Reading, lease: Lease, to: Rotating) -> None:
    """Write down that there is a new key, held from its first moment on if its lineage is bounded.

    What it goes back to is what the old one goes back to, at the earliest when the window of that
    limit has rolled: in this one, the old key has spent of it.
    """
    made = replace(rotation, stage=Stage.CREATED, new=new.key.hash)
    old = to.ledger.hold(rotation.old)
    if old is None or not is_ours(old):
        to.ledger.save(observe(None, new), made, lease=lease)
        return
    own = old.baseline.limit
    known = to.ledger.hold(new.key.hash) or Hold(
        key=new.key.hash,
        baseline=old.baseline,
        confirmed=Possible(new.settings),
        confirmed_at=new.at,
        portion=rotation.granted or ZERO,
    )
    lasts = None if own.amount is None else next_roll(to.clock(), new, own.reset)
    hold = replace(known, baseline=old.baseline, keep_until=lasts)
    to.ledger.save(observe(to.ledger.observation(new.key.hash), new), hold, made, lease=lease)
