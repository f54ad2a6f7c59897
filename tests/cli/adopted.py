"""An office whose keys are under rotation, and what Secrets Manager and the loop do for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from typer.testing import Result

from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import RotationRule
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_keys import in_process_keys
from budget_guard.sandbox.openrouter.keys import digest
from budget_guard.use_cases.rotation.retiring import retire
from budget_guard.use_cases.rotation.rotating import Rotating, alone
from budget_guard.use_cases.rotation.steps import Step, rotate
from tests.cli.desk import Office
from tests.simulation.guard import approve

RULE = RotationRule(keys=("prod-*",))
RUNS = count()


def office(**fields: object) -> Office:
    """Return an office with a rule for keys called prod-*, that has seen everything once."""
    made = Office(**({"rotation": (RULE,)} | fields))  # type: ignore[arg-type]
    approve(made.guard)
    made.cycle()
    return made


def plaintext(of: Office, name: str) -> str:
    """Return a key's plaintext, as its owner has it."""
    place = list(of.account.keys).index(of.hash(name))
    return f"sk-or-v1-{digest(f'plaintext {place}')}"


def adopt(of: Office, name: str = "prod-api", *more: str) -> Result:
    """Adopt a key as its owner does."""
    return of.run("adopt", name, *more, answer=plaintext(of, name))


def lineage(of: Office, name: str = "prod-api") -> Lineage:
    return next(one for one in of.ledger.lineages().values() if one.name == name)


def rotating(of: Office) -> Rotating:
    return Rotating(
        openrouter=InProcessOpenRouter(of.account, of.guard.faults),
        keys=in_process_keys(Api(of.account, of.guard.faults)),
        vault=of.vault,
        ledger=of.ledger,
        policy=of.guard.policy,
        run=f"rotate-{next(RUNS)}",
        now=of.now,
        clock=lambda: of.now,
        pause=of.account.clock.advance,
    )


def rotate_all(
    of: Office, name: str = "prod-api", *, steps: tuple[Step, ...] = tuple(Step)
) -> None:
    """Do what Secrets Manager does."""
    token = f"token-{lineage(of, name).next_number}"
    for step in steps:
        rotate(step, lineage(of, name).secret, token, rotating(of))


def loop(of: Office) -> None:
    """Let five minutes go by, with all that runs every five minutes."""
    of.cycle()
    retire(rotating(of))


@contextmanager
def rotating_now(of: Office, name: str = "prod-api") -> Iterator[None]:
    """Be at a step of a key's rotation."""
    with alone(lineage(of, name).secret, rotating(of)):
        yield


def quiet(of: Office) -> None:
    """Let 40 minutes go by in which nobody spends: what drains is idle, and is disabled."""
    for _ in range(8):
        loop(of)


def rotated(**fields: object) -> Office:
    """Return an office whose prod-api was rotated twice: the first is off, the second drains."""
    of = office(**fields)
    adopt(of)
    for number in (1, 2):
        of.spend("prod-api" if number == 1 else "prod-api #2", "3")
        loop(of)
        if number == 2:
            quiet(of)
        rotate_all(of)
        loop(of)
    return of
