"""A lineage whose secret was deleted gets another one, and goes on: as old, and with what it spent."""

from dataclasses import replace
from datetime import datetime

from budget_guard.domain.errors import RequestError
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Stage
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.rotation.ports import VaultOffice
from budget_guard.use_cases.rotation.rotating import at_rest

PREFIX = "openrouter/"


def housed(known: Lineage, vault: VaultOffice, ledger: Ledger, *, run: str, now: datetime) -> str:
    """Return the secret of a lineage, which is made anew, empty, where it was deleted.

    A new one of the same name has another ARN, under which the lineage is from then on. Raises
    `RequestError` where a rotation is still to be taken back; `SecretGone` where the secret is only
    scheduled for deletion.
    """
    secret = vault.create(known.secret_name.removeprefix(PREFIX))
    for one in ledger.lineages().values():
        # Of a run that died half way there are two records.
        if one.secret != secret and any(known.knows(each.hash) for each in one.generations):
            with at_rest(one, ledger, run=run, now=now) as lease:
                _move(one, secret, ledger, lease)
    return secret


def _move(old: Lineage, secret: str, ledger: Ledger, lease: Lease) -> None:
    last = ledger.rotation(old.secret)
    if last and not last.stage.is_over:
        message = (
            f"The secret of {old.name} was deleted while {last.name} was being made. The guard takes "
            "that back within the hour; adopt the key again then."
        )
        raise RequestError(message)
    if ledger.lineage(secret) is None:
        lineage = ledger.lineage(old.secret) or old
        kept = [last] if last and last.stage is Stage.DONE else []
        moved = (replace(one, secret=secret) for one in kept)
        ledger.save(replace(lineage, secret=secret, every=None), *moved, lease=lease)
    ledger.forget(old, *([last] if last else []), lease=lease)
