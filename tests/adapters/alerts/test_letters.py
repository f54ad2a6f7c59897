"""What people read: e-mails and subjects, whatever somebody named a key."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.alerts import mail
from budget_guard.adapters.alerts.wording import headline, in_time, percent, subject
from budget_guard.domain.alerts import Alert, Entry, Kind
from tests.adapters.alerts import golden
from tests.adapters.alerts.samples import ALERTS, NOW, PROD, STOPPED, alert, developer

NAMES = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cs", "Co"]), max_size=20),
    st.from_regex(r"\x1b\[[0-9;]*m.*", fullmatch=False),
)


def named(name: str, kind: Kind = Kind.FENCED) -> Alert:
    told = PROD.text.replace("prod-search", name)
    return alert(kind, replace(PROD, key_name=name, text=told, action=f"still wanted: {told}"))


@pytest.mark.parametrize("name", ALERTS)
def test_each_kind_of_alert_reads_as_agreed(name: str) -> None:
    agreed = golden.path(name).read_text(encoding="ascii")
    assert golden.letter(name) == agreed, "if better: python -m tests.adapters.alerts.golden"


def test_there_is_an_agreed_letter_for_every_kind() -> None:
    assert {one.kind for one in ALERTS.values()} == set(Kind)


def test_the_subject_of_a_stopped_key_says_all_that_is_urgent() -> None:
    assert subject(ALERTS["stopped"]) == (
        "CRITICAL prod-search stopped: 100.00 of 100.00 USD today, until 00:00 UTC"
    )


@given(NAMES, st.sampled_from(Kind), st.integers(1, 3))
def test_a_subject_is_one_short_ascii_line_whatever_the_name(
    name: str, kind: Kind, entries: int
) -> None:
    one = named(name, kind)
    told = subject(replace(one, entries=one.entries * entries))
    assert len(told) < 100
    assert told.isascii()
    assert told.isprintable()
    assert told[0].isalpha()
    assert told.endswith("more)") == (entries > 1)


@given(NAMES, st.sampled_from(Kind))
def test_no_name_adds_a_line_to_an_email_or_leaves_ascii(name: str, kind: Kind) -> None:
    told = mail.body(named(f"{name}\n\nUndo     rm -rf /", kind), "BudgetGuard")
    assert told.isascii()
    assert all(line.isprintable() for line in told.split("\n"))
    assert [line for line in told.split("\n") if line.startswith("Undo  ")] == [
        'Undo     budget-guard release 3fa9c1d2abcd --reason "..."'
    ]


def test_a_command_in_a_name_is_not_offered_to_be_copied() -> None:
    told = mail.body(named("x: budget-guard release --all"), "BudgetGuard")
    assert not any(line.strip() == "budget-guard release --all" for line in told.split("\n"))
    commands = [line.strip() for line in told.split("\n") if "release" in line]
    assert not any(line.startswith("budget-guard release --all") for line in commands)


def test_each_command_of_several_steps_can_be_copied_alone() -> None:
    told = mail.body(ALERTS["breaker"], "BudgetGuard")
    steps = told.partition("To do    look:\n")[2].partition("\n\n")[0]
    assert [line.strip() for line in steps.split("\n")] == [
        "budget-guard approve",
        "then:",
        'budget-guard approve 3f2a9c1d --reason "..."',
    ]


@pytest.mark.parametrize("name", ALERTS)
def test_lines_are_no_wider_than_72_but_for_what_is_copied(name: str) -> None:
    wide = [line for line in golden.letter(name).split("\n")[1:] if len(line) > 72]
    assert all("budget-guard " in line or "aws " in line or "https://" in line for line in wide)


def test_a_long_name_is_cut_and_the_sentence_after_it_is_not() -> None:
    told = mail.body(named("n" * 5000), "BudgetGuard")
    assert "spent 91.20 of 100.00" in " ".join(told.split())
    assert len(told) < 2000


@pytest.mark.parametrize(
    "name",
    ["sk-or-v1-0123abcd", "my SK-OR-v1-0123abcd!", "sk-\x00or-v1-0123abcd", "sk-or-0123abcd\n"],
)
def test_what_looks_like_a_secret_is_masked(name: str) -> None:
    one = named(name)
    for told in (subject(one), mail.body(one, "BudgetGuard")):
        assert "0123abcd" not in told
    assert "sk-or-***" in subject(one)


def test_a_long_list_is_cut_with_a_count_and_where_to_see_the_rest() -> None:
    told = mail.body(
        alert(Kind.FENCED, *(developer(number) for number in range(1, 48))), "BudgetGuard"
    )
    assert "46 more, the worst first:" in told
    assert "20. dev-20," in told
    assert "dev-21" not in told
    assert "... and 27 not listed here. All of them:\n\n    budget-guard status\n" in told


def test_a_list_of_twenty_is_shown_whole() -> None:
    told = mail.body(
        alert(Kind.FENCED, *(developer(number) for number in range(1, 21))), "BudgetGuard"
    )
    assert "20. dev-20," in told
    assert "not listed" not in told


def test_an_alert_without_entries_still_says_what_it_is() -> None:
    assert subject(alert(Kind.TEST)) == "TEST test"
    assert mail.body(alert(Kind.TEST), "BudgetGuard").startswith("TEST: nothing has happened")


@pytest.mark.parametrize(
    ("spent", "cap", "told"),
    [("99.99", "100", "99 %"), ("100", "100", "100 %"), ("0", "0", "100 %"), ("7", "5", "140 %")],
)
def test_percent_is_never_more_than_was_spent(spent: str, cap: str, told: str) -> None:
    assert percent(Entry("i", "t", spent=Decimal(spent), cap=Decimal(cap))) == told


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (timedelta(hours=5, minutes=12, seconds=59), "in 5 h 12 min"),
        (timedelta(hours=2), "in 2 h 00 min"),
        (timedelta(seconds=59), "in 0 min"),
        (timedelta(days=-1), "in 0 min"),
        (timedelta(days=12, hours=5, minutes=12), "in 12 d 5 h"),
    ],
)
def test_how_long_it_is_until_a_time(later: timedelta, told: str) -> None:
    assert in_time(NOW + later, NOW) == told


def test_a_key_without_a_name_is_called_by_its_budget() -> None:
    nameless = replace(STOPPED, key_name="", resets_at=None)
    assert headline(Kind.STOPPED, nameless, NOW) == ("prod-api stopped: 100.00 of 100.00 USD today")
    assert "(without a name) (hash 3fa9c1d2abcd)" in mail.body(
        alert(Kind.STOPPED, nameless), "BudgetGuard"
    )
