"""`poll_usage`: read every key of every workspace into the ledger; keep what could be read."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
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
    is_news,
    observe,
    observe_gone,
)
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.listings import Listing
from budget_guard.use_cases.ports import OpenRouter
from budget_guard.use_cases.usage_ledger import UsageLedger

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
    ledger: UsageLedger
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
        self._known = on.ledger.known()
        self._living: defaultdict[str, list[str]] = defaultdict(list)
        for key, one in self._known.items():
            if one.workspace is not None:
                self._living[one.workspace].append(key)

    def read(self, report: PollReport) -> PollReport:
        """Return the report with what was read, and what went wrong where."""
        ledger, lease = self._on.ledger, self._on.lease
        known = ledger.workspaces()
        unknown = [one for one in self._workspaces.values() if known.get(one.id) != one]
        ledger.save(*unknown, lease=lease)
        keys, problems = 0, []
        unchanged = {one.fingerprint for one in self._known.values() if one.fingerprint}
        read = partial(self._openrouter.keys, known=unchanged)
        listings = self._on.listings(read, self._workspaces)
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
        for began, at in {(one.began, one.at) for one in listing.rows.values()}:
            _require_settled(began, at)
        news = [*self._listed(listing), *self._missing(workspace, listing)]
        self._on.ledger.save(*news)
        fresh = Freshness(workspace.id, listing.began, listing.at)
        self._on.ledger.save(fresh, lease=self._on.lease)
        return len(listing.rows)

    def _listed(self, listing: Listing) -> Iterator[Observation]:
        """Yield what the listing says that is new."""
        for reading in listing.readings:
            known = self._known.get(reading.key.hash)
            yield from self._news(known.observation() if known else None, reading)

    def _missing(self, workspace: Workspace, listing: Listing) -> Iterator[Observation]:
        """Ask by hash for each known key that the listing lacks."""
        for key in self._living[workspace.id]:
            if key not in listing.rows:
                yield from self._asked(key)

    def _homeless(self) -> list[str]:
        """Ask for the keys of workspaces that are not listed any more; return what went wrong."""
        homeless = [
            key
            for workspace, living in self._living.items()
            if workspace not in self._workspaces and self._on.policy.reads(workspace)
            for key in living
        ]
        try:
            self._on.ledger.save(*(news for key in homeless for news in self._asked(key)))
        except ProviderError as error:
            return [f"keys of a workspace that is not listed any more: {error}"]
        return []

    def _asked(self, key: str) -> Iterator[Observation]:
        """Yield what is new of a known key as it is now; 404 alone means gone."""
        before = self._known[key].observation()
        try:
            reading = self._openrouter.key(key)
        except KeyGone:
            yield observe_gone(before, self._on.now)
            return
        _require_settled(reading.began, reading.at)
        workspace = reading.key.workspace or before.key.workspace
        moved = replace(reading, key=replace(reading.key, workspace=workspace))
        yield from self._news(before, moved)

    def _news(self, before: Observation | None, reading: Reading) -> Iterator[Observation]:
        """Yield what is to be written: an unchanged key is as fresh as its workspace."""
        seen = observe(before, reading, self._on.policy.safety.max_jump)
        if is_news(before, seen):
            yield seen

    def _balance(self) -> Usd | None:
        """Return the account's balance, None where it cannot be read: nothing rests on it."""
        try:
            return self._openrouter.balance()
        except (ProviderError, ManagementKeyError):
            return None


def _require_settled(began: datetime, at: datetime) -> None:
    """Refuse counters of the day's first minute: they may still be yesterday's."""
    if is_ambiguous(began) or is_ambiguous(at):
        message = "counters read in the first minute after 00:00 UTC are left for the next poll"
        raise ProviderError(message)
