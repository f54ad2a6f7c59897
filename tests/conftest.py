"""Several workers share the tests; what is dear to build is built by one of them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

TOGETHER = ("e2e", "infra")
"""Folders whose tests share a deployment, or a synthesised stack."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark before the workers read the marks: later, each test would go to whoever is free."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item.path)))


def _group(path: Path) -> str:
    """Return with which tests those of a file run: with their folder's, or with nobody else's."""
    return path.parent.name if path.parent.name in TOGETHER else str(path)
