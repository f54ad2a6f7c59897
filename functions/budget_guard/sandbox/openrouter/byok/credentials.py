"""The account's provider credentials. Their keys are masked as they arrive, and not kept."""

from collections.abc import Mapping
from typing import Any

from budget_guard.sandbox.openrouter.bodies import changes, parsed
from budget_guard.sandbox.openrouter.byok.bodies import CredentialPatch, NewCredential
from budget_guard.sandbox.openrouter.collection import Collection, Row, page
from budget_guard.sandbox.openrouter.endpoints import provider_slug
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.sandbox.openrouter.refusals import Refusal, no_endpoint
from budget_guard.sandbox.openrouter.work import Work


class Credentials(Collection):
    """Credentials at providers, each of one workspace, or (`workspace_id` null) of all."""

    what = "BYOK key"

    def new(self, body: Mapping[str, Any]) -> Row:
        """Accept what POST asks for; every hash is that of a key that exists."""
        asked = parsed(NewCredential, body)
        workspace = self.account.workspaces.named(asked.workspace_id)
        rivals = [
            row
            for row in self
            if (row["provider"], row["workspace_id"]) == (asked.provider, workspace)
        ]
        fields = self._written(asked.model_dump())
        _require_one_role(fields)
        place = 1 + max((row["sort_order"] for row in rivals), default=-1)
        return fields | {"workspace_id": workspace, "sort_order": place}

    def changed(self, row: Row, body: Mapping[str, Any]) -> Row:
        """Accept what PATCH asks for; `key` is rotated in place, null clears an allowlist."""
        fields = self._written(changes(parsed(CredentialPatch, body)))
        _require_one_role(row | fields)
        return fields

    def wanted(self, query: Mapping[str, str]) -> Row:
        """Return what listed credentials have: their workspace, and their provider if asked."""
        asked = {"provider": query["provider"]} if "provider" in query else {}
        return super().wanted(query) | asked

    def listed(self, query: Mapping[str, str]) -> Row:
        """Return a page: of the workspace's, and of those of all where the behaviour is so."""
        wanted = self.wanted(query)
        places = {wanted.pop("workspace_id")}
        if self.account.behaviour.global_byok_listed == "always" or "workspace_id" not in query:
            places.add(None)
        rows = [row for row in self if wanted.items() <= row.items()]
        return page([row for row in rows if row["workspace_id"] in places], query)

    def globalise(self, identity: str) -> None:
        """Let a credential serve all workspaces; no request of the API does that."""
        self.put(identity, self.get(identity) | {"workspace_id": None})

    def serves(self, key: SimulatedKey, work: Work, *, stated: bool) -> bool:
        """Tell whether a request is BYOK: as it states itself until the account had a credential.

        From then on it is if a credential of the key's workspace, or of all, for the provider is enabled, no
        fallback (shared capacity is never short here), and its allowlists name the key, the model
        and the key's creator. If none is, the request is paid with credits, unless the provider is
        BYOK only, which refuses it as if the provider were not there (status not documented).
        """
        if not self._made:
            return stated
        rows = [row for row in self if self._is_for(row, key, work)]
        served = any(not row["is_fallback"] and self._applies(row, key, work.model) for row in rows)
        if not served and any(row["is_byok_only"] for row in rows):
            raise no_endpoint(404, ["byok-only-provider"])
        return served

    def _is_for(self, row: Row, key: SimulatedKey, work: Work) -> bool:
        provider = None if work.provider is None else provider_slug(work.provider)
        is_here = row["workspace_id"] in (None, key.workspace)
        return not row["disabled"] and row["provider"] == provider and is_here

    def _applies(self, row: Row, key: SimulatedKey, name: str) -> bool:
        model = self.account.catalog.named(name, self.account.clock.now)
        names = {name} if model is None else {model.id, model.canonical_slug}
        return (
            _names(row["allowed_api_key_hashes"], {key.hash})
            and _names(row["allowed_models"], names)
            and _names(row["allowed_user_ids"], {key.creator})
        )

    def _written(self, fields: Row) -> Row:
        self.account.require_keys(fields.get("allowed_api_key_hashes"))
        kept = {name: value for name, value in fields.items() if name != "key"}
        if "key" in fields:
            kept["label"] = mask(fields["key"].get_secret_value())
        return kept


def mask(secret: str) -> str:
    """Return what is shown of a provider's key: too little to guess the rest."""
    return f"{secret[:3]}...{secret[-4:]}" if len(secret) >= 20 else "..."


def _names(allowed: list[str] | None, any_of: set[str] | set[str | None]) -> bool:
    return allowed is None or not any_of.isdisjoint(allowed)


def _require_one_role(fields: Row) -> None:
    if fields["is_fallback"] and fields["is_byok_only"]:
        raise Refusal(400, "is_byok_only cannot be combined with is_fallback")
