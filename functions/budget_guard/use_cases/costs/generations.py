"""Single generations: those that the budgets file chooses, then those that applications sent.

Last of all it is looked at what they tell.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.errors import ProviderError, QueueError
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.costs.choosing import Chooser
from budget_guard.use_cases.costs.draining import Drained, drain
from budget_guard.use_cases.costs.ids import Ids
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.naming import names
from budget_guard.use_cases.costs.offer import labelled
from budget_guard.use_cases.costs.request_signals import RequestWatch
from budget_guard.use_cases.costs.source import Question, Told
from budget_guard.use_cases.costs.summing import sum_up


@dataclass(frozen=True, slots=True)
class GenerationPoll:
    """What a poll of generations needs of the world.

    `now` is no later than the time it is. `has_time` tells whether to begin something new,
    `has_time_to_choose` so for what the budgets file chooses: the queue comes after it, and
    `has_time_to_look` for what comes last.
    """

    keeper: Keeper
    ids: Ids
    policy: Policy
    now: datetime
    has_time: Callable[[], bool]
    has_time_to_choose: Callable[[], bool]
    has_time_to_look: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class GenerationReport:
    """How a poll of generations went: `chosen` are on record now, `drained` is the queue.

    `is_whole`: all that was chosen until now was looked at, and its days are summed up.
    """

    chosen: int
    drained: Drained
    is_whole: bool
    warnings: tuple[str, ...]
    problem: str | None


def poll_generations(on: GenerationPoll) -> GenerationReport:
    """Bring generations on record; return how it went.

    What fails keeps nothing else from being done, and is done by the next run. Raises `LedgerError`
    and `SettingsError`.
    """
    source = labelled(on.keeper.source, on.keeper.ledger.offer())
    on = replace(on, keeper=replace(on.keeper, source=source))
    warnings = dict[str, None]()

    def ask(question: Question) -> Told:
        told = source.ask(question)
        warnings.update(dict.fromkeys(told.warnings))
        return told

    problems, drained = list[str](), Drained()
    chooser = Chooser(on.keeper, on.policy.costs.generations, on.now, on.has_time_to_choose, ask)
    is_whole = False
    try:
        is_whole = _choose(on, chooser, problems)
    except ProviderError as error:
        problems.append(f"generations: {error}")
    try:
        drained = drain(on.ids, on.keeper, on.now, on.has_time)
    except QueueError as error:
        problems.append(str(error))
    if is_whole or (chooser.choice is None and not problems):
        _look(on)
    is_summed = sum_up(on.keeper, on.now, on.has_time_to_look)
    return GenerationReport(
        chosen=chooser.kept,
        drained=drained,
        is_whole=is_whole and is_summed,
        warnings=(*warnings, *chooser.warnings),
        problem="; ".join(problems) or None,
    )


def _look(on: GenerationPoll) -> None:
    keeper = on.keeper
    RequestWatch(keeper.ledger, keeper.lease, on.policy, on.now, on.has_time_to_look).look()


def _choose(on: GenerationPoll, chooser: Chooser, problems: list[str]) -> bool:
    """Read every workspace; tell whether all until now was read.

    Raises `ProviderError` where it cannot even be asked what analytics lists.
    """
    ledger, is_whole = on.keeper.ledger, True
    if chooser.choice and not on.keeper.source.offered().singles:
        chooser.choice, is_whole = None, False
    named = names(ledger.observations().values()) if chooser.choice else {}
    read, hours = ledger.generations_read(), ledger.costs_read()
    for one, workspace in ledger.workspaces().items():
        if on.policy.reads(one):
            try:
                is_whole &= chooser.read(
                    workspace, named.get(one, {}), read.get(one), hours.get(one)
                )
            except ProviderError as error:
                problems.append(f"generations of workspace {workspace.name}: {error}")
                is_whole = False
    return is_whole
