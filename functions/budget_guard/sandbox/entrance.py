"""The keys of a play come on: created, with what they had spent, their traffic about to begin."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from budget_guard.sandbox.cast import Role
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.traffic import Traffic

EARLIER = timedelta(hours=6)
"""How long before the play, and before that hour on each day, keys spent what they had spent."""
DAYS_BACK = (28, 21, 14, 7, 1)
"""The days of the history: those that signals compare the evening with, and the one before it."""
FIRST = timedelta(days=DAYS_BACK[0])


class Entered(NamedTuple):
    """The traffic on the account of a play; the hash, and the plaintext, of each key by its name."""

    traffic: Traffic
    hashes: dict[str, str]
    plaintexts: dict[str, str]


def enter(roles: Sequence[Role], opens: datetime) -> Entered:
    """Create the roles' workspaces and keys, let them spend what they had, and open the play."""
    account = Account(clock=Clock(opens - FIRST - EARLIER))
    traffic = Traffic(account)
    for workspace in dict.fromkeys(role.workspace for role in roles if role.workspace):
        account.workspaces.add(workspace, account.clock.now, identity=workspace)
    made = [_create(account, role) for role in roles]
    entered = [(role, key) for role, (_, key) in zip(roles, made, strict=True)]
    for days in DAYS_BACK:
        _spend_a_day(account, entered, opens - timedelta(days=days))
    account.clock.set(opens - EARLIER)
    for role, key in entered:
        _spend_until_now(account, role, key)
    account.clock.set(opens)
    for role, key in entered:
        for script in role.scripts:
            traffic.run(key, script)
    plaintexts = {role.name: text for role, (text, _) in zip(roles, made, strict=True)}
    return Entered(traffic, {role.name: key for role, key in entered}, plaintexts)


def _create(account: Account, role: Role) -> tuple[str, str]:
    """Return the key's plaintext and its hash."""
    body = {"name": role.name, "workspace_id": role.workspace, **role.settings}
    plaintext, row = account.create_key(body)
    return plaintext, str(row["hash"])


def _spend_until_now(account: Account, role: Role, key: str) -> None:
    if role.spent:
        account.spending.charge(key, role.spent, work=role.before)
    if role.settings.get("disabled"):
        account.patch_key(key, {"disabled": True})


def _spend_a_day(account: Account, entered: Sequence[tuple[Role, str]], evening: datetime) -> None:
    """Let the keys that have a history spend until the evening of a day what they usually do."""
    old = [(role, key) for role, key in entered if role.evenings]
    account.clock.set(evening - EARLIER)
    for role, key in old:
        account.spending.charge(key, role.spent, work=role.before)
    account.clock.set(evening)
    for role, key in old:
        account.spending.charge(key, role.evenings, work=role.before)
