"""OpenRouter's analytics and activity, for the one function that asks them."""

from budget_guard.adapters.openrouter.costs import HttpCosts, connect_costs
from budget_guard.adapters.secrets import read_management_key
from budget_guard.handlers.runtime import Run, client
from budget_guard.handlers.settings import ProviderSettings


def cost_source(settings: ProviderSettings, run: Run) -> HttpCosts:
    """Return the source of costs as the deployment's management key sees it.

    Raises `ManagementKeyError` where no key was put into the secret yet.
    """
    key = read_management_key(client("secretsmanager"), settings.management_key_secret_arn)
    return connect_costs(str(settings.openrouter_base_url), key, time_left=run.seconds_left)
