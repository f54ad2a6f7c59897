"""`poll_usage`: read every key of every workspace into the ledger; keep what could be read."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from budget_guard.domain.errors import GuardError, KeyGone, ManagementKeyError, ProviderError
from budget_guard.domain.keys import Reading
from budget_guard.domain.money import Usd
from budget_guard.domain.observations import (
    Freshness,
    Observation,
    is_ambiguous,
    observe,
    observe_gone,
)
from budget_guard.domain.policy import Policy
from budget_guard.domain.records import PollReport, Workspace
from budget_guard.use_cases.ports import Lease, Ledger, Listing, OpenRouter

type Listings = Iterable[Callable[[], Listing]]


def in_turn(read: Callable[[str], Listing], workspaces: Iterable[str]) -> Listings:
    """Return what gives each workspace's listing, which is read only when it is asked for."""
    return (partial(read, workspace) for workspace in workspaces)


@dataclass(frozen=True, slots=True)
class Poll:
    """What a poll needs of the world. `connect` may raise `GuardError`.

    `policy` says which workspaces to read, and how far a counter is likely to jump; `listings`
    may read ahead.
    """

    connect: Callable[[], OpenRouter]
    ledger: Ledger
    lease: Lease
    run: str
    now: datetime
    policy: Policy
    listings: Callable[[Callable[[str], Listing], Iterable[str]], Listings] = in_turn


def poll(on: Poll) -> PollReport:
    """Read all that can be read; return how it went, as recorded.

    Raises only `LedgerError`. A workspace that fails keeps its last facts and its freshness; no
    key of it is taken for gone. Counters of the first minute after 00:00 UTC, which may still be
    yesterday's, are left for the next poll.
    """
    report = PollReport(on.now, on.run)
    try:
        openrouter = on.connect()
        openrouter.require_management_key()
        listed = openrouter.workspaces()
        workspaces = [one for one in listed if on.policy.reads(one.id)]
    except ManagementKeyError as error:
        report = replace(report, problem=str(error), needs_hands=True)
    except GuardError as error:
        report = replace(report, problem=str(error))
    else:
        report = _Reader(on, openrouter, workspaces).read(report)
    on.ledger.save(report, lease=on.lease)
    return report


class _Reader:
    """Reads the workspaces of an account, one after the other, into the ledger."""

    def __init__(self, on: Poll, openrouter: OpenRouter, workspaces: Iterable[Workspace]) -> None:
        self._on, self._openrouter = on, openrouter
        self._workspaces = {one.id: one for one in workspaces}
        self._known = on.ledger.observations()
        self._living: defaultdict[str, list[Observation]] = defaultdict(list)
        for one in self._known.values():
            if not one.gone_at:
                self._living[one.key.workspace].append(one)

    def read(self, report: PollReport) -> PollReport:
        """Return the report with what was read, and what went wrong where."""
        ledger, lease = self._on.ledger, self._on.lease
        known = ledger.workspaces()
        unknown = [one for one in self._workspaces.values() if known.get(one.id) != one]
        ledger.save(*unknown, lease=lease)
        keys, problems = 0, []
        listings = self._on.listings(self._openrouter.keys, self._workspaces)
        for workspace, listing in zip(self._workspaces.values(), listings, strict=True):
            try:
                keys += self._workspace(workspace, listing())
            except ProviderError as error:
                problems.append(f"workspace {workspace.name}: {error}")
        problems += self._homeless()
        return replace(
            report,
            keys=keys,
            workspaces=len(self._workspaces),
            problem="; ".join(problems) or None,
            balance=self._balance(),
        )

    def _workspace(self, workspace: Workspace, listing: Listing) -> int:
        """Record a workspace whole, then that it is fresh; return how many keys it has."""
        for reading in listing.readings:
            _require_settled(reading)
        listed = {reading.key.hash for reading in listing.readings}
        known, most = self._known.get, self._on.policy.safety.max_jump
        found = [observe(known(one.key.hash), one, most) for one in self._new(listing)]
        found += self._missing(workspace, listed)
        self._record(found)
        fresh = Freshness(workspace.id, listing.began, listing.at)
        self._on.ledger.save(fresh, lease=self._on.lease)
        return len(listed)

    def _new(self, listing: Listing) -> Iterator[Reading]:
        """Yield the readings that say something new: most keys are as they were."""
        for one in listing.readings:
            before = self._known.get(one.key.hash)
            if before is None or not before.is_shown_by(one):
                yield one

    def _missing(self, workspace: Workspace, listed: set[str]) -> Iterator[Observation]:
        """Ask by hash for each known key that the listing lacks."""
        for before in self._living[workspace.id]:
            if before.key.hash not in listed:
                yield self._asked(before)

    def _homeless(self) -> list[str]:
        """Ask for the keys of workspaces that are not listed any more; return what went wrong."""
        homeless = [
            one
            for workspace, living in self._living.items()
            if workspace not in self._workspaces and self._on.policy.reads(workspace)
            for one in living
        ]
        try:
            self._record([self._asked(before) for before in homeless])
        except ProviderError as error:
            return [f"keys of a workspace that is not listed any more: {error}"]
        return []

    def _asked(self, before: Observation) -> Observation:
        """Return the key as it is now; 404 alone means gone."""
        try:
            reading = self._openrouter.key(before.key.hash)
        except KeyGone:
            return observe_gone(before, self._on.now)
        _require_settled(reading)
        workspace = reading.key.workspace or before.key.workspace
        moved = replace(reading, key=replace(reading.key, workspace=workspace))
        return observe(before, moved, self._on.policy.safety.max_jump)

    def _record(self, found: Iterable[Observation]) -> None:
        """Write what changed: an unchanged key is as fresh as its workspace."""
        self._on.ledger.save(*(one for one in found if _is_news(one, self._known)))

    def _balance(self) -> Usd | None:
        """Return the account's balance, None where it cannot be read: nothing rests on it."""
        try:
            return self._openrouter.balance()
        except (ProviderError, ManagementKeyError):
            return None


def _require_settled(reading: Reading) -> None:
    """Refuse counters of the day's first minute: they may still be yesterday's."""
    if is_ambiguous(reading.began) or is_ambiguous(reading.at):
        message = "counters read in the first minute after 00:00 UTC are left for the next poll"
        raise ProviderError(message)


def _is_news(seen: Observation, known: Mapping[str, Observation]) -> bool:
    before = known.get(seen.key.hash)
    return before is None or not before.same_facts(seen)
