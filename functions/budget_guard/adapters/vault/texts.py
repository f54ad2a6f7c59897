"""A secret's text: JSON {"api_key", "hash", "name", "rotated_at"}. No error quotes any of it."""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from budget_guard.domain.errors import VaultError
from budget_guard.use_cases.rotation.ports import Kept


class _Secret(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    api_key: Annotated[SecretStr, Field(min_length=1)]
    hash: str
    name: str
    rotated_at: AwareDatetime


def written(kept: Kept) -> str:
    """Return the text of what a secret is to hold."""
    fields = {
        "api_key": kept.api_key.get_secret_value(),
        "hash": kept.hash,
        "name": kept.name,
        "rotated_at": _moment(kept.rotated_at),
    }
    return json.dumps(fields)


def read(secret: str, text: str) -> Kept:
    """Return what a text says; raise `VaultError` naming the secret and the fields that are wrong."""
    try:
        found = _Secret.model_validate_json(text)
    except ValidationError as error:
        wrong = sorted({str(one["loc"][0]) if one["loc"] else "JSON" for one in error.errors()})
    else:
        return Kept(found.api_key, found.hash, found.name, found.rotated_at)
    # Outside of the `except`: the other error has the text.
    message = (
        f"The secret {secret} is not in the form of a rotated key: {', '.join(wrong)} cannot be "
        "used. Put it under rotation with `budget-guard adopt`."
    )
    raise VaultError(message)


def same(one: Kept, other: Kept) -> bool:
    """Tell whether two values are of the same key."""
    keys = (one.api_key.get_secret_value(), other.api_key.get_secret_value())
    return keys[0] == keys[1] and one.hash == other.hash


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
