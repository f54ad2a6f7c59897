"""Which keys nobody seems to need, by counters and by costs together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import ACTIVITY
from budget_guard.domain.unused import UNUSED_AFTER, Unused, unused
from budget_guard.use_cases.costs.day_costs import DayCosts
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.who import people_of


@dataclass(frozen=True, slots=True)
class UnusedKeys:
    """The unused keys, of how many that exist, since when."""

    since: datetime
    exist: int
    keys: tuple[Unused, ...]


def unused_keys(ledger: CostLedger, now: datetime) -> UnusedKeys:
    """Return the enabled keys without spend for 30 days."""
    since, deployed = now - UNUSED_AFTER, ledger.deployed()
    people = people_of(ledger, deployed.policy.budgets if deployed else ())
    spenders = {
        one.key
        for back in range(UNUSED_AFTER.days + 1)
        for costs in [DayCosts.of(ledger, (now - timedelta(days=back)).date())]
        for axis in Axis
        for one in costs.by(axis)
    }
    read = [one.since for source, one in ledger.costs_read().items() if source != ACTIVITY]
    found = unused(people, spenders, max(read, default=None), now)
    exist = people.kin.count(key for key, one in people.observations.items() if one.gone_at is None)
    return UnusedKeys(since, exist, found)
