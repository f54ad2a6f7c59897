"""`budget-guard costs`: what a person sees, and which requests are refused."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.cli.desk import Office, flat, golden
from tests.cli.spending import DAY, SMALL, TODAY, Spent, a_week, read


@pytest.mark.parametrize("columns", [80, 120])
def test_a_week_by_key_with_who_owns_it(columns: int) -> None:
    office = a_week(columns=columns)
    result = office.run("costs")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= columns
    golden(f"costs-{columns}.txt", result.stdout, office)


def test_a_week_by_day_has_bars() -> None:
    office = a_week()
    golden("costs-day.txt", office.run("costs", "--by", "day").stdout, office)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("owner", "engineering 16.35 30.20"),
        ("model", "acme/large 234.39 30.20"),
        ("provider", "Beta 4.01 0.00"),
    ],
)
def test_each_other_way_to_tell_costs(by: str, told: str) -> None:
    shown = flat(a_week().run("costs", "--by", by).stdout)
    assert told in shown
    assert "Total 238.40 30.20" in shown


def test_the_figures_of_the_lines_add_up_as_they_are_printed() -> None:
    office = Office(names=tuple(f"k{n}" for n in range(9)))
    read(office, *(Spent(f"k{n}", "0.333333", days_ago=n % 3) for n in range(9)))
    shown = office.run("costs", "--top", "4").stdout
    printed = [Decimal(one) for one in re.findall(r" (\d+\.\d\d) ", shown)]
    *lines, total = printed
    assert len(lines) == 5
    assert sum(lines) == total == Decimal("3.00")


def test_costs_without_byok_have_no_column_for_it() -> None:
    office = read(Office(), Spent("prod-api", "5"))
    shown = office.run("costs").stdout
    assert "BYOK" not in shown


def test_where_nothing_was_ever_read_it_says_what_to_do() -> None:
    result = Office().run("costs")
    assert result.exit_code == 0
    assert "poll_costs has not run" in flat(result.stdout)
    assert "Total" not in result.stdout


def test_a_period_in_which_nothing_was_spent_is_not_an_empty_table() -> None:
    shown = read(Office()).run("costs").stdout
    assert "Nothing was spent." in shown
    assert "Read until 09:00 UTC (12 min ago)" in shown


def test_no_day_closed_yet_is_said() -> None:
    office = read(Office(), Spent("prod-api", "5"), closed_until=None)
    assert "no day is closed yet" in flat(office.run("costs").stdout)


def test_figures_that_are_old_stand_out() -> None:
    office = a_week()
    office.pass_(16 * 60)
    shown = flat(office.run("costs").stdout)
    assert "Read until 2026-11-18 09:00 UTC (16 h 12 min ago)" in shown
    assert "Nothing was read since then: see the log of poll_costs." in shown


def test_a_key_of_unknown_hash_and_two_keys_of_one_name_are_told_apart() -> None:
    office = a_week(columns=120)
    lines = office.run("costs").stdout.splitlines()
    two = [lines[n + 1].split(",")[0].strip() for n, one in enumerate(lines) if "dev-bob" in one]
    assert len(set(two)) == 2
    (unknown,) = (n for n, one in enumerate(lines) if one.startswith("an old key"))
    assert lines[unknown + 1].strip() == "hash not known"


def test_of_200_keys_the_dearest_are_shown_and_the_others_counted() -> None:
    office = Office(names=tuple(f"k{n:03}" for n in range(200)))
    read(office, *(Spent(f"k{n:03}", str(n + 1), n % 5) for n in range(200)))
    shown = flat(office.run("costs", "--by", "key", "--top", "3").stdout)
    assert "k199" in shown
    assert "k196" not in shown
    assert "197 others 19503.00" in shown
    assert "Total 20100.00" in shown
    assert "180 others" in flat(office.run("costs").stdout)


def test_days_are_all_shown() -> None:
    office = read(Office(), *(Spent("prod-api", "1", n) for n in range(30)))
    shown = office.run("costs", "--by", "day", "--days", "30").stdout
    assert shown.count("2026-") > 30
    assert "others" not in shown


def test_a_period_that_was_read_in_part_is_not_compared_with() -> None:
    began = TODAY - 10 * DAY
    office = read(Office(), Spent("prod-api", "5"), Spent("prod-api", "1", days_ago=9), since=began)
    shown = flat(office.run("costs").stdout)
    assert "+400 %" not in shown
    assert "Not all is known of 2026-11-05 to 2026-11-11: nothing to compare with." in shown
    assert json.loads(office.run("costs", "--json").stdout)["lines"][0]["change"] is None


def test_nothing_to_compare_with_is_not_called_new() -> None:
    shown = flat(read(Office(), Spent("prod-api", "5")).run("costs").stdout)
    assert "new" not in shown
    assert "Nothing was spent from 2026-11-05 to 2026-11-11: nothing to compare with." in shown


@pytest.mark.parametrize(
    ("before", "told"),
    [("2", "Change is against 2026-11-16."), (None, "Nothing was spent on 2026-11-16: ")],
)
def test_one_day_is_told_by_one_date(before: str | None, told: str) -> None:
    spent = [Spent("prod-api", "3", days_ago=1)]
    if before:
        spent.append(Spent("prod-api", before, days_ago=2))
    yesterday = f"{TODAY - DAY}"
    office = read(Office(), *spent)
    shown = flat(office.run("costs", "--from", yesterday, "--to", yesterday).stdout)
    assert f"costs by key, {yesterday} (UTC)" in shown
    assert told in shown


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("10", "11.2", "+12 %"),
        ("10", "9.7", "-3 %"),
        ("10", "10.01", " 0 %"),
        ("0.01", "50", ">+999 %"),
    ],
)
def test_the_change_is_in_whole_percent(before: str, now: str, told: str) -> None:
    office = read(Office(), Spent("prod-api", before, 7), Spent("prod-api", now))
    assert told in office.run("costs", "--by", "model").stdout


def test_a_key_cannot_forge_the_page_by_its_name() -> None:
    evil = "x[/bold]\x1b[2J\nTotal 0.00 sk-or-v1-abcdef " + "long-name-" * 20
    office = read(Office(names=(evil,)), Spent(evil, "5"), Spent(f"?{evil}", "4", 1, SMALL))
    for option in ((), ("--csv",), ("--json",), ("--focus",)):
        shown = office.run("costs", *option).output
        assert "\x1b" not in shown
        assert "abcdef" not in shown
        if not option:
            assert all(len(one) <= 80 for one in shown.splitlines())
            assert not any(one.startswith("Total 0.00") for one in shown.splitlines())


@pytest.mark.parametrize(
    ("arguments", "first", "last"),
    [
        ((), 6, 0),
        (("--days", "1"), 0, 0),
        (("--days", "400"), 399, 0),
        (("--from", "2025-10-15"), 399, 0),
        (("--from", "2026-11-10"), 8, 0),
        (("--from", "2026-11-10", "--to", "2026-11-12"), 8, 6),
        (("--from", "2026-11-10", "--to", "2026-11-30"), 8, -12),
    ],
)
def test_the_period_is_the_one_asked_for(arguments: tuple[str, ...], first: int, last: int) -> None:
    begins, ends = (TODAY - timedelta(days=ago) for ago in (first, last))
    days = f"{begins}" if first == last else f"{begins} to {ends}"
    assert f"costs by key, {days} (UTC)" in a_week().run("costs", *arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--days", "0"), "--days 0 is not between 1 and 400"),
        (("--days", "401"), "--days 401 is not between 1 and 400"),
        (("--from", "yesterday"), "'yesterday' is not a day such as 2026-11-18"),
        (("--from", "2026-02-30"), "'2026-02-30' is not a day such as 2026-11-18"),
        (("--from", "9999-12-31"), "is not a day such as 2026-11-18"),
        (("--to", "2026-11-10"), "--to needs --from"),
        (("--from", "2026-11-11", "--to", "2026-11-10"), "is after the last day, 2026-11-10"),
        (("--from", "2026-11-19"), "is after the last day, 2026-11-18"),
        (("--from", "2025-01-01"), "is more than 400 days"),
        (("--csv", "--focus"), "give one of --csv, --focus"),
        (("--top", "0"), "give 1 or more"),
        (("--by", "team"), "is not one of"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_right_form(
    arguments: tuple[str, ...], told: str
) -> None:
    result = a_week().run("costs", *arguments)
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert result.stdout == ""


def test_all_faults_of_a_request_are_told_at_once() -> None:
    asked = ("--days", "3", "--from", "2026-11-09", "--to", "2026-11-08", "--csv", "--json")
    told = flat(a_week().run("costs", *asked).stderr)
    assert "give one of --csv, --json" in told
    assert "give --days, or --from and --to, not both" in told
    assert "--from 2026-11-09 is after" in told
