"""What costs are read from, and kept in, for the one function that does."""

from budget_guard.adapters.ids import SqsIds
from budget_guard.adapters.ledger.dynamodb_costs import DynamoCostLedger
from budget_guard.adapters.openrouter.costs import HttpCosts, connect_costs
from budget_guard.adapters.secrets import read_management_key
from budget_guard.handlers.runtime import Run, client
from budget_guard.handlers.settings import PollCostsSettings, ProviderSettings, Settings


def cost_source(settings: ProviderSettings, run: Run) -> HttpCosts:
    """Return the source of costs as the deployment's management key sees it.

    Raises `ManagementKeyError` where no key was put into the secret yet.
    """
    key = read_management_key(client("secretsmanager"), settings.management_key_secret_arn)
    return connect_costs(str(settings.openrouter_base_url), key, time_left=run.seconds_left)


def cost_ledger(settings: Settings) -> DynamoCostLedger:
    """Return the ledger of this deployment, as far as costs need it."""
    return DynamoCostLedger(client("dynamodb"), settings.table_name)


def queue_of_ids(settings: PollCostsSettings) -> SqsIds:
    """Return the queue that applications send ids to, with its dead letters."""
    return SqsIds(client("sqs"), str(settings.queue_url), str(settings.dead_letters_url))
