"""One of each thing that the ledger keeps, to be varied by tests."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from budget_guard.domain.alerts import Alert, AlertState, Entry, Incident, Kind
from budget_guard.domain.audit import Audit
from budget_guard.domain.axis import Axis
from budget_guard.domain.choices import OneIn
from budget_guard.domain.cost_spends import CostSpend, Counted, DaySpend, Spender
from budget_guard.domain.costs import Cost, CostDay, CostHour, CostsRead, Figures
from budget_guard.domain.daily import DayOutcomes, DayTag, DayTouched, OutcomeHour, Tag, Tagged
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.generations import Attempt, Generation, Remark, Said
from budget_guard.domain.holds import FOR_EVER, UNLIMITED, Hold, Intent, Possible, Replaced
from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings, Spent
from budget_guard.domain.ladder import Severity
from budget_guard.domain.observations import Freshness, HourMark, Jump, Observation
from budget_guard.domain.offer import Former, Model, Offer, Price, Repriced
from budget_guard.domain.outcomes import PerSuccess
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.domain.records import Approval, Freeze, Grant, Release, SpendRecord
from budget_guard.domain.sampling import Count, GenerationsRead, Sampled, Stratum
from budget_guard.domain.signals.requests import Busiest, DayRequests, Route, Tried, What
from budget_guard.domain.signals.shapes import DayHabits, DayMix, KeyHabits, Slice, Usual
from budget_guard.domain.signals.signal import BalanceMark, Gap, RequestSignals, Signal, Signals
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Fence, Restore, Want, Wish

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
HASH = "3fa9c1d2" + "0" * 56
FENCED = Settings(Limit(Decimal("108.80"), None), include_byok=True)
OWN = Settings(Limit(Decimal(50), Window.DAILY))
ENTRY = Entry("key/3fa9/daily", "prod-api spent 91.20 of 100.00 USD today", spent=Decimal("91.2"))


def observation(key: str = HASH, gone_at: datetime | None = None) -> Observation:
    spent = Spent(Decimal("91.20"), Decimal("0.000000123456789012345678901234567890"))
    counters = Counters(spent, dict.fromkeys(Window, spent))
    who = Key(key, "prod-api\n\x1b[31m", "w1", creator="u1", expires_at=FOR_EVER, created_on=TODAY)
    at = NOW + timedelta(microseconds=1)
    reading = Reading(who, OWN, counters, Decimal(8), NOW, at, "f1" * 16)
    jump = Jump(NOW, counters, NOW - timedelta(minutes=5))
    return Observation(reading, (HourMark(NOW, spent),), gone_at=gone_at, jump=jump)


def hold(key: str = HASH, reapplied: int = 0) -> Hold:
    return Hold(
        key,
        baseline=OWN,
        confirmed=Possible(FENCED, UNLIMITED),
        confirmed_at=NOW,
        intents=(Intent("i1", FENCED, NOW, "spent", "run-1"),),
        replaced=(Replaced(Possible(OWN), NOW),),
        reapplied=reapplied,
        froze=True,
        portion=Decimal("12.5"),
    )


def wish(key: str = HASH, generation: int = 1, *, restore: bool = False) -> Wish:
    want: Want = Restore() if restore else Fence(FENCED.limit, include_byok=True)
    hours = Decimal("Infinity") if restore else Decimal("0.7")
    return Wish(key, want, "near its cap", NOW, generation, urgent=True, hours_left=hours)


def incident(name: str = "key/3fa9/daily", step: int = 1) -> Incident:
    return Incident(name, Kind.THRESHOLD, step, NOW, "event-1", ENTRY)


def alert(event: str = "event-1", state: AlertState = AlertState.PREPARED, late: int = 0) -> Alert:
    at = NOW + timedelta(minutes=late)
    return Alert(event, Kind.FENCED, Severity.WARNING, at, (ENTRY,), (2,), ("old",), state=state)


def audit(number: int = 0, key: str = HASH) -> Audit:
    at = NOW + timedelta(seconds=number)
    return Audit(f"a{number}", key, "prod-api", OWN, FENCED, "spent", "run-1", at, "release it")


def grant(name: str = "g1", ends: datetime = NOW + timedelta(days=1)) -> Grant:
    settled = {Window.WEEKLY: Decimal("12.5")}
    return Grant(name, "prod-api", Decimal(20), NOW, ends, "launch", "ann", HASH, settled)


def release(key: str | None = HASH) -> Release:
    return Release(key, NOW + timedelta(days=1), "ann", "an incident", NOW)


def freeze(key: str = HASH) -> Freeze:
    return Freeze(key, FOR_EVER, "ann", "a leaked key", NOW)


def approval(by: str = "ann") -> Approval:
    told = "we meant it"
    return Approval(DEPLOYED.policy, NOW, by, told, frozenset([HASH]), by_guard=by == "the guard")


def cost_hour(part: int = 0, parts: int = 1, hour: datetime = NOW) -> CostHour:
    model = Cost(HASH, FIGURES, model="acme/small")
    provider = Cost("?an old key", FIGURES, provider="Acme")
    return CostHour("w1", hour, NOW, (model,), (provider,), part, parts)


def cost_day(day: date = TODAY, part: str = "3f") -> CostDay:
    return CostDay(day, part, NOW, (Cost(HASH, FIGURES, "acme/small", "Acme"),), closed=True)


def generation(name: str = "gen-1", at: datetime = NOW, said: Said | None = None) -> Generation:
    return Generation(
        name,
        at,
        "w1",
        requested="openrouter/auto",
        served="acme/small",
        provider="Acme",
        attempts=(Attempt("Beta", 503, "acme/large"), Attempt("Acme")),
        figures=FIGURES,
        is_byok=True,
        upstream=Decimal("0.000000123456789"),
        cache_discount=Decimal("-0.5"),
        finish="stop",
        streamed=True,
        latency=1200,
        session="s\n1",
        key=HASH,
        tools=Decimal("0.01"),
        said=said or Said(job=Remark("import", NOW)),
    )


def sampled(hour: datetime = NOW, workspace: str = "w1") -> Sampled:
    both = Count(7, Decimal("1.25")), Count(2, Decimal("0.75"))
    return Sampled(workspace, hour, NOW, OneIn(5), Count(40, Decimal("8.1")), *both)


def day_outcomes(day: date = TODAY) -> DayOutcomes:
    hour = OutcomeHour(NOW, Figures(Decimal("0.123456789012"), requests=3), 1, Decimal("0.02"))
    counts = Count(40, Decimal("3.10")), Count(3, Decimal("0.4"))
    strata = tuple(
        Stratum(choice, *counts, Decimal("0.4"), Decimal("0.3"), Decimal("0.1"), Decimal("0.01"))
        for choice in (None, OneIn(100))
    )
    return DayOutcomes(day, NOW, (hour,), strata, PerSuccess(Decimal("1.75"), 2))


def day_tag(day: date = TODAY, tag: Tag = Tag.USER) -> DayTag:
    return DayTag(day, tag, NOW, (Tagged("ann", Figures(Decimal("0.123456789012"), requests=3)),))


def day_mix(day: date = TODAY) -> DayMix:
    by = (Decimal(0), Decimal("0.5"), Decimal("0.5"), Decimal("12.123456789012"))
    slices = (Slice(None, Axis.MODEL, "acme/small", by), Slice("ann", Axis.PROVIDER, "Acme", by))
    return DayMix(day, NOW, slices)


def day_habits(day: date = TODAY, part: str = "3") -> DayHabits:
    figure = Usual(Decimal(20), Decimal("0.5"), Decimal(31))
    return DayHabits(day, part, NOW, (KeyHabits(HASH, figure, figure),))


def day_requests(day: date = TODAY) -> DayRequests:
    route = Tried(Route("above 0.05", "ann", "Acme"), tuple(range(8)), (0,) * 8)
    busiest = Busiest("sent", HASH, What.JOB, 40)
    return DayRequests(day, NOW, (route,), (busiest,))


FIGURES = Figures(Decimal("0.123456789012"), Decimal("1.5"), 3, 100, 20, 5, 80)
COSTS_READ = CostsRead("w1", NOW - timedelta(days=9), NOW, NOW + timedelta(seconds=3))
GENERATIONS_READ = GenerationsRead("w1", NOW, NOW + timedelta(seconds=3))
FRESHNESS = Freshness("w1", NOW, NOW + timedelta(seconds=3))
WORKSPACE = Workspace("w1", "Search")
POLL = PollReport(NOW, "run-1", 12, 2, "w2: 503", Decimal("812.5"))
DEPLOYED = Deployed(
    Policy(
        (Budget("prod-api", {Window.DAILY: Decimal("91.20")}),), "f00d", protect=frozenset([HASH])
    ),
    NOW,
)
SPEND = SpendRecord("prod-api", HASH, Window.DAILY, NOW, Decimal("91.2"), Decimal(100), NOW)
SIGNALS = Signals(
    NOW,
    NOW,
    (
        Signal(
            "unusual/3fa9/cost",
            Kind.UNUSUAL,
            "prod-api: 0.40 USD a request",
            Decimal("0.1"),
            Decimal("0.4"),
            (("acme/small", Decimal("12.123456789012")),),
            "ann",
            HASH,
            "prod-api",
            "see what its job does",
        ),
    ),
    (BalanceMark(NOW, Decimal("812.5"), Decimal("1000.25")),),
    Gap(Decimal("46.6"), Decimal(210)),
)
DAY_SPEND = DaySpend(
    "3fa9c1d2", TODAY, "3", NOW, is_final=True, rows=((HASH, Spent(Decimal("0.123456789012"))),)
)
COST_SPEND = CostSpend(
    "claude",
    "f00d",
    NOW,
    NOW - timedelta(days=28),
    NOW - timedelta(minutes=20),
    (
        Counted(
            Window.DAILY,
            NOW,
            Decimal("91.2"),
            Decimal("1.333333333333333333333333333"),
            (Spender(HASH, Decimal("91.2"), Decimal(0)),),
        ),
    ),
)
OFFER = Offer(
    NOW,
    (
        Model(
            "acme/small",
            ("acme/small-2026", "Acme: Small"),
            (Price("prompt", Decimal("1E-7")), Price("prompt", Decimal("0.12"), "on monday")),
            date(2026, 12, 31),
        ),
        Model("acme/free"),
    ),
    (Repriced("acme/small", (), (Price("prompt", Decimal("1E-7")),), NOW, NOW),),
    (Former("acme/old", ("acme/old-1",), NOW),),
)
REQUEST_SIGNALS = RequestSignals(
    NOW,
    NOW,
    (Signal("fallbacks/ann/Acme", Kind.FALLBACKS, "ann: 52 %", Decimal("0.02"), Decimal("0.52")),),
)
EACH = (
    observation(),
    FRESHNESS,
    WORKSPACE,
    POLL,
    DEPLOYED,
    approval(),
    freeze(),
    hold(),
    wish(),
    wish(restore=True),
    incident(),
    alert(),
    grant(),
    release(None),
    SPEND,
    audit(),
    cost_hour(),
    cost_day(),
    COSTS_READ,
    generation(),
    sampled(),
    GENERATIONS_READ,
    day_outcomes(),
    day_tag(),
    DayTouched(NOW.date()),
    day_mix(),
    day_habits(),
    day_requests(),
    SIGNALS,
    DAY_SPEND,
    COST_SPEND,
    OFFER,
    REQUEST_SIGNALS,
)
