"""Generations that analytics lists, as far as the budgets file wants them one by one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import batched, pairwise

from budget_guard.domain.choices import Above, Choice
from budget_guard.domain.costs import CostHour, CostsRead
from budget_guard.domain.generations import Generation
from budget_guard.domain.money import Usd
from budget_guard.domain.polls import Workspace
from budget_guard.domain.sampling import GenerationsRead
from budget_guard.use_cases.costs.asking import HOUR, whole
from budget_guard.use_cases.costs.counting import Counter, Tally, cost_of, full_hour
from budget_guard.use_cases.costs.keeping import Keeper, Wanted
from budget_guard.use_cases.costs.naming import Named, told_by_hash
from budget_guard.use_cases.costs.source import Question, Row, Single, Told

FIRST_BACK = 24 * HOUR
"""How far the first run reads."""
MOST_BACK = 28 * FIRST_BACK
"""How far a run reads after a pause; generations are listed for 31 days."""
GIVEN_UP = 24 * HOUR
"""How long it is tried to fetch what OpenRouter lists and does not tell."""
LATE = 2 * HOUR
"""Hours that are read again: how late analytics learns of a request is not documented."""
SPAN = 3 * HOUR
"""What is read before the checkpoint moves: in quiet times one question a run."""
AT_ONCE = 40
"""Generations fetched before they are written: each at two addresses, in one transaction."""


@dataclass(slots=True)
class Chooser:
    """Brings the chosen generations of workspaces on record; `kept` counts them, old and new.

    `choice` is the budgets file's. `warnings` name the minutes of which analytics lists only the
    dearest.
    """

    keeper: Keeper
    choice: Choice
    now: datetime
    has_time: Callable[[], bool]
    ask: Callable[[Question], Told]
    kept: int = 0
    warnings: list[str] = field(default_factory=list)
    _hours: Callable[[date], Sequence[CostHour]] = field(init=False)

    def __post_init__(self) -> None:
        # A day has the hours of all workspaces; it is read once, not for each of them.
        self._hours = lru_cache(maxsize=2)(self.keeper.ledger.cost_hours)

    def read(
        self,
        workspace: Workspace,
        named: Named,
        read: GenerationsRead | None,
        hours: CostsRead | None = None,
    ) -> bool:
        """Read a workspace from where the last run stopped; tell whether all until now was read.

        `named` are its keys by name. What its `hours` do not tell yet of all its generations is
        read again. Raises `ProviderError` and what `Keeper.keep` raises.
        """
        begins, lacking = self._begins(read), [hours.until] if hours else []
        while begins < self.now:
            question = Question(
                workspace.id, Single.GENERATION, begins, min(begins + SPAN, self.now)
            )
            tally = self._keep(question, named)
            if tally is None:
                return False
            self._counter.record(question, tally)
            lacking += [hour for hour in tally.lacking() if hour > self.now - GIVEN_UP]
            until = min([full_hour(question.ends), *lacking])
            self.keeper.save(GenerationsRead(workspace.id, until, self.now))
            begins = question.ends
        return True

    def _begins(self, read: GenerationsRead | None) -> datetime:
        if read is None:
            return full_hour(self.now) - FIRST_BACK
        return max(full_hour(self.now) - MOST_BACK, full_hour(read.until) - LATE)

    @property
    def _counter(self) -> Counter:
        return Counter(self.keeper, self.choice, self.now, self._hours)

    def _keep(self, question: Question, named: Named) -> Tally | None:
        """Bring what is chosen of a span on record; None where the time is over before that."""
        tally = Tally()
        for some in batched(self._chosen(question, named), AT_ONCE, strict=False):
            if not self.has_time():
                return None
            found = self.keeper.keep(
                [Wanted(row.label, key=key, tools=row.tools) for row, key in some]
            )
            for row, _ in some:
                is_kept = isinstance(found[row.label], Generation)
                tally.add(row, is_kept=is_kept)
                self.kept += is_kept
        return tally

    def _chosen(self, question: Question, named: Named) -> Iterator[tuple[Row, str]]:
        if self.choice is None:
            return

        def rows(asked: Question) -> Iterator[Row]:
            return whole(asked, self._ask, self._overfull)

        yield from told_by_hash(question, rows(question), named, rows)

    def _ask(self, question: Question) -> Told:
        """Ask for what is chosen; an answer that is cut below the last of it has all of it."""
        told, choice = self.ask(question), self.choice
        costs = [cost_of(row) for row in told.rows]
        rows = tuple(
            row
            for row, usd in zip(told.rows, costs, strict=True)
            if choice and choice.takes(row.label, usd)
        )
        is_enough = isinstance(choice, Above) and len(rows) < len(costs) and _falls(costs)
        return replace(told, rows=rows, is_cut=told.is_cut and not is_enough)

    def _overfull(self, question: Question) -> None:
        self.warnings.append(
            f"Of the minute {question.begins:%Y-%m-%d %H:%M} UTC analytics lists only the dearest "
            f"generations of workspace {question.workspace}: the others are not known one by one."
        )


def _falls(costs: list[Usd]) -> bool:
    return all(one >= after for one, after in pairwise(costs))
