"""Generations of a simulated account, by the real adapter: every one, exactly."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.outcomes import fell_back, waste
from budget_guard.domain.polls import Workspace
from budget_guard.domain.sampling import coverage, estimate
from budget_guard.sandbox.openrouter import Account, Behaviour, Clock, Work
from budget_guard.sandbox.openrouter.in_process_costs import in_process_costs
from tests.domain.builders import seen
from tests.domain.generations import strata_of
from tests.use_cases.costs.books import NOW, polled
from tests.use_cases.costs.fetching import ALL, fetched, on_record, sampled

WORKS = (
    Work(),
    Work(provider="Azure", failed=("OpenAI",)),
    Work(cancelled=True, finish=None),
    Work(tools=Decimal("0.001")),
)


def an_account(requests: int) -> tuple[Account, MemoryLedger]:
    """Return an account with requests of the last ten hours, and a ledger that knows its keys."""
    behaviour = Behaviour(analytics_per_minute=None)
    account = Account(clock=Clock(NOW - timedelta(hours=10)), behaviour=behaviour)
    ledger, dice = MemoryLedger(), Random(7)  # noqa: S311 - nothing secret
    ledger.save(Workspace(account.workspaces.default, "Default"))
    keys = [str(account.create_key({"name": name})[1]["hash"]) for name in ("twin", "twin", "own")]
    for key, name in zip(keys, ("twin", "twin", "own"), strict=True):
        ledger.save(seen(name, workspace=account.workspaces.default, hash=key))
    for _ in range(requests):
        cost, is_byok = Decimal(dice.randrange(1, 10**6)).scaleb(-6), dice.random() < 0.2
        work = replace(dice.choice(WORKS), fee=cost / 20)
        account.spending.charge(dice.choice(keys), cost, byok=is_byok, work=work)
        account.clock.advance(timedelta(hours=9) / requests)
    account.clock.advance(NOW - account.clock.now)
    return account, ledger


def test_every_generation_is_on_record_as_it_was_and_the_sums_agree() -> None:
    account, ledger = an_account(300)
    source = in_process_costs(account)
    polled(source, ledger)
    fetched(source, ledger, choice=ALL)
    kept, truth = on_record(ledger), {one.id: one for one in account.generations}
    assert kept.keys() == truth.keys()
    for name, one in kept.items():
        true = truth[name]
        assert (one.key, one.figures.credits, one.figures.byok) == (true.hash, true.cost, true.byok)
        assert fell_back(one) == (len(true.attempts) > 1)
        assert bool(waste(one)) == true.work.cancelled
    days = {one.created_at.date() for one in kept.values()}
    outcomes = [its for day in days if (its := ledger.day_outcomes(day))]
    told = sum((hour.tools for one in outcomes for hour in one.hours), Decimal(0))
    assert told == sum(one.tools for one in truth.values())
    strata = strata_of(sampled(ledger), kept.values(), lambda one: one.cost)
    exist, known = coverage(strata)
    assert exist == known
    found = estimate(strata)
    assert (found.total, found.bound) == (known.usd, Decimal(0))
