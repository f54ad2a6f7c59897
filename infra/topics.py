"""Where people hear from the guard: `alerts` from the guard, `health` about the guard."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

CLOUDWATCH = "cloudwatch.amazonaws.com"


class Topics(Construct):
    """`alerts` and `health` under one customer-managed `key`, both mailed to `email` if given.

    CloudWatch cannot publish to a topic under the AWS-managed key, whose policy nobody can change
    (Amazon CloudWatch user guide, "Notifying users on alarm changes").
    """

    def __init__(self, scope: Construct, construct_id: str, *, email: str | None) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Budget Guard: alerts and health topics",
            enable_key_rotation=True,
            # Messages pass through and are not kept: nothing is lost with the key.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.key.add_to_resource_policy(
            _cloudwatch_may("kms:Decrypt", "kms:GenerateDataKey*", on="*")
        )
        self.alerts = self._topic("Alerts", "Budget Guard alerts", email)
        self.health = self._topic("Health", "Budget Guard health", email)
        # The policy that demands TLS replaces the default one, by which alarms could publish.
        self.health.add_to_resource_policy(_cloudwatch_may("sns:Publish", on=self.health.topic_arn))

    def _topic(self, construct_id: str, display_name: str, email: str | None) -> sns.Topic:
        topic = sns.Topic(
            self, construct_id, display_name=display_name, master_key=self.key, enforce_ssl=True
        )
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic


def _cloudwatch_may(*actions: str, on: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(CLOUDWATCH)],
        actions=list(actions),
        resources=[on],
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
