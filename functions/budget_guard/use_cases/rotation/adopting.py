"""A key is put under rotation: its plaintext, checked, into a secret, and that on a schedule."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from budget_guard.domain.errors import KeyGone, ProviderRejected, ProviderUnavailable, RequestError
from budget_guard.domain.keys import Key, Reading
from budget_guard.domain.lineage import Lineage, begun
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.evaluate import gather
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.ports import Ledger, OpenRouter
from budget_guard.use_cases.rotation.ports import (
    Kept,
    KeyMaker,
    NewKey,
    Plaintext,
    VaultOffice,
)

UNFIT = re.compile(r"[^A-Za-z0-9/_+=.@-]+")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Adopting:
    """The world of who puts a key under rotation, at `now`; it is rotated after `every`."""

    openrouter: OpenRouter
    keys: KeyMaker
    vault: VaultOffice
    ledger: Ledger
    policy: Policy
    now: datetime
    every: timedelta


def adopt(text: str, plaintext: Plaintext, to: Adopting) -> Lineage:
    """Put the key that `text` means under rotation, given its plaintext; again is as well.

    Raises `RequestError`, and changes nothing, where the plaintext is not that key's.
    """
    key = find_key(text, gather(to.ledger, to.policy, to.now)).key
    reading = _checked(key, plaintext, to)
    return _put(reading, plaintext, to)


def adopt_new(asked: NewKey, to: Adopting) -> Lineage:
    """Make a key and put it under rotation; nobody sees its plaintext.

    Raises `RequestError` where there is a key of that name: how else would one be found whose answer
    was lost? A key that was made so is removed before the error is raised, if it can be seen.
    """
    if any(one.name == asked.name for one in to.keys.sightings(asked.workspace)):
        message = f"There is a key {asked.name!r} already; give the new one a name of its own."
        raise RequestError(message)
    try:
        made = to.keys.make(asked)
    except ProviderUnavailable:
        _remove(asked, to)
        raise
    return _put(made.reading, made.plaintext, to)


def _remove(asked: NewKey, to: Adopting) -> None:
    for one in to.keys.sightings(asked.workspace):
        if one.name == asked.name and not one.is_used:
            to.keys.delete(one.hash)


def _checked(key: Key, plaintext: Plaintext, to: Adopting) -> Reading:
    """Return the key as it is now, having seen that the plaintext is its.

    `GET /key` names no hash. That the SHA-256 of a plaintext is its hash is seen, not documented: so
    the two views must also have one label.
    """
    digest = sha256(plaintext.get_secret_value().encode()).hexdigest()
    try:
        own, reading = to.keys.own_view(plaintext), to.openrouter.key(digest)
    except (ProviderRejected, KeyGone) as error:
        message = f"This is the plaintext of no key that can be used here: {error}"
        raise RequestError(message) from None
    if reading.key.hash != key.hash or reading.key.label != own.label:
        message = f"This is not the plaintext of {key.name} ({key.hash[:12]}), but of another key."
        raise RequestError(message)
    return reading


def _put(reading: Reading, plaintext: Plaintext, to: Adopting) -> Lineage:
    key = reading.key
    known = next((one for one in to.ledger.lineages().values() if one.knows(key.hash)), None)
    if known is not None and known.current.hash != key.hash:
        message = f"{key.name} was replaced by {known.current.hash[:12]} already."
        raise RequestError(message)
    secret = known.secret if known else to.vault.create(secret_name(key))
    held = to.vault.current(secret)
    if held is not None and held.hash != key.hash:
        message = f"The secret {secret} holds another key, {held.name}."
        raise RequestError(message)
    if held is None:
        token = str(uuid5(NAMESPACE_URL, key.hash))
        to.vault.put_pending(secret, token, Kept(plaintext, key.hash, key.name, to.now))
        to.vault.promote(secret, token)
    lineage = known or begun(secret, key.hash, key.name, workspace=key.workspace, at=to.now)
    to.ledger.save(lineage)
    to.vault.schedule(secret, to.every)
    return lineage


def secret_name(key: Key) -> str:
    """Return a key's name as Secrets Manager takes it, told apart from others by its hash."""
    return f"{UNFIT.sub('-', key.name)[:LONGEST]}/{key.hash[:12]}"
