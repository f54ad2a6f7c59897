"""A month of 50,000 requests, read as `poll_costs` reads it: nothing is lost, nothing is twice."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.costs import Figures, summed
from budget_guard.domain.observations import observe
from budget_guard.domain.policy import Budget, Policy, fits
from budget_guard.domain.windows import Window, start
from budget_guard.sandbox.openrouter import Account, Behaviour, Clock, Generation, Work
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_costs import in_process_costs
from budget_guard.use_cases.costs.poll import CostPoll, CostReport, poll_costs
from budget_guard.use_cases.costs.report import By, Period, cost_table
from budget_guard.use_cases.leases import leased

REQUESTS = 50_000
FIRST = datetime(2026, 10, 19, tzinfo=UTC)
DAYS = 28
MONTH = Period(FIRST.date(), (FIRST + timedelta(days=DAYS)).date())
POLLS = timedelta(hours=9)
MODELS = ("acme/large", "acme/small", "beta/one", "beta/two")
PROVIDERS = ("Acme", "Beta", "Gamma")
NAMES = ("prod-api", "prod-api", "batch", "dev-ana", "dev-bob")
CAPS = dict.fromkeys(Window, Decimal(1))
BUDGETS = (
    Budget("acme", CAPS, models=("acme/*",)),
    Budget("dear", CAPS, keys=("prod-*", "dev-?na"), models=("*/large", "beta/one")),
    Budget("served", CAPS, providers=("Acme", "G*"), include_byok=True),
    Budget("each", CAPS, keys=("dev-*",), providers=("Beta",), per_key=True),
)


@dataclass
class Month:
    """An account that spends at random, and a guard that reads its costs twice or so a day."""

    account: Account
    ledger: MemoryLedger
    keys: list[str]
    chance: random.Random

    def spend(self, until: datetime, requests: int) -> None:
        clock, chance = self.account.clock, self.chance
        moments = sorted(
            chance.uniform(0, (until - clock.now).total_seconds()) for _ in range(requests)
        )
        begins = clock.now
        for seconds in moments:
            clock.set(begins + timedelta(seconds=seconds))
            work = Work(
                model=chance.choice(MODELS),
                provider=chance.choice(PROVIDERS),
                fee=Decimal(chance.randint(0, 99)).scaleb(-8),
            )
            cost = Decimal(chance.randint(1, 10**7)).scaleb(-9)
            key, is_byok = chance.choice(self.keys), chance.random() < 0.1
            self.account.spending.charge(key, cost, byok=is_byok, work=work)
        clock.set(until)

    def poll(self) -> CostReport:
        now = self.account.clock.now
        source, rules = in_process_costs(self.account), Policy(BUDGETS, "hash")
        with leased(self.ledger, "costs", token="t", now=now, lasts=POLLS) as lease:
            return poll_costs(CostPoll(source, self.ledger, lease, rules, now, lambda: True))

    def truth(self, label: Callable[[Generation], str]) -> dict[str, Figures]:
        return summed(
            (
                label(one),
                Figures(
                    one.cost,
                    one.byok,
                    1,
                    one.tokens.prompt,
                    one.tokens.completion,
                    one.tokens.reasoning,
                    one.tokens.cached,
                ),
            )
            for one in self.account.generations
        )


def an_account() -> Month:
    """Return an account of two workspaces and five keys, two of one name; one is unknown."""
    account = Account(
        clock=Clock(FIRST),
        behaviour=Behaviour(analytics_per_minute=None, generation_delay=timedelta()),
    )
    research = account.workspaces.add("Research", FIRST)["id"]
    keys = [
        account.create_key({"name": name, "workspace_id": research if name > "b" else None})[1][
            "hash"
        ]
        for name in NAMES
    ]
    ledger, seen = MemoryLedger(), InProcessOpenRouter(account)
    ledger.save(*seen.workspaces())
    ledger.save(*(observe(None, seen.key(key)) for key in keys))
    chance = random.Random(1)  # noqa: S311 - traffic, no secret
    return Month(account, ledger, keys, chance)


@pytest.fixture(scope="module")
def month() -> Month:
    played = an_account()
    ends = FIRST + timedelta(days=DAYS)
    polls = (ends - FIRST) // POLLS
    for number in range(1, polls + 1):
        played.spend(FIRST + number * POLLS, REQUESTS // polls)
        assert played.poll().problem is None
    played.spend(ends, REQUESTS - REQUESTS // polls * polls)
    played.account.clock.advance(timedelta(hours=1))
    assert played.poll().is_whole
    return played


def day_of(one: Generation) -> str:
    return one.created_at.date().isoformat()


@pytest.mark.parametrize(
    ("by", "label"),
    [
        (By.KEY, lambda one: one.hash),
        (By.MODEL, lambda one: one.served),
        (By.PROVIDER, lambda one: one.work.provider),
        (By.DAY, day_of),
    ],
)
def test_every_figure_of_the_month_is_the_accounts(
    month: Month, by: By, label: Callable[[Generation], str]
) -> None:
    table = cost_table(month.ledger, MONTH, by)
    told = {line.key or line.label: line.figures for line in table.lines}
    assert len(month.account.generations) == REQUESTS
    assert told == month.truth(label)


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda one: one.name)
def test_what_a_budget_on_models_or_providers_spent_is_the_accounts(
    month: Month, budget: Budget
) -> None:
    now, account = month.account.clock.now, month.account
    for told in month.ledger.cost_spends()[budget.name].windows:
        truth = summed(
            (one.hash, Figures(one.cost, one.byok))
            for one in account.generations
            if one.created_at >= start(told.window, now)
            and fits(budget.keys, account.keys[one.hash].name)
            and fits(budget.models or ("*",), one.served)
            and fits(budget.providers or ("*",), one.work.provider or "")
        )
        spent = {key: one.credits + one.byok * budget.include_byok for key, one in truth.items()}
        assert told.spent == sum(spent.values())
        most = sorted(spent.values(), reverse=True)
        assert [one.spent for one in told.spenders] == most[: None if budget.per_key else 3]
        assert all(one.spent == spent[one.key] for one in told.spenders)


def test_all_days_but_the_last_are_closed(month: Month) -> None:
    assert cost_table(month.ledger, MONTH, By.DAY).closed_until == date(2026, 11, 15)


def test_another_poll_changes_nothing(month: Month) -> None:
    before = cost_table(month.ledger, MONTH, By.KEY)
    assert month.poll().hours == 0
    assert cost_table(month.ledger, MONTH, By.KEY).lines == before.lines
