"""The right of one run to write: an item that only its token may use or replace."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from budget_guard.adapters.ledger.addresses import lease_address
from budget_guard.adapters.ledger.failures import again, asking
from budget_guard.adapters.ledger.writing import key
from budget_guard.domain.errors import LeaseLost
from budget_guard.use_cases.leases import Lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FREE = "attribute_not_exists(pk) OR #token = :token OR #until <= :now"


class Leases:
    """The leases in one table.

    A lease is asked for while its holder writes under it: what meets a transaction tries again.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def acquire(self, lease: Lease, *, now: datetime) -> None:
        """Take the lease; raise `LeaseLost` while another token's has not ended at `now`."""
        for attempt in again():
            with attempt, asking(self._table):
                self._acquire(lease, now)

    def give_back(self, lease: Lease) -> None:
        """End the lease; does nothing if it is another's by now."""
        for attempt in again():
            with attempt, asking(self._table):
                self._give_back(lease)

    def _acquire(self, lease: Lease, now: datetime) -> None:
        place, token = key(lease_address(lease.name)), lease.token
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**place, "token": {"S": token}, "until": {"S": _stamp(lease.until)}},
                ConditionExpression=FREE,
                ExpressionAttributeNames={"#token": "token", "#until": "until"},
                ExpressionAttributeValues={":token": {"S": token}, ":now": {"S": _stamp(now)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            message = f"Another run holds the lease {lease.name}; this one changes nothing"
            raise LeaseLost(message) from error

    def _give_back(self, lease: Lease) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=key(lease_address(lease.name)),
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={":token": {"S": lease.token}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return


def _stamp(at: datetime) -> str:
    """Return a text that DynamoDB compares as time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
