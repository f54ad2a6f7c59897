"""A rotated key's guardrail, where it is the guard's: the new key gets back what the old one had."""

from dataclasses import replace
from datetime import datetime

from budget_guard.domain.restriction import Restriction
from budget_guard.use_cases.hold_ledger import HoldLedger


def carried(
    old: str, new: str, guardrail: str | None, ledger: HoldLedger, now: datetime
) -> tuple[Restriction, ...]:
    """Return what to keep of a new key that got the guardrail (an id) that its predecessor has.

    Nothing where that is a person's own. Without this the guardrail of cheaper models would pass
    for what the new key had before, and stay for good. What a person won stays won.
    """
    known = ledger.restrictions().get(old)
    if known is None:
        return ()
    ours = {known.placed, *(one.guardrail for one in known.sent)} - {known.baseline}
    is_ours = guardrail is not None and guardrail in ours
    if not is_ours and not known.is_let_go(now):
        return ()
    placed = guardrail if is_ours else None
    moved = replace(known, key=new, placed=placed, placed_at=now, sent=(), tries=0)
    return (replace(moved, looked_at=None, override=None, refusal=None),)
