"""What a request leaves behind: its generation, whatever it was and whoever served it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from budget_guard.sandbox.openrouter import Account, Model, Script, Tokens, Traffic, Work

NewKey = Callable[..., str]
MINUTE = timedelta(minutes=1)


def test_every_charge_leaves_one_generation_with_an_id_of_its_own(
    account: Account, new_key: NewKey
) -> None:
    key = new_key(creator_user_id="user_1", external={"user": "partner-7"})
    for cost in ("0.5", "0.25"):
        account.spending.charge(key, Decimal(cost))
    made = list(account.generations)
    assert [one.charge for one in made] == account.books.charges
    assert len({one.id for one in made}) == len(account.generations) == 2
    assert all(one.id.startswith("gen-") for one in made)
    assert {(one.hash, one.creator, one.user) for one in made} == {(key, "user_1", "partner-7")}


def test_the_user_of_a_request_goes_before_the_keys_own(account: Account, new_key: NewKey) -> None:
    account.spending.charge(
        new_key(external={"user": "partner-7"}), Decimal(1), work=Work(user="customer-3")
    )
    assert account.generations.latest.user == "customer-3"


def test_tokens_that_are_not_told_are_those_that_the_cost_buys(
    account: Account, new_key: NewKey
) -> None:
    key = new_key()
    account.spending.charge(key, Decimal("0.014"), work=Work(model="openai/gpt-4.1"))
    assert account.generations.latest.tokens == Tokens(prompt=3000, completion=1000)
    account.spending.charge(key, Decimal(1), work=Work(model="sim/unpriced"))
    assert account.generations.latest.tokens == Tokens()


def test_the_model_served_is_the_catalogs_unless_another_answered(
    account: Account, new_key: NewKey
) -> None:
    key = new_key()
    for work, served in (
        (Work(model="openai/gpt-4.1"), "openai/gpt-4.1-2025-04-14"),
        (
            Work(model="openrouter/auto", served="deepseek/deepseek-chat-v3"),
            "deepseek/deepseek-chat-v3",
        ),
        (Work(model="sim/0.01"), "sim/0.01"),
    ):
        account.spending.charge(key, Decimal(1), work=work)
        assert (account.generations.latest.work.model, account.generations.latest.served) == (
            work.model,
            served,
        )


def test_a_fee_is_all_that_a_byok_request_costs_in_credits(
    account: Account, new_key: NewKey
) -> None:
    key = new_key()
    account.spending.charge(key, Decimal(2), byok=True, work=Work(fee=Decimal("0.1")))
    row = account.get_key(key)
    assert (row["usage"], row["byok_usage"]) == (Decimal("0.1"), 2)
    assert account.credits()["total_usage"] == Decimal("0.1")
    one = account.generations.latest
    assert (one.cost, one.byok, one.is_byok) == (Decimal("0.1"), Decimal(2), True)
    account.spending.charge(key, Decimal(2), work=Work(fee=Decimal("0.1")))
    assert account.generations.latest.cost == 2


def test_a_request_that_nobody_could_serve_has_no_provider(
    account: Account, new_key: NewKey
) -> None:
    failed = Work(provider=None, failed=("OpenAI", "Azure"), finish="error")
    account.spending.charge(new_key(), Decimal(0), work=failed)
    attempts = account.generations.latest.attempts
    assert [(one.provider, one.status) for one in attempts] == [("OpenAI", 503), ("Azure", 503)]


def test_tools_take_no_more_than_the_request_cost(account: Account, new_key: NewKey) -> None:
    account.spending.charge(new_key(), Decimal("0.01"), work=Work(tools=Decimal("0.02")))
    assert account.generations.latest.tools == Decimal("0.01")


def test_one_script_after_another_changes_the_model_and_one_between_falls_back(
    account: Account, new_key: NewKey
) -> None:
    key, begins = new_key(), account.clock.now

    def script(first: int, last: int, every: int, work: Work) -> Script:
        return Script(
            begins=begins + first * MINUTE,
            ends=begins + last * MINUTE,
            every=every * MINUTE,
            cost=Decimal("0.1"),
            lasts=MINUTE / 2,
            work=work,
        )

    before, after = Work(model="openai/gpt-4.1-mini"), Work(model="openai/gpt-4.1")
    fallback = Work(model="openai/gpt-4.1", provider="Azure", failed=("OpenAI",))
    traffic = Traffic(account)
    traffic.run(key, script(0, 4, 1, before))
    traffic.run(key, script(4, 10, 2, after))
    traffic.run(key, script(5, 10, 2, fallback))
    traffic.play(begins + 11 * MINUTE)
    works = [one.work for one in account.generations]
    assert works == [before] * 4 + [after, fallback] * 3
    assert {one.latency for one in account.generations} == {30_000}


def test_a_generation_is_told_without_the_key_it_was_made_with(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key(name="a-name-of-its-own")
    account.spending.charge(key, Decimal(1))
    account.clock.advance(timedelta(seconds=2))
    identity = account.generations.latest.id
    answer = client.get("/generation", params={"id": identity})
    assert answer.status_code == 200
    assert key not in answer.text
    assert "a-name-of-its-own" not in answer.text


def test_a_generation_shows_after_its_delay_and_not_a_moment_before(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    account.spending.charge(new_key(), Decimal(1))
    asked = {"id": account.generations.latest.id}
    account.clock.advance(timedelta(seconds=1, milliseconds=999))
    assert client.get("/generation", params=asked).status_code == 404
    account.clock.advance(timedelta(milliseconds=1))
    assert client.get("/generation", params=asked).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"), [({"id": "gen-unknown"}, 404), ({"id": "gen-theirs"}, 403), ({}, 400)]
)
def test_a_generation_that_cannot_be_told_is_refused(
    client: httpx.Client, account: Account, query: dict[str, str], status: int
) -> None:
    account.generations.foreign.add("gen-theirs")
    assert client.get("/generation", params=query).status_code == status


def test_a_disabled_key_reads_no_generation(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    plaintext, row = account.create_key({"name": "prod"})
    account.patch_key(row["hash"], {"disabled": True})
    client.headers["authorization"] = f"Bearer {plaintext}"
    assert client.get("/generation", params={"id": "gen-1"}).status_code == 401


def test_a_model_of_the_catalog_costs_its_price_in_a_chat(
    client: httpx.Client, account: Account
) -> None:
    prices = {"prompt": "0", "completion": "0.002"}
    account.catalog.put(Model(id="a/b", canonical_slug="a/b-1", pricing=prices))
    plaintext, _ = account.create_key({"name": "prod"})
    client.headers["authorization"] = f"Bearer {plaintext}"
    answer = client.post("/chat/completions", json={"model": "a/b", "max_tokens": 5}).json()
    assert (answer["usage"]["cost"], answer["model"]) == (0.01, "a/b")
    assert answer["id"] == account.generations.latest.id


def test_where_a_provider_fails_another_serves_without_its_cache(
    account: Account, new_key: NewKey
) -> None:
    key, cached = new_key(), Work(provider="Acme", cache_discount=Decimal("0.2"))
    account.spending.failing["Acme"] = "Beta"
    for work in (cached, Work(provider="Gamma"), Work(provider=None)):
        account.spending.charge(key, Decimal(1), work=work)
    instead, other, nobody = (one.work for one in account.generations)
    assert (instead.provider, instead.failed) == ("Beta", ("Acme",))
    assert instead.cache_discount == 0
    assert (other.provider, nobody.provider) == ("Gamma", None)
    assert other.failed == nobody.failed == ()
