"""The built-in story, rehearsed in process: teams, a runaway, and an hour without the guard."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest

from budget_guard.adapters.alerts import mail
from budget_guard.cli.sandbox_view import LETTERS, letters
from budget_guard.domain.alerts import Kind
from budget_guard.domain.windows import Window
from budget_guard.sandbox.cast import OPUS, SONNET, story
from budget_guard.sandbox.entrance import DAYS_BACK
from budget_guard.sandbox.openrouter.books import Change
from budget_guard.sandbox.openrouter.generations import Generation
from budget_guard.sandbox.play import write_story
from budget_guard.sandbox.stage import Set
from budget_guard.sandbox.verdict import Row
from budget_guard.use_cases.costs.report import By, CostTable, Period, cost_table
from tests.sandbox.rehearsal import Rehearsed, rehearse

OPENS = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)
OFF, BACK = (datetime(2026, 11, 18, *at, tzinfo=UTC) for at in ((22, 36), (23, 11)))
ASKS = datetime(2026, 11, 18, 23, 13, tzinfo=UTC)
RUN, DAY = timedelta(minutes=5), timedelta(days=1)
TEAM = ("agent-crawler", "agent-support", "agent-writer")


@pytest.fixture(scope="module", params=[1, 2], ids=["decided-once", "decided-twice"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    built = Set(OPENS, story(OPENS), write_story)
    folder = tmp_path_factory.mktemp("story")
    return rehearse(built, folder, with_people=True, rounds=request.param)


def row(played: Rehearsed, budget: str) -> Row:
    """The evening's day of a budget."""
    return next(one for one in played.rows if one.budget == budget)


def changes(played: Rehearsed, name: str) -> list[Change]:
    """What the guard did to a key."""
    key, people = played.on.hashes[name], played.bill.by_people
    booked = played.on.account.books.changes
    return [one for one in booked if one.hash == key and (one.at, key) not in people]


def amounts(played: Rehearsed, name: str) -> list[Decimal]:
    """How much the guard let a key spend on the evening's day, in USD."""
    found = (one.after.limit.amount for one in changes(played, name) if one.at < MIDNIGHT)
    return [one - history(played, name) for one in found if one is not None]


def history(played: Rehearsed, name: str) -> Decimal:
    """What a key had spent in its life before the evening's day."""
    until = OPENS.replace(hour=0, minute=0)
    return played.on.account.books.spent([played.on.hashes[name]], None, until).credits


def refused(played: Rehearsed, name: str) -> list[datetime]:
    key = played.on.hashes[name]
    return [one.at for one in played.on.account.books.refused if one.hash == key]


def spent(played: Rehearsed, at: datetime, *names: str) -> Decimal:
    keys = [played.on.hashes[name] for name in names]
    return played.on.account.books.spent(keys, Window.DAILY, at).credits


def test_every_promised_cap_held(played: Rehearsed) -> None:
    promised = [one for one in played.rows if one.promised]
    assert {one.budget for one in promised} >= {"assistants", "production"}
    assert [one for one in promised if one.broken] == []


def test_a_teams_cap_is_reached_and_overshot_by_no_more_than_was_in_flight(
    played: Rehearsed,
) -> None:
    team = row(played, "assistants")
    assert team.cap * Decimal("0.99") < team.spent
    assert team.over == team.in_flight < 3


def test_money_moves_from_the_quiet_to_the_runaway(played: Rehearsed) -> None:
    crawler, writer = amounts(played, "agent-crawler"), amounts(played, "agent-writer")
    assert crawler[-1] > 2 * crawler[0]
    assert min(writer) < writer[0] / 2


def test_no_function_runs_while_the_guard_is_switched_off(played: Rehearsed) -> None:
    assert [at for at in played.on.polled if OFF < at < BACK] == []
    booked = played.on.account.books.changes
    assert [one for one in booked if OFF < one.at < BACK] == []
    assert len([at for at in played.on.polled if at == OFF + RUN or at == BACK]) == 1


