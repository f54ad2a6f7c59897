"""The port `CostSource`, on the simulated account: over HTTP, and in process."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from budget_guard.adapters.openrouter.connecting import open_transport
from budget_guard.adapters.openrouter.costs import HttpCosts
from budget_guard.domain import offer
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import NOTHING, Cost, Figures, summed
from budget_guard.domain.errors import (
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from budget_guard.domain.outcomes import fell_back
from budget_guard.sandbox.openrouter import (
    Account,
    Api,
    Behaviour,
    Clock,
    Fault,
    Faults,
    Model,
    Tokens,
    Work,
    serve,
)
from budget_guard.sandbox.openrouter.catalog import MODELS
from budget_guard.sandbox.openrouter.in_process_costs import in_process_costs
from budget_guard.use_cases.costs.asking import whole
from budget_guard.use_cases.costs.offer import Labelled
from budget_guard.use_cases.costs.source import CostSource, Grain, Question, Row, Single
from tests.adapters.openrouter.scripted_costs import TEN

HOUR = timedelta(hours=1)
TOKENS = Tokens(prompt=60, completion=40, reasoning=10, cached=30)
CLAUDE = Work(served="anthropic/claude", provider="Anthropic", tokens=TOKENS)
GPT = Work(served="openai/gpt-4.1", provider="Azure", tokens=TOKENS)

type Connect = Callable[[str], CostSource]


@pytest.fixture
def account() -> Account:
    return Account(clock=Clock(TEN))


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture(params=["http", "in process"])
def connecting(
    request: pytest.FixtureRequest, account: Account, faults: Faults
) -> Iterator[Connect]:
    if request.param == "in process":
        yield lambda key: in_process_costs(account, faults, key=key)
        return
    opened: list[HttpCosts] = []

    def over_http(key: str) -> CostSource:
        transport = open_transport(url, SecretStr(key))
        opened.append(
            HttpCosts(transport, queries=lambda: None, days=lambda: None, singles=lambda: None)
        )
        return opened[-1]

    with serve(Api(account, faults)) as url:
        yield over_http
        for one in opened:
            one.__exit__()


@pytest.fixture
def source(connecting: Connect, account: Account) -> CostSource:
    return connecting(str(account.management_key))


def new_key(account: Account, name: str = "prod-api", **fields: Any) -> str:
    return str(account.create_key({"name": name, **fields})[1]["hash"])


def spend(account: Account, key: str, cost: str, work: Work = GPT, *, byok: bool = False) -> None:
    account.spending.charge(key, Decimal(cost), byok=byok, work=work)


def asked(account: Account, axis: Axis | Single = Axis.MODEL, **more: Any) -> Question:
    """Return a question for everything until now, and a little beyond."""
    ends = account.clock.now + timedelta(seconds=1)
    return replace(Question(account.workspaces.default, axis, TEN, ends), **more)


def simple(rows: tuple[Row, ...]) -> list[tuple[int, str | None, str, Decimal]]:
    return sorted((row.at.hour, row.key_name or "", row.label, row.figures.credits) for row in rows)


def total(rows: tuple[Row, ...] | tuple[Cost, ...]) -> Figures:
    return summed(("", row.figures) for row in rows).get("", NOTHING)


def test_everything_that_is_asked_for_is_offered(source: CostSource) -> None:
    offered = source.offered()
    assert (offered.axes, offered.missing) == (frozenset(Axis), ())


def test_models_and_providers_are_told_by_the_hour_and_by_the_keys_name(
    source: CostSource, account: Account
) -> None:
    one, other = new_key(account, "one"), new_key(account, "other")
    spend(account, one, "0.1")
    spend(account, one, "0.2")
    spend(account, other, "1", CLAUDE)
    account.clock.advance(HOUR)
    spend(account, one, "4", CLAUDE)
    assert simple(source.ask(asked(account)).rows) == [
        (10, "one", "openai/gpt-4.1", Decimal("0.3")),
        (10, "other", "anthropic/claude", Decimal(1)),
        (11, "one", "anthropic/claude", Decimal(4)),
    ]
    assert simple(source.ask(asked(account, Axis.PROVIDER)).rows) == [
        (10, "one", "Azure", Decimal("0.3")),
        (10, "other", "Anthropic", Decimal(1)),
        (11, "one", "Anthropic", Decimal(4)),
    ]


@pytest.mark.parametrize("axis", Axis)
@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(analytics_counts="strings", analytics_long_times=True),
        Behaviour(analytics_counts="numbers", analytics_whole_buckets=True),
        Behaviour(analytics_counts="alternating", analytics_cached=True),
    ],
    ids=("strings", "numbers", "alternating"),
)
def test_however_it_is_written_every_figure_is_in_its_place(
    source: CostSource, account: Account, axis: Axis, behaviour: Behaviour
) -> None:
    account.behaviour = behaviour
    key = new_key(account)
    for work in (GPT, replace(CLAUDE, fee=Decimal("0.05"))):
        spend(account, key, "0.7")
        spend(account, key, "2", work, byok=True)
    figures = total(source.ask(asked(account, axis)).rows)
    assert figures == Figures(Decimal("1.45"), Decimal(4), 4, 240, 160, 40, 120)


def test_two_keys_of_one_name_are_told_apart_by_asking_for_one(
    source: CostSource, account: Account
) -> None:
    one, other = new_key(account, "twin"), new_key(account, "twin")
    spend(account, one, "1")
    spend(account, other, "2")
    named = source.ask(asked(account)).rows
    assert {row.key_name for row in named} == {"twin"}
    assert total(named).credits == 3
    for key, cost in ((one, 1), (other, 2)):
        told = source.ask(asked(account, key=key))
        assert (total(told.rows).credits, told.warnings) == (Decimal(cost), ())
        assert {row.key_name for row in told.rows} == {None}


def test_another_workspaces_spend_is_not_among_the_rows(
    source: CostSource, account: Account
) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    spend(account, new_key(account, workspace_id=research), "5")
    assert source.ask(asked(account)).rows == ()
    assert total(source.ask(asked(account, workspace=research)).rows).credits == 5


def test_a_hash_that_nobody_knows_has_no_rows_and_a_warning(
    source: CostSource, account: Account
) -> None:
    told = source.ask(asked(account, key="f" * 64))
    assert told.rows == ()
    assert told.warnings == (f'Analytics warns: api_key_id "{"f" * 64}" could not be resolved',)


def test_minutes_can_be_asked_for(source: CostSource, account: Account) -> None:
    key = new_key(account)
    for _ in range(3):
        spend(account, key, "1")
        account.clock.advance(timedelta(seconds=50))
    rows = source.ask(asked(account, grain=Grain.MINUTE)).rows
    assert [(row.at.minute, row.figures.requests) for row in rows] == [(0, 2), (1, 1)]


def test_a_request_that_nobody_served_is_kept(source: CostSource, account: Account) -> None:
    spend(account, new_key(account), "1", replace(GPT, provider=None))
    assert [row.label for row in source.ask(asked(account, Axis.PROVIDER)).rows] == ["unknown"]


@pytest.mark.parametrize("metric", ["credits_usage", "byok_usage", "reasoning_tokens"])
def test_a_metric_that_is_not_known_is_not_asked_for(
    source: CostSource, account: Account, metric: str
) -> None:
    account.behaviour = Behaviour(analytics_unknown=frozenset([metric]))
    key = new_key(account)
    spend(account, key, "1.5")
    spend(account, key, "2", byok=True)
    (said,) = source.offered().missing
    assert metric in said
    figures = total(source.ask(asked(account)).rows)
    expected = Figures(Decimal("1.5"), Decimal(2), 2, 120, 80, 20, 60)
    if metric == "byok_usage":
        expected = replace(expected, byok=Decimal(0))
    if metric == "reasoning_tokens":
        expected = replace(expected, reasoning=0)
    assert figures == expected


def test_a_dimension_that_is_not_known_is_not_asked_for(
    source: CostSource, account: Account
) -> None:
    account.behaviour = Behaviour(analytics_unknown=frozenset(["provider"]))
    assert source.offered().axes == {Axis.MODEL}
    assert source.ask(asked(account)).rows == ()
    with pytest.raises(ProviderConfusing, match="by provider"):
        source.ask(asked(account, Axis.PROVIDER))


def test_more_rows_than_an_answer_may_have_are_found_by_asking_for_less(
    account: Account,
) -> None:
    key = new_key(account)
    for number in range(10_500):
        spend(account, key, "0.001", replace(GPT, served=f"model-{number}"))
        account.clock.advance(timedelta(seconds=1))
    source = in_process_costs(account)
    assert source.ask(asked(account)).is_cut
    rows = tuple(whole(asked(account), source.ask))
    assert len({row.label for row in rows}) == 10_500
    assert total(rows).credits == Decimal("10.5")


def test_a_completed_day_is_told_by_model_and_provider(
    source: CostSource, account: Account
) -> None:
    key, other = new_key(account), new_key(account)
    spend(account, key, "0.5")
    spend(account, key, "0.25")
    spend(account, key, "2", replace(CLAUDE, fee=Decimal("0.1")), byok=True)
    spend(account, other, "9")
    account.clock.advance(timedelta(days=1))
    spend(account, key, "7")
    expected = (
        Cost(
            key,
            Figures(Decimal("0.1"), Decimal(2), 1, 60, 40, 10, 30),
            "anthropic/claude",
            "Anthropic",
        ),
        Cost(
            key, Figures(Decimal("0.75"), Decimal(0), 2, 120, 80, 20, 60), "openai/gpt-4.1", "Azure"
        ),
    )
    for dates in ("day", "moment"):
        account.behaviour = Behaviour(activity_dates=dates)
        assert source.activity(key, TEN.date()) == expected


def test_a_day_without_spend_has_no_rows_and_one_that_is_not_over_is_refused(
    source: CostSource, account: Account
) -> None:
    key = new_key(account)
    assert source.activity(key, TEN.date() - timedelta(days=1)) == ()
    with pytest.raises(ProviderRejected, match="completed") as caught:
        source.activity(key, TEN.date())
    assert caught.value.status == 400


def test_only_a_management_key_may_ask(connecting: Connect, account: Account) -> None:
    plaintext, _ = account.create_key({"name": "prod-api"})
    for key in (plaintext, "sk-or-v1-nobody"):
        source = connecting(key)
        for call in (
            source.offered,
            lambda one=source: one.ask(asked(account)),
            lambda one=source: one.activity("ab" * 32, TEN.date() - timedelta(days=1)),
        ):
            with pytest.raises(ManagementKeyError):
                call()


@pytest.mark.parametrize("fault", [Fault(status=503, times=99), Fault(drop=True, times=99)])
def test_an_outage_that_lasts_is_unavailable(
    source: CostSource, account: Account, faults: Faults, fault: Fault
) -> None:
    source.offered()
    faults.add(fault)
    with pytest.raises(ProviderUnavailable, match="POST /analytics/query"):
        source.ask(asked(account))
    with pytest.raises(ProviderUnavailable, match="GET /activity"):
        source.activity("ab" * 32, TEN.date() - timedelta(days=1))


def test_a_passing_fault_is_waited_out_over_http(account: Account, faults: Faults) -> None:
    with serve(Api(account, faults)) as url:
        transport = open_transport(url, SecretStr(str(account.management_key)))
        with HttpCosts(
            transport, queries=lambda: None, days=lambda: None, singles=lambda: None
        ) as source:
            source.offered()
            faults.add(Fault(method="POST", drop=True))
            faults.add(Fault(method="POST", status=429))
            assert source.ask(asked(account)).rows == ()


def test_a_question_that_takes_too_long_counts_as_cut(
    source: CostSource, account: Account, faults: Faults
) -> None:
    faults.add(Fault(method="POST", status=408))
    assert source.ask(asked(account)).is_cut


def test_generations_are_listed_the_dearest_first_by_the_keys_name(
    source: CostSource, account: Account
) -> None:
    one, other = new_key(account, "one"), new_key(account, "other")
    spend(account, one, "0.1", replace(GPT, tools=Decimal("0.04")))
    spend(account, other, "0.2", replace(CLAUDE, fee=Decimal("0.01")), byok=True)
    account.clock.advance(HOUR)
    spend(account, one, "0.15")
    first, second, third = account.generations
    told = source.ask(asked(account, Single.GENERATION))
    assert [(row.at.hour, row.key_name, row.label) for row in told.rows] == [
        (10, "other", second.id),
        (11, "one", third.id),
        (10, "one", first.id),
    ]
    assert [(row.figures.credits, row.figures.byok, row.tools) for row in told.rows] == [
        (Decimal("0.01"), Decimal("0.2"), 0),
        (Decimal("0.15"), 0, 0),
        (Decimal("0.1"), 0, Decimal("0.04")),
    ]
    assert not told.is_cut


@pytest.mark.parametrize("unknown", ["total_usage", "usage_web", "byok_usage", "credits_usage"])
def test_generations_are_listed_with_whatever_metrics_there_are(
    source: CostSource, account: Account, unknown: str
) -> None:
    account.behaviour = Behaviour(analytics_unknown=frozenset([unknown]))
    spend(account, new_key(account), "0.1")
    assert source.offered().singles
    (row,) = source.ask(asked(account, Single.GENERATION)).rows
    assert row.figures.credits == Decimal("0.1")


def test_generations_that_cannot_be_listed_are_not_asked_for(
    source: CostSource, account: Account
) -> None:
    account.behaviour = Behaviour(analytics_unknown=frozenset(["generation_id"]))
    assert not source.offered().singles
    assert "single generations" in source.offered().missing[0]
    with pytest.raises(ProviderConfusing, match="by generation_id"):
        source.ask(asked(account, Single.GENERATION))


def test_a_generation_is_told_with_every_attempt(source: CostSource, account: Account) -> None:
    key = new_key(account)
    work = replace(GPT, failed=("OpenAI",), session="s1", user="u1", app="Chat", latency=900)
    spend(account, key, "0.1", work)
    account.clock.advance(timedelta(seconds=2))
    one = source.generation(account.generations.latest.id)
    assert one.cost == Decimal("0.1")
    assert [(each.provider, each.status) for each in one.attempts] == [
        ("OpenAI", 503),
        ("Azure", 200),
    ]
    assert (one.session, one.external_user, one.latency) == ("s1", "u1", 900)
    assert one.workspace == account.workspaces.default
    assert one.created_at == TEN


def test_a_generation_is_not_known_at_once_and_somebody_elses_never(
    source: CostSource, account: Account
) -> None:
    spend(account, new_key(account), "0.1")
    account.generations.foreign.add("gen-foreign")
    for identity, status in (
        (account.generations.latest.id, 404),
        ("gen-nobodys", 404),
        ("gen-foreign", 403),
    ):
        with pytest.raises(ProviderRejected) as caught:
            source.generation(identity)
        assert caught.value.status == status


def test_every_model_on_offer_is_told_with_its_prices_names_and_last_day(
    source: CostSource, account: Account
) -> None:
    account.catalog.put(
        Model(
            id="sim/painter",
            canonical_slug="sim/painter-1",
            name="Sim: Painter",
            pricing={"prompt": "0.000002", "completion": "0.000004"},
            overrides=({"min_prompt_tokens": 1000, "prompt": "0.000003"},),
            discount=Decimal("0.5"),
            expiration_date=date(2026, 12, 31),
            outputs=("image",),
        ),
        Model(id="~sim/latest", canonical_slug="x", pricing={}, alias_of="sim/painter"),
    )
    told = source.models()
    found = {one.id: one for one in told.models}
    assert set(found) == {one.id for one in MODELS} | {"sim/painter"}
    assert found["sim/painter"] == offer.Model(
        "sim/painter",
        ("sim/painter-1", "Sim: Painter"),
        (
            offer.Price("prompt", Decimal("0.000001")),
            offer.Price("completion", Decimal("0.000002")),
            offer.Price("prompt", Decimal("0.0000015"), "above 1,000 prompt tokens"),
        ),
        date(2026, 12, 31),
    )
    assert not told.warnings


def test_models_that_cannot_be_read_are_an_error_of_their_own(
    source: CostSource, faults: Faults
) -> None:
    faults.add(Fault(path="/models", raw=b"{}"))
    with pytest.raises(ProviderConfusing, match="GET /models"):
        source.models()


@pytest.mark.parametrize("form", ["permaslug", "name", "slug"])
def test_one_model_has_one_name_in_analytics_activity_and_its_generation(
    source: CostSource, account: Account, form: Literal["permaslug", "name", "slug"]
) -> None:
    account.behaviour = Behaviour(analytics_models=form)
    key = new_key(account)
    spend(account, key, "0.1", Work(model="anthropic/claude-sonnet-4", failed=("Google",)))
    made, day = account.generations.latest, account.clock.now.date()
    ids = offer.Offer(TEN, source.models().models).ids()
    named = Labelled(source, ids)
    (row,) = named.ask(asked(account)).rows
    account.clock.advance(timedelta(days=1))
    (cost,) = named.activity(key, day)
    one = named.generation(made.id)
    assert {row.label, cost.model, one.served, one.requested} == {"anthropic/claude-sonnet-4"}
    assert {each.model for each in one.attempts} == {"anthropic/claude-sonnet-4"}
    (bare,) = source.activity(key, day)
    assert bare.model == "anthropic/claude-4-sonnet-20250522"


def test_a_model_that_stood_in_for_another_and_a_routers_choice_are_told_apart(
    source: CostSource, account: Account
) -> None:
    key, found = new_key(account), []
    stood_in = Work(model="openai/gpt-4.1", served="deepseek/deepseek-chat", failed=("OpenAI",))
    for work in (stood_in, replace(stood_in, model="openrouter/auto", failed=())):
        spend(account, key, "0.1", work)
        account.clock.advance(timedelta(seconds=2))
        one = source.generation(account.generations.latest.id)
        found.append((one.requested, one.served, fell_back(one)))
    assert found == [
        ("openai/gpt-4.1-2025-04-14", "deepseek/deepseek-chat", True),
        ("openrouter/auto", "deepseek/deepseek-chat", False),
    ]


WORKS = st.sampled_from([GPT, CLAUDE, replace(GPT, provider="OpenAI", fee=Decimal("0.01"))])
SPENDS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.decimals(0, 9, places=8),
        st.booleans(),
        st.integers(0, 40_000),
        WORKS,
    ),
    max_size=20,
)


@settings(deadline=None)
@given(SPENDS)
def test_hours_by_model_hours_by_provider_and_completed_days_are_the_books(
    spends: list[tuple[int, Decimal, bool, int, Work]],
) -> None:
    account = Account(clock=Clock(TEN), behaviour=Behaviour(analytics_per_minute=None))
    keys = [new_key(account, "twin"), new_key(account, "own")]
    for which, cost, byok, seconds, work in spends:
        account.spending.charge(keys[which], cost, byok=byok, work=work)
        account.clock.advance(timedelta(seconds=seconds))
    books = Figures(
        sum((one.credits for one in account.books.charges), Decimal(0)),
        sum((one.byok for one in account.books.charges), Decimal(0)),
        len(account.books.charges),
        *(60 * len(spends), 40 * len(spends), 10 * len(spends), 30 * len(spends)),
    )
    source = in_process_costs(account)
    for axis in Axis:
        assert total(source.ask(asked(account, axis)).rows) == books
    days = (account.clock.now.date() - TEN.date()).days + 1
    account.clock.advance(timedelta(days=1))
    found = [
        cost
        for key in keys
        for day in range(days)
        for cost in source.activity(key, TEN.date() + timedelta(days=day))
    ]
    assert total(tuple(found)) == books
