"""One table in DynamoDB: reads are consistent, writes go under a lease. See `dynamodb.py`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.addresses import Write, writes
from budget_guard.adapters.ledger.answers import leave_items_alone
from budget_guard.adapters.ledger.failures import asking, replaced
from budget_guard.adapters.ledger.layout import Address, place
from budget_guard.adapters.ledger.leases import Leases
from budget_guard.adapters.ledger.table import Table
from budget_guard.adapters.ledger.writing import AT_ONCE, TableWriter, key
from budget_guard.use_cases.leases import Lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import DeleteTypeDef, TransactWriteItemTypeDef

    from budget_guard.domain.wishes import Wish
    from budget_guard.use_cases.ledger import Record

ALIVE = "attribute_not_exists(#expires) OR #expires > :now"


def wall_clock() -> datetime:
    """Return the time by which DynamoDB's TTL goes."""
    return datetime.now(UTC)


class DynamoTable(Table):
    """What is common to the ledgers on a table. Safe to share between threads.

    Raises `LedgerUnavailable` when DynamoDB is busy or down after retries, `LeaseLost`,
    `SettingsError` where the table or a permission is missing, else `LedgerError`. `clock` tells
    which records have expired: DynamoDB itself deletes them days later.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        leave_items_alone(client)
        self._client = client
        self._table = table
        self._clock = clock
        self._leases = Leases(client, table)
        self._writer = TableWriter(client, table)

    def acquire(self, lease: Lease, *, now: datetime) -> None:
        """Take the lease; raise `LeaseLost` while another token's has not ended at `now`."""
        self._leases.acquire(lease, now=now)

    def give_back(self, lease: Lease) -> None:
        """End the lease; does nothing if it is another's by now."""
        self._leases.give_back(lease)

    def save(
        self, *records: "Record", lease: Lease | None = None, wish: "Wish | None" = None
    ) -> None:
        """Write records whole, each replacing its former self.

        With a lease: up to 98 items at a time (a sent alert is two) are written all or none, and
        none without the lease. Without: in batches, in no order. With a wish: nothing is written
        unless that generation of it is still open (`WishReplaced`).
        """
        groups = writes(records)
        if lease is None:
            self._writer.batch(write for group in groups for write in group)
        elif wish is None:
            self._writer.save(groups, lease)
        elif not self._writer.save(groups, lease, self._is_open(wish)):
            raise replaced(wish)

    def _is_open(self, wish: "Wish") -> "TransactWriteItemTypeDef":
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": key(place(wish)),
                "ConditionExpression": "#generation = :generation",
                "ExpressionAttributeNames": {"#generation": "generation"},
                "ExpressionAttributeValues": {":generation": {"N": str(wish.generation)}},
            }
        }

    def forget(self, *records: "Record", lease: Lease) -> None:
        """Delete records, on the same terms as `save`."""
        places = dict.fromkeys(place(record) for record in records)
        self._writer.save(((Write(place),) for place in places), lease)

    def finish(self, wish: "Wish", *, lease: Lease) -> None:
        """Delete a wish unless a newer generation has replaced it."""
        delete: DeleteTypeDef = {
            "TableName": self._table,
            "Key": key(place(wish)),
            "ConditionExpression": "attribute_not_exists(pk) OR #generation <= :generation",
            "ExpressionAttributeNames": {"#generation": "generation"},
            "ExpressionAttributeValues": {":generation": {"N": str(wish.generation)}},
        }
        self._writer.transact([{"Delete": delete}], lease)

    def _all[R: Record](self, form: type[R], *pks: str) -> Iterator[R]:
        return self._each(partial(codec.decode, form), pks)

    def _at[R: Record](self, form: type[R], place: Address) -> R | None:
        with asking(self._table):
            answer = self._client.get_item(
                TableName=self._table, Key=key(place), ConsistentRead=True
            )
        item = answer.get("Item")
        if item is None or ("expires" in item and int(item["expires"]["N"]) <= self._now()):
            return None
        return codec.decode(form, item)

    def _newest[R: Record](self, form: type[R], pk: str, most: int) -> Sequence[R]:
        items = islice(self._items(pk, forward=False), most)
        with asking(self._table):
            return [codec.decode(form, item) for item in items]

    def _each[T](self, read: "Callable[[codec.Item], T]", pks: Iterable[str]) -> Iterator[T]:
        """Yield what `read` makes of every item of the partitions, which are asked side by side."""

        def partition(pk: str) -> list[T]:
            with asking(self._table):
                return [read(item) for item in self._items(pk)]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for found in pool.map(partition, pks):
                yield from found

    def _now(self) -> int:
        return codec.epoch(self._clock())

    def _items(self, pk: str, *, forward: bool = True) -> "Iterator[codec.Item]":
        """Yield the items of a partition that have not expired, page by page."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            FilterExpression=ALIVE,
            ExpressionAttributeNames={"#expires": "expires"},
            ExpressionAttributeValues={
                ":pk": {"S": pk},
                ":now": {"N": str(self._now())},
            },
            ConsistentRead=True,
            ScanIndexForward=forward,
        )
        for page in pages:
            yield from page["Items"]
