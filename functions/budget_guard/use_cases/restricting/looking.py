"""One look at one key's guardrail: whose it is, and what it should become."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from budget_guard.domain import commands
from budget_guard.domain.audit import Audit
from budget_guard.domain.drift import Slot, is_overridden, is_too_soon, let_go, settled, touched
from budget_guard.domain.guardrails import Guardrail, weakens
from budget_guard.domain.keys import Settings
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.restriction import Refusal, Restriction, RestrictWish, Sent
from budget_guard.use_cases.hold_ledger import HoldLedger
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.outcomes import Outcome
from budget_guard.use_cases.restricting.ports import Guardrails


class Terms(NamedTuple):
    """By what a look judges: the time, and who wins against whom."""

    now: datetime
    on_override: OnOverride


@dataclass(frozen=True, slots=True)
class Restricting:
    """What restricting needs: the world, the lease, this run's name, and the policy."""

    guardrails: Guardrails
    ledger: HoldLedger
    lease: Lease
    run: str
    now: datetime
    on_override: OnOverride
    new_id: Callable[[], str] = lambda: uuid4().hex

    @property
    def terms(self) -> Terms:
        """Return by what each look judges."""
        return Terms(self.now, self.on_override)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a key came to. With `outcome` it is at its end; else `goal` is to be assigned."""

    wish: RestrictWish
    known: Restriction
    slot: Slot
    goal: str | None = None
    outcome: Outcome | None = None
    text: str = ""
    trail: tuple[Audit, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The guardrails of this run, each read once."""

    source: Guardrails
    _by_name: dict[tuple[str, str], tuple[Guardrail, ...]] = field(default_factory=dict)
    _by_id: dict[str, Guardrail | None] = field(default_factory=dict)

    def of(self, identity: str | None) -> Guardrail | None:
        """Return a guardrail by its id; None where there is none."""
        if identity is None:
            return None
        if identity not in self._by_id:
            self._by_id[identity] = self.source.guardrail(identity)
        return self._by_id[identity]

    def named(self, name: str, workspace: str) -> tuple[Guardrail, ...]:
        """Return the guardrails that a name, or an id, means for the keys of a workspace."""
        place = (name, workspace)
        if place not in self._by_name:
            self._by_name[place] = self.source.named(name, workspace)
            self._by_id.update({one.id: one for one in self._by_name[place]})
        return self._by_name[place]


def look(wish: RestrictWish, known: Restriction, slot: Slot, rules: Rules, terms: Terms) -> Look:
    """Return what is to be done for a key whose guardrail was read just now.

    What a person put there stays, and is let go; what the guard sent and got no answer for is its
    own. Raises `ProviderError` where the guardrails cannot be read.
    """
    seen, sent = settled(known, slot)
    trail = (audit(sent, wish, seen, known.placed or known.baseline, slot),) if sent else ()
    one = Look(wish, seen, slot, trail=trail)
    if seen.is_let_go(terms.now):
        return replace(one, outcome=Outcome.LET_GO, text="a person has it")
    if is_too_soon(seen, slot):
        return replace(one, outcome=Outcome.WAITS, text="too soon after the last change")
    if is_overridden(seen, slot):
        seen = _let_go(seen, slot, rules, terms)
        if seen.let_go_until:
            change = seen.override.change if seen.override else ""
            text = f"a person changed it: {change}"
            return replace(one, known=seen, outcome=Outcome.LET_GO, text=text)
    return _judged(replace(one, known=touched(seen, slot)), rules, terms)


def _let_go(seen: Restriction, slot: Slot, rules: Rules, terms: Terms) -> Restriction:
    theirs = rules.of(slot.guardrail)
    names = {**seen.names, theirs.id: theirs.name} if theirs else seen.names
    return let_go(replace(seen, names=names), slot, terms.on_override)


def _judged(one: Look, rules: Rules, terms: Terms) -> Look:
    """Return the look with what the guardrail should become, and why it may not be what is wished."""
    wish, known = one.wish, one.known
    was = rules.of(known.baseline)
    goal = was.id if was else None
    if known.placed is None:
        # What is there is not the guard's: it is never taken away.
        goal = known.baseline
    names = {one: name for one, name in known.names.items() if one == known.placed}
    names |= {was.id: was.name} if was else {}
    why: tuple[str, ...] = ()
    if wish.to is not None:
        found = rules.named(wish.to, wish.workspace)
        names |= {one.id: one.name for one in found}
        why = _why_not(wish, was, found)
        goal = goal if why else found[0].id
    judged = replace(
        known,
        wanted=wish.to,
        reason=wish.reason,
        budget=wish.budget,
        until=wish.until,
        refusal=Refusal(terms.now, why) if why else None,
        names=names,
    )
    return _aimed(replace(one, known=judged), goal, terms)


def _why_not(
    wish: RestrictWish, was: Guardrail | None, found: tuple[Guardrail, ...]
) -> tuple[str, ...]:
    if not found:
        return (f"the workspace of {wish.name} has no guardrail of the name or id {wish.to}",)
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        return (f"{len(found)} guardrails are called {wish.to}: say which by its id ({ids})",)
    return weakens(was, found[0])


def _aimed(one: Look, goal: str | None, terms: Terms) -> Look:
    if goal != one.slot.guardrail:
        return replace(one, goal=goal)
    if one.known.sent:
        return replace(
            one, outcome=Outcome.WAITS, text="something sent before may still take effect"
        )
    known = replace(one.known, looked_at=terms.now, tries=0)
    if known.refusal:
        why = "; ".join(known.refusal.why)
        return replace(one, known=known, outcome=Outcome.FAILED, text=f"refused: {why}")
    return replace(one, known=known, outcome=Outcome.ALREADY, text=one.wish.reason)


def audit(
    sent: Sent, wish: RestrictWish, known: Restriction, before: str | None, slot: Slot
) -> Audit:
    """Return the record of a change of guardrail that took effect."""
    return Audit(
        id=sent.id,
        key=wish.key,
        name=wish.name,
        before=Settings(),
        after=Settings(),
        reason=sent.reason,
        run=sent.run,
        at=slot.at,
        undo=commands.release(wish.key)
        if known.placed
        else "nothing: the key has the guardrail that it had before",
        guardrails=(known.called(before), known.called(slot.guardrail)),
    )
