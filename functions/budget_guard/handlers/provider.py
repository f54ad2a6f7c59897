"""OpenRouter, for the functions that talk to it: `evaluate` does not, and starts sooner without."""

from budget_guard.adapters.openrouter import HttpOpenRouter, connect
from budget_guard.adapters.secrets import read_management_key
from budget_guard.handlers.runtime import Run, client
from budget_guard.handlers.settings import ProviderSettings


def openrouter(settings: ProviderSettings, run: Run) -> HttpOpenRouter:
    """Return OpenRouter as the deployment's management key sees it.

    Raises `ManagementKeyError` where no key was put into the secret yet.
    """
    key = read_management_key(client("secretsmanager"), settings.management_key_secret_arn)
    return connect(str(settings.openrouter_base_url), key, time_left=run.seconds_left)
