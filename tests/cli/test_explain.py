"""`budget-guard explain`: what a key may spend, and why, in figures that a reader can check."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.cli.explain_page import WEIGHT
from budget_guard.cli.explain_page import WHY as WHY_IT_WAITS
from budget_guard.domain.holds import Refusals
from budget_guard.domain.policy import Budget
from budget_guard.use_cases.explaining import Waits, Weighed
from budget_guard.use_cases.leases import leased
from tests.cli.desk import ALWAYS, DAILY, MONTHLY, NEVER, TEAMS, Office, flat, golden, teams

DAY = timedelta(days=1)
WHY = ("--reason", "it runs in a loop")


def explained(office: Office, key: str) -> str:
    result = office.run("explain", key)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= office.columns
    return result.stdout


@pytest.mark.parametrize(
    ("key", "page"),
    [
        ("search-batch", "explain-team.txt"),
        ("report-daily", "explain-two-teams.txt"),
        ("dev-ann", "explain-not-held.txt"),
    ],
)
def test_a_key_of_two_teams_under_one_cap(key: str, page: str) -> None:
    office = teams()
    golden(page, explained(office, key), office)


def test_a_key_that_its_own_limit_binds() -> None:
    office = Office(budgets=TEAMS, names=("search-api", "search-batch"))
    office.account.patch_key(office.hash("search-api"), {"limit": 20, "limit_reset": "daily"})
    office.guard.cycle()
    office.spend("search-api", "12.5")
    office.spend("search-batch", "3")
    office.cycle()
    golden("explain-own-limit.txt", explained(office, "search-api"), office)
    assert "2.00 due to 1 key" not in explained(office, "search-batch")
    assert "by its own limit" not in explained(office, "search-batch")


def test_a_frozen_key() -> None:
    office = teams()
    office.run("freeze", "search-batch", *WHY)
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.cycle()
    golden("explain-frozen.txt", explained(office, "search-batch"), office)


def test_a_key_that_ran_dry_waits_for_free_money_and_then_has_its_share() -> None:
    office = teams()
    while office.spend("search-api", "0.5"):
        pass
    office.pass_(5)
    office.guard.poll()
    dry = flat(explained(office, "search-api"))
    assert "It may spend 0.00 USD more now" in dry
    assert "It is being raised to 0.09 USD more. More is not free yet" in dry
    assert "twice its last portion of 10.77, since it ran dry" in dry
    office.guard.evaluate()
    assert "has just come down" not in flat(explained(office, "search-api"))
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.pass_(1)
    short = flat(explained(office, "search-api"))
    assert "It is short: 0.09 is below" in short
    assert "nothing is free for it" in short
    office.cycle()
    assert "It is short" not in explained(office, "search-api")


def test_who_has_more_than_its_share_keeps_it_while_nobody_is_short() -> None:
    assert "That is more than its share" in flat(explained(teams(), "search-index"))


def test_a_first_fence_on_its_way_and_a_decrease_are_told() -> None:
    office = teams()
    office.account.create_key({"name": "search-new"})
    office.pass_(5)
    office.guard.poll()
    assert "Its first fence is on its way" in flat(explained(office, "search-new"))
    tight = (replace(TEAMS[0], cap={DAILY: Decimal(70), MONTHLY: Decimal(1500)}), *TEAMS[1:])
    office.deploy("tight", budgets=tight)
    office.guard.evaluate()
    assert "It is being lowered to" in flat(explained(office, "search-batch"))


def test_a_disabled_key_is_due_nothing_and_its_share_goes_to_the_others() -> None:
    office = teams()
    office.account.patch_key(office.hash("search-index"), {"disabled": True})
    office.cycle()
    page = flat(explained(office, "search-index"))
    assert "It is off; its share is 0.00 USD" in page
    assert "nothing is due to it before it is enabled" in page
    assert "it is off" in flat(explained(office, "search-batch"))


def test_a_key_that_openrouter_refuses_to_change_says_so() -> None:
    office = teams()
    hold = office.ledger.hold(office.hash("search-batch"))
    assert hold
    refused = Refusals(1, office.now, office.now, "403: no", for_good=True)
    office.ledger.save(replace(hold, refusals=refused))
    assert "OpenRouter refuses to change its fence" in flat(explained(office, "search-batch"))


def test_every_rule_that_keeps_a_key_waiting_and_every_weight_has_its_sentence() -> None:
    assert WHY_IT_WAITS.keys() == set(Waits)
    assert WEIGHT.keys() == set(Weighed)


def test_keys_that_cannot_be_held_are_named_with_what_is_counted_for_them() -> None:
    office = teams()
    office.run("release", "search-batch", "--reason", "a demo")
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.cycle()
    page = flat(explained(office, "search-api"))
    assert "counted for search-batch (released)" in page
    assert "Not held: user/ann released it: a demo" in flat(explained(office, "search-batch"))


def test_protected_keys_are_named_as_those_it_is_not_shared_with() -> None:
    office = teams()
    policy = office.deploy("careful", protect=frozenset({office.hash("search-batch")}))
    office.cycle()
    office.cycle()
    assert office.guard.policy is policy
    page = flat(explained(office, "search-index"))
    assert "search-batch (protected)" in page
    page = flat(explained(office, "search-batch"))
    assert "Not held: the budgets file protects it" in page
    assert "it always holds" not in page


def test_a_fence_that_bounds_nothing_in_a_pool_is_told_of() -> None:
    office = teams()
    office.deploy("byok", budgets=(replace(TEAMS[0], include_byok=True), *TEAMS[1:]))
    office.guard.evaluate()
    rows = [line.split() for line in explained(office, "search-batch").splitlines()]
    (mine,) = (row for row in rows if row[:1] == ["search-batch"] and len(row) == 5)
    assert mine[3:] == ["no", "bound"]
    (total,) = (row for row in rows if row[:1] == ["together"])
    assert total == ["together", "22.00", "44.00", "no", "bound"]


def test_a_key_that_is_alone_and_off_is_due_nothing() -> None:
    office = Office(budgets=TEAMS[:1], names=("search-api", "search-batch"))
    office.guard.cycle()
    office.account.patch_key(office.hash("search-api"), {"disabled": True})
    office.run("release", "search-batch", "--reason", "a demo")
    office.cycle()
    page = flat(explained(office, "search-api"))
    assert "It is off; its share is 0.00 USD" in page
    assert "all this key's" not in page


def test_keys_of_another_guard_are_left_alone() -> None:
    names = tuple(f"dev-{number}" for number in range(5))
    office = Office(names=names)
    for name in names:
        office.account.patch_key(office.hash(name), {"limit": Decimal("7.123456")})
    office.guard.cycle()
    page = flat(explained(office, "dev-3"))
    assert "Not held: its limit looks like another guard's fence" in page
    assert "from 90 %" not in page


def test_a_grant_is_in_the_sum() -> None:
    office = teams()
    office.run("grant", "search", "20", "--for", "4h", *WHY)
    page = flat(explained(office, "search-batch"))
    assert "120.00 cap (100.00 and 20.00 granted) - 56.00 spent = 64.00 left" in page


def test_an_overspent_cap_leaves_nothing() -> None:
    office = teams()
    office.deploy("tight", budgets=(replace(TEAMS[0], cap={DAILY: Decimal(40)}), *TEAMS[1:]))
    office.cycle()
    page = flat(explained(office, "search-batch"))
    assert "40.00 cap - 56.00 spent: nothing left" in page
    assert "its share is 0.00 USD until 00:00 UTC" in page


def test_fences_that_reach_too_far_are_told_of_as_too_much() -> None:
    office = teams()
    office.account.spending.charge(office.hash("search-batch"), Decimal(30))
    tight = (replace(TEAMS[0], cap={DAILY: Decimal(88)}), *TEAMS[1:])
    office.deploy("tight", budgets=tight)
    office.pass_(5)
    office.guard.chain(office.guard.poll, office.guard.evaluate)
    page = explained(office, "search-batch")
    assert "too much: fences are coming down" in page


def test_a_fence_that_has_just_come_down_counts_until_that_has_settled() -> None:
    office = teams()
    office.deploy("tight", budgets=(replace(TEAMS[0], cap={DAILY: Decimal(70)}), *TEAMS[1:]))
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    page = flat(explained(office, "search-batch"))
    assert "Its fence has just come down: until that has settled, 34.64 USD are counted" in page


def test_the_rest_of_a_large_team_is_summed_and_the_sums_add_up() -> None:
    names = tuple(f"search-{number:02}" for number in range(16))
    office = Office(budgets=TEAMS[:1], names=names)
    office.guard.cycle()
    for number, name in enumerate(names):
        office.spend(name, f"{number * Decimal('0.2371')}")
        if number % 3 == 0:
            office.cycle()
    page = explained(office, "search-03")
    lines = page.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.split()[:1] == ["Key"])
    end = next(n for n, line in enumerate(lines) if line.split()[:1] == ["together"])
    *body, free, total = [re.findall(r"\d+\.\d\d", line) for line in lines[begin + 1 : end + 1]]
    assert "5 more" in lines[end - 2]
    assert len(body) == 12
    (left,) = re.findall(r"= (\d+\.\d\d) left", lines[begin - 3])
    assert total[1:] == [left, left]
    for column, rest in enumerate((Decimal(0), Decimal(0), Decimal(free[0]))):
        assert sum(Decimal(row[column]) for row in body) + rest == Decimal(total[column])


def test_the_share_follows_from_the_figures_that_are_printed() -> None:
    for key in ("search-batch", "search-api", "search-index", "report-daily", "report-adhoc"):
        page = explained(teams(), key)
        cap, spent, left = numbers(r"([\d.]+) cap - ([\d.]+) spent = ([\d.]+) left", page)
        assert cap - spent == left
        split, mine, weights, share = numbers(
            r"([\d.]+) x ([\d.]+) / ([\d.]+) by weight = ([\d.]+)", page
        )
        assert abs(split * mine / weights - share) <= Decimal("0.01")


def numbers(pattern: str, page: str) -> list[Decimal]:
    found = re.search(pattern, flat(page))
    assert found, page
    return [Decimal(one) for one in found.groups()]


def test_a_cap_that_only_alerts_or_always_holds_says_so() -> None:
    budgets = (
        Budget("watch", {DAILY: Decimal(5)}, keys=("a",), hold=NEVER),
        Budget("each", {DAILY: Decimal(5)}, keys=("b",), hold=ALWAYS),
    )
    office = Office(budgets=budgets, names=("a", "b"))
    office.guard.cycle()
    assert "watch: 0.00 of 5.00 USD today, 0 %; it only alerts (hold: never)" in flat(
        explained(office, "a")
    )
    page = flat(explained(office, "b"))
    assert "no other key shares that: it is all this key's" in page
    assert "its weight" not in page
    office.account.patch_key(office.hash("b"), {"limit": 3})
    office.cycle()
    page = flat(explained(office, "b"))
    assert "Not held: a person changed it" in page
    assert "it always holds" not in page


def test_a_key_of_a_stale_workspace_keeps_its_fence() -> None:
    office = teams()
    office.pass_(30)
    page = flat(explained(office, "search-batch"))
    assert "Held: nothing new is known of its workspace; its fence stays" in page


def test_a_key_that_was_never_fenced_before_its_workspace_went_stale_says_so() -> None:
    office = Office(budgets=TEAMS, names=("search-api",))
    office.guard.poll()
    office.guard.evaluate()
    for key in list(office.ledger.wishes().values()):
        with leased(office.ledger, "evaluate", token="t", now=office.now, lasts=DAY) as lease:
            office.ledger.forget(key, lease=lease)
    office.pass_(30)
    page = flat(explained(office, "search-api"))
    assert "Not held: nothing new is known of its workspace" in page
    assert "search: 0.00 of 100.00 USD today, 0 %; it always holds its keys" in page


def test_a_program_gets_exact_amounts() -> None:
    answer = json.loads(teams().run("explain", "search-batch", "--json").stdout)
    shared = answer["shared"]
    assert (shared["share"], shared["weight"], shared["weighed"]) == ("36", "18", "burn")
    assert shared["waits"] == "not short"
    assert shared["pools"][0]["budget"] == "search"
    assert [one["name"] for one in shared["pools"][0]["portions"]] == [
        "search-batch",
        "search-api",
        "search-index",
    ]
    assert json.loads(teams().run("explain", "dev-ann", "--json").stdout)["shared"] is None


@pytest.mark.parametrize("text", ["nobody", "abc"])
def test_an_unknown_key_is_refused_with_what_helps(text: str) -> None:
    result = teams().run("explain", text)
    assert result.exit_code == 2
    assert "at least 6 digits" in flat(result.stderr)
