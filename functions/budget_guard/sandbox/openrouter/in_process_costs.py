"""The port `CostSource` onto a simulated account in process: the real adapter, without a socket."""

import httpx

from budget_guard.adapters.openrouter.costs import HttpCosts
from budget_guard.adapters.openrouter.transport import LONGEST_WAIT, Transport
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.faults import Faults
from budget_guard.sandbox.openrouter.transport import PREFIX, InProcess


def in_process_costs(
    account: Account, faults: Faults | None = None, *, key: str | None = None
) -> HttpCosts:
    """Return the adapter as if after its retries: a fault that strikes is final, nothing waits.

    `key` is the account's management key if not given. The requests of a minute are those of the
    account's clock: see `Behaviour.analytics_per_minute`.
    """
    client = httpx.Client(
        transport=InProcess(Api(account, Faults() if faults is None else faults)),
        base_url=f"https://openrouter.invalid{PREFIX}",
        headers={"Authorization": f"Bearer {key or account.management_key or ''}"},
    )
    # No wait fits into the time that is left, so nothing is sent again.
    transport = Transport(client, time_left=lambda: LONGEST_WAIT)
    return HttpCosts(transport, queries=_at_once, days=_at_once, singles=_at_once)


def _at_once() -> None:
    """Keep no pace."""
