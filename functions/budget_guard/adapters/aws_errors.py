"""What AWS answered, told apart once for all adapters."""

from enum import Enum, auto

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
)

THROTTLES = frozenset(
    {
        "InternalServerError",
        "InternalError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceException",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
DENIALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "UnrecognizedClientException",
    }
)
ABSENCES = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)


class Cause(Enum):
    """Why a call failed, by what can be done about it."""

    BUSY = auto()
    DENIED = auto()
    ABSENT = auto()
    NO_CREDENTIALS = auto()
    OTHER = auto()


def code(error: Exception) -> str:
    """Return AWS's name for the error, or the class's where AWS did not answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__


def cause(error: BotoCoreError | ClientError) -> Cause:
    """Tell errors apart; a connection that breaks or times out is BUSY: it may work later."""
    match error:
        case NoCredentialsError() | NoRegionError():
            return Cause.NO_CREDENTIALS
        case ParamValidationError():
            return Cause.OTHER
        case BotoCoreError():
            return Cause.BUSY
    name = code(error)
    for names, found in (
        (THROTTLES, Cause.BUSY),
        (DENIALS, Cause.DENIED),
        (ABSENCES, Cause.ABSENT),
    ):
        if name in names:
            return found
    return Cause.OTHER
