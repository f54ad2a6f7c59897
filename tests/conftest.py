"""Several workers share the tests; what is dear to build is built by one of them."""

from pathlib import PurePosixPath
from typing import override

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

TOGETHER = ("e2e", "infra")
"""Folders whose tests share a deployment, or a synthesised stack."""


class ByWhatIsShared(LoadScopeScheduling):
    """Gives the tests of a folder in `TOGETHER` to one worker, any other to whoever is free.

    Marks for `--dist loadgroup` would say the same, but xdist 3.8 cannot read them under pytest 9.2.
    """

    @override
    def _split_scope(self, nodeid: str) -> str:
        folder = PurePosixPath(nodeid.partition("::")[0]).parent.name
        return folder if folder in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByWhatIsShared:
    return ByWhatIsShared(config, log)
