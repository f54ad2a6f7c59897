"""Answers at a function URL (IAM) what one key may still spend: for `budget_guard.client`."""

import os
import re
from datetime import datetime
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from budget_guard.domain.kin import Kin
from budget_guard.handlers.answers import answer, told
from budget_guard.handlers.ledger import ledger
from budget_guard.handlers.reporting import logger
from budget_guard.handlers.runtime import clock, policy
from budget_guard.handlers.settings import Settings, load
from budget_guard.use_cases.headroom import headroom

KEY = re.compile("[0-9a-f]{64}")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer 200 and what is known, 404 for a key that is not there, 400 for another question."""
    key = (event.get("queryStringParameters") or {}).get("key", "")
    if not KEY.fullmatch(key):
        return answer(400, {"message": "Ask for ?key= and the 64 hex digits of the key's hash"})
    settings, now = load(Settings, os.environ), clock()
    kin = lineages(settings, now.replace(second=0, microsecond=0))
    found = headroom(ledger(settings), policy(), key, now, kin)
    if found is None:
        return answer(404, {"message": f"OpenRouter has no key {key[:12]}, as far as is known"})
    return answer(200, told(found))


@lru_cache(maxsize=1)
def lineages(settings: Settings, _minute: datetime) -> Kin:
    """Return which keys are generations of one; once a minute, since applications ask often."""
    known = ledger(settings)
    return Kin(known.lineages(), known.rotations())
