"""Everything given back, killed at any call and run again: every baseline exact, all on record."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import cast

import pytest

from budget_guard.domain.errors import LeaseLost
from budget_guard.domain.holds import Intent
from budget_guard.domain.keys import Reading, Settings
from budget_guard.domain.policy import Budget, Hold
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.behaviour import Behaviour, LimitCount
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.use_cases.give_back import LASTS, GiveBack, announce_release, give_back
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.ports import Change, OpenRouter
from budget_guard.use_cases.releasing import release_of_all
from tests.simulation.guard import Killed, Switch, Watched, WatchedLedger
from tests.use_cases.scene import Scene

BUDGET = Budget("each", {Window.DAILY: Decimal(10)}, per_key=True, hold=Hold(Decimal(0)))
OWN = {"limit": 40, "limit_reset": "weekly"}


def scene() -> Scene:
    """Return an account whose two keys have been fenced for a while."""
    made = Scene(BUDGET, keys=("web", "batch"), own=OWN)
    made.wait()
    return made


def release_all(on: Scene, switch: Switch, run: str) -> int:
    """Give everything back; return how many calls that took, also where the last one kills."""
    openrouter = InProcessOpenRouter(on.account, on.guard.faults)
    on_hand = GiveBack(
        ledger=cast("Ledger", WatchedLedger(on.guard.ledger, "ledger", switch)),
        connect=lambda: cast("OpenRouter", Watched(openrouter, "OpenRouter", switch)),
        run=run,
        at=on.now,
        clock=lambda: on.now,
        sleep=lambda seconds: on.account.clock.advance(timedelta(seconds=seconds)),
    )
    try:
        announce_release(release_of_all("removal", "ann", on.now), on_hand)
        list(give_back("ann released all keys", on_hand))
    except Killed:
        pass
    return len(switch.calls)


def work(on: Scene, openrouter: OpenRouter) -> GiveBack:
    """Return the same without a kill."""
    return GiveBack(
        ledger=on.guard.ledger,
        connect=lambda: openrouter,
        run="run",
        at=on.now,
        clock=lambda: on.now,
        sleep=lambda seconds: on.account.clock.advance(timedelta(seconds=seconds)),
    )


def settings(on: Scene) -> set[Settings]:
    return {key.terms.settings for key in on.account.keys.values()}


CALLS = release_all(scene(), Switch(), "counted")


def test_it_takes_calls_that_a_kill_can_come_between() -> None:
    assert CALLS > 15


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(CALLS))
def test_killed_at_any_call_and_run_again_every_key_has_its_own(at: int, *, after: bool) -> None:
    on = scene()
    own = {seen.baseline for seen in on.guard.ledger.holds().values()}
    release_all(on, Switch(at, after), "killed")
    on.account.clock.advance(timedelta(minutes=5))
    release_all(on, Switch(), "again")
    assert settings(on) == own
    assert not any(hold.intents or hold.is_held for hold in on.guard.ledger.holds().values())
    assert not on.guard.ledger.wishes()
    trail = [one for key in on.account.keys for one in on.guard.ledger.audit(key)]
    assert len(trail) == len(on.changes)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(CALLS))
def test_killed_at_any_call_the_functions_bring_it_to_its_end(at: int, *, after: bool) -> None:
    on = scene()
    own = {seen.baseline for seen in on.guard.ledger.holds().values()}
    release_all(on, Switch(at, after), "killed")
    on.account.clock.advance(timedelta(minutes=5))
    for _ in range(2):
        on.wait()
    if on.guard.ledger.releases():
        assert settings(on) == own
    else:
        assert all(hold.is_held for hold in on.guard.ledger.holds().values())


class Slow(InProcessOpenRouter):
    """OpenRouter, which takes ten seconds for a change."""

    def change(self, key_hash: str, change: Change) -> Reading:
        self._account.clock.advance(timedelta(seconds=10))
        return super().change(key_hash, change)


def test_the_lease_is_kept_however_long_it_takes() -> None:
    on = Scene(BUDGET, keys=[f"k{number}" for number in range(50)], own=OWN)
    on.wait()
    began = on.now
    for _ in give_back("removal", work(on, Slow(on.account, on.guard.faults))):
        rival = Lease("enforce", "a function's", on.now + timedelta(minutes=4))
        with pytest.raises(LeaseLost):
            on.guard.ledger.acquire(rival, now=on.now)
    assert on.now - began > LASTS


def test_a_person_who_gives_back_gets_the_own_limit_even_if_it_starts_afresh() -> None:
    """The guard itself would keep such a key, or its window's money could be spent twice."""
    starts_afresh = Behaviour(limit_count=LimitCount.RESTARTS_WITH_ANY)
    on = Scene(BUDGET, own=OWN, behaviour=starts_afresh)
    on.spend(9)
    on.wait()
    own = on.hold().baseline
    list(give_back("removal", work(on, InProcessOpenRouter(on.account, on.guard.faults))))
    assert settings(on) == {own}


def test_a_fence_whose_answer_was_lost_is_given_back_too() -> None:
    on = scene()
    own = on.hold("web").baseline
    hold = on.hold("web")
    assert hold.confirmed
    sent = Intent("i", hold.confirmed.settings, on.now, "spent", "run")
    lost = replace(hold, confirmed=None, confirmed_at=None, intents=(sent,))
    on.guard.ledger.save(lost)
    list(give_back("removal", work(on, InProcessOpenRouter(on.account, on.guard.faults))))
    assert settings(on) == {own}
