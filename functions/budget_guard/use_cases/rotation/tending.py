"""What the ordinary loop does for lineages, beside the steps that Secrets Manager asks for."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.due import Due, due
from budget_guard.domain.errors import SecretGone
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import Mode
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.upkeep import is_free, schedule_of, to_start, unscheduled
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.rotation.retiring import retire
from budget_guard.use_cases.rotation.rotating import Rotating, alone, apart
from budget_guard.use_cases.rotation.sweeping import sweep


class What(StrEnum):
    """What a run did or found, in the words of its log."""

    ENDED = "rotation ended"
    REMOVED = "lost key removed"
    DOUBTFUL = "key of a lineage's name found"
    DISABLED = "old key disabled"
    DELETED = "old key deleted"
    SCHEDULED = "rotation scheduled"
    STARTED = "rotation started"


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done or found; `name` is the lineage's or the key's, `key` a hash."""

    what: What
    name: str
    why: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Tended:
    """What a run did, in order, and what it could not do."""

    done: tuple[Done, ...] = ()
    problems: tuple[str, ...] = ()


def tend(to: Rotating, asked: Callable[[Plan], tuple[Due, ...]] = due) -> Tended:
    """Sweep, retire old keys, keep schedules as the policy says, and start what is `asked` for.

    A failure of one part, or for one lineage, keeps no other: it is among the `problems`. Nothing
    is done under `observe`; under `release` only what was left half done is ended, and what people
    want disabled.
    """
    if to.policy.mode is Mode.OBSERVE:
        return Tended()
    done: list[Done] = []
    problems: list[str] = []
    parts = [_sweep, _retire]
    if to.policy.mode is Mode.ENFORCE:
        parts += [_keep_schedules, partial(_start, asked)]
    for part in parts:
        with apart(problems):
            done.extend(part(to, problems))
    return Tended(tuple(done), tuple(dict.fromkeys(problems)))


def _sweep(to: Rotating, problems: list[str]) -> Iterator[Done]:
    swept = sweep(to)
    problems += swept.problems
    for rotation in swept.ended:
        moved = "its secret had moved on to it already"
        why = moved if rotation.stage is Stage.DONE else f"taken back: {rotation.failure}"
        yield Done(What.ENDED, rotation.name, why, rotation.new)
    for one in swept.removed:
        yield Done(
            What.REMOVED, one.name, "its creation took effect after its answer was lost", one.hash
        )
    for one in swept.doubtful:
        yield Done(
            What.DOUBTFUL, one.name, "it may be a person's: nothing was done to it", one.hash
        )


def _retire(to: Rotating, problems: list[str]) -> Iterator[Done]:
    retired = retire(to)
    problems += retired.problems
    named = Kin(to.ledger.lineages()).of
    for key in retired.disabled:
        yield Done(What.DISABLED, named[key].name, "its successor is in use", key)
    for key in retired.deleted:
        yield Done(What.DELETED, named[key].name, "it was off for long enough", key)


def _keep_schedules(to: Rotating, problems: list[str]) -> Iterator[Done]:
    kin = Kin(to.ledger.lineages(), to.ledger.rotations())
    for one in unscheduled(kin, to.policy):
        with apart(problems), alone(one.secret, to) as lease:
            lineage = to.ledger.lineage(one.secret) or one
            every = schedule_of(lineage, to.policy)
            if every is None:
                # A secret that is no more has no schedule.
                with suppress(SecretGone):
                    to.vault.unschedule(one.secret)
            else:
                to.vault.schedule(one.secret, every)
            to.ledger.save(replace(lineage, every=every), lease=lease)
            why = _often(every) if every else "no rule of the budgets file is for it"
            yield Done(What.SCHEDULED, one.name, why)


def _start(
    asked: Callable[[Plan], tuple[Due, ...]], to: Rotating, problems: list[str]
) -> Iterator[Done]:
    plan = decide(gather(to.ledger, to.policy, to.now))
    for one in to_start(asked(plan), plan.facts):
        with apart(problems):
            lineage, last = to.ledger.lineage(one.secret), to.ledger.rotation(one.secret)
            if lineage and is_free(last, plan.facts.now):
                to.vault.rotate_now(one.secret, version_of(lineage, last))
                yield Done(What.STARTED, one.name, one.reason)


def version_of(lineage: Lineage, last: Rotation | None) -> str:
    """Return the version that the next rotation of a lineage is asked for by.

    The same until a rotation is on record: so one reason never makes two, whoever asks how often.
    """
    former = last.token if last else ""
    return str(uuid5(NAMESPACE_URL, f"{lineage.secret}/{lineage.next_number}/{former}"))


def _often(every: timedelta) -> str:
    hours = every // timedelta(hours=1)
    return f"every {every.days} days" if hours % 24 == 0 and hours > 24 else f"every {hours} hours"
