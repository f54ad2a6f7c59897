"""What `enforce` would come to at keys' guardrails now: the same looks, and nothing is changed."""

from collections.abc import Callable
from dataclasses import dataclass

from budget_guard.domain.decision import Plan
from budget_guard.domain.drift import Slot
from budget_guard.domain.errors import ProviderError, SettingsError
from budget_guard.domain.facts import Facts
from budget_guard.domain.restricting import is_news
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.use_cases.restricting.looking import Look, Rules, Terms, look
from budget_guard.use_cases.restricting.ports import Assignments, Guardrails

NO_GUARDRAIL = "no guardrail"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of a key's guardrail, in words; `why` says why not what is wished."""

    wish: RestrictWish
    before: str
    after: str
    is_change: bool
    why: tuple[str, ...] = ()


class Preview:
    """Looks at guardrails for plans. OpenRouter is read once, and only where something is wished.

    `problem` says why it could not be read: then what the ledger has of the last looks must do.
    """

    def __init__(self, connect: Callable[[], Guardrails]) -> None:
        self._connect = connect
        self._read: tuple[Rules, Assignments] | None = None
        self.problem: str | None = None

    def of(self, plan: Plan) -> tuple[Foreseen, ...]:
        """Return what would be changed, and what would be refused."""
        return tuple(
            one for wish in plan.guardrails.values() if (one := self._foreseen(wish, plan.facts))
        )

    def _foreseen(self, wish: RestrictWish, facts: Facts) -> Foreseen | None:
        found = self._look(wish, facts)
        if found is None:
            return _by_the_ledger(wish, facts)
        why = found.known.refusal.why if found.known.refusal else ()
        is_change = found.outcome is None
        if not (is_change or why):
            return None
        before, after = _called(found.known, found.slot.guardrail), _called(found.known, found.goal)
        return Foreseen(wish, before, after if is_change else before, is_change, why)

    def _look(self, wish: RestrictWish, facts: Facts) -> Look | None:
        if self.problem:
            return None
        try:
            rules, found = self._read = self._read or self._reading()
            slot = Slot(found.of.get(wish.key), found.began, found.at)
            terms = Terms(facts.now, facts.policy.safety.on_override)
            known = facts.restrictions.get(wish.key, Restriction(wish.key))
            return look(wish, known, slot, rules, terms)
        except (ProviderError, SettingsError) as error:
            self.problem = str(error)
            return None

    def _reading(self) -> tuple[Rules, Assignments]:
        source = self._connect()
        return Rules(source), source.assignments()


def _by_the_ledger(wish: RestrictWish, facts: Facts) -> Foreseen | None:
    known = facts.restrictions.get(wish.key)
    before = _called(known, known.placed or known.baseline) if known else "not known"
    if known and wish.to is None:
        return Foreseen(wish, before, _called(known, known.baseline), is_change=True)
    if is_news(wish, facts):
        return Foreseen(wish, before, f"guardrail {wish.to}", is_change=True)
    if known and known.refusal:
        return Foreseen(wish, before, before, is_change=False, why=known.refusal.why)
    return None


def _called(known: Restriction, guardrail: str | None) -> str:
    return NO_GUARDRAIL if guardrail is None else f"guardrail {known.called(guardrail)}"
