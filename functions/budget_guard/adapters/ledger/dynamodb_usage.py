"""The ledger of a poll in DynamoDB."""

from collections.abc import Mapping

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.dynamodb_table import DynamoTable
from budget_guard.adapters.ledger.layout import partitions
from budget_guard.adapters.ledger.usage_reading import UsageReader
from budget_guard.use_cases.listings import Known


class DynamoUsageLedger(UsageReader, DynamoTable):
    """The `UsageLedger` port on a table: see `DynamoTable`."""

    def known(self) -> Mapping[str, Known]:
        """Return the same keys; what is unreadable of one raises when it is asked for."""
        return dict(self._each(codec.known, partitions("OBS")))
