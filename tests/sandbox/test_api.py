import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from budget_guard.sandbox.openrouter import Account, Api, Behaviour, Fault, InProcess, Shape, When
from budget_guard.sandbox.openrouter.wire import decode, encode

NewKey = Callable[..., str]


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200
    return decode(answer.content)["data"]


def names(client: httpx.Client, **query: str | int) -> list[str]:
    return [row["name"] for row in data(client.get("/keys", params=query))]


def test_numbers_travel_with_exactly_their_digits() -> None:
    text = encode({"limit": Decimal("3.17561396"), "tiny": Decimal("1E-7"), "name": "12.5"})
    assert text == b'{"limit": 3.17561396, "tiny": 0.0000001, "name": "12.5"}'
    with pytest.raises(TypeError, match="set has no JSON form"):
        encode({"hashes": set()})


def test_keys_come_in_pages_of_a_hundred_latest_first(
    client: httpx.Client, new_key: NewKey
) -> None:
    for number in range(201):
        new_key(name=str(number))
    assert names(client) == [str(number) for number in range(200, 100, -1)]
    assert names(client, offset=100) == [str(number) for number in range(100, 0, -1)]
    assert names(client, offset=200) == ["0"]
    assert names(client, offset=201) == []


@pytest.mark.parametrize(("shift", "first"), [(1, "1"), (-1, "last")])
def test_a_page_that_shifts_repeats_a_key_or_skips_one(
    client: httpx.Client, api: Api, new_key: NewKey, shift: int, first: str
) -> None:
    for number in range(102):
        new_key(name={2: "1", 1: "skipped", 0: "last"}.get(number, "-"))
    api.faults.add(Fault(path="/keys", skip=1, shift=shift))
    names(client)
    assert names(client, offset=100)[0] == first