def test_without_the_guard_openrouter_stops_the_runaway_at_its_share(played: Rehearsed) -> None:
    stopped = [at for at in refused(played, "agent-crawler") if OFF < at < BACK]
    assert stopped[-1] - stopped[0] > 2 * RUN
    limit = next(
        one.after.limit.amount
        for one in reversed(changes(played, "agent-crawler"))
        if one.at <= OFF
    )
    assert limit is not None
    limit -= history(played, "agent-crawler")
    assert limit <= spent(played, BACK, "agent-crawler") < limit + 2
    assert spent(played, BACK, *TEAM) < row(played, "assistants").cap


def test_the_quiet_colleague_is_served_when_it_asks(played: Rehearsed) -> None:
    """While more than a tenth of the team's money is left, never refused for longer than two runs."""
    key, cap = played.on.hashes["agent-support"], row(played, "assistants").cap
    books = played.on.account.books
    asked = [(one.admitted_at, True) for one in books.charges if one.hash == key]
    asked += [(at, False) for at in refused(played, "agent-support")]
    early = [
        (at, served)
        for at, served in sorted(asked)
        if ASKS <= at < MIDNIGHT and spent(played, at, *TEAM) < cap * Decimal("0.9")
    ]
    assert sum(served for _, served in early) > len(early) / 2
    for served, those in groupby(early, key=lambda one: one[1]):
        times = [at for at, _ in those]
        assert served or times[-1] - times[0] < 2 * RUN


def test_the_accounts_cap_binds_late_in_the_evening(played: Rehearsed) -> None:
    account = row(played, "production")
    assert account.cap - 5 < account.spent
    assert account.over == account.in_flight + account.unheld < 1
    assert MIDNIGHT - 4 * RUN < refused(played, "prod-mail")[0] < MIDNIGHT


def test_the_timeline_tells_of_the_team_in_a_line_a_run(played: Rehearsed) -> None:
    lines = [one for one in played.told if " assistants: " in one]
    assert len({one[:5] for one in lines}) == len(lines)
    assert any("agent-crawler 0.00 -> " in one for one in lines)
    assert "22:36 the guard is switched off: nothing of it runs, its fences stay" in played.told
    back = played.told.index("23:11 the guard is back")
    refused = sum(OFF < one.at <= BACK for one in played.on.account.books.refused)
    told = f"23:11 meanwhile OpenRouter refused {refused} requests: agent-crawler, prod-search"
    assert played.told[back + 1] == told


SWITCHED, FAILED = OPENS, datetime(2026, 11, 18, 22, 16, tzinfo=UTC)
TOLD = datetime(2026, 11, 19, 0, 11, 2, tzinfo=UTC)


def made(played: Rehearsed, *names: str) -> list[Generation]:
    """The requests of some keys, in order."""
    keys = {played.on.hashes[name] for name in names}
    return [one for one in played.on.account.generations if one.hash in keys]


def costs(played: Rehearsed, by: By) -> CostTable:
    """The costs of the evening's day beside those of the day before."""
    return cost_table(played.on.ledger, Period(OPENS.date(), OPENS.date()), by)


def test_a_key_asks_a_dearer_model_from_the_opening_on(played: Rehearsed) -> None:
    crawler = made(played, "agent-crawler")
    before = {one.work.model for one in crawler if one.charge.admitted_at < SWITCHED}
    after = {one.work.model for one in crawler if one.charge.admitted_at >= SWITCHED}
    assert (before, after) == ({SONNET.model}, {OPUS.model})
    catalog = played.on.account.catalog
    cheap, dear = (catalog.named(one.model, OPENS) for one in (SONNET, OPUS))
    assert cheap
    assert dear
    for what in ("prompt", "completion"):
        assert dear.price(what) == 5 * cheap.price(what)


