"""What a rotation is asked for by, and the world it works in, for the one function that rotates."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from time import sleep
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.adapters.openrouter import connect
from budget_guard.adapters.openrouter.key_maker import connect_maker
from budget_guard.adapters.secrets import read_management_key
from budget_guard.adapters.vault.secrets_manager import SecretsManagerVault
from budget_guard.domain.errors import GuardError, ProviderUnavailable, SettingsError
from budget_guard.handlers.changes import tell_change
from budget_guard.handlers.reporting import Summary, logger
from budget_guard.handlers.runtime import Run, client, ledger, policy
from budget_guard.handlers.settings import RotateSettings, load
from budget_guard.use_cases.ledger import Lease
from budget_guard.use_cases.rotation.rotating import Rotating
from budget_guard.use_cases.rotation.steps import Step
from budget_guard.use_cases.rotation.tending import Tended, What


class Asked(BaseModel):
    """What Secrets Manager sends; what else is in it is not needed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    step: Step = Field(alias="Step")
    secret: str = Field(alias="SecretId", min_length=1)
    token: str = Field(alias="ClientRequestToken", min_length=1)


def is_of_the_loop(event: dict[str, Any]) -> bool:
    """Tell whether `evaluate` started the function, with a time and a name for the run."""
    return event.keys() == {"time", "run"}


def asked_of(event: dict[str, Any]) -> Asked:
    """Return what is asked for; raises `SettingsError` for an event of another form."""
    try:
        return Asked.model_validate(event)
    except ValidationError as error:
        fields = ", ".join(str(*fault["loc"][:1]) for fault in error.errors())
    message = (
        f"The event is none of Secrets Manager's rotation ({fields}), nor one of the loop (time and "
        "run); nothing was done. Rotate a key with `aws secretsmanager rotate-secret`."
    )
    raise SettingsError(message)


def leased(run: Run) -> AbstractContextManager[Lease]:
    """Hold the lease of the one run that tends lineages."""
    return run.leased(ledger(load(RotateSettings, os.environ)), "rotate")


@contextmanager
def world(run: Run) -> Iterator[Rotating]:
    """Give the world of one step; raises `ManagementKeyError` where there is no management key."""
    settings = load(RotateSettings, os.environ)
    secrets = client("secretsmanager")
    key = read_management_key(secrets, settings.management_key_secret_arn)
    url = str(settings.openrouter_base_url)
    with (
        connect(url, key, time_left=run.seconds_left) as openrouter,
        connect_maker(url, key, time_left=run.seconds_left) as keys,
    ):
        yield Rotating(
            openrouter=openrouter,
            keys=keys,
            vault=SecretsManagerVault(secrets, run.context.invoked_function_arn),
            ledger=DynamoLedger(client("dynamodb"), settings.table_name),
            policy=policy(),
            # Of its own even where the same event is delivered twice: leases go by it.
            run=run.token,
            now=run.at,
            clock=run.clock,
            pause=lambda time: _pause(time, run),
            tell=tell_change,
        )


def _pause(time: timedelta, run: Run) -> None:
    """Wait, where the run has the time; else the next try goes on."""
    seconds = time.total_seconds()
    if seconds >= run.seconds_left():
        message = f"This run has no time left to wait {seconds:.0f} s; the next try goes on."
        raise ProviderUnavailable(message)
    sleep(seconds)


def tell_tending(report: Tended) -> Summary:
    """Write one line for each thing that was done or found, and return the run's figures.

    Raises `GuardError` with all that could not be done: it shows as an error, and is tried again.
    """
    for one in report.done:
        write = logger.warning if one.what is What.DOUBTFUL else logger.info
        write(one.what, key=one.key, key_name=one.name, reason=one.why)
    if report.problems:
        raise GuardError(" ".join(report.problems))
    figures = Counter(one.what for one in report.done)
    return {what.name.lower(): figures[what] for what in What}
