"""The port `CostSource` over HTTPS: analytics for hours, activity for completed days, generations."""

from collections.abc import Callable
from datetime import date
from typing import Self

from budget_guard.adapters.openrouter.activity import read_activity
from budget_guard.adapters.openrouter.analytics import query, read_told
from budget_guard.adapters.openrouter.connecting import Credential, open_transport
from budget_guard.adapters.openrouter.failures import TOO_MUCH
from budget_guard.adapters.openrouter.generation import read_generation
from budget_guard.adapters.openrouter.models import read_models
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.adapters.openrouter.vocabulary import Vocabulary, read_vocabulary
from budget_guard.adapters.pace import Allowance, Pace
from budget_guard.domain.costs import Cost
from budget_guard.domain.errors import ProviderConfusing, ProviderRejected
from budget_guard.domain.generations import Generation
from budget_guard.use_cases.costs.source import Models, Offered, Question, Single, Told

QUERIES_PER_MINUTE = 60
"""OpenRouter answers 64."""
DAYS_PER_SECOND = 4
"""No rate of activity is documented: this is well below what `/keys` is asked."""
GENERATIONS_PER_SECOND = 50
"""No rate of /generation is documented: 429 is waited out. 100,000 of them take five runs."""

type Paced = Callable[[], None]


def connect_costs(
    base_url: str, key: Credential, *, time_left: Callable[[], float] = lambda: 60.0
) -> "HttpCosts":
    """Return the adapter on a transport of its own: see `open_transport`, errors included."""
    return HttpCosts(open_transport(base_url, key, time_left=time_left))


class HttpCosts:
    """OpenRouter's word on costs; see the port `CostSource` for what is promised.

    `queries` (to analytics), `days` (to activity) and `singles` (to /generation) are called before
    each request, repeated ones too, and return when it may be sent. Safe to use from several threads.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        queries: Paced | None = None,
        days: Paced | None = None,
        singles: Paced | None = None,
    ) -> None:
        self._analytics = transport.at_pace(queries or Allowance(QUERIES_PER_MINUTE, 60))
        self._activity = transport.at_pace(days or Pace(DAYS_PER_SECOND))
        self._generation = transport.at_pace(singles or Pace(GENERATIONS_PER_SECOND))
        self._models = transport
        self._known: Vocabulary | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._analytics.close()

    def offered(self) -> Offered:
        """Look up what analytics calls what is needed of it."""
        known = self._look_up()
        return Offered(known.axes, known.missing, known.singles)

    def ask(self, question: Question) -> Told:
        """Ask analytics in the words of the last `offered`; a question that takes it too long is cut.

        Raises `ProviderConfusing` for an axis that is not offered.
        """
        known = self._known or self._look_up()
        if question.axis not in known.axes and not _asks_for_singles(question, known):
            msg = f"Analytics was not asked for costs by {question.axis}: it does not offer them."
            raise ProviderConfusing(msg)
        try:
            answer = self._analytics.post_query("/analytics/query", query(question, known))
        except ProviderRejected as error:
            if error.status == TOO_MUCH:
                return Told((), is_cut=True)
            raise
        return read_told(answer, question, known)

    def activity(self, key: str, day: date) -> tuple[Cost, ...]:
        """Read what the account did with a key on a day."""
        answer = self._activity.get("/activity", date=day.isoformat(), api_key_hash=key)
        return read_activity(answer, key, day)

    def generation(self, identity: str) -> Generation:
        """Read one generation; it may be anybody's."""
        return read_generation(self._generation.get("/generation", id=identity), identity)

    def models(self) -> Models:
        """Read the offer whole: without a page, and not those that answer in text alone."""
        return read_models(self._models.get("/models", output_modalities="all"))

    def _look_up(self) -> Vocabulary:
        self._known = read_vocabulary(self._analytics.get("/analytics/meta"))
        return self._known


def _asks_for_singles(question: Question, known: Vocabulary) -> bool:
    return question.axis is Single.GENERATION and known.singles
