"""What the next run would do by a budgets file, on what the ledger knows now; changes nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.decision import decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.unadopted import unadopted
from budget_guard.use_cases.approving import Affected, once_approved, proposed
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.plan_steps import Step, guardrail_steps, limit_steps
from budget_guard.use_cases.restricting.ports import Guardrails
from budget_guard.use_cases.restricting.preview import NO_GUARDRAIL, Foreseen, Preview

UNADOPTED = "in no secret: it cannot be rotated before it is adopted"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What the next run would do by the budgets file of hash `policy`, were it deployed.

    `deployed` is the hash of the one that is, None before the first evaluation. Where the breaker
    would hold the plan back (`held_back`), `steps` are what follows once it is approved, and
    `meanwhile` what the next run does. In `mode: observe`, `steps` are what `enforce` would do.
    `stale` are workspaces of which too little is known, and `proposed` keys to be protected.
    `unadopted` are keys that the file wants rotated, and that are in no secret. `refused` are keys
    that would not be restricted as it wants; `unread` says why that could not be asked for.
    """

    at: datetime
    seen_at: datetime | None
    policy: str
    deployed: str | None
    mode: Mode
    steps: tuple[Step, ...]
    held_back: HeldBack | None
    meanwhile: tuple[Step, ...]
    stale: tuple[str, ...]
    proposed: tuple[Affected, ...]
    unadopted: tuple[Affected, ...]
    refused: tuple[Affected, ...]
    unread: str | None

    @property
    def has_changes(self) -> bool:
        """Tell whether some key would be changed at OpenRouter, now or once that is approved."""
        is_idle = self.mode is Mode.OBSERVE and self.held_back is None
        return bool(self.steps or self.meanwhile) and not is_idle


def prospect(
    ledger: Ledger, policy: Policy, now: datetime, connect: Callable[[], Guardrails]
) -> Prospect:
    """Return what the next run would do by `policy`; raises `LedgerError`.

    Guardrails are read where some would be changed: only OpenRouter knows what they refuse.
    """
    deployed, facts = ledger.deployed(), _unlooked(gather(ledger, policy, now))
    plan, proposals = decide(facts), proposed(facts)
    held_back, then = plan.held_back, plan
    if held_back and not held_back.is_refused:
        then = once_approved(facts, frozenset(one.key for one in proposals))
    elif policy.mode is Mode.OBSERVE and not held_back:
        then = once_approved(replace(facts, policy=replace(policy, mode=Mode.ENFORCE)))
    preview = Preview(connect)
    foreseen = preview.of(then)
    return Prospect(
        at=facts.now,
        seen_at=max((one.at for one in facts.freshness.values()), default=None),
        policy=policy.hash,
        deployed=deployed.policy.hash if deployed else None,
        mode=policy.mode,
        steps=(*limit_steps(then), *guardrail_steps(foreseen)),
        held_back=held_back,
        meanwhile=(*limit_steps(plan), *guardrail_steps(preview.of(plan))) if held_back else (),
        stale=tuple(one.name for one in facts.workspaces.values() if facts.is_stale(one.id)),
        proposed=proposals,
        unadopted=tuple(Affected(one.hash, one.name, UNADOPTED) for one in unadopted(facts)),
        refused=tuple(_refused(foreseen)),
        unread=preview.problem,
    )


def _unlooked(facts: Facts) -> Facts:
    """Return the facts as if no key was looked at of late: a plan tells of all that are refused."""
    anew = {key: replace(one, looked_at=None) for key, one in facts.restrictions.items()}
    return replace(facts, restrictions=anew)


def _refused(found: Iterable[Foreseen]) -> Iterator[Affected]:
    for one in sorted(found, key=lambda one: (one.wish.name, one.wish.key)):
        if one.why:
            keeps = "" if one.after == NO_GUARDRAIL else f"it keeps its {one.after}: "
            yield Affected(one.wish.key, one.wish.name, f"{keeps}{'; '.join(one.why)}")
