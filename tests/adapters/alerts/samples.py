"""Alerts as runs of the guard make them, one of each kind at least."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from budget_guard.domain import commands
from budget_guard.domain.alerts import Alert, Entry, Kind, Unit
from budget_guard.domain.ladder import Severity
from budget_guard.domain.windows import Window
from tests.adapters.alerts import rotated

NOW = datetime(2026, 11, 18, 18, 48, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)
HASH = "3fa9c1d2abcd" + "0" * 52
PROD = Entry(
    incident=f"prod-api/{HASH}/daily/2026-11-18",
    text="prod-search, in prod-api, spent 91.20 of 100.00 USD today",
    budget="prod-api",
    owner="search-platform",
    key=HASH,
    key_name="prod-search",
    window=Window.DAILY,
    spent=Decimal("91.2018273645"),
    cap=Decimal(100),
    burn_per_hour=Decimal("13.8"),
    exhausts_at=NOW + timedelta(minutes=38),
    resets_at=MIDNIGHT,
    action="fenced: 8.80 USD more until 00:00 UTC",
    todo="wait for the reset, or allow more: budget-guard grant prod-api 20 --key 3fa9c1d2abcd "
    '--for 4h --reason "..."',
    undo=commands.release(HASH),
    runbook="https://wiki.example.com/platform/openrouter/what-to-do-when-a-budget-is-spent",
)
STOPPED = replace(
    PROD,
    text="prod-search, in prod-api, spent 100.00 of 100.00 USD today",
    spent=Decimal(100),
    burn_per_hour=Decimal("13.8"),
    exhausts_at=None,
    action="OpenRouter refuses the key by the guard's fence until 00:00 UTC",
)
TEAM = Entry(
    incident="everything/*/monthly/2026-11-01",
    text="everything spent 4102.50 of 5000.00 USD this month",
    budget="everything",
    owner="finance",
    window=Window.MONTHLY,
    spent=Decimal("4102.5"),
    cap=Decimal(5000),
    burn_per_hour=Decimal("4.75"),
    exhausts_at=NOW + timedelta(days=7, hours=21),
    resets_at=datetime(2026, 12, 1, tzinfo=UTC),
    action="nothing yet",
    todo="wait for the reset, or allow more: budget-guard grant everything 20 --for 4h "
    '--reason "..."',
)
FAILED = Entry(
    incident=f"failed/{HASH}/3",
    text="prod-search cannot be changed: 5 tries in a row failed. OpenRouter refuses PATCH "
    "/keys/3fa9c1d2abcd (403): Only management keys can perform this operation",
    budget="prod-api",
    owner="search-platform",
    key=HASH,
    key_name="prod-search",
    action="still wanted: prod-search, in prod-api, spent 91.20 of 100.00 USD today; fenced at "
    "8.80 USD more until 00:00 UTC",
    todo="see whether OpenRouter is up and the management key may change this key; "
    "or set the key's limit by hand",
    undo=commands.release(HASH),
)
OVERRIDE = Entry(
    incident=f"override/{HASH}/2026-11-18T18:44:10+00:00",
    text="somebody changed prod-search while the guard held it: limit 108.80 USD in its lifetime "
    "-> no limit",
    key=HASH,
    key_name="prod-search",
    resets_at=MIDNIGHT,
    action="the guard lets the key go until 00:00 UTC",
    todo="nothing, if it was meant; the key's spend is not held until then",
)
BLIND = Entry(
    incident="blind/w-research",
    text="nothing new is known of workspace Research since 18:31 UTC. workspace Research: "
    "OpenRouter answered 503 three times to GET /keys",
    action="its fences stay; nothing new is decided for its keys",
    todo="see the last lines of the poll_usage log, and whether OpenRouter is up",
)
KEYLESS = Entry(
    incident="blind/account",
    text="the guard cannot read the account: there is no management key yet. Put one: "
    "aws secretsmanager put-secret-value --secret-id budget-guard-key --secret-string ...",
    action="fences stay as they are; nothing new is decided",
)
BREAKER = Entry(
    incident="breaker/3f2a9c1d",
    text="a plan to stop 12, restrict 4 and release 3 of 20 keys is held back: the budgets file is "
    "new (hash 3f2a9c1d)",
    action="the budgets file approved before (hash 8c41d0e7) stays in force; no key is restricted "
    "or released",
    todo='look: budget-guard approve; then: budget-guard approve 3f2a9c1d --reason "..."',
)
MODE_REFUSED = Entry(
    incident="mode/observe",
    text="mode: observe is refused while 14 keys are held",
    action="the budgets file approved before (hash 8c41d0e7) stays in force",
    todo="to give the keys back, deploy mode: release first; to keep them held, deploy "
    "mode: enforce again",
)
SECOND = Entry(
    incident="second",
    text="5 keys have fences that this guard never wrote; is there a second guard on this account?",
    action="it changes none of them: prod-search, prod-chat, prod-mail and 2 more",
    todo="if a second guard is meant, give each its own workspaces with scope: in its budgets "
    "file; if the fences are left from a guard that is gone, set the keys' limits by hand",
)
TEST = Entry(
    incident="test",
    text="ann sent this to see whether alerts arrive",
    todo="nothing: it has arrived",
)


def unmanaged(number: int) -> Entry:
    key = f"{number:02x}c0ffee1234" + "0" * 52
    return Entry(
        incident=f"unmanaged/{key}",
        text=f"dev-{number} is in no budget; its own limit: no limit",
        key=key,
        key_name=f"dev-{number}",
        todo="cover it with a pattern in the budgets file, or disable it",
    )


def thin(budget: str, owner: str, usd: int, keys: int, each: str) -> Entry:
    return Entry(
        incident=f"thin/{budget}/daily",
        text=f"{budget} has {usd}.00 USD today for {keys} keys, {each} USD each: too thin to hold",
        budget=budget,
        owner=owner,
        window=Window.DAILY,
        cap=Decimal(usd),
        action="it is held all the same; OpenRouter may refuse ordinary requests (402) of keys "
        "with less than 1 USD left",
        todo=f"raise the cap to {keys} USD or more, let it cover fewer keys, or write hold: never",
    )


def proposed(name: str, key: str) -> Entry:
    return Entry(
        incident=f"proposed/{key}",
        text=f"{name} is proposed for protection by its name, and not protected yet",
        budget="builds",
        owner="developer-experience",
        key=key,
        key_name=name,
        action="nothing has changed: its budgets hold it as before",
        todo='rename the keys that are not meant; then: budget-guard approve 3f2a9c1d --reason "..."',
    )


def developer(number: int) -> Entry:
    name, key = f"dev-{number}", f"{number:02x}9abc123456" + "0" * 52
    return replace(
        PROD,
        incident=f"developers/{key}/daily/2026-11-18",
        text=f"{name}, in developers, spent 4.{99 - number} of 5.00 USD today",
        budget="developers",
        owner="developer-experience",
        key=key,
        key_name=name,
        spent=Decimal(f"4.{99 - number}"),
        cap=Decimal(5),
        exhausts_at=None,
        action="fenced: 0.05 USD more until 00:00 UTC",
        todo=None,
        undo=commands.release(key),
        runbook=None,
    )


BALANCE = Entry(
    incident="account/balance",
    text="the account's balance is 84.20 USD, below 100.00; most by agent-crawler 512.40, "
    "prod-search 88.10, dev-ann 12.00 USD in 24 hours",
    action="nothing: the guard only tells",
    todo="buy credits at openrouter.ai; without any, OpenRouter refuses every request (402)",
)
RUNWAY = Entry(
    incident="account/runway",
    text="the account's 812.50 USD last for 31 hours, below 72 hours, at 26.21 USD an hour; most by "
    "agent-crawler 512.40, prod-search 88.10, dev-ann 12.00 USD in 24 hours",
    burn_per_hour=Decimal("26.21"),
    action="nothing: the guard only tells",
    todo="buy credits at openrouter.ai, or see who spends more than usual",
)
UNTOLD = Entry(
    incident="unexplained/analytics",
    text="46.60 of 210.00 USD that keys spent in 24 hours are not in OpenRouter's analytics; most by "
    "agent-crawler 40.10, prod-search 6.50 USD; owner search-platform",
    owner="search-platform",
    action="nothing: the guard only tells",
    todo="compare the activity page of OpenRouter for these keys; if it lacks requests too, ask "
    "OpenRouter",
)
SHIFTED = Entry(
    incident="mix/search-platform/model/acme/large",
    text="search-platform: model acme/large 62 % (was 8 %), acme/small 30 % (was 84 %) of today's "
    "spend until 18:00 UTC, against the 4 Wednesdays before; most by agent-crawler 212.40, "
    "prod-search 18.00 USD",
    owner="search-platform",
    action="nothing: the guard only tells",
    todo="nothing, if the change was meant; else ask the owner of these keys",
)
UNUSUAL = Entry(
    incident=f"unusual/{HASH}/cost",
    text="prod-search: 0.042 USD a request in 3 hours, usually 0.010 (up to 0.019); most by "
    "acme/large 101.20, acme/small 3.10 USD; owner search-platform",
    owner="search-platform",
    key=HASH,
    key_name="prod-search",
    before=Decimal("0.0101"),
    after=Decimal("0.0420"),
    unit=Unit.USD_PER_REQUEST,
    contributors=(("acme/large", Decimal("101.2")), ("acme/small", Decimal("3.1"))),
    action="nothing: the guard only tells",
    todo='see what its job does; to stop it: budget-guard freeze 3fa9c1d2abcd --reason "..."',
)
FELL_BACK = Entry(
    incident="fallbacks/search-platform/Acme",
    text="search-platform: 52 % of 91 requests to Acme fell back in 3 hours, usually 2 % (up to "
    "6 %), of the requests on record (above 0.05 USD); Acme failed 47 times (503, 429), Beta served 26, Gamma served "
    "21, 48 % dearer per token (2.21 USD); most by agent-crawler 5.40, prod-search 1.42 USD",
    owner="search-platform",
    action="nothing: the guard only tells",
    todo="nothing, if the others' price is fine; while Acme fails, provider.ignore in the requests "
    "leaves it out",
)
LOOP = Entry(
    incident=f"loop/{HASH}/session/9f86d081884c7d65",
    text="prod-search: session 7c1e-4f3a made 1840 requests in an hour (112.40 USD), usually up to "
    "31; from 17:00 to 18:00 UTC, of the requests on record (above 0.05 USD); most by acme/large 110.10, "
    "acme/small 2.30 USD; owner search-platform",
    owner="search-platform",
    key=HASH,
    key_name="prod-search",
    action="nothing: the guard only tells",
    todo='see what this session does; to stop it: budget-guard freeze 3fa9c1d2abcd --reason "..."',
)


REPRICED = Entry(
    incident="price/acme/large/2026-11-18T07:05",
    text="acme/large is dearer: prompt 3.00 -> 3.60, completion 15.00 -> 18.00, cache read 0.30 -> "
    "0.36 USD per million tokens; 12.30 USD a day more at the tokens of the last 24 hours; changed "
    "between 2026-11-17 07:05 and 2026-11-18 07:05 UTC; most by agent-crawler 9.10, prod-search "
    "3.20 USD; owners search-platform, ai-team",
    owner="search-platform",
    action="nothing: the guard only tells",
    todo="nothing, or see whether another model does it for less",
)
WITHDRAWN = Entry(
    incident="withdrawn/acme/large/2026-12-01",
    text="acme/large may be withdrawn after 2026-12-01 (in 13 days), and is in use: 87.30 USD "
    "yesterday and today; most by agent-crawler 84.10, prod-search 3.20 USD; owner search-platform",
    owner="search-platform",
    action="nothing: the guard only tells",
    todo="move what uses it to another model before that day",
)


def alert(kind: Kind, *entries: Entry, severity: Severity = Severity.WARNING) -> Alert:
    return Alert("5d0c1e9a-6f4b-5f0e-9c1d-2a7b8c9d0e1f", kind, severity, NOW, entries)


OVER = replace(
    STOPPED,
    text=f"over: {STOPPED.text}",
    burn_per_hour=None,
    action=None,
    todo=None,
    undo=None,
    resets_at=None,
)
CRITICAL = Severity.CRITICAL
ALERTS: Mapping[str, Alert] = {
    "threshold": alert(Kind.THRESHOLD, TEAM),
    "fenced": alert(Kind.FENCED, PROD),
    "fenced-many": alert(Kind.FENCED, *(developer(number) for number in range(1, 51))),
    "stopped": alert(Kind.STOPPED, STOPPED, severity=CRITICAL),
    "action-failed": alert(Kind.ACTION_FAILED, FAILED, severity=CRITICAL),
    "override": alert(Kind.OVERRIDE, OVERRIDE),
    "override-mass": alert(
        Kind.OVERRIDE_MASS,
        *(
            replace(OVERRIDE, key_name=name, text=OVERRIDE.text.replace("prod-search", name))
            for name in ("prod-search", "prod-chat", "prod-mail", "prod-ocr")
        ),
    ),
    "unmanaged": alert(Kind.UNMANAGED, *(unmanaged(number) for number in range(3))),
    "blind": alert(Kind.BLIND, BLIND, severity=CRITICAL),
    "blind-no-key": alert(Kind.BLIND, KEYLESS, severity=CRITICAL),
    "breaker": alert(Kind.BREAKER, BREAKER, severity=CRITICAL),
    "mode-refused": alert(Kind.MODE_REFUSED, MODE_REFUSED, severity=CRITICAL),
    "second": alert(Kind.SECOND, SECOND, severity=CRITICAL),
    "too-thin": alert(
        Kind.TOO_THIN,
        thin("mobile", "mobile-apps", 8, 12, "0.67"),
        thin("interns", "people", 3, 5, "0.60"),
    ),
    "protect-proposed": alert(
        Kind.PROTECT_PROPOSED,
        proposed("ci-release", "a1b2c3d4e5f6" + "0" * 52),
        proposed("ci-nightly", "0d9e8f7a6b5c" + "0" * 52),
    ),
    "balance": alert(Kind.BALANCE, BALANCE, severity=CRITICAL),
    "runway": alert(Kind.RUNWAY, RUNWAY),
    "unexplained": alert(Kind.UNEXPLAINED, UNTOLD),
    "mix-shifted": alert(Kind.MIX_SHIFTED, SHIFTED),
    "unusual": alert(Kind.UNUSUAL, UNUSUAL),
    "repriced": alert(Kind.REPRICED, REPRICED),
    "withdrawn": alert(Kind.WITHDRAWN, WITHDRAWN),
    "fallbacks": alert(Kind.FALLBACKS, FELL_BACK),
    "loop": alert(Kind.LOOP, LOOP),
    **rotated.ALERTS,
    "resolved": alert(Kind.RESOLVED, OVER, severity=Severity.INFO),
    "test": alert(Kind.TEST, TEST, severity=Severity.INFO),
}
