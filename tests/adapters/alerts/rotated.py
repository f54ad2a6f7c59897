"""The alerts about rotations and guardrails as the guard's own rules write them, from facts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from budget_guard.domain.alerts import Alert, Kind
from budget_guard.domain.announcing import announce
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import decide
from budget_guard.domain.guardrails import Allowance, Guardrail, weakens
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.kin import Kin
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.lineage import Lineage, begun
from budget_guard.domain.observations import Observation, observe_gone
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.records import Release
from budget_guard.domain.restriction import Refusal, Restriction
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.signals.signal import Signal, Signals
from tests.domain.builders import DAY, HOUR, NEVER, a_budget, counters, facts_of, policy_of, seen

NOW = datetime(2026, 11, 18, 18, 48, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 17, 18, 30, tzinfo=UTC)
NAMES = ("prod-search", "prod-chat", "prod-mail", "prod-ocr", "prod-docs", "prod-news", "prod-web")
OLD, NEW = "3fa9c1d2abcd", "b81e07c45f92"


def key(start: str) -> str:
    return f"{start:0<64}"


def of(name: str, start: str = NEW, spent: str = "1") -> Observation:
    return seen(name, counters(spent), at=NOW, hash=key(start))


def lineage(name: str, start: str = NEW) -> Lineage:
    arn = (
        f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:openrouter/{name}/{start}-Qx7Lmz"
    )
    return begun(arn, key(start), name, workspace="w1", at=NOW - 30 * DAY)


def alert(
    kind: Kind,
    keys: Iterable[Observation],
    lineages: Iterable[Lineage] = (),
    *,
    rule: RotationRule | None = None,
    step: Threshold | None = None,
    **rest: Any,
) -> Alert:
    """Return the one alert of a kind that these facts lead to."""
    budget = a_budget(
        "prod-api",
        keys="prod-*",
        daily=100,
        hold=NEVER,
        owner="search-platform",
        runbook="https://wiki.example.com/openrouter",
        thresholds=(step or Threshold(Decimal(2), Severity.CRITICAL),),
    )
    policy = replace(policy_of(budget), rotation=(rule or RotationRule(keys=("prod-*",)),))
    kin = Kin({one.secret: one for one in lineages}, rest.pop("rotations", ()))
    facts = replace(facts_of(keys, policy, now=NOW), kin=kin, **rest)
    alerts, _ = announce(conditions(decide(facts)), facts.incidents, NOW)
    (found,) = [one for one in alerts if one.kind is kind]
    return found


def rotation(stage: Stage, **rest: Any) -> Rotation:
    return Rotation(
        secret=lineage("prod-search").secret,
        token="t",
        name="prod-search #2",
        workspace="w1",
        old=key(NEW),
        is_held=True,
        allowed=Decimal(9),
        began=NOW - 94 * HOUR / 60,
        run="r",
        stage=stage,
        **rest,
    )


def failed() -> Alert:
    """Return what is told of two keys whose successors were not to be had."""
    pairs = (("prod-search", NEW), ("prod-chat", "c3d4e5f6a7b8"))
    lineages = [lineage(*one) for one in pairs]
    first = rotation(Stage.FAILED, failure=FAILURE)
    rotations = tuple(replace(first, secret=one.secret) for one in lineages)
    return alert(Kind.ROTATION_FAILED, [of(*one) for one in pairs], lineages, rotations=rotations)


def lingering(rule: RotationRule | None = None, **rest: Any) -> Alert:
    """Return what is told of two keys that were replaced yesterday and are in use."""
    pairs = (("prod-search", OLD, NEW), ("prod-chat", "a1b2c3d4e5f6", "c3d4e5f6a7b8"))
    moved = [lineage(name, old).moved_to(key(new), YESTERDAY) for name, old, new in pairs]
    keys = [of(*one) for name, old, new in pairs for one in ((name, old), (f"{name} #2", new))]
    return alert(Kind.LINGERING, keys, moved, rule=rule, **rest)


def asked(do: Do, names: Iterable[str] = NAMES, rule: RotationRule | None = None) -> Alert:
    """Return what is told when a budget over these keys comes to a step that rotates them."""
    starts = {name: f"{place}c0ffee1234" for place, name in enumerate(names, start=10)}
    spent = str(Decimal("92.4") / len(starts))
    return alert(
        Kind.ROTATION_DUE if do is Do.ROTATE else Kind.ROTATION_PROPOSED,
        [of(name, start, spent) for name, start in starts.items()],
        [lineage(name, start) for name, start in starts.items()],
        rule=rule,
        step=Threshold(Decimal("0.9"), Severity.WARNING, do),
    )


def leak() -> Alert:
    signal = Signal(
        f"unusual/{key(NEW)}/cost",
        Kind.UNUSUAL,
        "prod-search: 0.042 USD a request in 3 hours, usually 0.010 (up to 0.019); most by "
        "acme/large 101.20 USD; owner search-platform",
        Decimal("0.0101"),
        Decimal("0.042"),
        key=key(NEW),
        key_name="prod-search",
    )
    found = Signals(NOW, NOW, (signal,))
    keys, lineages = [of("prod-search")], [lineage("prod-search")]
    return alert(Kind.ROTATION_PROPOSED, keys, lineages, signals=found)


def stray() -> Alert:
    asking = lineage("prod-search").asking("prod-search #2", NOW - 8 * HOUR)
    keys = [of("prod-search"), of("prod-search #2", OLD)]
    return alert(Kind.STRAY, keys, [asking])


def deleted() -> Alert:
    gone = observe_gone(of("prod-search"), NOW - HOUR)
    return alert(Kind.DELETED, [gone], [lineage("prod-search")])


PRIVACY = Guardrail(
    "g-1",
    "privacy",
    providers=Allowance(only=frozenset({"openai"})),
    zdr=frozenset({"anthropic", "openai"}),
)
CHEAP = Guardrail("g-2", "cheap", providers=Allowance(only=frozenset({"openai", "deepinfra"})))
MISSING = "the workspace of prod-search has no guardrail of the name or id cheap"


def refused(why: tuple[str, ...], baseline: str | None) -> Alert:
    """Return what is told where a key at 91 % does not get the guardrail `cheap`."""
    held = Restriction(
        key(NEW),
        baseline=baseline,
        wanted="cheap",
        budget="prod-api",
        until=datetime(2026, 11, 19, tzinfo=UTC),
        refusal=Refusal(NOW, why),
        names={"g-1": "privacy"},
    )
    return alert(
        Kind.RESTRICT_REFUSED,
        [of("prod-search", spent="91.2")],
        step=Threshold(Decimal("0.9"), Severity.WARNING, Do.RESTRICT, "cheap"),
        restrictions={held.key: held},
    )


def restricted() -> Alert:
    """Return what is told at the step that restricts two keys of a budget."""
    placed = [
        Restriction(key(start), placed="g-2", wanted="cheap", budget="prod-api", looked_at=NOW)
        for start in (OLD, NEW)
    ]
    return alert(
        Kind.THRESHOLD,
        [of("prod-search", NEW, "60"), of("prod-chat", OLD, "32.4")],
        step=Threshold(Decimal("0.9"), Severity.WARNING, Do.RESTRICT, "cheap"),
        restrictions={one.key: one for one in placed},
    )


SEARCH = ([of("prod-search")], [lineage("prod-search")])
FAILURE = "OpenRouter answered 503 three times to POST /keys."
EVERY_KEY = Release(None, FOR_EVER, "user/ann", "removal", NOW - HOUR)
FORCED = RotationRule(keys=("prod-*",), drain_max=2 * DAY, force=True)
ALERTS: Mapping[str, Alert] = {
    "threshold-restricted": restricted(),
    "restrict-refused": refused(weakens(PRIVACY, CHEAP), "g-1"),
    "restrict-missing": refused((MISSING,), None),
    "rotation-failed": alert(
        Kind.ROTATION_FAILED, *SEARCH, rotations=(rotation(Stage.FAILED, failure=FAILURE),)
    ),
    "rotation-failed-many": failed(),
    "rotation-stuck": alert(
        Kind.ROTATION_STUCK, *SEARCH, rotations=(rotation(Stage.CREATED, new=key(OLD)),)
    ),
    "rotation-due": asked(Do.ROTATE, NAMES[:1]),
    "rotation-due-many": asked(Do.ROTATE, rule=FORCED),
    "rotation-proposed": leak(),
    "rotation-proposed-many": asked(Do.PROPOSE),
    "lingering": lingering(),
    "lingering-forced": lingering(FORCED),
    "lingering-released": lingering(FORCED, releases=[EVERY_KEY]),
    "stray": stray(),
    "deleted": deleted(),
}
