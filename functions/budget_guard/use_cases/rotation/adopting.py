"""A key is put under rotation: its plaintext, checked, into a secret, and that on a schedule."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from budget_guard.domain.audit import Audit
from budget_guard.domain.errors import KeyGone, ProviderRejected, RequestError
from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Key, Reading
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Lineage, begun
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.ports import OpenRouter
from budget_guard.use_cases.rotation.naming import claimed
from budget_guard.use_cases.rotation.ports import Kept, KeyMaker, Plaintext, VaultOffice
from budget_guard.use_cases.rotation.rehousing import housed
from budget_guard.use_cases.rotation.rotating import at_rest

UNFIT = re.compile(r"[^A-Za-z0-9/_+=.@-]+")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Adopting:
    """The world of who (`by`) puts a key under rotation at `now`, as the rules of `policy` say.

    `run` is a name that no other run has.
    """

    openrouter: OpenRouter
    keys: KeyMaker
    vault: VaultOffice
    ledger: Ledger
    policy: Policy
    now: datetime
    by: str
    run: str


def adopt(text: str, plaintext: Plaintext, to: Adopting) -> Lineage:
    """Put the key that `text` means under rotation, given its plaintext; again is as well.

    Where no rule is for it, it gets no schedule yet. Raises `RequestError`, and changes nothing,
    where the plaintext is not that key's; `NameTaken` where its successors would have the names of
    another lineage's. Where its secret was deleted, it gets another one.
    """
    facts = gather(to.ledger, to.policy, to.now)
    reading = _checked(find_key(text, facts).key, plaintext, facts, to)
    key = reading.key
    with claimed(key, to.ledger, run=f"adopt-{key.hash}", now=to.now) as name:
        return put(reading, plaintext, name, to)


def _checked(key: Key, plaintext: Plaintext, facts: Facts, to: Adopting) -> Reading:
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
    if reading.key.hash != key.hash and key.hash == facts.kin.current(reading.key.hash):
        raise RequestError(_is_of_it(reading.key, key, facts))
    if reading.key.hash != key.hash or reading.key.label != own.label:
        message = f"This is not the plaintext of {key.name} ({key.hash[:12]}), but of another key."
        raise RequestError(message)
    return reading


def _is_of_it(key: Key, current: Key, facts: Facts) -> str:
    """Return why a key is not adopted that is a generation of another's lineage."""
    lineage = facts.kin.of[key.hash]
    if lineage.knows(key.hash):
        return f"{key.name} was replaced by {current.name} ({current.hash[:12]}) already."
    return (
        f"{key.name} is being made by a rotation, to take the place of {current.name} "
        f"({current.hash[:12]}) in the secret {lineage.secret_name}: there is nothing to adopt."
    )


def put(reading: Reading, plaintext: Plaintext, name: Lease, to: Adopting) -> Lineage:
    """Put a key and its plaintext under rotation; each part is done once, however often it is asked.

    `name` is the right to take its name, of which the first record of its lineage is written.
    """
    key = reading.key
    known = Kin(to.ledger.lineages(), to.ledger.rotations()).of.get(key.hash)
    run = f"adopt-{key.hash}"
    if known:
        secret = housed(known, to.vault, to.ledger, run=run, now=to.now)
    else:
        secret = to.vault.create(name_of_secret(key))
    first = begun(secret, key.hash, key.name, workspace=key.workspace, at=to.now)
    with at_rest(first, to.ledger, run=run, now=to.now) as lease:
        lineage = to.ledger.lineage(secret) or first
        if lineage.current.hash != key.hash:
            message = f"{key.name} was replaced by {lineage.current.hash[:12]} already."
            raise RequestError(message)
        _fill(secret, Kept(plaintext, key.hash, key.name, to.now), to)
        to.ledger.save(lineage, *_told(reading, lineage, to), lease=lease if known else name)
        if (rule := to.policy.rotation_of(lineage.name)) is None:
            return lineage
        to.vault.schedule(secret, rule.every)
        lineage = replace(lineage, every=rule.every)
        to.ledger.save(lineage, lease=lease)
        return lineage


def _told(reading: Reading, lineage: Lineage, to: Adopting) -> tuple[Audit, ...]:
    """Return who put the key under rotation, for the record; nothing where it is already."""
    if to.ledger.lineage(lineage.secret) is not None:
        return ()
    return (
        Audit(
            id="adopted",
            key=reading.key.hash,
            name=reading.key.name,
            before=reading.settings,
            after=reading.settings,
            reason=f"{to.by} put it under rotation",
            run=f"operator-{reading.key.hash[:12]}",
            at=to.now,
            undo=f"aws secretsmanager cancel-rotate-secret --secret-id {lineage.secret}",
        ),
    )


def _fill(secret: str, kept: Kept, to: Adopting) -> None:
    held = to.vault.current(secret)
    if held is not None and held.hash != kept.hash:
        message = f"The secret {secret} holds another key, {held.name}."
        raise RequestError(message)
    if held is None:
        token = str(uuid5(NAMESPACE_URL, kept.hash))
        to.vault.put_pending(secret, token, kept)
        to.vault.promote(secret, token)


def name_of_secret(key: Key) -> str:
    """Return a key's name as Secrets Manager takes it, told apart from others by its hash."""
    return f"{UNFIT.sub('-', key.name)[:LONGEST]}/{key.hash[:12]}"
