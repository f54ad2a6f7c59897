"""Small facts about a made-up account, spelled short. A key called "api" has the hash "#api"."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.alerts import Incident
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold as KeyHold
from budget_guard.domain.holds import HoldState, Possible
from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings, Spent
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import begun
from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.policy import Budget, Hold, Mode, Policy, Safety
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.domain.records import Grant, Release
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Restore, Wish

type Amount = str | int | Decimal

DAILY, WEEKLY, MONTHLY = Window.DAILY, Window.WEEKLY, Window.MONTHLY
ALWAYS, NEVER, AT_90 = Hold(Decimal(0)), Hold(None), Hold(Decimal("0.9"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = utc("2026-11-18 12:00")  # a Wednesday


def usd(amount: Amount) -> Decimal:
    return Decimal(amount)


def counters(
    daily: Amount = 0,
    weekly: Amount | None = None,
    monthly: Amount | None = None,
    lifetime: Amount | None = None,
    *,
    byok: Amount = 0,
) -> Counters:
    """Return counters; a window that is not given has what the next shorter one has."""
    week = daily if weekly is None else weekly
    month = week if monthly is None else monthly
    ever = month if lifetime is None else lifetime
    return Counters(
        Spent(usd(ever), usd(byok)),
        {
            window: Spent(usd(amount), usd(byok))
            for window, amount in zip(Window, (daily, week, month), strict=True)
        },
    )


def limited(
    amount: Amount | None = None,
    reset: Window | None = None,
    *,
    byok: bool = False,
    disabled: bool = False,
) -> Settings:
    return Settings(Limit(None if amount is None else usd(amount), reset), byok, disabled)


OPEN = limited()


def a_key(name: str = "api", *, workspace: str = "w1", **rest: Any) -> Key:
    return Key(rest.pop("hash", f"#{name}"), name, workspace, **rest)


def a_reading(
    name: str = "api",
    spent: Counters | None = None,
    settings: Settings = OPEN,
    *,
    at: datetime = NOW,
    began: datetime | None = None,
    remaining: Amount | None = None,
    **who: Any,
) -> Reading:
    return Reading(
        key=a_key(name, **who),
        settings=settings,
        counters=spent or counters(),
        limit_remaining=None if remaining is None else usd(remaining),
        began=began or at,
        at=at,
    )


def seen(*args: Any, **kwargs: Any) -> Observation:
    """Return the observation of one reading, which is spelled as `a_reading` spells it."""
    return Observation(a_reading(*args, **kwargs))


def a_budget(name: str = "prod", *, keys: str = "*", **rest: Any) -> Budget:
    """Return a budget; a cap is given as `daily=100`."""
    cap = {window: usd(rest.pop(window)) for window in Window if window.value in rest}
    return Budget(name=name, cap=cap, keys=(keys,), **rest)


def held(
    name: str = "api",
    fence: Settings | None = None,
    *,
    baseline: Settings = OPEN,
    at: datetime = NOW - HOUR,
    **rest: Any,
) -> KeyHold:
    """Return a hold whose fence OpenRouter confirmed an hour ago."""
    answer: dict[str, Any] = {"confirmed": Possible(fence or limited(10)), "confirmed_at": at}
    return KeyHold(f"#{name}", baseline, **(answer | rest))


def policy_of(
    *budgets: Budget, mode: Mode = Mode.ENFORCE, protect: Iterable[str] = (), **safety: Any
) -> Policy:
    protected = frozenset(protect)
    return Policy(budgets, "hash-of-file", mode, protect=protected, safety=Safety(**safety))


def facts_of(
    observations: Iterable[Observation],
    policy: Policy,
    *,
    now: datetime = NOW,
    fresh: datetime | None = None,
    holds: Iterable[KeyHold] = (),
    wishes: Iterable[Wish] = (),
    grants: Sequence[Grant] = (),
    releases: Sequence[Release] = (),
    incidents: Iterable[Incident] = (),
    poll: PollReport | None = None,
) -> Facts:
    """Return facts in which every workspace was polled `fresh`, or just now."""
    all_seen = tuple(observations)
    names = sorted({one.key.workspace for one in all_seen})
    polled = fresh or now
    return Facts(
        policy=policy,
        now=now,
        observations={one.key.hash: one for one in all_seen},
        freshness={name: Freshness(name, polled - timedelta(seconds=2), polled) for name in names},
        workspaces={name: Workspace(name, f"{name}-name") for name in names},
        holds={one.key: one for one in holds},
        wishes={one.key: one for one in wishes},
        grants=grants,
        releases=releases,
        incidents={one.id: one for one in incidents},
        poll=poll,
    )


def a_grant(
    amount: Amount,
    begins: datetime = NOW - HOUR,
    ends: datetime = NOW + HOUR,
    *,
    budget: str = "prod",
    **rest: Any,
) -> Grant:
    who = {"id": f"{begins:%d%H%M}", "reason": "launch", "by": "ann"}
    return Grant(budget=budget, amount=usd(amount), begins=begins, ends=ends, **(who | rest))


def a_release(key: str | None = "#api", *, at: datetime = NOW - HOUR) -> Release:
    return Release(key, at + DAY, "ann", "a demo", at)


def plan_of(observations: Iterable[Observation], *budgets: Budget, **rest: Any) -> Plan:
    return decide(facts_of(observations, policy_of(*budgets), **rest))


def obeyed(plan: Plan, *, at: datetime | None = None) -> Facts:
    """Return the facts after every wish was applied, and shown by a later poll."""
    now = at or plan.facts.now + timedelta(minutes=5)
    facts, holds, all_seen = plan.facts, dict(plan.facts.holds), dict(plan.facts.observations)
    for key, wish in plan.wishes.items():
        before = facts.observations[key]
        want: Any = wish.want
        if isinstance(want, Restore):
            holds[key] = replace(holds[key], state=HoldState.RELEASED, intents=())
            continue
        fence = Settings(want.limit, want.include_byok)
        baseline = facts.baseline(before)
        confirmed = Possible(fence)
        portion = max(Decimal(0), confirmed.stop(now) - before.reading.counters.lifetime.credits)
        holds[key] = KeyHold(key, baseline, confirmed, confirmed_at=facts.now, portion=portion)
        all_seen[key] = replace(before, reading=replace(before.reading, settings=fence))
    return replace(
        facts,
        now=now,
        observations=all_seen,
        holds=holds,
        wishes={},
        freshness={one: Freshness(one, now, now) for one in facts.freshness},
    )


def a_lineage_of(facts: Facts, *keys: str, name: str = "api", **rest: Any) -> Facts:
    """Return the facts, with some keys as the generations of one, the last in use."""
    at, (first, *later) = NOW - DAY, keys
    lineage = begun(f"secret-{name}", first, name, workspace="w1", at=at)
    for one in later:
        lineage = lineage.moved_to(one, at)
    kin = Kin({**facts.kin.lineages, lineage.secret: lineage}, rest.pop("rotations", ()))
    observations = kin.introduced(facts.observations)
    return replace(facts, kin=kin, observations=observations)
