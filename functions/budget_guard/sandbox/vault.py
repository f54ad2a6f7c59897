"""The secrets of applications on the stage; Secrets Manager's part in a rotation is played here.

The emulator's own RotateSecret calls no function, and empties the secret: so nothing is put on a
schedule there, and the four steps are asked of the function as the service asks for them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from budget_guard.adapters.openrouter import connect
from budget_guard.adapters.openrouter.key_maker import connect_maker
from budget_guard.adapters.vault.secrets_manager import SecretsManagerOffice
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.aws.emulator import Emulator
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.rotation.adopting import Adopting, adopt
from budget_guard.use_cases.rotation.steps import Step

BY = "the sandbox"


class Office(SecretsManagerOffice):
    """Secrets Manager, for who puts keys under rotation."""

    def schedule(self, secret: str, every: timedelta) -> None:
        """Do nothing: see above."""


@dataclass(frozen=True, slots=True)
class DeployedSecrets:
    """See the protocol `Secrets`; `ask` runs the deployed function `rotate` with an event."""

    aws: Emulator
    openrouter: str
    management_key: str = field(repr=False)
    ledger: Ledger
    now: datetime
    ask: Callable[[dict[str, Any]], object]

    def adopt(self, name: str, plaintext: str) -> str:
        """Do what `budget-guard adopt` does."""
        key, deployed = SecretStr(self.management_key), self.ledger.deployed()
        policy = deployed.policy if deployed else Policy((), "")
        with connect(self.openrouter, key) as to, connect_maker(self.openrouter, key) as keys:
            office = Office(self.aws.client("secretsmanager"), "rotate")
            world = Adopting(to, keys, office, self.ledger, policy, self.now, BY, BY)
            return adopt(name, SecretStr(plaintext), world).secret

    def read(self, secret: str) -> str:
        """Read it as an application does: one call."""
        manager = self.aws.client("secretsmanager")
        fields = json.loads(manager.get_secret_value(SecretId=secret)["SecretString"])
        return str(fields["api_key"])

    def step(self, step: Step, secret: str, token: str) -> None:
        """Ask for it; Secrets Manager itself names no time."""
        self.ask(
            {
                "Step": step.value,
                "SecretId": secret,
                "ClientRequestToken": token,
                "time": self.now.isoformat(),
                "run": f"Rotate-{self.now:%H%M%S}",
            }
        )
