"""The secret that holds OpenRouter's management key."""

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct


class ManagementKey(Construct):
    """`secret_arn` is the given secret's, or that of one which is created without a value.

    No value is in the template, so no later deploy can overwrite the key that the operator put;
    until then Secrets Manager answers GetSecretValue with ResourceNotFoundException. (The L2
    `Secret` would generate a value, which could be mistaken for a key.)
    """

    def __init__(self, scope: Construct, construct_id: str, *, existing_arn: str | None) -> None:
        super().__init__(scope, construct_id)
        self.secret_arn = existing_arn or self._create().attr_id

    def _create(self) -> secretsmanager.CfnSecret:
        secret = secretsmanager.CfnSecret(
            self, "Secret", description="OpenRouter management key of Budget Guard"
        )
        Validations.of(secret).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SMG4",
                reason="OpenRouter has no endpoint that makes management keys: people rotate it.",
            )
        )
        return secret
