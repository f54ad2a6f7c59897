"""What the guard holds of each key, why, until when, and what the key had before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain import words
from budget_guard.domain.decision import Plan
from budget_guard.domain.errors import RequestError
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold, HoldState
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.tally import spent
from budget_guard.domain.wishes import Restore
from budget_guard.domain.wishing import Standing
from budget_guard.use_cases.kinship import is_called, label_of

LEAST_PREFIX = 6


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that the guard holds. `left` (USD) is what its fence still lets it spend.

    `fence` and `baseline` are in words; `since` is OpenRouter's answer to the present fence.
    """

    key: str
    name: str
    fence: str
    baseline: str
    left: Usd
    since: datetime | None
    reason: str
    in_flight: bool
    problem: str | None = None


def held_keys(plan: Plan) -> tuple[HeldKey, ...]:
    """Return every held key, the one with the least left first."""
    holds = [one for one in plan.facts.holds.values() if is_in_hand(one)]
    return tuple(sorted((_held(one, plan) for one in holds), key=lambda one: (one.left, one.key)))


def is_in_hand(hold: Hold) -> bool:
    """Tell whether a fence of the guard is, or may be, on the key."""
    return hold.state is HoldState.HELD and (hold.confirmed is not None or bool(hold.intents))


def _held(hold: Hold, plan: Plan) -> HeldKey:
    seen, standing = plan.facts.observations.get(hold.key), plan.standings.get(hold.key)
    fence = hold.confirmed.settings if hold.confirmed else hold.intents[-1].settings
    return HeldKey(
        key=hold.key,
        name=label_of(hold.key, plan.facts),
        fence=words.settings(fence),
        baseline=words.settings(hold.baseline),
        left=_left(hold, seen, plan.facts),
        since=hold.confirmed_at,
        reason=_why(seen, standing, plan.facts),
        in_flight=bool(hold.intents),
        problem=hold.refusals.message if hold.refusals else None,
    )


def _why(seen: Observation | None, standing: Standing | None, facts: Facts) -> str:
    if seen is None or standing is None:
        return "nothing is known of the key; its fence stays"
    given_up = isinstance(standing.want, Restore) and standing.want.for_good
    if facts.is_stale(seen.key.workspace) and not given_up:
        return "nothing new is known of its workspace; its fence stays"
    return standing.reason


def _left(hold: Hold, seen: Observation | None, facts: Facts) -> Usd:
    if seen is None or hold.confirmed is None or hold.confirmed.settings.disabled:
        return ZERO
    settings, reading = hold.confirmed.settings, seen.reading
    used = spent(
        reading.counters,
        reading.at,
        settings.limit.reset,
        include_byok=settings.include_byok,
        now=facts.now,
    )
    return max(ZERO, hold.confirmed.stop(facts.now) - used)


def find_key(text: str, facts: Facts) -> Observation:
    """Return the one key that `text` means: its hash, at least 6 digits of its start, or its name.

    Of a lineage, which its secret means too, it is the key that is in use, whichever generation the
    text is of. Raises `RequestError` where that is none, or several.
    """
    found = _in_use(_meant(text, facts), facts)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{one.key.hash[:16]} ({one.key.name})" for one in found[:10])
        message = f"{text!r} means {len(found)} keys: {listed}. Say which by more of its hash."
        raise RequestError(message)
    message = (
        f"The guard has seen no key {text!r}. Give a key's whole name, its hash, or at least "
        f"{LEAST_PREFIX} digits of the hash's start, as in status or an alert."
    )
    raise RequestError(message)


def _meant(text: str, facts: Facts) -> Iterable[str]:
    """Return the hashes of the keys that a text may mean."""
    seen, kin = facts.observations, facts.kin
    if text in seen or text in kin.of:
        return [text]
    named = [one.current.hash for one in kin.lineages.values() if is_called(one, text)]
    named += [key for key, one in seen.items() if one.key.name == text and not one.gone_at]
    digits = text.lower()
    begin = (key for key in {**seen, **kin.of} if key.startswith(digits))
    return named or (begin if len(text) >= LEAST_PREFIX else [])


def _in_use(keys: Iterable[str], facts: Facts) -> list[Observation]:
    """Return what is known of keys, of each lineage only the generation that is in use, if seen."""
    seen = facts.observations
    found = {now if (now := facts.kin.current(key)) in seen else key: None for key in keys}
    return [seen[key] for key in found if key in seen]