def test_disabled_and_expired_keys_are_listed_only_on_request(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    new_key(name="plain")
    account.patch_key(new_key(name="disabled"), {"disabled": True})
    new_key(name="expired", expires_at="2026-11-18T12:00:01Z")
    account.delete_key(new_key(name="deleted"))
    account.clock.advance(timedelta(seconds=1))
    assert names(client) == ["plain"]
    assert names(client, include_disabled="true") == ["disabled", "plain"]
    assert names(client, include_expired="true") == ["expired", "plain"]


def test_one_workspace_is_listed_per_call(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    new_key(name="here")
    new_key(name="there", workspace_id=other)
    assert names(client) == names(client, workspace_id=account.workspaces.default) == ["here"]
    assert names(client, workspace_id=other) == ["there"]
    assert client.get("/keys", params={"workspace_id": "elsewhere"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/keys", {}),
        ("POST", "/keys", {"name": ""}),
        ("POST", "/keys", {"name": "k", "limit": -1}),
        ("POST", "/keys", {"name": "k", "limit": "5"}),
        ("POST", "/keys", {"name": "k", "limit": True}),
        ("POST", "/keys", {"name": "k", "limit_reset": "yearly"}),
        ("POST", "/keys", {"name": "k", "expires_at": "2026-12-01T00:00Z"}),
        ("POST", "/keys", {"name": "k", "expires_at": "2026-12-01T00:00:00+01:00"}),
        ("PATCH", "/keys/{hash}", {"disabled": None}),
        ("PATCH", "/keys/{hash}", {"name": ""}),
        ("GET", "/keys?offset=-1", None),
        ("GET", "/workspaces?limit=101", None),
        ("GET", "/workspaces?limit=0", None),
    ],
)
def test_what_breaks_the_schema_is_refused_in_the_other_shape(
    client: httpx.Client, new_key: NewKey, method: str, path: str, body: object
) -> None:
    answer = client.request(method, path.format(hash=new_key()), json=body)
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert answer.json()["error"]["name"] == "ZodError"
    assert json.loads(answer.json()["error"]["message"])


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"expires_at": null, "owner": "me"}'])
def test_a_patch_without_any_known_field_is_refused(
    client: httpx.Client, account: Account, new_key: NewKey, body: bytes
) -> None:
    answer = client.patch(f"/keys/{new_key()}", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400
    assert account.books.changes == []


def test_a_patch_changes_what_it_names_and_ignores_what_it_does_not_know(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key("5", "daily")
    row = data(client.patch(f"/keys/{key}", json={"limit": 2.5, "owner": "me"}))
    assert (row["limit"], row["limit_reset"], row["name"]) == (Decimal("2.5"), "daily", "prod-api")
    change = account.books.changes[0]
    assert change.fields == {"limit": Decimal("2.5")}
    assert change.before.limit.amount == 5
    assert change.after.limit.amount == Decimal("2.5")
    row = data(client.patch(f"/keys/{key}", json={"limit": None, "limit_reset": None}))
    assert (row["limit"], row["limit_remaining"], row["limit_reset"]) == (None, None, None)


@pytest.mark.parametrize(("accepted", "status"), [(True, 200), (False, 400)])
def test_whether_a_limit_of_zero_passes_is_a_setting(
    client: httpx.Client, account: Account, new_key: NewKey, *, accepted: bool, status: int
) -> None:
    key = new_key("5")
    account.behaviour = Behaviour(accepts_zero_limit=accepted)
    assert client.patch(f"/keys/{key}", json={"limit": 0}).status_code == status


def test_credits_tell_an_inference_key_zeros_or_nothing_by_setting(
    api: Api, account: Account
) -> None:
    plaintext, _ = account.create_key({"name": "prod"})
    client = httpx.Client(transport=InProcess(api), base_url="https://openrouter.invalid/api/v1")
    client.headers["authorization"] = f"Bearer {plaintext}"
    assert data(client.get("/credits")) == {"total_credits": 0, "total_usage": 0}
    account.behaviour = Behaviour(credits_for_inference_key="refused")
    assert client.get("/credits").status_code == 403
    assert data(client.get("/auth/key")) == data(client.get("/key"))


def test_a_plaintext_is_given_out_once_and_kept_out_of_descriptions(
    client: httpx.Client, account: Account
) -> None:
    made = client.post("/keys", json={"name": "prod"})
    plaintext = made.json()["key"]
    assert made.status_code == 201
    assert plaintext not in client.get("/keys").text
    assert plaintext not in repr((account.keys, account.books))


def test_unknown_paths_and_chat_bodies_are_refused(client: httpx.Client, account: Account) -> None:
    assert client.get("/nothing").status_code == 404
    assert client.put("/keys").status_code == 404
    plaintext, _ = account.create_key({"name": "prod"})
    client.headers["authorization"] = f"Bearer {plaintext}"
    for body in (
        {"model": "openai/gpt"},
        {"model": "sim/-1"},
        {"model": "sim/nan"},
        {"model": "sim/1", "stream": True},
        {"model": "sim/1", "max_tokens": 0},
        {"model": "sim/1", "metadata": {"tokens": "many"}},
    ):
        assert client.post("/chat/completions", json=body).status_code == 400
    assert account.books.charges == []


def test_a_chat_costs_a_hundred_tokens_unless_it_says_otherwise(
    client: httpx.Client, account: Account
) -> None:
    plaintext, row = account.create_key({"name": "prod"})
    client.headers["authorization"] = f"Bearer {plaintext}"
    for metadata, max_tokens in (({}, None), ({"tokens": "7"}, None), ({"tokens": "9"}, 4)):
        body = {"model": "sim/0.01", "metadata": metadata, "max_tokens": max_tokens}
        assert client.post("/chat/completions", json=body).status_code == 200
    assert [charge.credits for charge in account.books.charges] == [
        Decimal(1),
        Decimal("0.07"),
        Decimal("0.04"),
    ]
    assert account.get_key(row["hash"])["usage"] == Decimal("1.11")


def test_faults_strike_what_they_match_in_order_and_so_often(
    client: httpx.Client, api: Api, new_key: NewKey
) -> None:
    key = new_key()
    api.faults.add(
        Fault(method="PATCH", status=429, retry_after=Decimal(2), times=2),
        Fault(path="/keys/*", status=500, shape=Shape.ZOD, skip=1),
    )
    patched = [client.patch(f"/keys/{key}", json={"disabled": True}) for _ in range(3)]
    assert [answer.status_code for answer in patched] == [429, 429, 200]
    assert patched[0].headers["retry-after"] == "2"
    assert client.get(f"/keys/{key}").json()["success"] is False
    assert client.get(f"/keys/{key}").status_code == 200
    assert len(api.faults) == 0
    api.faults.add(Fault(status=500))
    api.faults.clear()
    assert client.get("/keys").status_code == 200


@pytest.mark.parametrize("fault", [Fault(status=502), Fault(drop=True), Fault(truncate=True)])
@pytest.mark.parametrize("when", list(When))
def test_a_request_fails_before_or_after_it_had_its_effect(
    client: httpx.Client, api: Api, new_key: NewKey, fault: Fault, when: When
) -> None:
    key = new_key()
    cut = fault.drop or fault.truncate
    api.faults.add(Fault(status=fault.status, drop=fault.drop, truncate=fault.truncate, when=when))
    if cut:
        with pytest.raises(httpx.RemoteProtocolError):
            client.patch(f"/keys/{key}", json={"disabled": True})
    else:
        assert client.patch(f"/keys/{key}", json={"disabled": True}).status_code == 502
    had_effect = when is When.AFTER or fault.truncate
    assert data(client.get(f"/keys/{key}"))["disabled"] == had_effect


def test_one_answer_can_have_old_counters_and_one_patch_bite_late(
    client: httpx.Client, api: Api, new_key: NewKey
) -> None:
    account, key, minute = api.account, new_key("5"), timedelta(minutes=1)
    account.spending.charge(key, Decimal(2))
    api.faults.add(Fault(method="GET", counters_age=minute), Fault(patch_delay=minute))
    assert data(client.get("/keys"))[0]["usage"] == 0
    assert data(client.patch(f"/keys/{key}", json={"limit": 1}))["limit_remaining"] == -1
    account.spending.charge(key, Decimal(1))
    assert data(client.get("/keys"))[0]["usage"] == 3


def test_in_process_too_a_late_answer_comes_only_to_the_patient(
    client: httpx.Client, api: Api
) -> None:
    api.faults.add(Fault(delay=timedelta(seconds=9), times=2))
    assert client.get("/keys", timeout=10).status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        client.get("/keys", timeout=8)


def test_asynchronous_clients_are_answered_as_well(api: Api) -> None:
    async def listed() -> httpx.Response:
        async with httpx.AsyncClient(transport=InProcess(api)) as client:
            return await client.get(
                "https://openrouter.invalid/api/v1/keys",
                headers={"authorization": f"Bearer {api.account.management_key}"},
            )

    assert asyncio.run(listed()).json() == {"data": []}


def test_strange_answers_can_be_laid_over_or_sent_in_place(client: httpx.Client, api: Api) -> None:
    client.post("/keys", json={"name": "prod"})
    api.faults.add(Fault(overlay={"usage": None, "mood": "good"}, times=2), Fault(raw=b"<html>"))
    assert data(client.get("/credits"))["mood"] == "good"
    assert data(client.get("/keys"))[0]["usage"] is None
    assert client.get("/keys").text == "<html>"
