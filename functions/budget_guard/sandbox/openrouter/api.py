"""The HTTP face of the account, without the HTTP: one request in, one answer out."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.faults import HARMLESS, Fault, Faults, When
from budget_guard.sandbox.openrouter.messages import Answer, Ending, Payload, Request
from budget_guard.sandbox.openrouter.refusals import Refusal, retry_after
from budget_guard.sandbox.openrouter.routes import effect
from budget_guard.sandbox.openrouter.wire import encode


@dataclass(slots=True)
class Api:
    """Answers requests for `account`, as far as `faults` let it."""

    account: Account
    faults: Faults = field(default_factory=Faults)
    _late: list[tuple[datetime, Request]] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        """Return the answer, always: refusals and faults are answers too."""
        self._catch_up()
        fault = self.faults.take(request.method, request.path)
        wait = fault.retry_after
        try:
            status, payload = self._effect(request, fault)
        except Refusal as refusal:
            status, payload = refusal.status, refusal.body()
            wait = refusal.retry_after if wait is None else wait
        headers = {
            "content-type": "application/json",
            "date": format_datetime(self.account.clock.now, usegmt=True),
        }
        if wait is not None:
            headers |= retry_after(wait)
        body = encode(_overlaid(payload, fault)) if fault.raw is None else fault.raw
        delay = fault.delay.total_seconds()
        return Answer(status=status, headers=headers, body=body, delay=delay, ending=_ending(fault))

    def _effect(self, request: Request, fault: Fault) -> Payload:
        failure = fault.refusal()
        before = fault.when is When.BEFORE and (fault.drop or failure is not None)
        if fault.late is not None:
            self._late.append((self.account.clock.now + fault.late, request))
        if before or fault.late is not None:
            raise failure or Refusal(503, "dropped")
        answer = effect(self.account, request, fault)
        if failure is not None:
            raise failure
        return answer

    def _catch_up(self) -> None:
        """Let the late effects that are due take place; nobody hears whether they were refused."""
        now = self.account.clock.now
        due = [request for at, request in self._late if at <= now]
        self._late = [(at, request) for at, request in self._late if at > now]
        for request in due:
            with suppress(Refusal):
                effect(self.account, request, HARMLESS)


def _overlaid(payload: dict[str, Any], fault: Fault) -> dict[str, Any]:
    data = payload.get("data")
    if not fault.overlay or data is None:
        return payload
    if isinstance(data, list):
        return payload | {"data": [row | fault.overlay for row in data]}
    return payload | {"data": data | fault.overlay}


def _ending(fault: Fault) -> Ending:
    if fault.drop or (fault.late is not None and fault.status is None):
        return Ending.DROPPED
    return Ending.TRUNCATED if fault.truncate else Ending.WHOLE
