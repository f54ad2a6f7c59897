"""The secrets of rotated keys: made at run time, known by their prefix alone."""

from aws_cdk import Acknowledgment, ArnFormat, Aws, Duration, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from budget_guard.adapters.vault.secrets_manager import PREFIX
from infra.functions import GuardFunction

STEP_TIMEOUT = Duration.minutes(5)
"""Two changes of limits settle in it, a minute each; a step's lease lasts longer."""
ACTIONS = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
    "secretsmanager:RotateSecret",
    "secretsmanager:CancelRotateSecret",
)
"""What rotates a secret, and keeps its schedule. None makes or deletes one."""


class RotatedSecrets(Construct):
    """`arn` covers every secret under the prefix; Secrets Manager has them rotated by `rotate`.

    The stack grants the function what it needs.
    """

    def __init__(self, scope: Construct, construct_id: str, *, rotate: GuardFunction) -> None:
        super().__init__(scope, construct_id)
        self.arn = Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{PREFIX}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        rotate.function.add_permission(
            "SecretsManager",
            principal=iam.ServicePrincipal("secretsmanager.amazonaws.com"),
            source_account=Aws.ACCOUNT_ID,
        )
        Validations.of(rotate.role).acknowledge(
            Acknowledgment(
                # In cdk-nag's spelling of what only AWS knows.
                id="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:"
                f"<AWS::AccountId>:secret:{PREFIX}*]",
                reason="Keys are put under rotation at run time: only the prefix is known here.",
            )
        )

    def let_ask(self, rotate: GuardFunction) -> None:
        """Let the function ask for rotations: who does must be allowed to invoke what rotates.

        A policy of its own: the function is made after those of its role, and cannot be named there.
        """
        statement = iam.PolicyStatement(
            actions=["lambda:InvokeFunction"], resources=[rotate.function.function_arn]
        )
        iam.Policy(self, "Asking", statements=[statement], roles=[rotate.role])
