"""An estimate is what the listed prices come to, to the last digit; what is unknown is said."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.client import Prices, PriceUnknown
from budget_guard.client.pricing import Tokens, cost
from budget_guard.sandbox.openrouter.wire import encode
from tests.client.inference import NOW, Answer, Clock, Library, served

PLAIN = {"prompt": "0.000003", "completion": "0.000015"}
CACHED = PLAIN | {"input_cache_read": "0.0000003", "request": "0.005"}
LONG = {"min_prompt_tokens": 1000, "prompt": "0.000006"}
NIGHT = {"utc_start": 2330, "utc_end": 130, "completion": "0.000001"}
SUNDAY = {"utc_days": ["sunday"], "prompt": "0"}
MODELS = {
    "acme/plain": PLAIN,
    "acme/cached": CACHED,
    "acme/half": PLAIN | {"discount": Decimal("0.25")},
    "acme/long": PLAIN | {"overrides": [LONG]},
    "acme/night": PLAIN | {"overrides": [LONG, NIGHT, {"prompt": "0.000009", **NIGHT}]},
    "acme/sunday": PLAIN | {"overrides": [SUNDAY]},
    "acme/later": PLAIN | {"overrides": [{"moon": 1, "prompt": "9"}]},
    "acme/plain:free": {"prompt": "0", "completion": "0"},
    "openrouter/auto": {"prompt": "-1", "completion": "-1"},
    "acme/odd": {"prompt": None, "completion": "0"},
}


class Catalogue:
    """The endpoint `/models`; `asked` counts, `answer` overrides."""

    def __init__(self) -> None:
        self.models: Mapping[str, Any] = MODELS
        self.answer: httpx.Response | None = None
        self.asked = 0
        self.gate, self.arrived = Event(), Event()
        self.gate.set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://openrouter.ai/api/v1/models"
        self.asked += 1
        self.arrived.set()
        self.gate.wait(timeout=30)
        data = [
            {"id": one, "canonical_slug": f"{one.split(':')[0]}-2026", "pricing": its}
            for one, its in self.models.items()
        ]
        return self.answer or httpx.Response(200, content=encode({"data": data}))


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def prices(catalogue: Catalogue, clock: Clock) -> Iterator[Prices]:
    with httpx.Client(transport=httpx.MockTransport(catalogue)) as http:
        yield Prices(http, clock=clock)


@pytest.mark.parametrize(
    ("model", "prompt", "cached", "most", "expected"),
    [
        ("acme/plain", 1000, 0, 100, "0.0045"),
        ("acme/plain-2026", 1000, 0, 100, "0.0045"),
        ("acme/plain", 1000, 400, 100, "0.0045"),
        ("acme/cached", 1000, 400, 100, "0.00842"),
        ("acme/half", 1000, 0, 100, "0.003375"),
        ("acme/long", 1000, 0, 0, "0.003"),
        ("acme/long", 1001, 0, 0, "0.006006"),
        ("acme/later", 1000, 0, 0, "0.003"),
        ("acme/plain:free", 1000, 0, 100, "0"),
        ("acme/plain", 0, 0, 0, "0"),
    ],
)
def test_an_estimate(
    prices: Prices, model: str, prompt: int, cached: int, most: int, expected: str
) -> None:
    asked = prices.estimate(model, prompt_tokens=prompt, max_tokens=most, cached_tokens=cached)
    assert asked == Decimal(expected)


@pytest.mark.parametrize(
    ("model", "at", "expected"),
    [
        ("acme/night", "2026-11-21T23:29:59", "0.018"),
        ("acme/night", "2026-11-21T23:30:00", "0.010"),
        ("acme/night", "2026-11-22T01:29:59", "0.010"),
        ("acme/night", "2026-11-22T01:30:00", "0.018"),
        ("acme/sunday", "2026-11-21T23:59:59", "0.018"),
        ("acme/sunday", "2026-11-22T00:00:00", "0.015"),
    ],
)
def test_prices_depend_on_the_time_of_day(
    prices: Prices, model: str, at: str, expected: str
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    asked = prices.estimate(model, prompt_tokens=1000, max_tokens=1000, at=moment)
    assert asked == Decimal(expected)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("acme/palin", r"no price of acme/palin\. Is it spelled as in /models\?"),
        ("acme/plain:nitro", "Estimate acme/plain with a margin"),
        ("openrouter/auto", "a router chooses"),
        ("acme/odd", "Name the model itself"),
    ],
)
def test_what_has_no_price_says_what_to_do(prices: Prices, model: str, says: str) -> None:
    with pytest.raises(PriceUnknown, match=says):
        prices.estimate(model, prompt_tokens=1, max_tokens=1)


@pytest.mark.parametrize("counts", [(-1, 0, 0), (0, -1, 0), (1, 0, 2)])
def test_counts_that_cannot_be_are_refused(prices: Prices, counts: tuple[int, int, int]) -> None:
    prompt, most, cached = counts
    with pytest.raises(ValueError, match="counted from 0 on"):
        prices.estimate("acme/plain", prompt_tokens=prompt, max_tokens=most, cached_tokens=cached)


def test_prices_are_read_once_a_day(prices: Prices, catalogue: Catalogue, clock: Clock) -> None:
    assert catalogue.asked == 0
    assert [_plain(prices), _plain(prices)] == [Decimal("0.000003")] * 2
    assert catalogue.asked == 1
    catalogue.models = {"acme/plain": PLAIN | {"prompt": "0.000004"}}
    clock.pass_(timedelta(days=1) - timedelta(seconds=1))
    assert _plain(prices) == Decimal("0.000003")
    clock.pass_(timedelta(seconds=1))
    assert _plain(prices) == Decimal("0.000004")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, text="{}"),
        httpx.Response(200, json={"data": []}),
    ],
    ids=["503", "no JSON", "no list", "an empty list"],
)
def test_the_last_prices_are_used_where_they_cannot_be_read_again(
    prices: Prices, catalogue: Catalogue, clock: Clock, answer: httpx.Response
) -> None:
    _plain(prices)
    catalogue.answer = answer
    clock.pass_(timedelta(days=1))
    assert [_plain(prices), _plain(prices)] == [Decimal("0.000003")] * 2
    assert catalogue.asked == 2
    clock.pass_(timedelta(minutes=1))
    _plain(prices)
    assert catalogue.asked == 3


def test_where_no_prices_were_ever_read_it_is_said_why(
    prices: Prices, catalogue: Catalogue
) -> None:
    catalogue.answer = httpx.Response(503)
    for _ in range(2):
        with pytest.raises(PriceUnknown, match="cannot be read: it answered 503"):
            _plain(prices)
    assert catalogue.asked == 1


def test_an_answer_that_takes_too_long_is_not_waited_for(
    catalogue: Catalogue, clock: Clock
) -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(catalogue)) as http,
        pytest.raises(PriceUnknown, match="took longer than 0 s"),
    ):
        _plain(Prices(http, within=0, clock=clock))


def test_many_threads_read_the_prices_once(prices: Prices, catalogue: Catalogue) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: _plain(prices), range(50))) == {Decimal("0.000003")}
    assert catalogue.asked == 1


def test_who_has_old_prices_does_not_wait_for_new_ones(
    prices: Prices, catalogue: Catalogue, clock: Clock
) -> None:
    _plain(prices)
    catalogue.gate.clear()
    catalogue.arrived.clear()
    catalogue.models = {"acme/plain": PLAIN | {"prompt": "0.000004"}}
    clock.pass_(timedelta(days=1))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(_plain, prices)
        assert catalogue.arrived.wait(timeout=30)
        assert _plain(prices) == Decimal("0.000003")
        catalogue.gate.set()
        assert reading.result() == Decimal("0.000004")


def test_a_slug_without_a_variant_never_means_the_free_one(
    prices: Prices, catalogue: Catalogue
) -> None:
    free = {"prompt": "0", "completion": "0"}
    catalogue.models = {"acme/plain:free": free, "acme/plain": PLAIN}
    asked = prices.estimate("acme/plain-2026", prompt_tokens=1, max_tokens=0)
    assert asked == Decimal("0.000003")


def test_either_library_reads_them(library: Library, clock: Clock) -> None:
    answer = Answer([encode({"data": [{"id": "acme/plain", "pricing": PLAIN}]})])
    with library.module.Client(transport=library.transport(lambda _: answer)) as http:
        assert _plain(Prices(http, clock=clock)) == Decimal("0.000003")


def test_without_a_client_it_makes_its_own() -> None:
    answer = Answer([encode({"data": [{"id": "acme/plain", "pricing": PLAIN}]})])
    with served(lambda _: answer) as url:
        assert _plain(Prices(base_url=url, within=30)) == Decimal("0.000003")


texts = st.decimals(0, 1, places=9).map(lambda one: f"{one:f}")
pricings = st.fixed_dictionaries(
    {"prompt": texts, "completion": texts},
    optional={
        "input_cache_read": texts,
        "request": texts,
        "discount": st.decimals(0, 1, places=2),
        "overrides": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "min_prompt_tokens": st.integers(0, 100),
                    "utc_start": st.sampled_from([0, 400, 1200, 2359]),
                    "utc_end": st.sampled_from([0, 100, 1201, 2400]),
                    "prompt": texts,
                    "completion": texts,
                    "input_cache_read": texts,
                },
            ),
            max_size=3,
        ),
    },
)
counts = st.integers(0, 200)


@given(pricings, counts, counts, counts)
def test_an_estimate_never_falls_as_tokens_are_added(
    pricing: dict[str, Any], prompt: int, cached: int, most: int
) -> None:
    pricing = pricing | {"overrides": []}
    tokens = Tokens(prompt=prompt + cached, completion=most, cached=cached)
    more = Tokens(prompt=prompt + cached + 1, completion=most + 1, cached=cached)
    assert Decimal(0) <= cost(pricing, tokens, NOW) <= cost(pricing, more, NOW)


@given(pricings, counts, counts, st.datetimes(timezones=st.just(UTC)))
def test_an_estimate_is_what_a_plain_reading_of_the_rules_comes_to(
    pricing: dict[str, Any], prompt: int, most: int, at: datetime
) -> None:
    use = dict(pricing)
    for one in pricing.get("overrides", ()):
        now = at.hour * 100 + at.minute
        begins, ends = one.get("utc_start", 0), one.get("utc_end", 2400)
        hours = {clock % 2400 for clock in range(begins, ends if begins <= ends else ends + 2400)}
        if prompt > one.get("min_prompt_tokens", -1) and now in hours:
            use |= one
    cached = prompt // 2
    expected = (prompt - cached) * Decimal(use["prompt"])
    expected += cached * Decimal(use.get("input_cache_read", use["prompt"]))
    expected += most * Decimal(use["completion"]) + Decimal(use.get("request", 0))
    tokens = Tokens(prompt=prompt, completion=most, cached=cached)
    assert cost(pricing, tokens, at) == expected * (1 - pricing.get("discount", Decimal(0)))


def _plain(prices: Prices) -> Decimal:
    return prices.estimate("acme/plain", prompt_tokens=1, max_tokens=0)
