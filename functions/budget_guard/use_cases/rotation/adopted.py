"""What a person is told of a key that was put under rotation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain import words
from budget_guard.domain.errors import RequestError
from budget_guard.domain.lineage import Lineage
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.hands_off import out_of_bounds
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.rotation.adopting import Adopting
from budget_guard.use_cases.rotation.ports import NewKey

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A key under rotation. `secret` is its secret's ARN; `number` that of its generation.

    `every_hours` and `first` (about when it is first rotated) are None without a rule. Of a new key,
    `settings` are in words, and `held_by` the budgets that may hold it; `problem` is why `evaluate`
    was not started. `put_off` is why no rotation would be done, as the budgets file is now.
    """

    at: datetime
    name: str
    key: str
    number: int
    secret: str
    secret_name: str
    every_hours: int | None
    first: datetime | None
    settings: str | None = None
    held_by: tuple[str, ...] = ()
    problem: str | None = None
    is_unbounded: bool = False
    put_off: str | None = None


def adopted(
    lineage: Lineage,
    to: Adopting,
    *,
    new: NewKey | None = None,
    held_by: tuple[str, ...] = (),
    problem: str | None = None,
) -> Adopted:
    """Return what is to be told of a lineage that was adopted just now."""
    facts = gather(to.ledger, to.policy, to.now)
    seen = facts.observations.get(lineage.current.hash)
    return Adopted(
        at=to.now,
        name=lineage.name,
        key=lineage.current.hash,
        number=lineage.current.number,
        secret=lineage.secret,
        secret_name=lineage.secret_name,
        every_hours=lineage.every // HOUR if lineage.every else None,
        first=to.now + lineage.every if lineage.every else None,
        settings=words.settings(new.settings) if new else None,
        held_by=held_by,
        problem=problem,
        is_unbounded=new is not None and new.settings.limit.amount is None and not held_by,
        put_off=out_of_bounds(seen, facts) if seen else None,
    )


def workspace_of(text: str | None, ledger: Ledger) -> str:
    """Return the id of the workspace that a person means; raise `RequestError` where none is clear."""
    known = ledger.workspaces()
    found = [one.id for one in known.values() if text in (None, one.id, one.name)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{one.name} ({one.id})" for one in known.values())
    if not known:
        message = "The guard has seen no workspace yet: the first poll comes within minutes."
    elif text is None or found:
        message = f"Say in which workspace, with --workspace ID: there are {listed}."
    else:
        message = f"There is no workspace {text!r}: there are {listed}."
    raise RequestError(message)
