"""The third step: the new key is asked who it is, with the plaintext that applications will get."""

from budget_guard.domain import words
from budget_guard.domain.errors import KeyGone, ProviderRejected, RotationFailed
from budget_guard.domain.keys import Reading, Settings
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.lifetimes import too_long
from budget_guard.use_cases.rotation.ports import OwnView
from budget_guard.use_cases.rotation.rotating import Rotating


def prove(rotation: Rotation, new: str, lease: Lease, to: Rotating) -> None:
    """Raise `RotationFailed` unless the plaintext put aside works, and is that of the new key.

    `GET /key` names no hash: that both views have one label tells that they are of one key.
    """
    if rotation.stage.reaches(Stage.PROVEN):
        return
    kept = to.vault.version(rotation.secret, rotation.token)
    if kept is None or kept.hash != new:
        message = f"The plaintext of {rotation.name} is not where it was put."
        raise RotationFailed(message)
    try:
        own, seen = to.keys.own_view(kept.api_key), to.openrouter.key(new)
    except (ProviderRejected, KeyGone) as error:
        message = f"{rotation.name} does not work: {error}"
        raise RotationFailed(message + _perhaps(new, to)) from error
    if wrong := _wrong(own, seen, _meant(new, seen, to)):
        message = f"{rotation.name} is not as it was meant: {wrong}."
        raise RotationFailed(message)
    to.ledger.save(rotation.at(Stage.PROVEN), lease=lease)


def _perhaps(new: str, to: Rotating) -> str:
    """Return the way out for a key without an end: an account may make such keys, and refuse them."""
    seen = to.ledger.observation(new)
    if seen is None or seen.key.expires_at is not None:
        return ""
    return f" It may be that an IP allowlist does not let the guard in, or: {too_long(None)}"


def _meant(new: str, seen: Reading, to: Rotating) -> list[Settings]:
    """Return the settings that the key may have: the guard may have moved its fence since."""
    hold = to.ledger.hold(new)
    return [one.settings for one in hold.possible(seen.began)] if hold else []


def _wrong(own: OwnView, seen: Reading, meant: list[Settings]) -> str | None:
    if own.label != seen.key.label:
        return f"its plaintext is that of {own.label}, and it is {seen.key.label}"
    if seen.settings.disabled:
        return "it is disabled"
    if own.settings != seen.settings or (meant and seen.settings not in meant):
        return f"it has {words.settings(own.settings)}"
    if own.expires_at != seen.key.expires_at or own.creator != seen.key.creator:
        return "its end or its creator is another"
    return None
