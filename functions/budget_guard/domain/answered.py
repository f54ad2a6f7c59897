"""Rule 5: what OpenRouter's answer to a fence allows, held against what was wanted."""

from budget_guard.domain.keys import Limit, Reading
from budget_guard.domain.money import CENT, MICRO, ZERO, Usd, round_down
from budget_guard.domain.wishes import Fence


def allows_more(wanted: Fence, answer: Reading) -> bool:
    """Tell whether OpenRouter's answer lets the key spend over a cent more than `wanted` does.

    What a changed limit counts from is not documented, so the answer's `limit_remaining` is held
    against the counter it should come from. An answer that does not say what remains is taken at
    its limit.
    """
    remaining = answer.limit_remaining
    return remaining is not None and remaining > _due(wanted, answer) + CENT


def extra(answer: Reading) -> Usd:
    """Return what an answer allows beyond its limit minus its counter (USD)."""
    limit, remaining = answer.settings.limit, answer.limit_remaining
    if limit.amount is None or remaining is None or remaining <= 0:
        return ZERO
    used = answer.counters.of(limit.reset).counted(include_byok=answer.settings.include_byok)
    more = remaining - (limit.amount - used)
    return more if more > CENT else ZERO


def corrected(wanted: Fence, answer: Reading) -> Fence:
    """Return the limit to send once more, so that what remains is due by `wanted`."""
    counted_from = (answer.settings.limit.amount or ZERO) - (answer.limit_remaining or ZERO)
    amount = max(MICRO, round_down(counted_from + _due(wanted, answer)))
    return Fence(Limit(amount, wanted.limit.reset), wanted.include_byok)


def _due(wanted: Fence, answer: Reading) -> Usd:
    used = answer.counters.of(wanted.limit.reset).counted(include_byok=wanted.include_byok)
    return max(ZERO, (wanted.limit.amount or ZERO) - used)
