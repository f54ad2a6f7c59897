"""`poll_usage`: read every key of every workspace into the ledger; keep what could be read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.errors import (
    KeyGone,
    ManagementKeyError,
    ProviderError,
)
from budget_guard.domain.keys import Reading
from budget_guard.domain.money import Usd
from budget_guard.domain.observations import (
    Freshness,
    Observation,
    is_ambiguous,
    observe,
    observe_gone,
)
from budget_guard.domain.records import PollReport, Workspace
from budget_guard.use_cases.ports import Lease, Ledger, OpenRouter


@dataclass(frozen=True, slots=True)
class Poll:
    """What a poll needs of the world."""

    openrouter: OpenRouter
    ledger: Ledger
    lease: Lease
    run: str
    now: datetime


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one workspace brought: changed observations, how many keys, how fresh it is now."""

    observations: tuple[Observation, ...]
    keys: int
    freshness: Freshness


def poll(on: Poll) -> PollReport:
    """Read all that can be read; return how it went, as recorded.

    Raises only `LedgerError`. A workspace that fails keeps its last facts and its freshness; no
    key of it is taken for gone. Counters of the first minute after 00:00 UTC, which may still be
    yesterday's, are left for the next poll.
    """
    try:
        on.openrouter.require_management_key()
        workspaces = on.openrouter.workspaces()
    except ManagementKeyError as error:
        return _report(on, PollReport(on.now, on.run, problem=str(error), needs_hands=True))
    except ProviderError as error:
        return _report(on, PollReport(on.now, on.run, problem=str(error)))
    on.ledger.save(*_unknown(workspaces, on.ledger.workspaces()), lease=on.lease)
    known = on.ledger.observations()
    keys, problems = 0, []
    for workspace in workspaces:
        try:
            seen = _read(workspace, known, on)
        except ProviderError as error:
            problems.append(f"workspace {workspace.name}: {error}")
            continue
        on.ledger.save(*seen.observations)
        on.ledger.save(seen.freshness, lease=on.lease)
        keys += seen.keys
    problems += _homeless(workspaces, known, on)
    report = PollReport(on.now, on.run, keys, len(workspaces), "; ".join(problems) or None)
    return _report(on, replace(report, balance=_balance(on.openrouter.balance)))


def _unknown(
    workspaces: Iterable[Workspace], known: Mapping[str, Workspace]
) -> tuple[Workspace, ...]:
    return tuple(one for one in workspaces if known.get(one.id) != one)


def _read(workspace: Workspace, known: Mapping[str, Observation], on: Poll) -> _Seen:
    listing = on.openrouter.keys(workspace.id)
    for reading in listing.readings:
        _require_settled(reading)
    listed = {reading.key.hash for reading in listing.readings}
    found = [observe(known.get(one.key.hash), one) for one in listing.readings]
    found += _missing(workspace, known, listed, on)
    changed = tuple(one for one in found if _is_news(one, known.get(one.key.hash)))
    freshness = Freshness(workspace.id, listing.began, listing.at)
    return _Seen(changed, len(listing.readings), freshness)


def _missing(
    workspace: Workspace, known: Mapping[str, Observation], listed: set[str], on: Poll
) -> Iterable[Observation]:
    """Ask by hash for each known key that the listing lacks."""
    for key, before in known.items():
        if key not in listed and not before.gone_at and before.key.workspace == workspace.id:
            yield _asked(before, on)


def _asked(before: Observation, on: Poll) -> Observation:
    """Return the key as it is now; 404 alone means gone."""
    try:
        reading = on.openrouter.key(before.key.hash)
    except KeyGone:
        return observe_gone(before, on.now)
    _require_settled(reading)
    if not reading.key.workspace:
        key = replace(reading.key, workspace=before.key.workspace)
        reading = replace(reading, key=key)
    return observe(before, reading)


def _require_settled(reading: Reading) -> None:
    """Refuse counters of the day's first minute: they may still be yesterday's."""
    if is_ambiguous(reading.began) or is_ambiguous(reading.at):
        message = "counters read in the first minute after 00:00 UTC are left for the next poll"
        raise ProviderError(message)


def _homeless(
    workspaces: Iterable[Workspace], known: Mapping[str, Observation], on: Poll
) -> list[str]:
    """Ask for the keys of workspaces that are listed no more; return what went wrong."""
    listed = {one.id for one in workspaces}
    homeless = [
        one for one in known.values() if one.key.workspace not in listed and not one.gone_at
    ]
    try:
        found = [_asked(before, on) for before in homeless]
    except ProviderError as error:
        return [f"keys of a workspace that is not listed any more: {error}"]
    on.ledger.save(*(one for one in found if _is_news(one, known.get(one.key.hash))))
    return []


def _is_news(seen: Observation, known: Observation | None) -> bool:
    return known is None or not known.same_facts(seen)


def _balance(ask: Callable[[], Usd]) -> Usd | None:
    """Return the account's balance, None where it cannot be read: nothing rests on it."""
    try:
        return ask()
    except (ProviderError, ManagementKeyError):
        return None


def _report(on: Poll, report: PollReport) -> PollReport:
    on.ledger.save(report, lease=on.lease)
    return report
