"""A made-up account of any size: what OpenRouter answers of it, and what the ledger knows of it.

Everything follows from the number of keys: two processes that make it make the same.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from itertools import batched
from typing import Any

from budget_guard.adapters.openrouter.keys import read_listing
from budget_guard.domain.announcing import announce
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold, Possible
from budget_guard.domain.keys import Settings
from budget_guard.domain.observations import Freshness, HourMark, Observation
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.domain.records import Approval
from budget_guard.domain.wishes import Fence
from budget_guard.use_cases.ledger import Record
from budget_guard.use_cases.listings import Unread
from tests.benchmarks.budgets import PRODUCTS, STAGES, WORKSPACES, everyday

NOW = datetime(2026, 11, 18, 12, 6, 1, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)
PAGE = 100
CHANGED = 20
"""One key in so many has spent since the last poll: 5 %."""
MARKS = (48, 8, 1, 1, 1, 24, 4, 2, 1, 1)
"""Hours in which a key was seen spending, of the 48 that are kept: most keys are quiet."""
COUNTERS = ("", "_daily", "_weekly", "_monthly")

type Row = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """`keys` keys in 8 workspaces, polled every five minutes under `policy`."""

    keys: int
    policy: Policy = field(default_factory=everyday)

    @cached_property
    def workspaces(self) -> tuple[Workspace, ...]:
        """Return the workspaces, with ids as OpenRouter makes them."""
        ids = (f"{number:08d}-d932-5740-b2c7-b52af166bc11" for number in range(len(WORKSPACES)))
        return tuple(map(Workspace, ids, WORKSPACES))

    @cached_property
    def plan(self) -> Plan:
        """Return what the guard wanted when it first saw the account."""
        unfenced = (self._observed(self._row(number), number) for number in range(self.keys))
        return decide(self._facts(unfenced, BEFORE))

    def facts(self) -> Facts:
        """Return what the guard knows when it has brought about what it wanted."""
        return replace(self._facts(self.observations(), NOW), holds=self.holds())

    def records(self) -> Iterator[Record]:
        """Yield all that the ledger holds before a poll."""
        facts = self.facts()
        for many in (facts.observations, facts.freshness, facts.workspaces, facts.holds):
            yield from many.values()
        alerts, _ = announce(conditions(decide(facts)), {}, BEFORE)
        for alert in alerts:
            yield from alert.opens
        yield PollReport(BEFORE, "run-1", self.keys, len(self.workspaces), None, Decimal(5000))
        yield Deployed(self.policy, BEFORE)
        yield self._approval

    def pages(self) -> Mapping[str, list[bytes]]:
        """Return the bodies of `/keys` for each workspace, as they are at this poll."""
        rows: dict[str, list[Row]] = {one.id: [] for one in self.workspaces}
        for number in range(self.keys):
            row = self._fenced(self._row(number, later=number % CHANGED == 0))
            rows[row["workspace_id"]].append(row)
        return {
            workspace: [
                json.dumps({"data": page}).encode() for page in batched(every, PAGE, strict=False)
            ]
            for workspace, every in rows.items()
        }

    def observations(self) -> Iterator[Observation]:
        """Yield what was known of each key before this poll: all that changed are the fences."""
        for number, seen in enumerate(self.plan.facts.observations.values()):
            fenced = seen.key.hash in self._fences
            yield self._observed(self._fenced(self._row(number)), number) if fenced else seen

    def holds(self) -> Mapping[str, Hold]:
        """Return the hold of each key that the guard wants fenced."""
        observations = self.plan.facts.observations
        return {
            key: Hold(
                key,
                observations[key].reading.settings,
                Possible(Settings(fence.limit, fence.include_byok)),
                confirmed_at=BEFORE,
            )
            for key, fence in self._fences.items()
        }

    @cached_property
    def _fences(self) -> Mapping[str, Fence]:
        wishes = self.plan.wishes.values()
        return {one.key: one.want for one in wishes if isinstance(one.want, Fence)}

    def _facts(self, observations: Iterable[Observation], now: datetime) -> Facts:
        return Facts(
            policy=self.policy,
            now=now,
            observations={one.key.hash: one for one in observations},
            freshness={
                one.id: Freshness(one.id, now - timedelta(seconds=2), now)
                for one in self.workspaces
            },
            workspaces={one.id: one for one in self.workspaces},
            approvals=(self._approval,),
        )

    @property
    def _approval(self) -> Approval:
        return Approval(self.policy, BEFORE - timedelta(days=1), "ann", "as agreed")

    def _row(self, number: int, *, later: bool = False) -> Row:
        """Return a key as OpenRouter lists it (fields of the OpenAPI file and the official SDK)."""
        key = sha256(str(number).encode()).hexdigest()
        chance = int(key[:8], 16) / 0x1_0000_0000
        daily = round(0.1 / (1.02 - chance), 8) if number % 5 < 3 else 0
        limit = 50.0 if number % 5 == 1 else None
        spent = (round(daily * 40.7, 8), daily, round(daily * 2.3, 8), round(daily * 9.1, 8))
        more = 0.00012345 if later else 0
        credits_ = [round(amount + more, 8) for amount in spent]
        byok = [round(amount * 0.31, 8) if number % 10 == 0 else 0 for amount in spent]
        return {
            "hash": key,
            "name": f"{PRODUCTS[number % 28]}-{STAGES[number // 28 % 21]}-{number:06d}",
            "label": f"sk-or-v1-{key[:3]}...{key[-4:]}",
            "disabled": False,
            "limit": limit,
            "limit_remaining": limit and round(limit - credits_[3], 8),
            "limit_reset": limit and "monthly",
            "include_byok_in_limit": False,
            **{f"usage{name}": amount for name, amount in zip(COUNTERS, credits_, strict=True)},
            **{f"byok_usage{name}": amount for name, amount in zip(COUNTERS, byok, strict=True)},
            "created_at": "2026-02-19T20:52:27.363244+00:00",
            "updated_at": "2026-08-24T10:30:00.118305+00:00" if limit else None,
            "expires_at": None,
            "creator_user_id": f"user_2dHFtVWx2n56w6HkM0000{number % 300:03d}",
            "workspace_id": self.workspaces[number % len(self.workspaces)].id,
            "last_used_at": "2026-11-18T12:05:31.000000+00:00" if daily else None,
            "external_user": None,
        }

    def _fenced(self, row: Row) -> Row:
        fence = self._fences.get(row["hash"])
        if fence is None or fence.limit.amount is None:
            return row
        limit, reset = float(fence.limit.amount), fence.limit.reset
        used = row[f"usage_{reset}"] if reset else row["usage"]
        return row | {
            "limit": limit,
            "limit_reset": reset,
            "limit_remaining": round(limit - used, 8),
            "include_byok_in_limit": fence.include_byok,
        }

    def _observed(self, row: Row, number: int) -> Observation:
        exact = json.loads(json.dumps(row), parse_float=Decimal, parse_int=Decimal)
        at = NOW - timedelta(hours=1) if number % CHANGED else BEFORE
        times = Unread(at - timedelta(seconds=1), at)
        (reading,) = read_listing([exact], row["workspace_id"], times, ()).readings
        ever = reading.counters.lifetime
        count = MARKS[number % len(MARKS)]
        hour = at.replace(minute=0, second=0)
        marks = (
            HourMark(hour - timedelta(hours=back), replace(ever, credits=ever.credits - back))
            for back in reversed(range(count))
        )
        return Observation(reading, tuple(marks))
