"""What DynamoDB's refusals mean to the guard, in one place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, assert_never

import stamina
from botocore.exceptions import BotoCoreError, ClientError

from budget_guard.adapters.aws_errors import Cause, cause, code
from budget_guard.domain.errors import (
    GuardError,
    LedgerError,
    LedgerUnavailable,
    SettingsError,
    WishReplaced,
)

if TYPE_CHECKING:
    from budget_guard.domain.wishes import Wish


class BusyError(LedgerUnavailable):
    """DynamoDB did only part of the work, or met another writer: to be asked again at once."""


@contextmanager
def asking(table: str) -> Iterator[None]:
    """Turn what the SDK raises within into the guard's errors, which name the table."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise _meaning(error, table) from error


def again() -> Iterator[stamina.Attempt]:
    """Yield attempts, with backoff, at what raises `BusyError`: what the SDK does not retry."""
    yield from stamina.retry_context(
        on=BusyError, attempts=8, timeout=20, wait_initial=0.05, wait_max=2, wait_jitter=0.1
    )


def replaced(wish: "Wish") -> WishReplaced:
    """Return the error of a run that acts on a wish which is no longer open as it was."""
    return WishReplaced(
        f"The wish for the key {wish.key[:12]} has been replaced or dropped; nothing was sent for it"
    )


def reasons(error: ClientError) -> Sequence[str]:
    """Return why each action of a cancelled transaction failed ("None": it did not)."""
    found = error.response.get("CancellationReasons", [])
    return [str(one.get("Code", "None")) for one in found]


def _meaning(error: BotoCoreError | ClientError, table: str) -> GuardError:
    name = code(error)
    if name == "TransactionConflictException":
        return BusyError(f"A write to the table {table} met another run's transaction")
    match cause(error):
        case Cause.BUSY:
            return LedgerUnavailable(
                f"DynamoDB cannot serve the table {table} now ({name}); nothing half-done counts, "
                "the next run goes on"
            )
        case Cause.DENIED:
            return SettingsError(
                f"AWS denies access to the ledger's table {table} ({name}): {error}. Check the "
                "permissions of who runs this, and that the credentials are of the right account"
            )
        case Cause.ABSENT:
            return SettingsError(
                f"There is no DynamoDB table {table} here ({name}). Is the stack deployed in this "
                "account and region, and is TABLE_NAME its output TableName?"
            )
        case Cause.NO_CREDENTIALS:
            return SettingsError(
                f"No AWS credentials or region to reach the table {table} ({name}). Log in, or "
                "set AWS_PROFILE and AWS_REGION"
            )
        case Cause.OTHER:
            return LedgerError(f"DynamoDB refuses a request to the table {table}: {error}")
        case never:
            assert_never(never)
