"""Every guardrail given back without the functions."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from budget_guard.domain.policy import Mode, OnOverride, Policy
from budget_guard.domain.restriction import RestrictWish
from budget_guard.use_cases.give_back import (
    LASTS,
    PATIENCE,
    PAUSE_SECONDS,
    GiveBack,
    leased_in_time,
)
from budget_guard.use_cases.outcomes import Outcome
from budget_guard.use_cases.restricting.looking import Restricting
from budget_guard.use_cases.restricting.ports import Guardrails
from budget_guard.use_cases.restricting.restrict import RestrictResult, restrict

RELEASED = Policy((), "", Mode.RELEASE)


def give_guardrails_back(
    reason: str, on: GiveBack, connect: Callable[[], Guardrails], names: Mapping[str, str]
) -> tuple[RestrictResult, ...]:
    """Give each restricted key the guardrail that it had; return how each came out.

    `names` are of keys, by hash. What failed stays wished: the functions, if they still run, go on
    with it. Raises `ManagementKeyError`, `LeaseLost`, `LedgerError`.
    """
    held = [one.key for one in on.ledger.restrictions().values() if one.is_ours]
    if not held:
        return ()
    found: dict[str, RestrictResult] = {}
    with leased_in_time("enforce", on) as lease:
        to = Restricting(connect(), on.ledger, lease, on.run, on.at, OnOverride.RESPECT)
        wishes = (RestrictWish(key, names.get(key, ""), "", None, reason, on.at) for key in held)
        on.ledger.save(*wishes, lease=lease)
        deadline = on.clock() + PATIENCE
        while True:
            on.ledger.acquire(replace(lease, until=on.clock() + LASTS), now=on.clock())
            results = restrict(to, RELEASED, pace=on.pace).results
            found |= {one.wish.key: one for one in results}
            waits = any(one.outcome is Outcome.WAITS for one in results)
            if not waits or on.clock() >= deadline:
                return tuple(found.values())
            on.sleep(PAUSE_SECONDS)
