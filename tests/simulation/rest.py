"""What must be so of keys under rotation when everything has come to rest, whatever people did."""

from contextlib import suppress
from dataclasses import replace

from budget_guard.domain.errors import GuardError
from budget_guard.domain.keys import Limit
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import Mode
from budget_guard.sandbox.openrouter.behaviour import Behaviour
from budget_guard.sandbox.openrouter.keys import SimulatedKey, digest
from budget_guard.use_cases.freezing import end_freeze
from tests.simulation.guard import Switch
from tests.simulation.rotating import QUICKLY
from tests.simulation.tended import TendedWorld
from tests.simulation.test_worlds import release


def come_to_rest(world: TendedWorld) -> None:
    """End all faults, freezes and releases, restore the secrets, and let the guard do all it has to do."""
    world.guard.faults.clear()
    world.account.behaviour = Behaviour()
    world.guard.switch = Switch()
    world.vault.deleted.clear()
    world.mode(Mode.ENFORCE)
    world.rule(QUICKLY)
    for key in world.account.keys:
        with suppress(GuardError):
            end_freeze(key, world.desk)
    ledger, now = world.guard.ledger, world.guard.now
    ledger.save(*(replace(one, until=now) for one in ledger.releases()))
    for _ in range(8):
        world.take(("tick", 40))


def check_rest(world: TendedWorld) -> None:
    """Check keys, secrets, what people set, and that no plaintext is anywhere but in the vault."""
    for lineage in world.guard.ledger.lineages().values():
        _check_keys(lineage, world)
        _check_secret(lineage, world)
    for key, (rail, _) in world.assigned.items():
        is_there = world.account.keys[key].deleted_at is None
        assert not is_there or world.account.guardrails.keys.of(key) == rail
    for key, name in world.named.items():
        assert world.account.keys[key].name == name
    _check_plaintexts(world)
    _check_settings(world)


def _check_keys(lineage: Lineage, world: TendedWorld) -> None:
    """One key is on, besides one that a person put into use again; and none that nobody knows."""
    truth = world.promise.truth
    root = lineage.generations[0].hash
    line = [one for one in truth.keys if truth.root(one) == root]
    on = {one.hash for one in line if _is_on(one) and not _is_a_persons(one, lineage, world)}
    current = world.account.keys[lineage.current.hash]
    assert on <= {current.hash, world.vault.in_it(lineage.secret).hash}, [
        world.account.keys[one].name for one in on
    ]
    assert _is_on(current) or current.deleted_at or current.hash in world.off, "its key is off"


def _check_secret(lineage: Lineage, world: TendedWorld) -> None:
    kept = world.vault.in_it(lineage.secret)
    is_moved_back = lineage.secret in world.rolled_back
    key = world.account.keys[kept.hash]
    assert kept.hash == lineage.current.hash or lineage.secret in world.moved_back
    if kept.hash == lineage.current.hash or is_moved_back:
        is_cut = any(one.cut for one in lineage.generations if one.hash == key.hash)
        is_of_people = key.deleted_at or key.hash in world.off or is_cut
        assert is_of_people or world.works(lineage.secret), "its secret does not work"


def _is_on(key: SimulatedKey) -> bool:
    return key.deleted_at is None and not key.terms.settings.disabled


def _is_a_persons(key: SimulatedKey, lineage: Lineage, world: TendedWorld) -> bool:
    """Tell whether a key is on no record, and somebody made it look like one's own."""
    return not lineage.knows(key.hash) and key.hash in world.handled


def _check_plaintexts(world: TendedWorld) -> None:
    guard = world.guard
    said = [f"{one!r} {one.__cause__!r} {one.__context__!r}" for one in world.errors]
    told = f"{guard.ledger._table} {guard.inbox.alerts} {said} {world.vault!r}"
    for number in range(len(world.account.keys)):
        assert digest(f"plaintext {number}") not in told


def _plain(limit: Limit) -> Limit:
    """Return a limit without the reset of one that bounds nothing."""
    return Limit() if limit.amount is None else limit


def _check_settings(world: TendedWorld) -> None:
    """Given back, every key has what people gave it; a successor, what its predecessor had."""
    lineages = world.guard.ledger.lineages().values()
    current = {one.current.hash for one in lineages}
    every = {one.hash for line in lineages for one in line.generations}
    left = every - current
    release(world)
    for key in world.account.keys.values():
        if key.hash not in every | set(world.first) or world.is_raced(key):
            continue
        if key.deleted_at is None and world.guard.ledger.hold(key.hash) is not None:
            found, given = key.terms.settings, world.given[key.hash]
            said = world.said.get(key.hash, given)
            if key.hash in left:
                given = replace(given, disabled=found.disabled)
            limits = (_plain(given.limit), _plain(said.limit))
            assert _plain(found.limit) in limits, (key.name, found, given)
            assert found.include_byok in (given.include_byok, said.include_byok), key.name
            assert found.disabled == given.disabled, (key.name, found)
