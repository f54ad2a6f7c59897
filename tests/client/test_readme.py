"""The README's lines run as they stand, against the simulated account, SQS and a function URL."""

import json
import re
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from budget_guard import client
from budget_guard.sandbox.openrouter.wire import encode
from tests.client.conftest import Queue
from tests.client.inference import Answer, completion, served

README = (Path(__file__).parents[2] / "README.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?from budget_guard\.client.*?)```", README, re.DOTALL)
MODEL = "anthropic/claude-haiku-4.5"
PLAINTEXT = "sk-or-v1-made-up"
KEY = sha256(PLAINTEXT.encode()).hexdigest()
TOLD: dict[str, Any] = {"key": KEY, "headroom_usd": "5", "observed_at": "2026-11-21T11:58:00+00:00"}
TOLD |= dict.fromkeys(("resets_at", "budget", "window", "owner")) | {"state": "held"}
PRICES = {"prompt": "0.000003", "completion": "0.000015"}


def answered(asked: str) -> Answer:
    """Answer as OpenRouter and the guard's function URL do."""
    json_of = {"content-type": "application/json"}
    if asked.endswith("/models"):
        data = {"data": [{"id": MODEL, "pricing": PRICES}]}
        return Answer([encode(data)], headers=json_of)
    if asked.endswith(f"?key={KEY}"):
        return Answer([json.dumps(TOLD).encode()], headers=json_of)
    assert json.loads(asked)["model"] == MODEL
    return Answer([completion("gen-readme")], headers=json_of)


def test_the_readmes_lines_send_a_request_and_tell_of_it(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(answered) as url:
        for name in ("GenerationHook", "Prices"):
            monkeypatch.setattr(client, name, partial(getattr(client, name), base_url=url))
        names: dict[str, Any] = {"QUEUE_URL": queue.url, "HEADROOM_URL": url, "KEY": PLAINTEXT}
        names |= {"MODEL": MODEL, "MESSAGES": [{"role": "user", "content": "Hello?"}]}
        exec(CODE.replace("https://openrouter.ai/api/v1", url), names)  # noqa: S102
        assert names["answer"].choices[0].message.content == "Hello"
        names["openai"].close()
    assert names["budget"].unknown == 0
    assert names["budget"]._spent == Decimal("0.012")
    assert names["hook"].flush()
    assert names["hook"].stats == client.Stats(sent=2)
    told, later = sorted((json.loads(one) for one in queue.bodies()), key=len, reverse=True)
    assert [told[name] for name in ("generation", "key", "job", "user")] == [
        "gen-readme",
        KEY,
        "nightly-report",
        "u1",
    ]
    assert (later["generation"], later["outcome"]) == ("gen-readme", "success")
