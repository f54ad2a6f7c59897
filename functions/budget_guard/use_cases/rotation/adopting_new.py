"""A key is made and put under rotation in one go: nobody sees its plaintext, nothing is unbounded."""

from contextlib import suppress
from dataclasses import replace

from budget_guard.domain.errors import GuardError, LivesTooLong, ProviderUnavailable, RequestError
from budget_guard.domain.holds import Hold, Possible
from budget_guard.domain.keys import Key, Limit, Reading, Settings
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.money import MICRO
from budget_guard.domain.observations import observe
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.strays import Sighting
from budget_guard.use_cases.rotation.adopting import Adopting, name_of_secret, put
from budget_guard.use_cases.rotation.naming import claimed
from budget_guard.use_cases.rotation.ports import MadeKey, NewKey

SHUT = Settings(Limit(MICRO), include_byok=True)
"""What a key is made with that a budget may hold: no limit of 0 is documented."""


def adopt_new(asked: NewKey, to: Adopting) -> Lineage:
    """Make a key and put it under rotation; nobody sees its plaintext.

    Where a budget may hold it, it may spend nothing before the next evaluation, which gives it its
    share, or what was asked for. Raises `RequestError` where there is a key of that name: how else
    would one be found whose answer was lost? A key that was made so, or could not be put under
    rotation, is removed before the error is raised, if it can be seen. `NameTaken` where another
    lineage's successors have its names.
    """
    key = Key("", asked.name, asked.workspace)
    with claimed(key, to.ledger, run=to.run, now=to.now) as name:
        _require_new(asked, to)
        made = _made(asked, to)
        try:
            _record(made.reading, asked.settings if holders(asked, to.policy) else None, to)
            return put(made.reading, made.plaintext, name, to)
        except GuardError:
            _give_up(made.reading.key.hash, to)
            raise


def _require_new(asked: NewKey, to: Adopting) -> None:
    for one in to.keys.sightings(asked.workspace):
        if one.name == asked.name:
            raise RequestError(_taken(one, to))


def _made(asked: NewKey, to: Adopting) -> MadeKey:
    is_shut = bool(holders(asked, to.policy))
    try:
        return to.keys.make(replace(asked, settings=SHUT) if is_shut else asked)
    except ProviderUnavailable:
        _remove(asked, to)
        raise
    except LivesTooLong as error:
        message = f"{error} Give the key an end that the account allows: --expires TIME."
        raise RequestError(message) from error


def _taken(one: Sighting, to: Adopting) -> str:
    """Return why a name cannot be given to a new key: nobody may have the plaintext of the other."""
    told = f"There is a key {one.name!r} already; give the new one a name of its own."
    if one.is_used or any(each.knows(one.hash) for each in to.ledger.lineages().values()):
        return told
    secret = name_of_secret(Key(one.hash, one.name, ""))
    return (
        f"{told} It was made at {one.created_at:%Y-%m-%d %H:%M} UTC, was never used, and is not under "
        "rotation. If an `adopt --new` of this name was ended before it was done, nobody has seen "
        f"its plaintext: delete the key {one.hash[:12]} at openrouter.ai and try again; so with the "
        f"secret openrouter/{secret} at AWS, if there is one."
    )


def holders(asked: NewKey, policy: Policy) -> tuple[str, ...]:
    """Return the names of the budgets that may hold such a key."""
    key = Key("", asked.name, asked.workspace, creator=asked.creator)
    if policy.mode is not Mode.ENFORCE or not policy.concerns(key):
        return ()
    holding = (one for one in policy.budgets if one.hold.at is not None and not one.counts_costs)
    return tuple(one.name for one in holding if one.covers(key))


def _record(made: Reading, baseline: Settings | None, to: Adopting) -> None:
    """Let the next evaluation know of the key, which no poll has seen, and what it was to be."""
    seen, key = observe(None, made), made.key.hash
    if baseline is None:
        to.ledger.save(seen)
        return
    shut = Hold(key, baseline, confirmed=Possible(made.settings), confirmed_at=made.at)
    to.ledger.save(shut, seen)


def _give_up(key: str, to: Adopting) -> None:
    """Delete a key whose plaintext nobody will get; one that is on record only lacks a schedule."""
    with suppress(GuardError):
        if not any(one.knows(key) for one in to.ledger.lineages().values()):
            to.keys.delete(key)


def _remove(asked: NewKey, to: Adopting) -> None:
    for one in to.keys.sightings(asked.workspace):
        if one.name == asked.name and not one.is_used:
            to.keys.delete(one.hash)
