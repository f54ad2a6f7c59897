"""What a request is for, and how it is served: what a caller of the simulated account decides."""

from dataclasses import dataclass

from budget_guard.domain.money import ZERO, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How many tokens; `cached` are some of the prompt's, `reasoning` some of the completion's."""

    prompt: int = 0
    completion: int = 0
    reasoning: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one provider answered; `model` is the permaslug it was asked to run, `latency` in ms."""

    provider: str
    model: str
    status: int
    latency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a request is for and how it is served; only `fee` changes what it is charged.

    - `model`: asked for, or a router (`openrouter/...`); `served`: the permaslug that answered (None: the catalog's for `model`);
    - `provider`: who answered (None: nobody); `failed`: who was tried before, in order;
    - `tokens`: None for as many as the cost buys at the model's price, three of the prompt to one;
    - `fee`: charged to credits for a BYOK request, which itself costs none (5 % after an allowance);
    - `tools`: of what is charged to credits, the part for web search;
    - `cache_discount`: what caching saved; `latency`: milliseconds, if the request took no time;
    - `finish`: why it ended (`stop`, `length`, `error` ...), `cancelled` by the caller, `streamed`;
    - `session`, `user` (None: the key's external user), `app` (its title), `origin` (its URL).
    """

    model: str = "openai/gpt-4.1-mini"
    served: str | None = None
    provider: str | None = "OpenAI"
    failed: tuple[str, ...] = ()
    tokens: Tokens | None = None
    fee: Usd = ZERO
    tools: Usd = ZERO
    cache_discount: Usd = ZERO
    finish: str | None = "stop"
    cancelled: bool = False
    streamed: bool = False
    latency: int = 1200
    session: str | None = None
    user: str | None = None
    app: str | None = None
    origin: str = ""

    @property
    def served_by(self) -> str:
        """Return the name of the model that answers."""
        return self.served or self.model


ORDINARY = Work()
"""What a request is for that says nothing of it."""
