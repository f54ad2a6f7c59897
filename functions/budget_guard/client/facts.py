"""What every part of the client knows of OpenRouter, of keys and of time."""

from datetime import UTC, datetime
from hashlib import sha256

OPENROUTER = "https://openrouter.ai/api/v1"


def key_hash(plaintext: str) -> str:
    """Return the hash by which OpenRouter's management API names the key with this plaintext."""
    return sha256(plaintext.encode()).hexdigest()


def wall_clock() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
