"""What both ledgers answer alike of what was read of the account."""

from collections.abc import Mapping

from budget_guard.adapters.ledger.layout import partitions
from budget_guard.adapters.ledger.table import Table
from budget_guard.adapters.ledger.usage_places import (
    LAST_POLL,
    freshness_address,
    observation_address,
)
from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.use_cases.listings import Known


class UsageReader(Table):
    """The reading half of the `UsageLedger` port."""

    def observations(self) -> Mapping[str, Observation]:
        """Return what is known of each key, by hash; of the last 31 days' deleted ones too."""
        return {one.key.hash: one for one in self._all(Observation, *partitions("OBS"))}

    def known(self) -> Mapping[str, Known]:
        """Return the same keys, and read of each only what a poll must know."""
        return {one.key.hash: Known.of(one) for one in self._all(Observation, *partitions("OBS"))}

    def observation(self, key: str) -> Observation | None:
        """Return what is known of one key."""
        return self._at(Observation, observation_address(key))

    def freshness(self) -> Mapping[str, Freshness]:
        """Return when each workspace was last seen completely, by workspace id."""
        return {one.workspace: one for one in self._all(Freshness, "FRESHNESS")}

    def freshness_of(self, workspace: str) -> Freshness | None:
        """Return when one workspace was last seen completely."""
        return self._at(Freshness, freshness_address(workspace))

    def workspaces(self) -> Mapping[str, Workspace]:
        """Return the workspaces on record, by id."""
        return {one.id: one for one in self._all(Workspace, "WORKSPACE")}

    def poll_report(self) -> PollReport | None:
        """Return how the last poll ended; None before the first."""
        return self._at(PollReport, LAST_POLL)
