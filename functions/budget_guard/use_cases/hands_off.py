"""By whose word the guard keeps its hands off a key: in a word for tables, in a sentence for its team."""

from budget_guard.domain import reasons, words
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.records import Freeze


def hands_off(key: str, facts: Facts) -> str | None:
    """Return, in a word, why the guard decides nothing for a key, if it does not."""
    hold, seen = facts.holds.get(key), facts.observations.get(key)
    if facts.is_protected(key):
        return "protected"
    if seen and freeze_of(seen, facts):
        return "frozen"
    if facts.release_of(key):
        return "released"
    if hold and hold.let_go_until and facts.now < hold.let_go_until:
        return "let go"
    return "stale" if seen and facts.is_stale(seen.key.workspace) else None


def freeze_of(seen: Observation, facts: Facts) -> Freeze | None:
    """Return the freeze that stops a key; None where the budgets file keeps the guard off it."""
    return None if out_of_bounds(seen, facts) else facts.freeze_of(seen.key.hash)


def is_in_force(freeze: Freeze, facts: Facts) -> bool:
    """Tell whether a freeze on record stops its key now; of a lineage, the key that is in use."""
    seen = facts.observations.get(freeze.key)
    if seen is None or facts.kin.current(freeze.key) != freeze.key:
        return False
    return freeze_of(seen, facts) == freeze


def left_alone(seen: Observation, plan: Plan) -> str | None:
    """Return by whose word the guard keeps its hands off a key, if it does, the strongest first."""
    facts, key = plan.facts, seen.key.hash
    if told := out_of_bounds(seen, facts):
        return told
    if frozen := facts.freeze_of(key):
        return reasons.frozen("it", frozen, facts.now)
    if release := facts.release_of(key):
        return f"{release.by} released it: {release.reason}"
    if key in plan.strange:
        return "its limit looks like another guard's fence, so this guard leaves it alone"
    return let_go(facts.holds.get(key), facts)


def out_of_bounds(seen: Observation, facts: Facts) -> str | None:
    """Return why the guard may not touch a key at all, whatever a person asks of it."""
    if seen.gone_at:
        return f"it was deleted before {seen.gone_at:%Y-%m-%d %H:%M} UTC"
    if facts.policy.mode is not Mode.ENFORCE:
        return f"the budgets file says mode: {facts.policy.mode}"
    return forbidden(seen, facts)


def forbidden(seen: Observation, facts: Facts) -> str | None:
    """Return why the budgets file keeps the guard off a key, whatever its mode."""
    if facts.is_protected(seen.key.hash):
        return "the budgets file protects it"
    if not facts.policy.concerns(seen.key):
        return "its workspace is outside the scope of the budgets file"
    return None


def let_go(hold: Hold | None, facts: Facts) -> str | None:
    """Return how a person's change made the guard let a key go, if that lasts."""
    until = hold.let_go_until if hold else None
    if hold is None or until is None or facts.now >= until:
        return None
    change = f" ({hold.override.change})" if hold.override else ""
    return (
        f"a person changed it{change}; the guard lets it go until {words.moment(until, facts.now)}"
    )
