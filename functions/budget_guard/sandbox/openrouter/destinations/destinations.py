"""The account's observability destinations. No trace is sent; it is told who would get one."""

from collections.abc import Mapping
from typing import Any

from budget_guard.sandbox.openrouter.bodies import changes, parsed
from budget_guard.sandbox.openrouter.collection import Collection, Row
from budget_guard.sandbox.openrouter.destinations.bodies import DestinationPatch, NewDestination
from budget_guard.sandbox.openrouter.destinations.config import accepted, merged
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.wire import moment

MOST = 5
"""So many destinations of one type are allowed: in a workspace, presumably."""


class Destinations(Collection):
    """Destinations, each of one workspace; a deleted one leaves its place to another.

    A sixth of a type is refused with 400, a name that another of the workspace has with 409. The
    documents know both statuses, and not what brings the 409.
    """

    what = "Destination"

    def new(self, body: Mapping[str, Any]) -> Row:
        """Accept what POST asks for; every hash is that of a key that exists (not documented)."""
        asked = parsed(NewDestination, body)
        self.account.require_keys(asked.api_key_hashes)
        workspace = self.account.workspaces.named(asked.workspace_id)
        alike = [row for row in self._of(workspace) if row["type"] == asked.type]
        if len(alike) >= MOST:
            raise Refusal(400, f"A maximum of {MOST} {asked.type} destinations is allowed")
        self._require_own_name(asked.name, workspace)
        return asked.model_dump() | {
            "config": accepted(asked.type, asked.config),
            "workspace_id": workspace,
            "updated_at": moment(self.account.clock.now),
        }

    def changed(self, row: Row, body: Mapping[str, Any]) -> Row:
        """Accept what PATCH asks for; null clears `api_key_hashes`, what is left out stays."""
        fields = changes(parsed(DestinationPatch, body))
        self.account.require_keys(fields.get("api_key_hashes"))
        if fields.get("name", row["name"]) != row["name"]:
            self._require_own_name(fields["name"], row["workspace_id"])
        if "config" in fields:
            fields["config"] = merged(row["type"], row["config"], fields["config"])
        return fields

    def receiving(self, key_hash: str) -> list[str]:
        """Return the names of the enabled destinations that a key's traces go to.

        That the workspace broadcasts at all is taken for granted.
        """
        return [
            row["name"]
            for row in self._of(self.account.keys[key_hash].workspace)
            if row["enabled"]
            and (row["api_key_hashes"] is None or key_hash in row["api_key_hashes"])
        ]

    def _of(self, workspace: str) -> list[Row]:
        return [row for row in self if row["workspace_id"] == workspace]

    def _require_own_name(self, name: str, workspace: str) -> None:
        if any(row["name"] == name for row in self._of(workspace)):
            raise Refusal(409, "Resource conflict. Please try again later.")
