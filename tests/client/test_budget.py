"""Soft caps refuse before OpenRouter does, say until when and whom to ask, and fail as told."""

import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.client import Budget, BudgetExceeded, BudgetUnknown
from budget_guard.client.headroom import HeadroomUrl
from tests.client.inference import PLAINTEXT, Answer, Clock, Library, served

KEY = sha256(PLAINTEXT.encode()).hexdigest()
URL = "https://abc123.lambda-url.eu-west-3.on.aws/"
SECRET = "made-up-secret"
TOLD = {
    "key": KEY,
    "headroom_usd": "12.34",
    "observed_at": "2026-11-21T11:58:00+00:00",
    "age_seconds": 120,
    "resets_at": "2026-11-22T00:00:00+00:00",
    "budget": "prod-api",
    "window": "daily",
    "owner": "search-platform",
    "state": "held",
}
cents = st.decimals(0, 50, places=2)


class Guard:
    """The guard's function URL."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = dict(TOLD)
        self.answer: httpx.Response | Exception | None = None
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or httpx.Response(200, json=self.told)


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(
    guard: Guard, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Budget]]:
    """Makes budgets of an application that has AWS credentials."""
    for name, value in (("ACCESS_KEY_ID", "AKIDMADEUP"), ("SECRET_ACCESS_KEY", SECRET)):
        monkeypatch.setenv(f"AWS_{name}", value)
    with httpx.Client(transport=httpx.MockTransport(guard)) as http:
        usual: dict[str, Any] = {"headroom_url": URL, "api_key": PLAINTEXT}
        usual |= {"http": http, "clock": clock}
        yield lambda **rest: Budget(**(usual | rest))


def test_what_the_caps_leave_may_be_sent(make: Callable[..., Budget]) -> None:
    budget = make(per_request=Decimal("0.50"), per_day=Decimal(20))
    budget.check(Decimal("0.50"))
    budget.record(Decimal("19.60"))
    budget.check(Decimal("0.40"))
    assert budget.unknown == 0


def test_a_request_above_its_cap_is_refused_and_nobody_asked(
    make: Callable[..., Budget], guard: Guard
) -> None:
    with pytest.raises(BudgetExceeded) as refused:
        make(per_request=Decimal("0.50")).check(Decimal("0.51"))
    assert str(refused.value) == (
        "Not sent: the request may cost 0.51 USD, and one request at most 0.50 USD. "
        "Ask for fewer tokens, or a cheaper model."
    )
    assert refused.value.headroom == Decimal("0.50")
    assert refused.value.resets_at is None
    assert not guard.requests


def test_a_day_is_over_at_midnight_utc(clock: Clock) -> None:
    budget = Budget(per_day=Decimal(20), clock=clock)
    budget.record(Decimal("19.75"))
    with pytest.raises(BudgetExceeded) as refused:
        budget.check(Decimal("0.255"))
    assert str(refused.value) == (
        "Not sent: the request may cost 0.255 USD, and 0.25 USD are left of this process's "
        "20.00 USD for today. It has more at 2026-11-22 00:00 UTC."
    )
    assert refused.value.resets_at == datetime(2026, 11, 22, tzinfo=UTC)
    clock.now = datetime(2026, 11, 22, tzinfo=UTC)
    budget.check(Decimal(20))


def test_a_request_above_the_keys_headroom_is_refused_with_owner_and_reset(
    make: Callable[..., Budget],
) -> None:
    with pytest.raises(BudgetExceeded) as refused:
        make().check(Decimal("12.341"))
    assert str(refused.value) == (
        "Not sent: the request may cost 12.341 USD, and the key has 12.34 USD left (budget "
        "prod-api, daily, owner search-platform), as of 2026-11-21 11:58 UTC. It has more at "
        "2026-11-22 00:00 UTC."
    )
    error = refused.value
    assert (error.budget, error.owner) == ("prod-api", "search-platform")
    assert error.headroom == Decimal("12.34")
    assert error.resets_at == datetime(2026, 11, 22, tzinfo=UTC)


def test_a_key_that_has_nothing_left_may_send_nothing(
    make: Callable[..., Budget], guard: Guard
) -> None:
    guard.told |= {"headroom_usd": "0", "budget": None, "owner": None, "window": None}
    guard.told |= {"resets_at": None, "state": "frozen"}
    with pytest.raises(BudgetExceeded, match=r"has 0\.00 USD left, as of 2026-11-21 11:58 UTC\.$"):
        make().check(Decimal(0))


def test_a_key_without_a_limit_may_send_anything(make: Callable[..., Budget], guard: Guard) -> None:
    guard.told |= {"headroom_usd": None, "state": "free"}
    make().check(Decimal(1_000_000))


def test_the_guard_is_asked_every_half_minute(
    make: Callable[..., Budget], guard: Guard, clock: Clock
) -> None:
    budget = make()
    for _ in range(3):
        budget.check(Decimal(1))
    assert len(guard.requests) == 1
    clock.pass_(timedelta(seconds=30))
    guard.told["headroom_usd"] = "0.5"
    with pytest.raises(BudgetExceeded):
        budget.check(Decimal(1))
    assert len(guard.requests) == 2


def test_many_threads_ask_once(make: Callable[..., Budget], guard: Guard) -> None:
    budget = make()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: budget.check(Decimal(1)), range(50)))
    assert len(guard.requests) == 1


WRONG = {
    "refused": httpx.ConnectError("connection refused"),
    "timed out": httpx.ReadTimeout("timed out"),
    "403": httpx.Response(403),
    "404": httpx.Response(404, json={"message": "no such key"}),
    "500": httpx.Response(500),
    "redirect": httpx.Response(302, headers={"location": URL}),
    "no JSON": httpx.Response(200, text="<html>"),
    "a list": httpx.Response(200, json=[]),
    "no fields": httpx.Response(200, json={"key": KEY}),
    "another key": httpx.Response(200, json=TOLD | {"key": "0" * 64}),
    "not a number": httpx.Response(200, json=TOLD | {"headroom_usd": "NaN"}),
    "below 0": httpx.Response(200, json=TOLD | {"headroom_usd": "-1"}),
    "no offset": httpx.Response(200, json=TOLD | {"observed_at": "2026-11-21T11:58:00"}),
    "unknown": httpx.Response(200, json=TOLD | {"state": "unknown"}),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_without_an_answer_it_fails_open_and_counts(
    make: Callable[..., Budget], guard: Guard, answer: Any
) -> None:
    guard.answer = answer
    budget = make()
    budget.check(Decimal(1000))
    budget.check(Decimal(1000))
    assert budget.unknown == 2
    assert len(guard.requests) == 1, "a guard that does not answer must not slow every request"


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_without_an_answer_it_fails_closed_where_told(
    make: Callable[..., Budget], guard: Guard, answer: Any
) -> None:
    guard.answer = answer
    with pytest.raises(BudgetUnknown, match=r"unknown: the guard.*Nothing was sent\.$") as raised:
        make(fail="closed").check(Decimal(1))
    assert PLAINTEXT not in str(raised.value)


def test_an_answer_after_a_failure_counts_again(
    make: Callable[..., Budget], guard: Guard, clock: Clock
) -> None:
    guard.answer = httpx.Response(500)
    budget = make()
    budget.check(Decimal(1000))
    guard.answer = None
    clock.pass_(timedelta(seconds=30))
    with pytest.raises(BudgetExceeded):
        budget.check(Decimal(1000))


def test_the_request_is_signed_for_lambda_in_the_urls_region(
    make: Callable[..., Budget], guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "made-up-token")
    make().check(Decimal(1))
    (request,) = guard.requests
    assert str(request.url) == f"{URL}?key={KEY}"
    assert request.headers["x-amz-security-token"] == "made-up-token"
    assert "/eu-west-3/lambda/aws4_request" in request.headers["authorization"]
    assert request.headers["authorization"].endswith(f"Signature={_signature(request)}")
    assert PLAINTEXT not in repr(request.headers.multi_items())


def test_without_credentials_or_a_region_nothing_is_known(
    make: Callable[..., Budget], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BudgetUnknown, match="in which region it is"):
        make(fail="closed", headroom_url="https://guard.example.com").check(Decimal(1))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    with pytest.raises(BudgetUnknown, match="no AWS credentials"):
        make(fail="closed").check(Decimal(1))


def test_either_library_asks(library: Library, make: Callable[..., Budget]) -> None:
    answer = Answer([json.dumps(TOLD).encode()])
    with library.module.Client(transport=library.transport(lambda _: answer)) as http:
        make(http=http).check(Decimal("12.34"))


def test_without_a_client_it_makes_its_own(
    make: Callable[..., Budget], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    with served(lambda _: Answer([json.dumps(TOLD).encode()])) as url:
        asked = HeadroomUrl(url, KEY).ask()
    assert asked.usd == Decimal("12.34")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fail": "ajar"},
        {"per_request": 0.5},
        {"per_day": Decimal(-1)},
        {"per_day": Decimal("NaN")},
        {"headroom_url": URL},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|needs the key"):
        Budget(**wrong)


def test_a_cost_that_is_none_is_refused(clock: Clock) -> None:
    budget = Budget(per_day=Decimal(1), clock=clock)
    for wrong in (Decimal(-1), Decimal("Infinity")):
        with pytest.raises(ValueError, match="must be a Decimal"):
            budget.check(wrong)
        with pytest.raises(ValueError, match="must be a Decimal"):
            budget.record(wrong)


def test_the_key_itself_is_not_kept(make: Callable[..., Budget]) -> None:
    budget = make()
    assert budget.of_key == KEY
    assert PLAINTEXT not in repr(budget)
    assert PLAINTEXT not in repr(vars(budget))


@given(cents, st.lists(st.tuples(cents, st.integers(0, 30)), max_size=20))
def test_what_is_checked_and_recorded_stays_within_each_days_cap(
    cap: Decimal, requests: list[tuple[Decimal, int]]
) -> None:
    clock, spent, refused = Clock(), dict[object, Decimal](), list[tuple[bool, bool]]()
    budget = Budget(per_day=cap, clock=clock)
    for cost, hours in requests:
        clock.pass_(timedelta(hours=hours))
        today = spent.get(clock.now.date(), Decimal(0))
        try:
            budget.check(cost)
        except BudgetExceeded as error:
            refused.append((today == cap or today + cost > cap, error.headroom == cap - today))
        else:
            budget.record(cost)
            spent[clock.now.date()] = today + cost
    assert all(one <= cap for one in spent.values())
    assert set(refused) <= {(True, True)}


def _signature(request: httpx.Request) -> str:
    """Return what AWS would compute (documentation, "Signature Version 4", four steps)."""
    header = request.headers["authorization"]
    scope = header.split("Credential=AKIDMADEUP/")[1].split(",")[0]
    signed = header.split("SignedHeaders=")[1].split(",")[0]
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in signed.split(";"))
    query = request.url.query.decode()
    canonical = f"GET\n/\n{query}\n{headers}\n{signed}\n{sha256(b'').hexdigest()}"
    digest = sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{digest}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
