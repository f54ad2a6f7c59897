"""The account's workspaces: a default one, and those that were added."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from budget_guard.sandbox.openrouter.refusals import not_found

_NAMESPACE = UUID("5b6d0c52-6f0e-4c58-9a43-0f3c9f0f3a11")


@dataclass(slots=True)
class Workspaces:
    """Rows in the vendor's wire form, by id, the default workspace first."""

    _rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(
        self, name: str, created_at: datetime, *, identity: str | None = None
    ) -> dict[str, Any]:
        """Return the row of a new workspace; its id, if none is given, follows from its name."""
        identity = identity or str(uuid5(_NAMESPACE, f"{len(self._rows)}/{name}"))
        self._rows[identity] = _row(identity, name, created_at)
        return self._rows[identity]

    @property
    def default(self) -> str:
        """Return the id of the default workspace."""
        return next(iter(self._rows))

    def named(self, reference: str | None) -> str:
        """Return the id of the workspace with this id or slug, the default for None; else 404."""
        if reference is None:
            return self.default
        for row in self._rows.values():
            if reference in (row["id"], row["slug"]):
                return str(row["id"])
        raise not_found(what="Workspace")

    def row(self, reference: str) -> dict[str, Any]:
        """Return one workspace by id or slug; else 404."""
        return self._rows[self.named(reference)]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows.values())

    def page(self, offset: int, limit: int) -> dict[str, Any]:
        """Return the answer of GET /workspaces."""
        rows = list(self._rows.values())
        return {"data": rows[offset : offset + limit], "total_count": len(rows)}


def _row(identity: str, name: str, created_at: datetime) -> dict[str, Any]:
    return {
        "id": identity,
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "description": None,
        "created_at": created_at.isoformat(),
        "created_by": "user_admin",
        "updated_at": None,
        "default_guardrail_id": str(uuid5(_NAMESPACE, f"guardrail/{identity}")),
        "default_image_model": None,
        "default_provider_sort": None,
        "default_text_model": None,
        "disabled_server_tools": None,
        "include_byok_in_budgets": False,
        "io_logging_api_key_ids": None,
        "io_logging_sampling_rate": 1,
        "is_data_discount_logging_enabled": False,
        "is_observability_broadcast_enabled": False,
        "is_observability_io_logging_enabled": False,
    }
