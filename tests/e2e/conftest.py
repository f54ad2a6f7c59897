"""The real stack on an emulated account of this machine, deployed once for all tests here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from budget_guard.sandbox.aws.deploy import deploy
from budget_guard.sandbox.aws.emulator import Emulator, emulator


@dataclass(frozen=True, slots=True)
class Deployed:
    """An account with the guard in it; `outputs` are the stack's."""

    aws: Emulator
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        return self.aws.client(service)


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    with emulator() as aws:
        yield Deployed(aws, deploy(aws, context={"schedules": "false"}))
