"""What an operator does on the day after: the commands, run as such against the deployed stack."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.windows import Window
from tests.e2e.conftest import Played
from tests.e2e.watching import ARCHIVE, items, logged, taken

COMMAND = Path(sys.executable).parent / "budget-guard"
LATER, DAY = timedelta(minutes=5), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command wrote, and what then held of the keys at OpenRouter."""

    code: int
    out: str
    settings: dict[str, Settings]


@dataclass(frozen=True, slots=True)
class Day:
    """The commands of a day in their order, each with what it led to."""

    on: Played
    status: Said
    status_json: Said
    charged: Decimal
    """Credits of both days, by the account's books, when `poll_costs` ran before `costs`."""
    costs: Said
    granted: Said
    released: Said
    planned: Said
    explained: Said
    frozen: Said
    status_frozen: Said
    thawed: Said
    waiting: Said
    approved: Said
    tested: Said
    envelopes: list[dict[str, Any]]
    """What the topic carried until then, since midnight."""
    released_all: Said
    after_all: Said
    """`status` once more, after the functions had run again."""


def said(evening: Played, *words: str) -> Said:
    """Run a command as an operator would, and let the functions run as they then do."""
    on = evening.on
    on.traffic.play(on.now + LATER)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [COMMAND, *words],
        env={**inherited, **on.aws.environment(), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    on.cycle()
    settings = {name: on.account.keys[key].terms.settings for name, key in on.hashes.items()}
    return Said(done.returncode, done.stdout + done.stderr, settings)


@pytest.fixture(scope="session")
def day(evening: Played) -> Day:
    why = ("--reason", "the day after")
    file = str(evening.on.aws.folder / "budgets.yaml")
    evening.on.invoke("PollCosts")
    today, charges = evening.on.now.date(), evening.on.account.books.charges
    both = [one for one in charges if today - DAY <= one.at.date() and one.at < evening.on.now]
    charged = sum((one.credits for one in both), Decimal(0))
    return Day(
        on=evening,
        status=said(evening, "status"),
        status_json=said(evening, "status", "--json"),
        charged=charged,
        costs=said(evening, "costs", "--json", "--from", f"{today - DAY}", "--to", f"{today}"),
        granted=said(evening, "grant", "developers", "3", "--key", "dev-ana", "--for", "2h", *why),
        released=said(evening, "release", "dev-cho", *why),
        planned=said(evening, "plan", file),
        explained=said(evening, "explain", "dev-dan"),
        frozen=said(evening, "freeze", "dev-dan", *why),
        status_frozen=said(evening, "status", "dev-dan"),
        thawed=said(evening, "freeze", "--end", "dev-dan"),
        waiting=said(evening, "approve"),
        approved=said(evening, "approve", evening.policy.hash[:8], *why),
        tested=said(evening, "test-alert"),
        envelopes=list(taken(evening.on.aws)),
        released_all=said(evening, "release", "--all", "--yes", *why),
        after_all=said(evening, "status"),
    )


def daily(amount: int) -> Limit:
    return Limit(Decimal(amount), Window.DAILY)


def test_every_command_succeeds(day: Day) -> None:
    for one in (
        day.status,
        day.costs,
        day.granted,
        day.released,
        day.explained,
        day.frozen,
        day.thawed,
    ):
        assert one.code == 0, one.out
    for one in (day.waiting, day.approved, day.tested, day.released_all):
        assert one.code == 0, one.out


def test_status_tells_of_every_budget_and_counts_the_held_keys(day: Day) -> None:
    for budget in day.on.policy.budgets:
        assert budget.name in day.status.out
    assert "Held keys (14)" in day.status.out
    assert "and 4 more: see --json" in day.status.out


def test_status_is_there_for_machines_too(day: Day) -> None:
    told = json.loads(day.status_json.out)
    assert [one["name"] for one in told["budgets"]] == [one.name for one in day.on.policy.budgets]
    assert told["mode"] == "enforce"
    held = {one["name"] for one in told["held"]}
    assert len(held) == 14
    assert held >= {"prod-search", "prod-reports", "batch-embed", "dev-ana"}


def test_a_grant_widens_the_fence_of_its_key_alone(day: Day) -> None:
    """A lifetime limit for as long: a daily one would be 8 USD tomorrow too, without the grant."""
    yesterday = Decimal("1.12")
    assert day.granted.settings["dev-ana"].limit == Limit(yesterday + 8)
    assert day.granted.settings["dev-dan"].limit == daily(5)


def test_a_released_key_has_its_own_settings_and_the_others_are_held(day: Day) -> None:
    assert day.released.settings["dev-cho"] == Settings()
    assert day.released.settings["dev-dan"].limit == daily(5)


def test_a_plan_by_the_deployed_file_says_so(day: Day) -> None:
    """Exit code 2 means that the next run moves a fence, which depends on the evening's traffic."""
    assert day.planned.code in {0, 2}, day.planned.out
    assert "is what is deployed" in day.planned.out


def test_the_costs_of_the_evening_are_the_accounts_own(day: Day) -> None:
    told = json.loads(day.costs.out)
    assert Decimal(told["total"]["credits"]) == day.charged
    assert {line["label"] for line in told["lines"]} >= {"prod-search", "agent-crawler"}


def test_a_key_is_explained_in_figures(day: Day) -> None:
    assert "What binds it: the cap of developers, today" in day.explained.out
    assert "5.00 cap - " in day.explained.out


def test_a_frozen_key_is_disabled_and_its_end_enables_it_with_its_fence(day: Day) -> None:
    assert day.frozen.settings["dev-dan"].disabled
    assert not day.frozen.settings["dev-ana"].disabled
    assert "requests get 401" in day.status_frozen.out
    assert not day.thawed.settings["dev-dan"].disabled
    assert day.thawed.settings["dev-dan"].limit.amount is not None


def test_nothing_waits_for_approval_and_an_approval_is_on_record(day: Day) -> None:
    assert "Nothing waits for approval." in day.waiting.out
    words = [one for one in day.on.on.ledger.approvals() if not one.by_guard]
    assert [(one.policy, one.reason) for one in words] == [(day.on.policy, "the day after")]


def test_a_test_alert_arrives(day: Day) -> None:
    events = [json.loads(one["Message"]) for one in day.envelopes]
    (arrived,) = [one for one in events if one["kind"] == "test"]
    assert arrived["stack"] == "BudgetGuard"
    assert ":on-call" in day.tested.out
    assert f":{ARCHIVE}" in day.tested.out


def test_after_release_all_every_key_is_exactly_as_people_set_it(day: Day) -> None:
    own = {name: Settings() for name in day.on.on.hashes}
    own["prod-reports"] = Settings(daily(15))
    own["prod-mail"] = Settings(daily(32))
    own["dev-bob"] = Settings(daily(50))
    own["dev-eve"] = own["chat-api"] = Settings(disabled=True)
    assert day.released_all.settings == own


def test_after_release_all_nothing_is_held_again_and_status_says_so(day: Day) -> None:
    assert day.after_all.settings == day.released_all.settings
    assert "released ALL keys" in day.after_all.out


def test_a_wrong_stack_name_is_told_in_words(evening: Played) -> None:
    answer = said(evening, "status", "--stack", "NoSuchStack")
    assert answer.code == 2
    assert "NoSuchStack" in answer.out
    assert "Traceback" not in answer.out


def plaintexts(evening: Played) -> list[str]:
    """Every secret of the account: the management key, and the plaintext of each key."""
    account = evening.on.account
    recomputed = [
        f"sk-or-v1-{digest(f'plaintext {number}')}" for number in range(len(account.keys))
    ]
    assert {digest(one) for one in recomputed} == account.keys.keys()
    return [account.management_key or "", *recomputed]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def commands(day: Day) -> list[Said]:
    """Every command that was run."""
    found = (getattr(day, one.name) for one in fields(day))
    return [one for one in found if isinstance(one, Said)]


def left(day: Day, place: str) -> object:
    aws, on = day.on.on.aws, day.on.on
    match place:
        case "log groups":
            return logged(aws)
        case "emulator's log":
            return (aws.folder / "emulator.log").read_text(errors="replace")
        case "table":
            return items(aws, on.outputs["TableName"])
        case "messages":
            return [*day.on.envelopes, *day.envelopes, *taken(aws), *taken(aws, "on-call")]
        case "answers":
            return on.answers
        case _:
            return [one.out for one in commands(day)]


@pytest.mark.parametrize(
    "place", ["log groups", "emulator's log", "table", "messages", "answers", "terminal"]
)
def test_no_secret_is_anywhere(place: str, day: Day) -> None:
    """In all that the evening and the day after left; no part of a secret longer than its label."""
    text = str(left(day, place))
    assert len(text) > 500
    assert [one[:20] for one in plaintexts(day.on) if one[12:-4] in text] == []
    assert "sk-or-v1-management" not in text
