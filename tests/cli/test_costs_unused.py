"""Keys that nobody seems to need, as a platform engineer looks for them."""

import json

import pytest

from tests.cli.desk import Office, flat, golden

MONTH = 31 * 24 * 60


def an_office() -> Office:
    """Return an office of keys a month old: one spent just now, one long ago, two never."""
    office = Office(names=("prod-api", "dev-ann", "dev-bob", "batch"))
    office.guard.cycle()
    office.spend("dev-ann", "1.25")
    for minutes in (60, MONTH):
        office.pass_(minutes)
        office.cycle()
    office.spend("prod-api", "2")
    office.cycle()
    return office


def test_unused_keys_are_listed_with_owner_and_age_the_longest_unused_first() -> None:
    office = an_office()
    shown = office.run("costs", "--unused").stdout
    golden("costs-unused.txt", shown, office)


def test_machines_get_all_of_them() -> None:
    office = an_office()
    told = json.loads(office.run("costs", "--unused", "--json", "--top", "1").stdout)
    assert [one["name"] for one in told["keys"]] == ["batch", "dev-ann", "dev-bob"]
    assert told["keys"][1]["ever_usd"] == "1.25"
    rows = office.run("costs", "--unused", "--csv").stdout_bytes.decode().split("\r\n")
    assert rows[0] == "key,name,owner,created_on,spent_on,ever_usd"
    assert len(rows) == 1 + 3 + 1
    assert "2 more" in flat(office.run("costs", "--unused", "--top", "1").stdout)


def test_where_every_key_is_used_it_says_so() -> None:
    office = Office()
    office.guard.cycle()
    assert "None of" in flat(office.run("costs", "--unused").stdout)


@pytest.mark.parametrize(
    "more", [("--by", "model"), ("--days", "3"), ("--from", "2026-11-01"), ("--focus",)]
)
def test_what_does_not_go_with_it_is_refused(more: tuple[str, ...]) -> None:
    result = Office().run("costs", "--unused", *more)
    assert result.exit_code == 2
    assert "only --top, --csv or --json go with it" in flat(result.stderr)
