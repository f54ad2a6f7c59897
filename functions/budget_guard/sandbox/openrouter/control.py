"""The simulator's controls over HTTP, for another process: clock, faults, traffic, books, models.

Amounts, times (ISO 8601) and durations (seconds) are as pydantic reads them; books come as JSON
with amounts as strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budget_guard.domain.money import Usd
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.behaviour import NOTHING, Behaviour
from budget_guard.sandbox.openrouter.books import Change, Charge, Refused
from budget_guard.sandbox.openrouter.catalog import ALWAYS, Model
from budget_guard.sandbox.openrouter.faults import Fault
from budget_guard.sandbox.openrouter.generations import Generation
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.security import Security
from budget_guard.sandbox.openrouter.traffic import Script, Traffic
from budget_guard.sandbox.openrouter.wire import decode, encode
from budget_guard.sandbox.openrouter.work import ORDINARY, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """PUT /_sim/clock: go to `to`, or on by `by`."""

    to: datetime | None = None
    by: timedelta = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """POST /_sim/traffic: a key's callers follow a script."""

    hash: str
    script: Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """POST /_sim/spend: one request of a key."""

    hash: str
    cost: Usd
    byok: bool = False
    max_cost: Usd | None = None
    work: Work = ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """POST /_sim/models: from `at` on a model is offered, or (its id) is offered no more."""

    model: Model | str
    at: datetime = ALWAYS


@dataclass(frozen=True, slots=True)
class Record:
    """GET /_sim/books."""

    now: datetime
    charges: Sequence[Charge]
    changes: Sequence[Change]
    refused: Sequence[Refused]


class Controls:
    """What stands behind the routes; a body that does not fit is answered with 422."""

    def __init__(self, api: Api) -> None:
        self._api, self._account = api, api.account
        self._traffic = Traffic(api.account)

    async def clock(self, request: Request) -> Response:
        """Read the clock, or move it: traffic that falls due on the way is played."""
        if request.method == "PUT":
            move = TypeAdapter(Move).validate_json(await request.body())
            self._traffic.play(move.to or self._account.clock.now + move.by)
        return JSONResponse({"now": self._account.clock.now.isoformat()})

    async def faults(self, request: Request) -> Response:
        """Add a list of faults, or (DELETE) forget all."""
        if request.method == "DELETE":
            self._api.faults.clear()
        else:
            self._api.faults.add(*TypeAdapter(list[Fault]).validate_json(await request.body()))
        return JSONResponse({"waiting": len(self._api.faults)})

    async def behaviour(self, request: Request) -> Response:
        """Replace the behaviour; what is left out has its default."""
        self._account.behaviour = TypeAdapter(Behaviour).validate_json(await request.body())
        return Response(status_code=204)

    async def security(self, request: Request) -> Response:
        """Replace the security settings (seconds, networks); what is left out has its default."""
        self._account.security = TypeAdapter(Security).validate_json(await request.body())
        return Response(status_code=204)

    async def workspaces(self, request: Request) -> Response:
        """Add the workspaces named; answer their rows."""
        names = TypeAdapter(list[str]).validate_json(await request.body())
        created_at = self._account.clock.now
        return _json([self._account.workspaces.add(name, created_at) for name in names])

    async def keys(self, request: Request) -> Response:
        """Create keys from bodies of POST /keys; answer as that does, plaintexts included."""
        made = [self._account.create_key(body) for body in decode(await request.body())]
        return _json([{"key": plaintext, "data": row} for plaintext, row in made])

    async def traffic(self, request: Request) -> Response:
        """Start a script; moving the clock plays it."""
        asked = TypeAdapter(Start).validate_json(await request.body())
        self._traffic.run(asked.hash, asked.script)
        return Response(status_code=204)

    async def spend(self, request: Request) -> Response:
        """Make one request; refused as the service refuses it."""
        asked = TypeAdapter(Spend).validate_json(await request.body())
        charge = self._account.spending.charge(
            asked.hash, asked.cost, byok=asked.byok, max_cost=asked.max_cost, work=asked.work
        )
        made = self._account.generations.latest.id
        return _json({"id": made, "credits": charge.credits, "byok": charge.byok})

    async def models(self, request: Request) -> Response:
        """Change the catalog, now or at moments to come."""
        for offer in TypeAdapter(list[Offer]).validate_json(await request.body()):
            if isinstance(offer.model, str):
                self._account.catalog.withdraw(offer.model, at=offer.at)
            else:
                self._account.catalog.put(offer.model, at=offer.at)
        return Response(status_code=204)

    async def generations(self, request: Request) -> Response:
        """Answer every generation, its key's hash too; or (POST) learn ids of other accounts."""
        generations = self._account.generations
        if request.method == "POST":
            generations.foreign |= TypeAdapter(set[str]).validate_json(await request.body())
            return Response(status_code=204)
        body = TypeAdapter(list[Generation]).dump_json(list(generations))
        return Response(body, media_type="application/json")

    async def books(self, _request: Request) -> Response:
        """Answer all charges, changes and refusals."""
        books, now = self._account.books, self._account.clock.now
        record = Record(now, books.charges, books.changes, books.refused)
        body = TypeAdapter(Record).dump_json(record)
        return Response(body, media_type="application/json")


def routes(api: Api) -> list[Route]:
    """Return the control routes of one account."""
    controls = Controls(api)
    return [
        Route("/clock", _checked(controls.clock), methods=["GET", "PUT"]),
        Route("/faults", _checked(controls.faults), methods=["POST", "DELETE"]),
        Route("/behaviour", _checked(controls.behaviour), methods=["PUT"]),
        Route("/security", _checked(controls.security), methods=["PUT"]),
        Route("/workspaces", _checked(controls.workspaces), methods=["POST"]),
        Route("/keys", _checked(controls.keys), methods=["POST"]),
        Route("/traffic", _checked(controls.traffic), methods=["POST"]),
        Route("/spend", _checked(controls.spend), methods=["POST"]),
        Route("/models", _checked(controls.models), methods=["POST"]),
        Route("/generations", _checked(controls.generations), methods=["GET", "POST"]),
        Route("/books", _checked(controls.books), methods=["GET"]),
    ]


def _json(value: object) -> Response:
    return Response(encode(value), media_type="application/json")


def _checked(endpoint: Any) -> Any:
    async def checked(request: Request) -> Response:
        try:
            response: Response = await endpoint(request)
        except Refusal as refusal:
            return JSONResponse(refusal.body(), status_code=refusal.status)
        except (ValidationError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return response

    return checked
