"""The simulator driven from outside: its controls over HTTP, and its own process."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import httpx
import pytest
import stamina

from budget_guard.sandbox.openrouter import Account

MANAGEMENT_KEY = "made-up-management-key"


@pytest.fixture
def control(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.removesuffix("/api/v1") + "/_sim") as client:
        yield client


def test_a_story_can_be_told_from_outside(control: httpx.Client, account: Account) -> None:
    (research,) = control.post("/workspaces", json=["Research"]).json()
    bodies = [{"name": f"dev-{number}", "workspace_id": research["id"]} for number in range(12)]
    made = control.post("/keys", json=[*bodies, {"name": "prod", "limit": 1}]).json()
    assert len(account.list_keys(workspace_id=research["id"])) == 12
    runaway, prod = made[0]["data"]["hash"], made[-1]["data"]["hash"]
    script = {
        "begins": "2026-11-18T12:00:00Z",
        "ends": "2026-11-18T13:00:00Z",
        "every": 900,
        "cost": "0.5",
        "course": "runaway",
    }
    started = control.post("/traffic", json={"hash": runaway, "script": script})
    assert started.status_code == 204
    assert control.put("/clock", json={"by": 1800}).json()["now"] == "2026-11-18T12:30:00+00:00"
    moved = control.put("/clock", json={"to": "2026-11-18T14:00:00Z"})
    assert moved.json() == control.get("/clock").json() == {"now": "2026-11-18T14:00:00+00:00"}
    assert control.post("/spend", json={"hash": prod, "cost": "1.25"}).json()["credits"] == 1.25
    assert control.post("/spend", json={"hash": prod, "cost": "1"}).status_code == 403
    account.patch_key(prod, {"limit": None})
    books = control.get("/books").json()
    assert [charge["credits"] for charge in books["charges"]] == [
        "0.5",
        "1.0",
        "2.0",
        "4.0",
        "1.25",
    ]
    assert books["changes"][0]["after"]["limit"]["amount"] is None
    assert [refused["status"] for refused in books["refused"]] == [403]


def test_security_settings_and_lost_creations_are_set_from_outside(
    control: httpx.Client, served: str, account: Account
) -> None:
    settings = {"maximum_lifetime": 86400, "allowed_addresses": ["127.0.0.0/8", "203.0.113.42"]}
    assert control.put("/security", json=settings).status_code == 204
    assert account.security.maximum_lifetime == timedelta(days=1)
    lost = {"method": "POST", "path": "/keys", "late": 60}
    control.post("/faults", json=[lost])
    body = {"name": "prod-api #4", "expires_at": "2026-11-19T12:00:00Z"}
    with httpx.Client(headers={"authorization": f"Bearer {account.management_key}"}) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{served}/keys", json=body)
        assert client.get(f"{served}/keys").json()["data"] == []
        control.put("/clock", json={"by": 60})
        (made,) = client.get(f"{served}/keys").json()["data"]
        assert made["name"] == "prod-api #4"
        assert control.put("/security", json={"allowed_addresses": ["10.0.0.0/8"]}).is_success
        assert client.get(f"{served}/keys").status_code == 403
    assert control.put("/security", json={"allowed_addresses": ["here"]}).status_code == 422


def test_faults_and_behaviour_are_set_from_outside(
    control: httpx.Client, served: str, account: Account
) -> None:
    fault = {"method": "GET", "status": 429, "retry_after": "3", "times": 2}
    assert control.post("/faults", json=[fault]).json() == {"waiting": 1}
    assert httpx.get(f"{served}/keys").headers["retry-after"] == "3"
    assert control.delete("/faults").json() == {"waiting": 0}
    assert httpx.get(f"{served}/keys").status_code == 401
    changed = control.put("/behaviour", json={"patch_delay": 60, "limit_count": "continues"})
    assert changed.status_code == 204
    assert account.behaviour.patch_delay.total_seconds() == 60


def test_costs_are_steered_and_read_from_outside(
    control: httpx.Client, served: str, account: Account
) -> None:
    (made,) = control.post("/keys", json=[{"name": "prod"}]).json()
    key = made["data"]["hash"]
    work = {"model": "a/b", "provider": "Azure", "failed": ["OpenAI"], "tokens": {"prompt": 7}}
    prices = {"prompt": "0.000001", "completion": "0.000002"}
    model = {"id": "a/b", "canonical_slug": "a/b-1", "pricing": prices}
    offers = [
        {"model": model},
        {"model": "openai/gpt-4.1"},
        {"model": "a/b", "at": "2026-11-18T13:00:00Z"},
    ]
    assert control.post("/models", json=offers).status_code == 204
    spent = control.post("/spend", json={"hash": key, "cost": "0.5", "work": work}).json()
    times = {"begins": "2026-11-18T12:00:00Z", "ends": "2026-11-18T12:00:01Z"}
    script = times | {"every": 900, "cost": "0.25", "work": work}
    control.post("/traffic", json={"hash": key, "script": script})
    control.put("/clock", json={"by": 10})
    made = control.get("/generations").json()
    assert made[0]["id"] == spent["id"]
    assert [(one["served"], one["charge"]["credits"]) for one in made] == [
        ("a/b-1", "0.5"),
        ("a/b-1", "0.25"),
    ]
    assert [one["work"]["failed"] for one in made] == [["OpenAI"], ["OpenAI"]]
    assert {one["tokens"]["prompt"] for one in made} == {7}
    shown = [row["id"] for row in httpx.get(f"{served}/models").json()["data"]]
    assert ("a/b" in shown, "openai/gpt-4.1" in shown) == (True, False)
    assert account.catalog.named("a/b", account.clock.now + timedelta(hours=1)) is None
    assert control.post("/generations", json=["gen-theirs"]).status_code == 204
    assert account.generations.foreign == {"gen-theirs"}


def test_a_control_that_does_not_fit_says_why(control: httpx.Client) -> None:
    answers = [
        control.put("/clock", json={"to": "2020-01-01T00:00:00Z"}),
        control.post("/faults", json=[{"when": "never"}]),
        control.post("/keys", content=b"{"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert "cannot go back" in answers[0].json()["error"]
    assert control.post("/keys", json=[{}]).status_code == 400


def test_the_simulator_runs_in_a_process_of_its_own() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    arguments = ["--port", str(port), "--now", "2026-11-18T12:00:00+00:00"]
    environment = os.environ | {"SIMULATED_MANAGEMENT_KEY": MANAGEMENT_KEY}
    with subprocess.Popen(
        [sys.executable, "-m", "budget_guard.sandbox.openrouter", *arguments], env=environment
    ) as process:
        try:
            for attempt in stamina.retry_context(
                on=httpx.ConnectError, attempts=None, timeout=60, wait_max=0.2
            ):
                with attempt:
                    answer = httpx.get(
                        f"http://127.0.0.1:{port}/api/v1/key",
                        headers={"authorization": f"Bearer {MANAGEMENT_KEY}"},
                    )
        finally:
            process.terminate()
    assert json.loads(answer.text)["data"]["is_management_key"] is True
    assert answer.headers["date"] == "Wed, 18 Nov 2026 12:00:00 GMT"
