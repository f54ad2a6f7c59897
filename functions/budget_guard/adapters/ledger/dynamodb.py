"""The ledger in DynamoDB: one table, keys `pk` and `sk`, TTL attribute `expires`. No Scan.

| asked                  | pk                     | sk                  | expires            |
|------------------------|------------------------|---------------------|--------------------|
| observations, of a key | OBS#0 .. OBS#f         | key hash            | 31 d after gone    |
| holds, hold            | HOLD#0 .. HOLD#f       | key hash            |                    |
| wishes                 | WISH#0 .. WISH#f       | key hash            |                    |
| freshness, of one      | FRESHNESS              | workspace id        |                    |
| workspaces             | WORKSPACE              | workspace id        |                    |
| poll report            | POLL                   | LAST                |                    |
| policy in use          | DEPLOYED               | LAST                |                    |
| incidents              | INCIDENT               | incident id         |                    |
| alerts not yet sent    | ALERT#OPEN             | event id            |                    |
| alerts sent            | ALERT#SENT             | time#event id       | 35 d               |
| grants                 | GRANT                  | grant id            | 62 d after its end |
| releases               | RELEASE                | key hash, or *      |                    |
| freezes                | FREEZE                 | key hash            |                    |
| approvals              | APPROVAL               | person, or guard    |                    |
| spend                  | SPEND#<digit>#<budget> | window#start#key    | 400 d              |
| audit of a key         | AUDIT#<key hash>       | time#id             | 400 d              |
| costs of a day's hours | COSTHOUR#<day>         | hour#workspace#part | 35 d               |
| costs of a day         | COSTDAY#<day>          | 2 hash digits, or ? | 400 d              |
| costs read so far      | COSTSREAD              | workspace, activity |                    |
| generations of a day   | GENERATION#<day>#0..#f | id                  | 35 d               |
| generation             | GENERATIONID#<id>      | ONE                 | 35 d               |
| what of them is kept   | SAMPLED#<day>          | hour#workspace      | 35 d               |
| generations read       | GENERATIONSREAD        | workspace           |                    |
| what they came to      | DAYOUTCOMES            | day                 | 400 d              |
| the same by a tag      | DAYTAG#<tag>           | day                 | 400 d              |
| days to be summed up   | DAYTOUCHED             | day                 |                    |
| mix of a day           | DAYMIX                 | day                 | 400 d              |
| habits of keys, a day  | DAYHABITS#<day>        | hash digit, or ?    | 400 d              |
| requests of a day      | DAYREQUESTS            | day                 | 35 d               |
| signals                | SIGNALS                | LAST, REQUESTS      |                    |
| spent on a selection   | DAYSPEND#<selection>   | day#hash digit or ? | 35 d               |
| spend of cost budgets  | COSTSPEND              | budget              | 35 d               |
| models on offer        | OFFER                  | LAST                |                    |
| lineages, lineage      | LINEAGE                | secret              |                    |
| rotations, rotation    | ROTATION               | secret              |                    |
| guardrails of keys     | RESTRICTION            | key hash            | 7 d if not ours    |
| and what is wished     | RESTRICTWISH           | key hash            |                    |
| lease                  | LEASE                  | name                |                    |

What there is one of per key is spread by the first digit of its hash: a partition takes 1,000
writes a second. Not what is held and wished of guardrails: few keys have that, and one run writes. All reads are consistent: an observation older than the freshness beside it would
pass for a newer reading, and what the key spent since for money that is still there.

An observation's item says in `row` which row of a listing tells nothing new of its key (its
fingerprint), and in which workspace: a poll needs no more of most keys.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.addresses import Write, address, partitions, writes
from budget_guard.adapters.ledger.answers import leave_items_alone
from budget_guard.adapters.ledger.failures import asking, replaced
from budget_guard.adapters.ledger.layout import Address
from budget_guard.adapters.ledger.leases import Leases
from budget_guard.adapters.ledger.reading import Reader
from budget_guard.adapters.ledger.writing import AT_ONCE, TableWriter, key
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.ledger import Lease, Record
from budget_guard.use_cases.listings import Known

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import DeleteTypeDef, TransactWriteItemTypeDef

ALIVE = "attribute_not_exists(#expires) OR #expires > :now"


def wall_clock() -> datetime:
    """Return the time by which DynamoDB's TTL goes."""
    return datetime.now(UTC)


class DynamoLedger(Reader):
    """The `Ledger` port on a table. Safe to share between threads.

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

    def save(self, *records: Record, lease: Lease | None = None, wish: Wish | None = None) -> None:
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

    def _is_open(self, wish: Wish) -> "TransactWriteItemTypeDef":
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": key(address(wish)),
                "ConditionExpression": "#generation = :generation",
                "ExpressionAttributeNames": {"#generation": "generation"},
                "ExpressionAttributeValues": {":generation": {"N": str(wish.generation)}},
            }
        }

    def forget(self, *records: Record, lease: Lease) -> None:
        """Delete records, on the same terms as `save`."""
        places = dict.fromkeys(address(record) for record in records)
        self._writer.save(((Write(place),) for place in places), lease)

    def finish(self, wish: Wish, *, lease: Lease) -> None:
        """Delete a wish unless a newer generation has replaced it."""
        delete: DeleteTypeDef = {
            "TableName": self._table,
            "Key": key(address(wish)),
            "ConditionExpression": "attribute_not_exists(pk) OR #generation <= :generation",
            "ExpressionAttributeNames": {"#generation": "generation"},
            "ExpressionAttributeValues": {":generation": {"N": str(wish.generation)}},
        }
        self._writer.transact([{"Delete": delete}], lease)

    def known(self) -> Mapping[str, Known]:
        """Return the same keys; what is unreadable of one raises when it is asked for."""
        return dict(self._each(codec.known, partitions("OBS")))

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
