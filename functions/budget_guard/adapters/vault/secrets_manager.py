"""The port `Vault` on Secrets Manager: versions, and the labels that say which is in use."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from budget_guard.adapters.aws_errors import Cause, cause, code
from budget_guard.adapters.vault.texts import read, same, written
from budget_guard.domain.errors import SecretGone, VaultError
from budget_guard.use_cases.rotation.ports import Kept

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
PREFIX = "openrouter/"
ADVICE = {
    Cause.BUSY: "it is busy or down; the next try goes on from here",
    Cause.DENIED: "the role of this function may not do that, or not use its encryption key",
    Cause.ABSENT: "there is no such secret, or no such version of it; where it was deleted, "
    "`budget-guard adopt KEY` with the key's plaintext makes another",
}


class SecretsManagerVault:
    """See the port `Vault` for what each method promises; `rotates` is the function's ARN."""

    def __init__(self, client: "SecretsManagerClient", rotates: str) -> None:
        self._client = client
        self._rotates = rotates

    def current(self, secret: str) -> Kept | None:
        """Read AWSCURRENT."""
        found = self.in_use(secret)
        return self.version(secret, found) if found else None

    def version(self, secret: str, token: str) -> Kept | None:
        """Read one version; a version whose value was never put is absent, as an unknown one is."""
        try:
            text = self._client.get_secret_value(SecretId=secret, VersionId=token).get(
                "SecretString"
            )
        except (BotoCoreError, ClientError) as error:
            if cause(error) is Cause.ABSENT:
                return None
            raise self._meaning(secret, error) from error
        return read(secret, text) if text else None

    def in_use(self, secret: str) -> str | None:
        """Return the version that has AWSCURRENT."""
        labels = self._labels(secret).items()
        return next((version for version, stages in labels if CURRENT in stages), None)

    def put_pending(self, secret: str, token: str, kept: Kept) -> None:
        """Put it as AWSPENDING, unless it is there; the service refuses another value, we before it."""
        there = self.version(secret, token)
        if there is not None and not same(there, kept):
            message = f"The version {token} of the secret {secret} holds another key; it was kept."
            raise VaultError(message)
        with self._asking(secret):
            self._client.put_secret_value(
                SecretId=secret,
                ClientRequestToken=token,
                SecretString=written(kept),
                VersionStages=[PENDING],
            )

    def promote(self, secret: str, token: str) -> None:
        """Move AWSCURRENT, then drop AWSPENDING: left there, it would look like a rotation under way."""
        was = self.in_use(secret)
        if was != token:
            away = {"RemoveFromVersionId": was} if was else {}
            with self._asking(secret):
                self._client.update_secret_version_stage(
                    SecretId=secret, VersionStage=CURRENT, MoveToVersionId=token, **away
                )
        self.drop_pending(secret, token)

    def drop_pending(self, secret: str, token: str) -> None:
        """Take the label away; a version without any is deleted by the service in time."""
        if PENDING in self._labels(secret).get(token, ()):
            with self._asking(secret):
                self._client.update_secret_version_stage(
                    SecretId=secret, VersionStage=PENDING, RemoveFromVersionId=token
                )

    def schedule(self, secret: str, every: timedelta) -> None:
        """Put it on a schedule in whole hours; `RotateImmediately` would be the service's default."""
        hours = max(4, every // timedelta(hours=1))
        with self._asking(secret):
            self._client.rotate_secret(
                SecretId=secret,
                RotationLambdaARN=self._rotates,
                RotationRules={"ScheduleExpression": f"rate({hours} hours)"},
                RotateImmediately=False,
            )

    def unschedule(self, secret: str) -> None:
        """Cancel the schedule; the service would leave a rotation that is under way half done."""
        with self._asking(secret):
            self._client.cancel_rotate_secret(SecretId=secret)

    def rotate_now(self, secret: str, token: str) -> None:
        """Ask for it; the service refuses where AWSPENDING shows a rotation that is under way.

        It then goes on with that one.
        """
        try:
            self._client.rotate_secret(
                SecretId=secret, ClientRequestToken=token, RotateImmediately=True
            )
        except self._client.exceptions.InvalidRequestException as error:
            if not self._is_rotating(secret):
                raise self._meaning(secret, error) from error
        except (BotoCoreError, ClientError) as error:
            raise self._meaning(secret, error) from error

    def _is_rotating(self, secret: str) -> bool:
        labels = self._labels(secret).values()
        return any(PENDING in stages and CURRENT not in stages for stages in labels)

    def _labels(self, secret: str) -> Mapping[str, list[str]]:
        with self._asking(secret):
            found = self._client.describe_secret(SecretId=secret)
        return found.get("VersionIdsToStages", {})

    @contextmanager
    def _asking(self, secret: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self._meaning(secret, error) from error

    def _meaning(self, secret: str, error: BotoCoreError | ClientError) -> VaultError:
        if code(error) == "InvalidRequestException" and self._is_leaving(secret):
            return _leaving(secret)
        why = cause(error)
        advice = ADVICE.get(why, "nothing was concluded")
        message = f"Secrets Manager answered {code(error)} for the secret {secret}: {advice}."
        return SecretGone(message) if why is Cause.ABSENT else VaultError(message)

    def _is_leaving(self, secret: str) -> bool:
        """Tell whether it is scheduled for deletion: its description can still be read."""
        with suppress(BotoCoreError, ClientError):
            return "DeletedDate" in self._client.describe_secret(SecretId=secret)
        return False


def _leaving(secret: str) -> SecretGone:
    return SecretGone(
        f"The secret {secret} is scheduled for deletion, and cannot be used. To keep it: "
        f"aws secretsmanager restore-secret --secret-id {secret}"
    )


class SecretsManagerOffice(SecretsManagerVault):
    """See the port `VaultOffice` for what it promises."""

    def create(self, name: str) -> str:
        """Create a secret without a value, tagged as the guard's own."""
        full = f"{PREFIX}{name}"
        try:
            made = self._client.create_secret(
                Name=full,
                Description=f"The OpenRouter key {name}, rotated by Budget Guard",
                Tags=[{"Key": "BudgetGuard", "Value": "rotated"}],
            )
        except self._client.exceptions.ResourceExistsException:
            with self._asking(full):
                return self._client.describe_secret(SecretId=full)["ARN"]
        except (BotoCoreError, ClientError) as error:
            raise self._meaning(full, error) from error
        return made["ARN"]

    def require(self, secret: str) -> None:
        """Describe it: no value is read."""
        with self._asking(secret):
            found = self._client.describe_secret(SecretId=secret)
        if "DeletedDate" in found:
            raise _leaving(secret)
