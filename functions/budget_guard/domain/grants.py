"""Rule 2: what a grant adds to a cap while it lasts, and what stays of it afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from budget_guard.domain.money import Usd
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, end, start


def lifted(cap: Usd, window: Window, grants: Iterable[Grant], *, spend: Usd, now: datetime) -> Usd:
    """Return the cap of the present instance of `window` with `grants` counted in.

    A grant that lasts adds its amount. One that ended within the instance adds what was spent of
    it when it ended: the settled figure, or `spend` while none is on record.
    """
    opens, closes = start(window, now), end(window, now)
    touching = [one for one in grants if one.begins < closes and one.ends > opens]
    for grant in sorted(touching, key=lambda one: one.ends):
        if grant.ends <= now:
            at_end = grant.settled.get(window, spend)
            cap = max(cap, min(cap + grant.amount, at_end))
        elif grant.begins <= now:
            cap += grant.amount
    return cap


def settle(grant: Grant, spends: Mapping[Window, Usd]) -> Grant:
    """Return an ended grant with the spend at its end on record."""
    return replace(grant, settled=dict(spends))
