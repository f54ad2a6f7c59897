"""Two deployments of the real stack on this machine: one left as deployed, one that plays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.audit import Audit
from budget_guard.domain.holds import Hold
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.aws.deploy import deploy
from budget_guard.sandbox.aws.emulator import emulator
from budget_guard.sandbox.cast import story
from budget_guard.sandbox.on_call import listen
from budget_guard.sandbox.openrouter import Account, Api, Clock, serve
from budget_guard.sandbox.openrouter.books import Change
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.sandbox.play import Playbill, opening, play, write_story
from budget_guard.sandbox.stage import Set, Stage, stage
from budget_guard.sandbox.verdict import Row
from tests.e2e.watching import ARCHIVE, Watched, logged, records, taken


@pytest.fixture(scope="session")
def deployed() -> Iterator[Stage]:
    """The stack as `cdk deploy` leaves it: no management key, schedules off, on-call listens."""
    account = Account(clock=Clock(datetime.now(UTC)))
    with serve(Api(account)) as openrouter, emulator() as aws:
        context = {"schedules": "false", "pollMinutes": "1", "openrouterBaseUrl": openrouter}
        outputs = deploy(aws, context=context)
        listen(aws, outputs)
        yield Stage(aws, outputs, account, Traffic(account), {}, openrouter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The built-in story, played whole, and what it left; `on` may have gone on since."""

    on: Watched
    policy: Policy
    bill: Playbill
    rows: list[Row]
    changes: list[Change]
    """The guard's own: what the account's books say, less what people did."""
    audit: dict[str, list[Audit]]
    holds: dict[str, Hold]
    envelopes: list[dict[str, Any]]
    log: list[str]

    @property
    def records(self) -> list[dict[str, Any]]:
        return records(self.log)


@pytest.fixture(scope="session")
def evening() -> Iterator[Played]:
    with _watched() as on:
        policy = yaml_file.load(on.aws.folder / "budgets.yaml")
        bill = play(on, lambda _at, _text: None, policy=policy, with_people=True)
        books = on.account.books
        yield Played(
            on=on,
            policy=policy,
            bill=bill,
            rows=list(bill.evening(on, policy).rows()),
            changes=[
                one
                for one in books.changes
                if one.at >= bill.opened and (one.at, one.hash) not in bill.by_people
            ],
            audit={name: list(on.ledger.audit(key)) for name, key in on.hashes.items()},
            holds={on.name(key): hold for key, hold in on.ledger.holds().items()},
            envelopes=list(taken(on.aws)),
            log=logged(on.aws),
        )


@contextmanager
def _watched() -> Iterator[Watched]:
    opens = opening(datetime.now(UTC).date())
    with stage(Set(opens, story(opens), write_story), lambda _line: None) as on:
        listen(on.aws, on.outputs, ARCHIVE)
        yield Watched(**vars(on))
