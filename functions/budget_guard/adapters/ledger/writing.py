"""Writes to the table: transactions under a lease, batches without one."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from threading import Lock
from typing import TYPE_CHECKING, Any

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.addresses import Write, lease_address
from budget_guard.adapters.ledger.failures import BusyError, again, asking, reasons
from budget_guard.adapters.ledger.layout import Address
from budget_guard.domain.errors import LeaseLost
from budget_guard.use_cases.leases import Lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        TransactWriteItemTypeDef,
        WriteRequestTypeDef,
    )

AT_ONCE = 8
"""Requests under way together; below botocore's default of 10 connections."""
MOST_IN_TRANSACTION = 98
"""DynamoDB takes 100; one is the check of the lease, and one may be that of a wish."""
MOST_IN_BATCH = 25
PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def key(place: Address) -> "dict[str, AttributeValueTypeDef]":
    """Return an address as DynamoDB takes it."""
    return {"pk": {"S": place.pk}, "sk": {"S": place.sk}}


class TableWriter:
    """Writes to one table. Safe to share between threads."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        # Transactions of one run share the lease's item: side by side they would conflict.
        self._one_transaction = Lock()

    def save(
        self,
        groups: Iterable[tuple[Write, ...]],
        lease: Lease,
        check: "TransactWriteItemTypeDef | None" = None,
    ) -> bool:
        """Write under the lease, up to 98 items at a time, no group torn apart.

        Return False, and write no more, where `check` does not hold.
        """
        checks = [check] if check else []
        return all(
            self.transact([*checks, *(self._action(write) for write in chunk)], lease)
            for chunk in _chunks(groups)
        )

    def transact(self, actions: "Sequence[TransactWriteItemTypeDef]", lease: Lease) -> bool:
        """Do all actions or none; raise `LeaseLost` where the lease's token is not this run's.

        Return False, and do nothing, where a condition of an action itself does not hold.
        """
        with self._one_transaction:
            for attempt in again():
                with attempt, asking(self._table):
                    return self._try(actions, lease)
        return False

    def batch(self, writes: Iterable[Write]) -> None:
        """Write in batches, in no order; what DynamoDB leaves undone is sent again."""
        requests = batched((_request(write) for write in writes), MOST_IN_BATCH, strict=False)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # list: so that the first failure is raised here.
            list(pool.map(self._write_batch, requests))

    def _try(self, actions: "Sequence[TransactWriteItemTypeDef]", lease: Lease) -> bool:
        try:
            self._client.transact_write_items(TransactItems=[self._check(lease), *actions])
        except self._client.exceptions.TransactionCanceledException as error:
            of_lease, *of_actions = reasons(error)
            if of_lease == "ConditionalCheckFailed":
                message = f"The lease {lease.name} is no longer this run's; nothing was written"
                raise LeaseLost(message) from error
            if PASSING.intersection((of_lease, *of_actions)):
                message = f"A transaction on the table {self._table} met another writer"
                raise BusyError(message) from error
            if "ConditionalCheckFailed" in of_actions:
                return False
            raise
        return True

    def _check(self, lease: Lease) -> "TransactWriteItemTypeDef":
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": key(lease_address(lease.name)),
                "ConditionExpression": "#token = :token",
                "ExpressionAttributeNames": {"#token": "token"},
                "ExpressionAttributeValues": {":token": {"S": lease.token}},
            }
        }

    def _action(self, write: Write) -> "TransactWriteItemTypeDef":
        if write.record:
            item = codec.encode(write.address, write.record)
            return {"Put": {"TableName": self._table, "Item": item}}
        return {"Delete": {"TableName": self._table, "Key": key(write.address)}}

    def _write_batch(self, requests: "Sequence[WriteRequestTypeDef]") -> None:
        left: Any = {self._table: requests}
        for attempt in again():
            with attempt, asking(self._table):
                answer = self._client.batch_write_item(RequestItems=left)
                if left := answer.get("UnprocessedItems", {}):
                    count = len(left[self._table])
                    message = f"DynamoDB left {count} writes to the table {self._table} undone"
                    raise BusyError(message)


def _request(write: Write) -> "WriteRequestTypeDef":
    if write.record:
        return {"PutRequest": {"Item": codec.encode(write.address, write.record)}}
    return {"DeleteRequest": {"Key": key(write.address)}}


def _chunks(groups: Iterable[tuple[Write, ...]]) -> Iterator[list[Write]]:
    chunk: list[Write] = []
    for group in groups:
        if len(chunk) + len(group) > MOST_IN_TRANSACTION:
            yield chunk
            chunk = []
        chunk += group
    if chunk:
        yield chunk
