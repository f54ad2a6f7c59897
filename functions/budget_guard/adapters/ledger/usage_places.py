"""Where it lies what was read of the account; imported, the ledger knows."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from budget_guard.adapters.ledger.layout import Address, lifetime, marks, place, spread
from budget_guard.domain.observations import FORMER_KEPT, Freshness, Observation
from budget_guard.domain.polls import PollReport, Workspace

LAST_POLL = Address("POLL", "LAST")


@place.register(Observation)
def _(record: Observation) -> Address:
    return observation_address(record.key.hash)


@place.register(Freshness)
def _(record: Freshness) -> Address:
    return freshness_address(record.workspace)


@place.register(Workspace)
def _(record: Workspace) -> Address:
    return Address("WORKSPACE", record.id)


@place.register(PollReport)
def _(_record: PollReport) -> Address:
    return LAST_POLL


@lifetime.register(Observation)
def _(record: Observation) -> tuple[datetime | None, timedelta]:
    return record.gone_at, FORMER_KEPT


@marks.register(Observation)
def _(record: Observation) -> Mapping[str, str]:
    return {"row": f"{record.fingerprint} {record.key.workspace}"} if record.fingerprint else {}


def observation_address(key: str) -> Address:
    """Return where the observation of a key lies."""
    return spread("OBS", key)


def freshness_address(workspace: str) -> Address:
    """Return where it lies when a workspace was last seen completely."""
    return Address("FRESHNESS", workspace)
