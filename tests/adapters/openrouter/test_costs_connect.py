"""The way in for costs: the same guarantees, a pace of its own, and no weight for other functions."""

import logging
import subprocess
import sys
from datetime import date

import httpx
import pytest
from pydantic import SecretStr

from budget_guard.adapters.openrouter.client import HttpOpenRouter
from budget_guard.adapters.openrouter.costs import HttpCosts, connect_costs
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.errors import ManagementKeyError
from budget_guard.use_cases.costs.source import CostSource
from tests.adapters.openrouter.scripted import HASH, Script, Seconds, answer, refusal
from tests.adapters.openrouter.scripted_costs import ASKED, meta, rows


class Steps:
    """Counts the times that a pace was asked for."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self) -> None:
        self.taken += 1


def transport(script: Script) -> Transport:
    client = httpx.Client(
        transport=httpx.MockTransport(script), base_url="https://o.invalid/api/v1"
    )
    return Transport(client, time_left=lambda: 600.0, clock=Seconds())


@pytest.mark.parametrize("key", ["", " \n", "sk-or-v1-ab\ncd", "sk-or-v1-…"])
def test_a_key_that_fits_into_no_header_is_refused_unseen(key: str) -> None:
    with pytest.raises(ManagementKeyError, match="no usable management key") as caught:
        connect_costs("https://openrouter.invalid", SecretStr(key))
    assert "v1" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_key_shows_in_no_representation_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "sk-or-v1-0123456789abcdef"
    with connect_costs("https://openrouter.invalid/api/v1", SecretStr(secret)) as source:
        port: CostSource = source
        client = source._analytics._client
        assert client.headers["authorization"] == f"Bearer {secret}"
        shown = f"{port!r} {source._analytics!r} {client!r} {client.headers!r} {caplog.text}"
    assert secret not in shown
    assert client.is_closed


def test_each_attempt_waits_for_the_pace_of_what_it_asks() -> None:
    queries, days = Steps(), Steps()
    script = Script(meta(), refusal(429), answer(rows()), refusal(503), answer({"data": []}))
    source = HttpCosts(transport(script), queries=queries, days=days)
    source.ask(ASKED)
    source.activity(HASH, date(2026, 11, 17))
    assert (queries.taken, days.taken) == (3, 2)


def test_both_adapters_can_share_their_connections_and_keys_are_read_without_a_pace() -> None:
    queries = Steps()
    shared = transport(Script(answer({"data": {"total_credits": 5, "total_usage": 2}})))
    HttpCosts(shared, queries=queries, days=queries)
    assert HttpOpenRouter(shared).balance() == 3
    assert queries.taken == 0


@pytest.mark.parametrize("handler", ["poll_usage", "evaluate", "enforce"])
def test_functions_that_read_no_costs_do_not_load_this(handler: str) -> None:
    program = (
        f"import sys, budget_guard.handlers.{handler};"
        "print('budget_guard.adapters.openrouter.costs' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "False"