def test_a_provider_fails_another_serves_and_nothing_is_cached_there(played: Rehearsed) -> None:
    evening = [one for one in made(played, *TEAM) if one.created_at > OPENS]
    asked = [one for one in evening if one.work.model in {SONNET.model, OPUS.model}]
    early = [one for one in asked if one.created_at <= FAILED]
    late = [one for one in asked if one.created_at > FAILED]
    assert {(one.work.provider, one.work.failed) for one in early} == {("Anthropic", ())}
    assert {(one.work.provider, one.work.failed) for one in late} == {
        ("Amazon Bedrock", ("Anthropic",))
    }
    assert all(one.work.cache_discount for one in early)
    assert not any(one.work.cache_discount for one in late)


def test_one_alert_names_the_model_the_provider_and_the_owner(played: Rehearsed) -> None:
    moved = [one for one in played.bill.alerts if one.kind is Kind.MIX_SHIFTED]
    (alert,) = moved
    assert alert.at == TOLD
    assert len(alert.entries) == 2
    assert {one.owner for one in alert.entries} == {"ai-team"}
    model, provider = (one.text for one in alert.entries)
    assert f"{OPUS.model} 7" in model
    assert "Amazon Bedrock 7" in provider
    assert all("(was 0 %)" in one for one in (model, provider))
    assert all("agent-crawler" in one for one in (model, provider))


def test_the_verdict_finds_that_alert(played: Rehearsed) -> None:
    heard = played.judged.hearing
    assert heard
    assert [one.at for one in heard.turns] == [SWITCHED, FAILED]
    assert (heard.owner, heard.alert and heard.alert.at) == ("ai-team", TOLD)
    assert played.judged.is_good


def test_its_e_mail_is_shown_and_names_both(played: Rehearsed) -> None:
    shown = {one.kind: mail.body(one, "BudgetGuard") for one in letters(played.bill.alerts)}
    assert list(shown) == list(LETTERS)
    text = " ".join(shown[Kind.MIX_SHIFTED].split())
    assert "Owner ai-team" in text
    assert f"model {OPUS.model} 7" in text
    assert "provider Amazon Bedrock 7" in text


def test_the_timeline_tells_of_switch_fallback_and_alert_with_their_owner(
    played: Rehearsed,
) -> None:
    told = [one for one in played.told if "ai-team" in one]
    assert [one[:5] for one in told] == ["22:01", "22:16", "00:11", "00:11"]
    assert "anthropic/claude-sonnet-4 to anthropic/claude-opus-4, at 5 times the price" in told[0]
    assert "Anthropic fails" in told[1]
    assert "fall back to Amazon Bedrock" in told[1]
    assert told[2].startswith("00:11 WARNING ai-team: model anthropic/claude-opus-4 ")
    assert told[3].startswith("00:11 WARNING ai-team: provider Amazon Bedrock")


def test_costs_are_polled_when_their_schedule_would_and_not_while_the_guard_is_off(
    played: Rehearsed,
) -> None:
    times = [f"{at:%H:%M}" for at in played.on.costs_polled]
    assert times == ["22:11", "22:26", "23:11", "23:26", "23:41", "23:56", "00:11"]


def test_of_nobody_elses_money_is_there_a_signal(played: Rehearsed) -> None:
    signals = played.on.ledger.signals()
    assert signals
    assert {one.owner for one in signals.found} == {"ai-team"}


def test_the_days_before_are_those_that_signals_compare_with(played: Rehearsed) -> None:
    days = {one.created_at.date() for one in played.on.account.generations}
    assert days == {(OPENS - timedelta(days=back)).date() for back in (*DAYS_BACK, 0, -1)}
    assert set(DAYS_BACK) >= {7, 14, 21, 28}


def test_the_costs_of_the_evening_are_the_books_and_compare_with_the_day_before(
    played: Rehearsed,
) -> None:
    table = costs(played, By.MODEL)
    assert table.is_comparable
    charges = played.on.account.books.charges
    for figures, day in ((table.total, OPENS.date()), (table.before, OPENS.date() - DAY)):
        assert figures.credits == sum(one.credits for one in charges if one.at.date() == day)
    lines = {one.label: one for one in table.lines}
    dear, cheap = lines[OPUS.model], lines[SONNET.model]
    assert dear.figures.credits > 70
    assert dear.before.requests == 0
    assert 0 < cheap.figures.credits < cheap.before.credits
