"""Things that the management API creates, lists in pages, shows, changes and deletes by id."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from budget_guard.sandbox.openrouter.bodies import whole_number
from budget_guard.sandbox.openrouter.messages import Payload, Request
from budget_guard.sandbox.openrouter.refusals import not_found
from budget_guard.sandbox.openrouter.wire import moment

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

type Row = dict[str, Any]
"""One thing in the vendor's wire form. A row is never changed: another takes its place."""

_NAMESPACE = UUID("6c1f7f0e-9a55-4f0c-8f0a-7d1f0d3a2b44")


class Collection(ABC):
    """Rows by id, in order of creation; what is not there, deleted things too, is 404.

    In which order the service lists is not documented.
    """

    what: str

    def __init__(self, account: "Account") -> None:
        self.account = account
        self._rows: dict[str, Row] = {}
        self._made = 0

    @abstractmethod
    def new(self, body: Mapping[str, Any]) -> Row:
        """Return the fields of a new row; `Refusal` if the body cannot be accepted."""

    @abstractmethod
    def changed(self, row: Row, body: Mapping[str, Any]) -> Row:
        """Return the fields of a row that a PATCH changes; `Refusal` if it cannot be accepted."""

    def wanted(self, query: Mapping[str, str]) -> Row:
        """Return what the rows of a list have: its workspace, the default one's if not said."""
        return {"workspace_id": self.account.workspaces.named(query.get("workspace_id"))}

    def create(self, body: Mapping[str, Any]) -> Row:
        """Add a row."""
        fields = self.new(body)
        self._made += 1
        return self.put(str(uuid5(_NAMESPACE, f"{self.what}/{self._made}")), fields)

    def put(self, identity: str, fields: Row) -> Row:
        """Add a row whose id is known."""
        made = {"id": identity, "created_at": moment(self.account.clock.now), **fields}
        self._rows[identity] = made
        return made

    def get(self, identity: str) -> Row:
        """Return one row."""
        if identity not in self._rows:
            raise not_found(what=self.what)
        return self._rows[identity]

    def change(self, identity: str, body: Mapping[str, Any]) -> Row:
        """Change one row."""
        row = self.get(identity)
        updated = {"updated_at": moment(self.account.clock.now)} if "updated_at" in row else {}
        self._rows[identity] = row | self.changed(row, body) | updated
        return self._rows[identity]

    def delete(self, identity: str) -> Row:
        """Delete one row."""
        self.get(identity)
        del self._rows[identity]
        return {"deleted": True}

    def listed(self, query: Mapping[str, str]) -> Row:
        """Return a page of the rows that the query wants."""
        wanted = self.wanted(query).items()
        return page([row for row in self if wanted <= row.items()], query)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())


def page(rows: list[Row], query: Mapping[str, str]) -> Row:
    """Return the rows that `offset` and `limit` (50 if not said, at most 100) of a query leave."""
    offset = whole_number(query.get("offset"), 0, least=0)
    limit = whole_number(query.get("limit"), 50, least=1, most=100)
    return {"data": rows[offset : offset + limit], "total_count": len(rows)}


def answer(things: Collection, path: list[str], request: Request) -> Payload:
    """Do what is asked of `things` at `path` below their own; 404 if they know no such request."""
    match request.method, path:
        case "GET", []:
            return 200, things.listed(request.query)
        case "POST", []:
            return 201, {"data": things.create(request.fields())}
        case "GET", [identity]:
            return 200, {"data": things.get(identity)}
        case "PATCH", [identity]:
            return 200, {"data": things.change(identity, request.fields())}
        case "DELETE", [identity]:
            return 200, things.delete(identity)
        case _:
            raise not_found(what="Resource")
