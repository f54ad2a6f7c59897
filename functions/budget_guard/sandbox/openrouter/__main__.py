"""`python -m budget_guard.sandbox.openrouter`: the simulated OpenRouter in a process of its own."""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime

import uvicorn

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.server import configuration


def main() -> None:
    """Serve one account until stopped; the management key is SIMULATED_MANAGEMENT_KEY's value."""
    parser = ArgumentParser(description="Serve a simulated OpenRouter account on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, default=datetime.now(UTC))
    asked = parser.parse_args()
    account = Account(clock=Clock(asked.now))
    account.management_key = os.environ.get("SIMULATED_MANAGEMENT_KEY", account.management_key)
    uvicorn.Server(configuration(Api(account), host="127.0.0.1", port=asked.port)).run()


if __name__ == "__main__":
    main()
