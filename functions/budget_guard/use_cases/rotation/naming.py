"""A name is one lineage's in its workspace: by it, its successors are made, and found again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256

from budget_guard.domain.errors import LeaseLost, NameTaken, RequestError
from budget_guard.domain.keys import Key
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Lineage, stem
from budget_guard.use_cases.leases import Lease, leased
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.rotation.rotating import STEP_LASTS


@contextmanager
def claimed(key: Key, ledger: Ledger, *, run: str, now: datetime) -> Iterator[Lease]:
    """Be the only one who puts a key of this name under rotation in its workspace.

    Raises `NameTaken` where another lineage has the name; `RequestError` where somebody is about to
    take it. The lease is what the lineage's first record must be written under.
    """
    # A name may be longer than a key of DynamoDB.
    name = f"name/{key.workspace}/{sha256(stem(key.name).encode()).hexdigest()}"
    try:
        with leased(ledger, name, token=run, now=now, lasts=STEP_LASTS) as lease:
            _require_free(key, ledger)
            yield lease
    except LeaseLost:
        message = (
            f"A key of the name {stem(key.name)} is being put under rotation just now, here or "
            "elsewhere. Try again in a few minutes."
        )
        raise RequestError(message) from None


def _require_free(key: Key, ledger: Ledger) -> None:
    kin = Kin(ledger.lineages(), ledger.rotations())
    if key.hash in kin.of:
        return
    if other := kin.namesake(key, ledger.observations()):
        raise NameTaken(_taken(key, other))


def _taken(key: Key, other: Lineage) -> str:
    rename = "Rename this key at OpenRouter first" if key.hash else "Give the new key another name"
    return (
        f"{key.name} was not put under rotation: its successors would be named {stem(key.name)} #2 "
        f"and so on, as those of the key {other.current.hash[:12]} in the same workspace are, which "
        f"the secret {other.secret_name} holds. {rename}; or, if nobody needs the other one, delete "
        "that there, and try again after the next poll."
    )
