"""The HTTP face of the account, without the HTTP: one request in, one answer out."""

from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.faults import Fault, Faults, When
from budget_guard.sandbox.openrouter.messages import Answer, Ending, Payload, Request
from budget_guard.sandbox.openrouter.refusals import Refusal, retry_after
from budget_guard.sandbox.openrouter.routes import effect
from budget_guard.sandbox.openrouter.wire import encode


@dataclass(slots=True)
class Api:
    """Answers requests for `account`, as far as `faults` let it."""

    account: Account
    faults: Faults = field(default_factory=Faults)

    def answer(self, request: Request) -> Answer:
        """Return the answer, always: refusals and faults are answers too."""
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
        if fault.when is When.BEFORE and (fault.drop or failure is not None):
            raise failure or Refusal(503, "dropped")
        answer = effect(self.account, request, fault)
        if failure is not None:
            raise failure
        return answer


def _overlaid(payload: dict[str, Any], fault: Fault) -> dict[str, Any]:
    data = payload.get("data")
    if not fault.overlay or data is None:
        return payload
    if isinstance(data, list):
        return payload | {"data": [row | fault.overlay for row in data]}
    return payload | {"data": data | fault.overlay}


def _ending(fault: Fault) -> Ending:
    if fault.drop:
        return Ending.DROPPED
    return Ending.TRUNCATED if fault.truncate else Ending.WHOLE
