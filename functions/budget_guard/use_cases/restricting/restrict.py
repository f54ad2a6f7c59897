"""`enforce`'s second lever: every key gets the guardrail that is wished of it, written ahead.

All guardrails of keys are read at once, before and after: OpenRouter tells them no other way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from itertools import batched

from budget_guard.domain.drift import Slot, settled
from budget_guard.domain.errors import ProviderError, ProviderRejected
from budget_guard.domain.policy import Policy
from budget_guard.domain.restriction import Refusal, Restriction, RestrictWish, Sent
from budget_guard.use_cases.outcomes import Outcome
from budget_guard.use_cases.restricting.looking import Look, Restricting, Rules, audit, look
from budget_guard.use_cases.restricting.ports import Assignments
from budget_guard.use_cases.watching import only_watches

TOGETHER = 50
"""Keys of one request."""
MOST_TRIES = 5
"""So often OpenRouter may accept an assignment and not have it, before people are told."""
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class RestrictResult:
    """What became of a wish, in words; `before` and `after` where the guardrail was changed."""

    wish: RestrictWish
    outcome: Outcome
    text: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class RestrictReport:
    """What a run did. `waiting` wishes were left for a later run."""

    results: tuple[RestrictResult, ...] = ()
    waiting: int = 0

    @property
    def failed(self) -> int:
        """Count the wishes that did not come true."""
        return sum(one.outcome is Outcome.FAILED for one in self.results)


def restrict(
    to: Restricting,
    policy: Policy,
    *,
    has_time: Callable[[], bool] = lambda: True,
    pace: Callable[[], None] = lambda: None,
) -> RestrictReport:
    """Bring the guardrails of keys to what is wished; what fails for one does not stop the others.

    Nothing is done in `mode: observe` (but where it is refused: see `enforce`), nor by a wish that is
    older than `stale_after`. The caller holds the lease. Raises `LeaseLost`, `LedgerUnavailable`.
    """
    wishes = to.ledger.restrict_wishes()
    oldest = to.now - policy.safety.stale_after
    due = [one for one in wishes.values() if one.at >= oldest]
    if not due or only_watches(policy, to.ledger):
        return RestrictReport(waiting=len(wishes))
    try:
        pace()
        found = to.guardrails.assignments()
    except ProviderError as error:
        return _report([RestrictResult(one, Outcome.FAILED, str(error)) for one in due], wishes)
    results: list[RestrictResult] = []
    open_: list[Look] = []
    for one in _looks(due, found, to):
        if isinstance(one, RestrictResult):
            results.append(one)
        elif one.outcome:
            results.append(_ended(one, to))
        else:
            open_.append(one)
    for group in _groups(open_):
        if has_time():
            results += _changed(group, found, to, pace)
    return _report(results, wishes)


def _report(results: Sequence[RestrictResult], wishes: Sized) -> RestrictReport:
    done = [one for one in results if one.outcome is not Outcome.WAITS]
    return RestrictReport(tuple(results), len(wishes) - len(done))


def _looks(
    due: Iterable[RestrictWish], found: Assignments, to: Restricting
) -> Iterator[Look | RestrictResult]:
    known, rules = to.ledger.restrictions(), Rules(to.guardrails)
    for wish in due:
        slot = Slot(found.of.get(wish.key), found.began, found.at)
        try:
            yield look(wish, known.get(wish.key, Restriction(wish.key)), slot, rules, to.terms)
        except ProviderError as error:
            yield RestrictResult(wish, Outcome.FAILED, str(error))


def _ended(one: Look, to: Restricting) -> RestrictResult:
    """Record what a look came to; the wish stays only where there is something to wait for."""
    to.ledger.save(one.known, *one.trail, lease=to.lease)
    outcome = one.outcome or Outcome.WAITS
    if outcome is not Outcome.WAITS:
        to.ledger.forget(one.wish, lease=to.lease)
    before, after = one.trail[0].guardrails or (None, None) if one.trail else (None, None)
    return RestrictResult(one.wish, outcome, one.text, before, after)


def _groups(looks: Iterable[Look]) -> Iterator[Sequence[Look]]:
    """Yield the keys that one request can change: restrictions first."""
    groups: dict[tuple[bool, str, str, str], list[Look]] = {}
    for one in looks:
        is_last = one.wish.to is None
        place = (is_last, one.goal or "", one.known.placed or "", one.wish.workspace)
        groups.setdefault(place, []).append(one)
    for _, group in sorted(groups.items()):
        yield from batched(group, TOGETHER, strict=False)


def _changed(
    group: Sequence[Look], found: Assignments, to: Restricting, pace: Callable[[], None]
) -> list[RestrictResult]:
    """Write ahead, assign, read back, and write down what is so."""
    ahead = [_ahead(one, found, to) for one in group]
    trail = (record for one in ahead for record in one.trail)
    to.ledger.save(*(one.known for one in ahead), *trail, lease=to.lease)
    try:
        pace()
        _send(ahead, to)
    except ProviderRejected as error:
        if len(group) > 1:
            return [one for each in group for one in _changed([each], found, to, pace)]
        return [_refused(ahead[0], error, to)]
    except ProviderError as error:
        return [RestrictResult(one.wish, Outcome.FAILED, str(error)) for one in ahead]
    try:
        again = to.guardrails.assignments()
    except ProviderError as error:
        return [RestrictResult(one.wish, Outcome.FAILED, str(error)) for one in ahead]
    return [_read_back(one, again, to) for one in ahead]


def _ahead(one: Look, found: Assignments, to: Restricting) -> Look:
    sent = Sent(to.new_id(), one.goal, found.at, one.wish.reason, to.run)
    known = replace(one.known, sent=(*one.known.sent, sent), tries=one.known.tries + 1)
    return replace(one, known=known)


def _send(group: Sequence[Look], to: Restricting) -> None:
    goal, placed = group[0].goal, group[0].known.placed
    keys = [one.wish.key for one in group]
    if goal is not None:
        to.guardrails.assign(goal, keys)
    elif placed is not None:
        to.guardrails.remove(placed, keys)


def _read_back(one: Look, again: Assignments, to: Restricting) -> RestrictResult:
    slot = Slot(again.of.get(one.wish.key), again.began, again.at)
    before = one.slot.guardrail
    known, sent = settled(one.known, slot)
    if sent is None or slot.guardrail != one.goal:
        if one.known.tries >= MOST_TRIES:
            told = f"OpenRouter took the assignment {one.known.tries} times, and does not have it"
            return _given_up(one, told, to)
        return RestrictResult(one.wish, Outcome.WAITS, "OpenRouter does not show it yet")
    ended = replace(known, looked_at=to.now)
    trail = audit(sent, one.wish, known, before, slot)
    to.ledger.save(ended, trail, lease=to.lease)
    to.ledger.forget(one.wish, lease=to.lease)
    names = trail.guardrails or (None, None)
    return RestrictResult(one.wish, Outcome.APPLIED, one.wish.reason, *names)


def _refused(one: Look, error: ProviderRejected, to: Restricting) -> RestrictResult:
    """Record that OpenRouter refuses; but a conflict may pass, and the wish stays."""
    if error.status == CONFLICT:
        return RestrictResult(one.wish, Outcome.FAILED, str(error))
    return _given_up(
        replace(one, known=replace(one.known, sent=one.known.sent[:-1])), str(error), to
    )


def _given_up(one: Look, why: str, to: Restricting) -> RestrictResult:
    """Record a failure that people must hear of; it is tried again at the next look."""
    known = replace(one.known, refusal=Refusal(to.now, (why,)), looked_at=to.now, tries=0)
    to.ledger.save(known, lease=to.lease)
    to.ledger.forget(one.wish, lease=to.lease)
    return RestrictResult(one.wish, Outcome.FAILED, f"refused: {why}")
