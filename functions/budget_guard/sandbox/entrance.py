"""The keys of a play come on: created, with what they had spent, their traffic about to begin."""

from collections.abc import Sequence
from datetime import datetime

from budget_guard.sandbox.cast import Role
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.sandbox.openrouter.work import ORDINARY


def enter(traffic: Traffic, roles: Sequence[Role], opens: datetime) -> dict[str, str]:
    """Create the roles' workspaces and keys, let them spend what they had, and open the play.

    Returns the hash of each key by its name.
    """
    account = traffic.account
    for workspace in dict.fromkeys(role.workspace for role in roles if role.workspace):
        account.workspaces.add(workspace, account.clock.now, identity=workspace)
    entered = [(role, _create(account, role)) for role in roles]
    account.clock.set(opens)
    for role, key in entered:
        for script in role.scripts:
            traffic.run(key, script)
    return {role.name: key for role, key in entered}


def _create(account: Account, role: Role) -> str:
    body = {"name": role.name, "workspace_id": role.workspace, **role.settings}
    _, row = account.create_key(body)
    key = str(row["hash"])
    if role.spent:
        work = role.scripts[0].work if role.scripts else ORDINARY
        account.spending.charge(key, role.spent, work=work)
    if role.settings.get("disabled"):
        account.patch_key(key, {"disabled": True})
    return key
