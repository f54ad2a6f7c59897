"""Every setting is checked before anything is built, and all problems are told at once."""

from pathlib import Path
from typing import Any

import pytest

from budget_guard.domain.errors import SettingsError
from infra.settings import Architecture, Settings, read

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:openrouter-a1b2C3"


def test_nothing_set_is_the_documented_deployment() -> None:
    assert read({}) == Settings()
    assert Settings().poll_minutes == 5
    assert Settings().openrouter_base_url == "https://openrouter.ai/api/v1"


def test_text_and_typed_values_are_both_understood(tmp_path: Path) -> None:
    budgets = tmp_path / "mine.yaml"
    budgets.touch()
    given: dict[str, Any] = {
        "stackName": "Guard-2",
        "budgets": str(budgets),
        "pollMinutes": 15,
        "alertEmail": "a@b.example",
        "secretArn": ARN,
        "openrouterBaseUrl": "http://127.0.0.1:8000/api/v1/",
        "architecture": "x86_64",
        "schedules": "false",
        "embedded": True,
    }
    assert read(given) == Settings(
        stack_name="Guard-2",
        budgets=budgets,
        poll_minutes=15,
        alert_email="a@b.example",
        secret_arn=ARN,
        openrouter_base_url="http://127.0.0.1:8000/api/v1",
        architecture=Architecture.X86_64,
        schedules=False,
        embedded=True,
    )


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("stackName", "9 lives", "letters, digits and hyphens"),
        ("budgets", "no/such/file.yaml", "there is no such file"),
        ("pollMinutes", "0", "from 1 to 15"),
        ("pollMinutes", "16", "from 1 to 15"),
        ("pollMinutes", "2.5", "from 1 to 15"),
        ("alertEmail", "oncall", "one e-mail address"),
        ("alertEmail", "a@b.example,c@d.example x", "one e-mail address"),
        ("secretArn", "openrouter", "whole ARN"),
        ("secretArn", ARN[:-7], "six characters"),
        ("openrouterBaseUrl", "openrouter.ai", "https://openrouter.ai/api/v1"),
        ("openrouterBaseUrl", "http://openrouter.ai/api/v1", "only https"),
        ("architecture", "amd64", "arm64, x86_64"),
        ("schedules", "off", "true or false"),
        ("embedded", "1", "true or false"),
    ],
)
def test_a_wrong_value_is_told_with_its_name_and_the_right_form(
    name: str, value: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as told:
        read({name: value})
    assert f"{name}={value}: " in str(told.value)
    assert hint in str(told.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as told:
        read({"pollMinutes": "often", "alertEmail": "nobody", "schedules": "true"})
    assert len(str(told.value).splitlines()) == 1 + 2
