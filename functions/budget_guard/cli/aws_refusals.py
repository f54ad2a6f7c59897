"""Why AWS does not let a command see the stack, and what the person at the terminal can do."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name
    HTTPClientError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from budget_guard.adapters.aws_errors import DENIALS, code
from budget_guard.domain.errors import SettingsError, VaultError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
INVALID = frozenset(
    {
        "IncompleteSignature",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
LOG_IN = "Log in (aws sso login, or aws login) and try again"


def refusal(error: BotoCoreError | ClientError, stack: str, region: str | None) -> SettingsError:
    """Return the guard's error for what the SDK raised while the stack was looked up."""
    return SettingsError(f"{_told(error, stack, region)}. Nothing was changed.")


@contextmanager
def told_of_secrets(*needs: str) -> Iterator[None]:
    """Say, where Secrets Manager does not let a person do it, which rights that needs."""
    try:
        yield
    except VaultError as error:
        if not isinstance(error.__cause__, ClientError):
            raise
        name = code(error.__cause__)
        if name in EXPIRED:
            message = f"The AWS session has expired ({name}). {LOG_IN}."
        elif name in DENIALS:
            message = (
                f"These AWS credentials may not do that ({name}). They need {', '.join(needs)} on "
                "secrets under openrouter/, and lambda:InvokeFunction on the function Rotate. What "
                "was done stays; the next try goes on from there."
            )
        else:
            raise
        raise SettingsError(message) from error


def _told(error: BotoCoreError | ClientError, stack: str, region: str | None) -> str:
    match error:
        case ClientError():
            told = _answered(error, stack, region)
        case NoRegionError():
            told = "No AWS region is chosen. Set AWS_REGION, or give --region"
        case ProfileNotFound():
            told = f"{error}. See aws configure list-profiles, and give --profile"
        case NoCredentialsError() | PartialCredentialsError():
            told = f"There are no AWS credentials. {LOG_IN}, or give --profile"
        case SSOError() | TokenRetrievalError() | LoginError():
            told = f"The AWS session has ended or was not begun ({code(error)}). {LOG_IN}"
        case ConnectionError() | HTTPClientError():
            told = (
                f"AWS cannot be reached ({code(error)}): {error}. Check the network, the region "
                f"{region}, and AWS_ENDPOINT_URL if it is set"
            )
        case _:
            told = f"AWS cannot be asked for the stack {stack} ({code(error)}): {error}"
    return told


def _answered(error: ClientError, stack: str, region: str | None) -> str:
    name, said = code(error), str(error.response.get("Error", {}).get("Message", ""))
    if name == "ValidationError" and "does not exist" in said:
        told = (
            f"There is no stack {stack} in {region}. Choose with --stack and --region, or deploy "
            "it: uv run cdk deploy"
        )
    elif name in EXPIRED:
        told = f"The AWS session has expired ({name}). {LOG_IN}"
    elif name in INVALID:
        told = f"AWS does not accept these credentials ({name}). {LOG_IN}, or give --profile"
    elif name in DENIALS:
        told = (
            f"These AWS credentials may not look up the stack {stack}: they need "
            f"cloudformation:DescribeStacks ({name}: {said})"
        )
    else:
        told = f"AWS refuses to describe the stack {stack} ({name}: {said})"
    return told
