"""The port `KeyMaker` onto a simulated account in process: the real adapter, without a socket."""

import httpx

from budget_guard.adapters.openrouter.key_maker import HttpKeyMaker
from budget_guard.adapters.openrouter.transport import LONGEST_WAIT, Transport
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.transport import PREFIX, InProcess


def in_process_keys(api: Api, *, key: str | None = None) -> HttpKeyMaker:
    """Return the adapter as if after its retries: a fault that strikes is final, nothing waits.

    `key` is the account's management key if not given. Late effects come with the requests to
    `api`, so that what shares the account should share it too.
    """
    client = httpx.Client(
        transport=InProcess(api),
        base_url=f"https://openrouter.invalid{PREFIX}",
        headers={"Authorization": f"Bearer {key or api.account.management_key or ''}"},
    )
    # No wait fits into the time that is left, so nothing is sent again.
    return HttpKeyMaker(Transport(client, time_left=lambda: LONGEST_WAIT))
