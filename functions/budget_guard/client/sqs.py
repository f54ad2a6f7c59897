"""The queue from which the guard takes the ids of generations."""

import re
from collections.abc import Sequence
from typing import Any

_REGION = re.compile(r"https://sqs\.([a-z0-9-]+)\.")


class Queue:
    """An SQS queue; `client` is a client of it (boto3 or botocore), made at the first message if not given."""

    def __init__(self, url: str, client: Any = None) -> None:
        self._url = url
        self._client = client

    def send(self, messages: Sequence[str]) -> int:
        """Send up to ten messages and return how many the queue took; raises what the client raises."""
        if self._client is None:
            self._client = _connect(self._url)
        entries = [{"Id": str(n), "MessageBody": text} for n, text in enumerate(messages)]
        answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return len(answer.get("Successful", ()))


def _connect(url: str) -> Any:
    # Not boto3: it cannot be imported any more when the process is about to end.
    from botocore.config import Config
    from botocore.session import Session

    config = Config(
        connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4}
    )
    region = _REGION.match(url)
    name = region[1] if region else None
    return Session().create_client("sqs", region_name=name, config=config)
