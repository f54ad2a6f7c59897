"""The page that `explain` shows: from caps to a key's share to its fence, in figures that add up."""

from decimal import Decimal

from rich.console import Console
from rich.text import Text

from budget_guard.cli.cap_words import known_of, percent_of, spent_of
from budget_guard.cli.figures import usd
from budget_guard.cli.key_page import show_head, standing_of
from budget_guard.cli.pool_page import left_of, name_of, shares_shown, show_binding
from budget_guard.cli.telling import SHORT_HASH, indented, safe
from budget_guard.domain import words
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.use_cases.caps import CapView
from budget_guard.use_cases.explaining import Explanation, Shared, Waits, Weighed
from budget_guard.use_cases.pools import Pool

UPWARDS = frozenset({Waits.FIRST, Waits.RAISED})
MORE_THAN_DUE = "That is more than its share: it is lowered when somebody who is short is due it."
UNSETTLED = "Its fence has just come down: until that has settled, {most} USD are counted for it."
NOT_ALL = " More is not free yet: the rest of its share follows when other fences are down."
WHY = {
    Waits.NOT: "That is its whole share: more comes by a grant, or with the reset.",
    Waits.CENT: "That is its whole share: less than a cent more is not worth a change.",
    Waits.OFF: "It is disabled, or expired: nothing is due to it before it is enabled.",
    Waits.FIRST: "Its first fence is on its way: {next} USD more.",
    Waits.RAISED: "It is being raised to {next} USD more.",
    Waits.LOWERED: "It is being lowered to {next} USD more: a cap needs that, or a key in need.",
    Waits.STUCK: "OpenRouter refuses to change its fence; that is tried again within the hour.",
    Waits.NOT_SHORT: "It is not short: {allowed} is not below {below}. Until it is, its fence "
    "stays; a quiet account is left quiet.",
    Waits.LITTLE: "It is short, but {due} is not a quarter more than {allowed}: its fence is not "
    "moved for so little.",
    Waits.NOTHING_FREE: "It is short: {allowed} is below {below}, and nothing is free for it. "
    "Fences that allow more than their keys' shares come down in this run, and it is raised by the "
    "first run after that has settled (2 minutes).",
}

WEIGHT = {
    Weighed.BURN: "what it spends in 15 minutes at {pace} USD an hour",
    Weighed.LATELY: "what it spends in 15 minutes at {pace} USD an hour, as since its fence was set",
    Weighed.FLOOR: "the least that a key counts; it spends {spends} in 15 minutes",
    Weighed.UNREAD: "its portion of {last}, which was set after it was last read",
    Weighed.DRY: "twice its last portion of {last}, since it ran dry; it spent {spends} in 15 "
    "minutes, which is what it got",
}


def show_explanation(told: Explanation, console: Console) -> None:
    """Print the page."""
    show_head(told.view, console)
    if told.held_back:
        console.print(safe(_held_back(told.held_back), "yellow"))
    if told.shared is None:
        console.print(standing_of(told.view))
        for budget, holds_at, cap in told.caps:
            console.print(indented(safe(_cap(budget, holds_at, cap, told))))
        return
    _show_shared(told.shared, told, console)


def _held_back(policy: str) -> str:
    return (
        f"The plan by the deployed budgets file {policy[:SHORT_HASH]} is held back; this is by the "
        "one approved before. See: budget-guard approve"
    )


def _show_shared(shared: Shared, told: Explanation, console: Console) -> None:
    binding, *others = shared.pools
    share = shares_shown(binding)[told.view.key]
    ends = words.until(binding.window, told.view.at)
    is_off = shared.waits is Waits.OFF
    may = "It is off" if is_off else f"It may spend {usd(shared.allowed)} USD more now"
    console.print(Text(may, "bold") + safe(f"; its share is {usd(share)} USD {ends}."))
    console.print(safe(_why_waits(shared)))
    if (most := _unsettled(shared, told.view.key)) is not None:
        console.print(safe(UNSETTLED.format(most=usd(most))))
    console.print(Text(f"What binds it: {name_of(binding)}", "bold"))
    weight = _weight(shared) if len(binding.portions) > 1 and not is_off else None
    show_binding(binding, told.view.key, weight, console)
    if others:
        console.print(Text("What else is over it", "bold"))
    for pool in others:
        console.print(indented(safe(_other(pool, shared))))


def _why_waits(shared: Shared) -> str:
    """Return why it may spend what it may, and not its share: which rule, and what ends it."""
    more = shared.share - shared.next >= CENT and shared.waits in UPWARDS
    told = MORE_THAN_DUE if shared.allowed - shared.share >= CENT else WHY[Waits.NOT]
    if shared.waits is not Waits.NOT:
        told = WHY[shared.waits]
    return (told + (NOT_ALL if more else "")).format(
        allowed=usd(shared.allowed),
        due=usd(shared.share),
        next=usd(shared.next),
        below=f"{usd(shared.short_below)} USD (half of 15 minutes' spend, at least 1 USD)",
    )


def _unsettled(shared: Shared, key: str) -> Usd | None:
    """Return what a fence that has just come down may still let a key spend, if it is more."""
    (mine,) = (one for one in shared.pools[0].portions if one.key == key)
    most = mine.may_spend
    if most is None or shared.waits in UPWARDS or most - shared.allowed < CENT:
        return None
    return most


def _weight(shared: Shared) -> str:
    spends = shared.expected
    told = WEIGHT[shared.weighed].format(
        spends=usd(spends), pace=usd(spends * 4), last=usd(shared.last)
    )
    return f"its weight, {usd(shared.weight)}: {told}"


def _other(pool: Pool, shared: Shared) -> str:
    (left, *more) = left_of(pool)
    due = sum((one.share for one in pool.portions), ZERO)
    keys = len(pool.portions)
    whose = (
        f"its {keys} keys are due {usd(due)} of that"
        if keys > 1
        else f"its share is less: {usd(shared.share)}"
    )
    return "; ".join([f"{name_of(pool)}: {left}", *more, whose])


def _cap(budget: str, holds_at: Decimal | None, cap: CapView, told: Explanation) -> str:
    head = ", ".join(filter(None, (f"{budget}: {spent_of(cap)}", percent_of(cap)))) + known_of(
        cap, told.view.at
    )
    if cap.known_until:
        return f"{head}; it only alerts"
    if told.is_left_alone or told.view.held:
        return head
    return f"{head}; {_holds_from(holds_at, cap)}"


def _holds_from(holds_at: Decimal | None, cap: CapView) -> str:
    if holds_at is None:
        return "it only alerts (hold: never)"
    if holds_at == 0:
        return "it always holds its keys"
    return f"it holds its keys from {int(holds_at * 100)} % on ({usd(holds_at * cap.cap)} USD)"
