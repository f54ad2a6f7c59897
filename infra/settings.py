"""What an operator may set with `cdk deploy -c name=value`, checked before anything is built."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from budget_guard.domain.errors import SettingsError

OPENROUTER = "https://openrouter.ai/api/v1"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Architecture(StrEnum):
    """The processor the functions run on."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One deployment.

    `embedded` is for the emulator on this machine: it runs the functions here (hence the wheels
    of this machine), plays no bootstrap roles, knows no metric math, has no TLS, keeps nothing.
    """

    stack_name: str = "BudgetGuard"
    budgets: Path = Path("infra/budgets.yaml")
    poll_minutes: int = 5
    alert_email: str | None = None
    secret_arn: str | None = None
    openrouter_base_url: str = OPENROUTER
    architecture: Architecture = Architecture.ARM64
    schedules: bool = True
    embedded: bool = False


def read(context: Mapping[str, Any]) -> Settings:
    """Return the settings that `context` gives; what it does not name has its default.

    Raises SettingsError with every problem at once, each with its name, its value and the
    right form. Values may be text, as the CDK CLI passes them, or typed, as cdk.json has them.
    """
    fields: dict[str, Any] = {}
    problems: list[str] = []
    for name in READERS.keys() & context.keys():
        field, reader = READERS[name]
        try:
            fields[field] = reader(str(context[name]).strip())
        except ValueError as error:
            problems.append(f"  {name}={context[name]}: {error}")
    if problems:
        raise SettingsError(
            "\n".join(["The deployment's settings have problems:", *sorted(problems)])
        )
    return Settings(**fields)


def _stack_name(value: str) -> str:
    return _matching(value, r"[A-Za-z][A-Za-z0-9-]{0,127}", "letters, digits and hyphens")


def _budgets(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        msg = "there is no such file; give the path of your budgets file"
        raise ValueError(msg)
    return path


def _poll_minutes(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 15:
        msg = "write whole minutes from 1 to 15"
        raise ValueError(msg)
    return int(value)


def _email(value: str) -> str:
    return _matching(value, r"[^@\s]+@[^@\s]+\.[^@\s]+", "one e-mail address")


def _secret_arn(value: str) -> str:
    pattern = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+-[A-Za-z0-9]{6}"
    form = "the secret's whole ARN, with the six characters that Secrets Manager appended"
    return _matching(value, pattern, form)


def _base_url(value: str) -> str:
    url = urlsplit(value)
    if not url.hostname or url.query or url.fragment or url.username:
        msg = f"write an address such as {OPENROUTER}"
        raise ValueError(msg)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        msg = "only https is allowed (http on this machine alone): the management key travels there"
        raise ValueError(msg)
    return value.rstrip("/")


def _architecture(value: str) -> Architecture:
    if value not in set(Architecture):
        msg = f"write one of {', '.join(Architecture)}"
        raise ValueError(msg)
    return Architecture(value)


def _switch(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        msg = "write true or false"
        raise ValueError(msg)
    return value.lower() == "true"


def _matching(value: str, pattern: str, form: str) -> str:
    if not re.fullmatch(pattern, value):
        msg = f"write {form}"
        raise ValueError(msg)
    return value


READERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "stackName": ("stack_name", _stack_name),
    "budgets": ("budgets", _budgets),
    "pollMinutes": ("poll_minutes", _poll_minutes),
    "alertEmail": ("alert_email", _email),
    "secretArn": ("secret_arn", _secret_arn),
    "openrouterBaseUrl": ("openrouter_base_url", _base_url),
    "architecture": ("architecture", _architecture),
    "schedules": ("schedules", _switch),
    "embedded": ("embedded", _switch),
}
"""Context name to field and reader; a reader raises ValueError with the right form."""
