"""The port `Guardrails` onto a simulated account in process: the real adapter, without a socket."""

import httpx

from budget_guard.adapters.openrouter.guardrails import HttpGuardrails
from budget_guard.adapters.openrouter.transport import LONGEST_WAIT, Transport
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.transport import PREFIX, InProcess


def in_process_guardrails(api: Api, *, key: str | None = None) -> HttpGuardrails:
    """Return the adapter as if after its retries: a fault that strikes is final, nothing waits.

    `key` is the account's management key if not given.
    """
    client = httpx.Client(
        transport=InProcess(api),
        base_url=f"https://openrouter.invalid{PREFIX}",
        headers={"Authorization": f"Bearer {key or api.account.management_key or ''}"},
    )
    # No wait fits into the time that is left, so nothing is sent again.
    return HttpGuardrails(Transport(client, time_left=lambda: LONGEST_WAIT))
