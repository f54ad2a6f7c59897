"""The commands on a key that was rotated: found by any generation, and a word reaches them all."""

import pytest

from budget_guard.domain.errors import RequestError, RotationFailed
from budget_guard.domain.keys import Settings
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.rotation.steps import Step
from tests.cli import adopted
from tests.cli.adopted import lineage, loop, rotate_all, rotated
from tests.cli.desk import Office, flat

WHY = ("--reason", "a leak")


@pytest.fixture
def office() -> Office:
    """Return an office whose prod-api is in its third generation; the second drains."""
    made = rotated()
    made.cycle()
    return made


def run_functions(office: Office) -> None:
    office.guard.chain(office.guard.evaluate, office.guard.enforce)


def enabled(office: Office) -> dict[str, bool]:
    return {
        one.name: not one.terms.settings.disabled
        for one in office.account.keys.values()
        if one.name.startswith("prod-api")
    }


def test_any_generation_means_the_one_in_use(office: Office) -> None:
    facts = present_plan(office.ledger, office.now).facts
    kin = lineage(office)
    texts = ["prod-api", "prod-api #1", "prod-api #2", "prod-api #3", kin.secret]
    texts += [digits for one in kin.generations for digits in (one.hash, one.hash[:8])]
    assert {find_key(text, facts).key.hash for text in texts} == {kin.current.hash}
    with pytest.raises(RequestError, match="has seen no key 'prod-api #4'"):
        find_key("prod-api #4", facts)


def test_a_stranger_of_the_same_name_is_told_apart(office: Office) -> None:
    office.account.create_key({"name": "prod-api"})
    office.cycle()
    shown = office.run("status", "prod-api")
    assert shown.exit_code == 2
    assert "'prod-api' means 2 keys" in shown.stderr


def test_one_page_for_all_generations(office: Office) -> None:
    shown = flat(office.run("status", "prod-api").stdout)
    kin = lineage(office)
    assert shown.startswith(f"prod-api {kin.current.hash} generation 3 of 3, #2 is draining")
    changes = [shown.index(told) for told in ("prod-api #2: 4", "prod-api: 50.00 USD daily ->")]
    assert changes == sorted(changes)
    assert "user/ann put it under rotation" in shown
    assert "generation 3 of 3, #2 is draining" in office.run("explain", "prod-api").stdout
    whole = office.run("status").stdout
    assert "prod-api #2, draining" in whole
    assert "prod-api, disabled" in whole
    assert "search-platform, 1 key" in whole


def test_a_freeze_stops_every_generation_and_its_end_frees_them(office: Office) -> None:
    before = enabled(office)
    assert before == {"prod-api": False, "prod-api #2": True, "prod-api #3": True}
    shown = flat(office.run("freeze", "prod-api #2", *WHY).stdout)
    assert "prod-api (" in shown
    assert "so is #2 of its lineage: the word is for every generation" in shown
    run_functions(office)
    assert not any(enabled(office).values())
    office.cycle()
    whole = flat(office.run("status").stdout)
    assert "Frozen (1) prod-api until it is ended, by user/ann: a leak" in whole
    assert "not frozen" in flat(office.run("freeze", "--end", "dev-ann").stderr)
    assert office.run("freeze", "--end", "prod-api").exit_code == 0
    run_functions(office)
    assert enabled(office) == before
    assert "Frozen" not in office.run("status").stdout


def test_a_freeze_in_the_middle_of_a_rotation_leaves_the_lineage_one_key_which_is_frozen() -> None:
    office = adopted.office()
    adopted.adopt(office)
    loop(office)
    first, *rest = Step
    rotate_all(office, steps=(first,))
    office.run("freeze", "prod-api", *WHY)
    assert office.ledger.freezes()[0].key == office.hash("prod-api")
    with pytest.raises(RotationFailed, match="A person changed prod-api meanwhile"):
        rotate_all(office, steps=tuple(rest))
    run_functions(office)
    alive = [one.name for one in office.account.keys.values() if one.deleted_at is None]
    assert [one for one in alive if one.startswith("prod-api")] == ["prod-api"]
    assert not enabled(office)["prod-api"]


def test_a_release_gives_every_generation_back(office: Office) -> None:
    shown = flat(office.run("release", "prod-api", "--reason", "a demo").stdout)
    assert "so is #2 of its lineage" in shown
    run_functions(office)
    own = office.account.keys[office.hash("prod-api #3")].terms.settings
    assert own == office.account.keys[office.hash("prod-api #2")].terms.settings
    assert own.limit.reset is not None
    whole = flat(office.run("status").stdout)
    assert "Released (1) prod-api until" in whole
    assert office.run("release", "--end", "prod-api #1").exit_code == 0
    run_functions(office)
    office.cycle()
    assert own != office.account.keys[office.hash("prod-api #3")].terms.settings
    assert "Released" not in office.run("status").stdout


def test_a_key_that_is_off_for_good_stays_off_through_a_freeze(office: Office) -> None:
    office.run("freeze", "prod-api", *WHY)
    run_functions(office)
    loop(office)
    office.run("freeze", "--end", "prod-api")
    run_functions(office)
    loop(office)
    assert [one.state for one in lineage(office).generations] == ["disabled", "draining", "current"]
    assert enabled(office) == {"prod-api": False, "prod-api #2": True, "prod-api #3": True}
    off = office.account.keys[office.hash("prod-api")].terms.settings
    assert off.disabled
    assert off != Settings()
