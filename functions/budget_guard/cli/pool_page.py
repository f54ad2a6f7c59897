"""How `explain` shows what a constraint leaves, and who gets it: sums that add up."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from budget_guard.cli.figures import adding_up, usd
from budget_guard.cli.telling import indented, safe, safe_name
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.words import PERIODS
from budget_guard.use_cases.pools import Pool, Portion

TOP = 10
NAMED = 3
NO_BOUND = "no bound"


def name_of(pool: Pool) -> str:
    """Return what people call the constraint: "the cap of search, today"."""
    if pool.budget is None:
        return f"{pool.lever}, {PERIODS[pool.window]}"
    return f"the cap of {pool.budget}, {PERIODS[pool.window]}"


def show_binding(pool: Pool, key: str, weight: str | None, console: Console) -> None:
    """Print how the constraint that binds a key leads to its share, and who gets the rest.

    `weight` says where the key's weight comes from, if that matters.
    """
    for told in (*left_of(pool), *_share_of(pool, key), *([weight] if weight else [])):
        console.print(indented(safe(told)))
    if len(pool.portions) > 1:
        console.print(Padding(_table(pool, key), (0, 0, 0, 2)))


def left_of(pool: Pool) -> Iterator[str]:
    """Yield what a constraint leaves to the keys that share it, in figures."""
    cap = f"{usd(pool.cap)} cap"
    if pool.granted:
        cap += f" ({usd(pool.cap - pool.granted)} and {usd(pool.granted)} granted)"
    if pool.spent > pool.cap:
        yield f"{cap} - {usd(pool.spent)} spent: nothing left"
    else:
        spent, left = adding_up([pool.spent, pool.left], pool.cap)
        yield f"{cap} - {spent} spent = {left} left"
    if pool.taken:
        taken, shared = adding_up([pool.taken, pool.shared], pool.left)
        yield f"{usd(pool.left)} - {taken} counted for {_others(pool)} = {shared} to share"
    elif pool.others:
        yield f"not shared with {_others(pool)}"


def _others(pool: Pool) -> str:
    told = [f"{safe_name(one.name)} ({one.why})" for one in pool.others[:NAMED]]
    more = len(pool.others) - NAMED
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _share_of(pool: Pool, key: str) -> Iterator[str]:
    """Yield how a key's share follows from what the constraint leaves."""
    mine = next(one for one in pool.portions if one.key == key)
    if len(pool.portions) == 1:
        if mine.is_bound_here:
            yield "no other key shares that: it is all this key's"
        return
    elsewhere = [one for one in pool.portions if not one.is_bound_here]
    rest = pool.shared - pool.elsewhere
    if pool.elsewhere:
        theirs, split = adding_up([pool.elsewhere, rest], pool.shared)
        yield (
            f"{usd(pool.shared)} - {theirs} due to {_keys(len(elsewhere))} that another cap "
            f"binds earlier = {split}"
        )
    if mine.is_bound_here:
        share = shares_shown(pool)[key]
        yield f"its share: {usd(rest)} x {usd(mine.weight)} / {usd(pool.weights)} by weight = {share}"


def _keys(count: int) -> str:
    return f"{count} key{'s' * (count != 1)}"


def shares_shown(pool: Pool) -> dict[str, Usd]:
    """Return every key's share in whole cents; where all is due to somebody, they sum to that."""
    shares = [one.share for one in pool.portions]
    shown = adding_up(shares, sum(shares, ZERO))
    return {one.key: share for one, share in zip(pool.portions, shown, strict=True)}


def _table(pool: Pool, key: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Key", overflow="fold")
    for heading in ("Weight", "Share", "May spend now"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Bound by", overflow="fold")
    for row in _rows(pool, key):
        table.add_row(*row)
    return table


def _rows(pool: Pool, key: str) -> Iterator[tuple[Text, ...]]:
    shares = shares_shown(pool)
    held = [one.may_spend or ZERO for one in pool.portions]
    spends = adding_up([*held, max(ZERO, pool.free)], pool.held + max(ZERO, pool.free))
    free = spends.pop()
    shown = [
        (one, shares[one.key], spend) for one, spend in zip(pool.portions, spends, strict=True)
    ]
    shown.sort(key=lambda row: row[0].key != key)
    for one, share, spend in shown[: TOP + 1]:
        yield _row(one, share, spend, is_this=one.key == key)
    if rest := shown[TOP + 1 :]:
        yield _summed(f"{len(rest)} more", rest)
    yield _cells("free: no fence allows it", "", "", usd(free), "", style="dim")
    total = sum((share for _, share, _ in shown), ZERO)
    is_bounded = all(one.may_spend is not None for one in pool.portions)
    weights, spent = usd(pool.weights), usd(free + sum(spends, ZERO)) if is_bounded else NO_BOUND
    yield _cells("together", weights, usd(total), spent, "", style="bold")
    if (over := -pool.free) >= CENT:
        yield _cells(
            "too much: fences are coming down", "", "", f"-{usd(over)}", "", style="bold red"
        )


def _row(one: Portion, share: Usd, spend: Usd, *, is_this: bool) -> tuple[Text, ...]:
    weight = usd(one.weight) if one.is_bound_here else ""
    told = usd(spend) if one.may_spend is not None else NO_BOUND
    bound = "" if one.is_bound_here else one.bound_by
    style = "bold yellow" if is_this else ""
    return _cells(safe_name(one.name), weight, usd(share), told, bound, style=style)


def _summed(head: str, rest: Sequence[tuple[Portion, Usd, Usd]]) -> tuple[Text, ...]:
    weights = sum((one.weight for one, _, _ in rest if one.is_bound_here), ZERO)
    shares: Decimal = sum((share for _, share, _ in rest), ZERO)
    spends: Decimal = sum((spend for _, _, spend in rest), ZERO)
    return _cells(head, usd(weights), usd(shares), usd(spends), "")


def _cells(*texts: str, style: str = "") -> tuple[Text, ...]:
    return tuple(safe(text, style) for text in texts)
