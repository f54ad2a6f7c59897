"""What a destination needs to be reached, its secrets masked as they arrive, and not kept."""

import re
from collections.abc import Mapping
from typing import Any

from budget_guard.sandbox.openrouter.refusals import Refusal

_SECRET = re.compile("key|secret|token|password", re.IGNORECASE)
_REQUIRED = {"webhook": "url", "s3": "bucketName", "otel-collector": "endpoint"}
"""The one field without which a type cannot work; of the other types nothing is checked."""


def accepted(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new configuration as it is shown; 400 if it lacks what its type needs."""
    needed = _REQUIRED.get(kind)
    if needed is not None and not config.get(needed):
        raise Refusal(400, f"config.{needed}: Required")
    return _masked(config)


def merged(kind: str, shown: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration after a PATCH: what is sent back masked or left out, stays."""
    return accepted(kind, {**shown, **asked})


def _masked(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _mask(name, value) for name, value in config.items()}


def _mask(name: str, value: Any) -> Any:
    if name == "headers" and isinstance(value, Mapping):
        return {header: _short(text) for header, text in value.items()}
    return _short(value) if _SECRET.search(name) else value


def _short(value: Any) -> str:
    """Return four characters at both ends; what is so short already is masked already."""
    text = str(value)
    if len(text) <= len("abcd...wxyz"):
        return text if "..." in text else "..."
    return f"{text[:4]}...{text[-4:]}"
