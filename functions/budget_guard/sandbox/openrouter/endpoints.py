"""The ids by which the service knows what a generation names: endpoints, providers and apps."""

from functools import cache
from uuid import UUID, uuid5
from zlib import crc32

_NAMESPACE = UUID("0f8a4a3e-2f4b-4a27-9f0e-6d8b8f3f1c55")


@cache
def endpoint(permaslug: str, provider: str | None) -> str:
    """Return the id of a model at a provider; it follows from both names."""
    return str(uuid5(_NAMESPACE, f"{permaslug}/{provider}"))


def provider_slug(name: str) -> str:
    """Return the id of a provider; it follows from its name."""
    return name.lower().replace(" ", "-")


@cache
def app_number(title: str) -> int:
    """Return the id of an app; it follows from its title."""
    return crc32(title.encode())
