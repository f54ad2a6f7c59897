"""What a made-up account's keys spend by the hour, told as OpenRouter's analytics tells it.

Two keys in ten spend in an hour, each on two models of ten that two of five providers serve. No
single request is dear enough to be looked at.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, Figures, total
from budget_guard.domain.errors import ProviderRejected
from budget_guard.domain.generations import Generation
from budget_guard.domain.offer import Model
from budget_guard.use_cases.costs.source import Models, Offered, Question, Row, Single, Told
from tests.benchmarks.account import MARKS, NOW, Account

HOUR = timedelta(hours=1)
MODELS = tuple(f"vendor{number % 4}/model-{number}" for number in range(10))
PROVIDERS = ("Acme", "Beta", "Gamma", "Delta", "Epsilon")


class Traffic:
    """Tells the costs of an account as of `now`, which moves on; answers take no time."""

    def __init__(self, account: Account) -> None:
        self._account, self.now = account, NOW

    @cached_property
    def _keys(self) -> dict[str, list[tuple[int, str]]]:
        """Return the numbers and names of each workspace's keys."""
        found: dict[str, list[tuple[int, str]]] = {one.id: [] for one in self._account.workspaces}
        for number, seen in enumerate(self._account.plan.facts.observations.values()):
            found[seen.key.workspace].append((number, seen.key.name))
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {one: at for at, one in enumerate(self._account.plan.facts.observations)}

    def offered(self) -> Offered:
        """Return that analytics has all."""
        return Offered(frozenset(Axis))

    def models(self) -> Models:
        """Return the models of its traffic, as they are listed."""
        return Models(tuple(map(Model, MODELS)))

    def ask(self, question: Question) -> Told:
        """Return the rows of whole hours; the present hour's grow with its minutes."""
        if question.axis is Single.GENERATION:
            return Told(())
        rows, hour = list[Row](), question.begins.replace(minute=0, second=0, microsecond=0)
        while hour < min(question.ends, self.now):
            for number, name in self._keys[question.workspace]:
                rows += [
                    Row(hour, name, model if question.axis is Axis.MODEL else provider, figures)
                    for model, provider, figures in self._spent(number, hour)
                ]
            hour += HOUR
        return Told(tuple(rows))

    def activity(self, key: str, day: date) -> tuple[Cost, ...]:
        """Return what a key spent on a day."""
        midnight, number = datetime.combine(day, time(), NOW.tzinfo), self._numbers[key]
        return total(
            Cost(key, figures, model, provider)
            for hour in range(24)
            for model, provider, figures in self._spent(number, midnight + hour * HOUR)
        )

    def generation(self, identity: str) -> Generation:
        """Know no generation."""
        raise ProviderRejected(identity, status=404)

    def _spent(self, number: int, hour: datetime) -> Iterator[tuple[str, str, Figures]]:
        at = int(hour.timestamp()) // 3600
        if (at * 7 + number * 11) % 48 >= MARKS[number % len(MARKS)]:
            return
        minutes = min(60, max(1, (self.now - hour) // timedelta(minutes=1)))
        for one in range(2):
            count = minutes * (1 + (number + at + one) % 7)
            usd = Decimal(count * (number % 97 + 3)) / 10**6
            place = number + one * 3
            yield (
                MODELS[place % 10],
                PROVIDERS[place % 5],
                Figures(usd, requests=count, prompt=count * 900, completion=count * 120),
            )
