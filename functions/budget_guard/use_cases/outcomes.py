"""What became of a wish, and how it is recorded."""

from dataclasses import dataclass, replace
from enum import StrEnum

from budget_guard.domain.errors import ProviderError, ProviderRejected
from budget_guard.domain.holds import Hold, HoldState, Refusals
from budget_guard.domain.keys import Reading, Settings
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.patching import Enforcement


class Outcome(StrEnum):
    """How a wish came out in this run."""

    APPLIED = "applied"
    ALREADY = "already"
    LET_GO = "let go"
    GONE = "gone"
    WAITS = "waits"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a wish, in words; `before` and `after` where the key was changed."""

    wish: Wish
    outcome: Outcome
    text: str
    name: str = ""
    before: Settings | None = None
    after: Settings | None = None


def done(
    wish: Wish,
    hold: Hold,
    outcome: Outcome,
    reading: Reading,
    to: Enforcement,
    *,
    before: Settings | None = None,
) -> Result:
    """Record that a wish came true, or was true already."""
    to.ledger.save(replace(hold, refusals=None), lease=to.lease)
    to.ledger.finish(wish, lease=to.lease)
    after = reading.settings if before else None
    return Result(wish, outcome, wish.reason, reading.key.name, before, after)


def gone(wish: Wish, to: Enforcement) -> Result:
    """Record that OpenRouter has no such key any more."""
    hold = to.ledger.hold(wish.key)
    if hold:
        to.ledger.save(replace(hold, state=HoldState.GONE), lease=to.lease)
    to.ledger.finish(wish, lease=to.lease)
    return Result(wish, Outcome.GONE, "OpenRouter has no such key any more")


def failed(wish: Wish, error: ProviderError, to: Enforcement) -> Result:
    """Record a refusal with the hold; what was refused (4xx) did not take effect."""
    hold = to.ledger.hold(wish.key)
    for_good = isinstance(error, ProviderRejected) and error.status != 409
    if hold:
        was = hold.refusals
        refusals = Refusals(
            count=was.count + 1 if was else 1,
            first_at=was.first_at if was else to.now,
            last_at=to.now,
            message=str(error),
            for_good=for_good,
        )
        to.ledger.save(replace(hold, refusals=refusals), lease=to.lease)
    return Result(wish, Outcome.FAILED, str(error))
