"""The way in: the key goes into one header, and nowhere else."""

import logging
import re
import subprocess
import sys

import pytest
from pydantic import SecretStr

from budget_guard.adapters.openrouter import connect
from budget_guard.domain.errors import ManagementKeyError, ProviderRejected
from budget_guard.sandbox.openrouter import Account, Api, Fault, Faults, serve
from budget_guard.use_cases.ports import OpenRouter


@pytest.mark.parametrize("key", ["", " \n", "sk-or-v1-ab\ncd", "sk-or-v1-a b", "sk-or-v1-\u2026"])
def test_a_key_that_fits_into_no_header_is_refused_unseen(key: str) -> None:
    with pytest.raises(ManagementKeyError, match="no usable management key") as caught:
        connect("https://openrouter.invalid", SecretStr(key))
    assert "v1" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_line_break_behind_the_key_is_forgiven(account: Account) -> None:
    key = SecretStr(f"{account.management_key}\n")
    with serve(Api(account)) as url, connect(url, key) as openrouter:
        openrouter.require_management_key()


def test_the_key_shows_in_no_representation_and_no_log(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = str(account.management_key)
    api = Api(account, Faults(Fault(status=503), Fault(status=400, message=f"bad {secret}")))
    with serve(api) as url, connect(url, SecretStr(secret)) as openrouter:
        port: OpenRouter = openrouter
        with pytest.raises(ProviderRejected, match="redacted") as caught:
            port.workspaces()
        transport = openrouter._transport
        shown = f"{port!r} {transport!r} {transport._client!r} {transport._client.headers!r}"
    assert secret not in f"{shown} {caught.value!r} {caplog.text}"
    assert not re.search("HTTP Request|retry_scheduled", caplog.text)


def test_nothing_heavy_is_imported_beside_httpx_pydantic_and_stamina() -> None:
    program = (
        "import sys, budget_guard.adapters.openrouter as _;"
        "print([one for one in ('boto3', 'starlette', 'aws_lambda_powertools') if one in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
