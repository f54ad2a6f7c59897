"""Where applications send the ids of their generations."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

KEPT = Duration.days(14)
"""As long as SQS can: what a guard that is down does not take waits for it."""
MOST_RECEIVES = 1000
"""The guard refuses with a reason; this only catches what would stop each run before it can."""
TAKE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
TAKE_EMULATED = ("sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch")
"""AWS has no such permissions, and grants batches by those above; the emulator asks for them."""


class GenerationQueue(Construct):
    """`queue` takes ids; `dead_letters` has those that came to nothing, each with its reason.

    A message that a run received is hidden until after the run (`busy`): no other run gets it.
    Without `tls`, which only an emulator lacks, they take requests in the clear.
    """

    def __init__(self, scope: Construct, construct_id: str, *, busy: Duration, tls: bool) -> None:
        super().__init__(scope, construct_id)
        self._tls = tls
        self.dead_letters = self._queue("DeadLetters")
        Validations.of(self.dead_letters).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="This queue is the dead-letter queue.")
        )
        self.queue = self._queue(
            "Queue",
            busy=busy,
            dead=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MOST_RECEIVES),
        )

    @property
    def taking(self) -> tuple[str, ...]:
        """Return what takes messages from `queue`, as it must be granted here."""
        return TAKE if self._tls else TAKE + TAKE_EMULATED

    def _queue(
        self,
        construct_id: str,
        *,
        busy: Duration | None = None,
        dead: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=self._tls,
            retention_period=KEPT,
            visibility_timeout=busy,
            dead_letter_queue=dead,
        )
        if not self._tls:
            Validations.of(queue).acknowledge(
                Acknowledgment(
                    id="AwsSolutions-SQS4",
                    reason="It is on this machine's loopback, which has no TLS; and no policy could "
                    "be taken back there, since it denies that too.",
                )
            )
        return queue
