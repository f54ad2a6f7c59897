"""The account's guardrails, and what each of their fields becomes when it is written."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from budget_guard.sandbox.openrouter.bodies import changes, parsed
from budget_guard.sandbox.openrouter.collection import Collection, Row
from budget_guard.sandbox.openrouter.guardrails.assignments import Assignments
from budget_guard.sandbox.openrouter.guardrails.bodies import (
    ZDR_SCOPES,
    GuardrailPatch,
    NewGuardrail,
)
from budget_guard.sandbox.openrouter.refusals import Refusal

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account


class Guardrails(Collection):
    """Guardrails, each in a workspace that it does not bind; it binds the keys and members assigned.

    A workspace's default guardrail binds all that the workspace's keys ask for. It comes into being
    with the first PATCH of its id; until then it is neither listed nor found (not documented), and
    once deleted it is as before that (not documented).

    Stored and shown, but without effect here: content filters, data regions, zero data retention,
    training and publication.
    """

    what = "Guardrail"

    def __init__(self, account: "Account") -> None:
        super().__init__(account)
        self.keys = Assignments()
        self.members = Assignments()

    def new(self, body: Mapping[str, Any]) -> Row:
        """Accept what POST asks for: `limit_usd` and `reset_interval` come together."""
        asked = parsed(NewGuardrail, body)
        workspace = self.account.workspaces.named(asked.workspace_id)
        fields = asked.model_dump() | self._written(asked.model_dump(exclude_unset=True))
        _require_pair(fields)
        return fields | {"workspace_id": workspace, "updated_at": None}

    def changed(self, row: Row, body: Mapping[str, Any]) -> Row:
        """Accept what PATCH asks for: lists are replaced, null clears, the rest stays.

        A limit without an interval is refused here too, whichever field was asked for; the
        documents say so only of POST.
        """
        asked = parsed(GuardrailPatch, body)
        fields = self._written(changes(asked))
        if "name" in fields and row["id"] in self._defaults():
            raise Refusal(400, "The name of a default guardrail cannot be changed")
        _require_pair(row | fields)
        return fields

    def change(self, identity: str, body: Mapping[str, Any]) -> Row:
        """Change one guardrail; the first change of a default guardrail makes it."""
        workspace = self._defaults().get(identity)
        if workspace is not None and identity not in self._rows:
            name = f"Workspace {workspace} Default"
            made = self.new({"name": name, "workspace_id": workspace})
            # Refused before it is made, if it is refused.
            self.changed(made | {"id": identity}, body)
            self.put(identity, made)
        return super().change(identity, body)

    def delete(self, identity: str) -> Row:
        """Delete one guardrail; who held it holds none (not documented)."""
        answer = super().delete(identity)
        for held in (self.keys, self.members):
            held.remove(identity, [one.holder for one in held.holding(identity)])
        return answer

    def find(self, identity: str | None) -> Row | None:
        """Return a guardrail by its id, if there is one."""
        return None if identity is None else self._rows.get(identity)

    def _defaults(self) -> dict[str, str]:
        """Return the workspace of each default guardrail, by the guardrail's id."""
        return {row["default_guardrail_id"]: row["id"] for row in self.account.workspaces}

    def _written(self, fields: Row) -> Row:
        """Return how these fields are kept."""
        models = {
            name: [self._canonical(model) for model in fields[name]]
            for name in ("allowed_models", "ignored_models")
            if fields.get(name) is not None
        }
        return fields | models | _filters(fields) | _retention(fields)

    def _canonical(self, model: str) -> str:
        """Return the permaslug; 400 for no model (not documented). `sim/<price>` is its own."""
        found = self.account.catalog.named(model, self.account.clock.now)
        if found is None and not model.startswith("sim/"):
            raise Refusal(400, f"{model} is not a valid model ID")
        return model if found is None else found.canonical_slug


def _filters(fields: Row) -> Row:
    builtins: Iterable[Row] | None = fields.get("content_filter_builtins")
    if builtins is None:
        return {}
    return {
        "content_filter_builtins": [
            one | {"label": f"[{one['slug'].upper().replace('-', '_')}]"} for one in builtins
        ]
    }


def _retention(fields: Row) -> Row:
    """Copy the deprecated switch to the scopes that are not named; it is not kept itself."""
    if "enforce_zdr" not in fields:
        return {}
    names = [f"enforce_zdr_{scope}" for scope in ZDR_SCOPES]
    copied = {name: fields["enforce_zdr"] for name in names if name not in fields}
    return copied | {"enforce_zdr": None}


def _require_pair(fields: Row) -> None:
    if (fields["limit_usd"] is None) != (fields["reset_interval"] is None):
        raise Refusal(400, "limit_usd and reset_interval must be provided together")
