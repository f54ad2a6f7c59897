"""What every ledger does, on the fake and on DynamoDB (emulated) alike."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

import pytest

from budget_guard.domain.alerts import AlertState
from budget_guard.domain.daily import DayTouched, Tag
from budget_guard.domain.errors import LeaseLost, WishReplaced
from budget_guard.domain.generations import Remark, Said
from budget_guard.domain.wishes import Disable
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.whole_ledger import WholeLedger
from tests.adapters.ledger import samples
from tests.adapters.ledger.conftest import NOW, Clock
from tests.adapters.ledger.samples import HASH

OTHER = "0" + HASH[1:]
LEASE = Lease("evaluate", "run-1", NOW + timedelta(minutes=2))
RIVAL = Lease("evaluate", "run-2", NOW + timedelta(minutes=3))


@pytest.fixture
def lease(ledger: WholeLedger) -> Lease:
    ledger.acquire(LEASE, now=NOW)
    return LEASE


def test_an_empty_ledger_knows_nothing(ledger: WholeLedger) -> None:
    assert not ledger.observations()
    assert not ledger.known()
    assert ledger.observation(HASH) is None
    assert not ledger.freshness()
    assert ledger.freshness_of("w1") is None
    assert not ledger.workspaces()
    assert ledger.poll_report() is None
    assert ledger.deployed() is None
    assert not ledger.holds()
    assert ledger.hold(HASH) is None
    assert not ledger.wishes()
    assert not ledger.grants()
    assert not ledger.releases()
    assert not ledger.freezes()
    assert not ledger.approvals()
    assert not ledger.incidents()
    assert not ledger.unsent()
    assert not ledger.audit(HASH)
    assert not ledger.cost_hours(NOW.date())
    assert not ledger.cost_days(NOW.date())
    assert not ledger.costs_read()
    assert ledger.generation("gen-1") is None
    assert not list(ledger.generations(NOW.date()))
    assert not ledger.sampled(NOW.date())
    assert not ledger.generations_read()
    assert ledger.day_outcomes(NOW.date()) is None
    assert ledger.day_tag(NOW.date(), Tag.USER) is None
    assert not ledger.days_touched()
    assert ledger.day_mix(NOW.date()) is None
    assert not ledger.day_habits(NOW.date())
    assert ledger.day_requests(NOW.date()) is None
    assert ledger.signals() is None
    assert ledger.offer() is None
    assert ledger.request_signals() is None


@pytest.mark.parametrize("leased", [True, False])
def test_everything_is_returned_as_it_was_saved(ledger: WholeLedger, leased: bool) -> None:
    if leased:
        ledger.acquire(LEASE, now=NOW)
    other = samples.wish(OTHER, restore=True)
    ledger.save(*samples.EACH, other, lease=LEASE if leased else None)
    assert ledger.observations() == {HASH: samples.observation()}
    assert ledger.observation(HASH) == samples.observation()
    assert ledger.freshness() == {"w1": samples.FRESHNESS}
    assert ledger.freshness_of("w1") == samples.FRESHNESS
    assert ledger.workspaces() == {"w1": samples.WORKSPACE}
    assert ledger.poll_report() == samples.POLL
    assert ledger.deployed() == samples.DEPLOYED
    assert ledger.holds() == {HASH: samples.hold()}
    assert ledger.hold(HASH) == samples.hold()
    assert ledger.wishes() == {HASH: samples.wish(restore=True), OTHER: other}
    assert ledger.incidents() == {"key/3fa9/daily": samples.incident()}
    assert ledger.unsent() == [samples.alert()]
    assert ledger.grants() == [samples.grant()]
    assert ledger.releases() == [samples.release(None)]
    assert ledger.freezes() == [samples.freeze()]
    assert ledger.approvals() == [samples.approval()]
    assert ledger.audit(HASH) == [samples.audit()]
    assert ledger.cost_hours(NOW.date()) == [samples.cost_hour()]
    assert ledger.cost_days(NOW.date()) == [samples.cost_day()]
    assert ledger.costs_read() == {"w1": samples.COSTS_READ}
    assert ledger.generation("gen-1") == samples.generation()
    assert list(ledger.generations(NOW.date())) == [samples.generation()]
    assert ledger.sampled(NOW.date()) == [samples.sampled()]
    assert ledger.generations_read() == {"w1": samples.GENERATIONS_READ}
    assert ledger.day_outcomes(NOW.date()) == samples.day_outcomes()
    assert ledger.day_tag(NOW.date(), Tag.USER) == samples.day_tag()
    assert ledger.days_touched() == [DayTouched(NOW.date())]
    assert ledger.day_mix(NOW.date()) == samples.day_mix()
    assert ledger.day_habits(NOW.date()) == [samples.day_habits()]
    assert ledger.day_requests(NOW.date()) == samples.day_requests()
    assert ledger.signals() == samples.SIGNALS
    assert ledger.day_spends("3fa9c1d2") == [samples.DAY_SPEND]
    assert ledger.cost_spends() == {"claude": samples.COST_SPEND}
    assert ledger.offer() == samples.OFFER
    assert ledger.request_signals() == samples.REQUEST_SIGNALS


def test_of_every_key_it_is_known_where_it_is_and_which_row_tells_nothing_new(
    ledger: WholeLedger,
) -> None:
    seen, gone = samples.observation(), samples.observation(OTHER, gone_at=NOW)
    unread = replace(seen, reading=replace(seen.reading, fingerprint=""))
    unmarked = replace(seen, hours=())
    for one in (seen, unread, unmarked):
        ledger.save(one, gone)
        known = ledger.known()
        assert {key: each.observation() for key, each in known.items()} == ledger.observations()
        assert known[HASH].workspace == "w1"
        assert known[HASH].fingerprint == one.fingerprint
        assert (known[OTHER].workspace, known[OTHER].fingerprint) == (None, "")
    assert seen.fingerprint == "f1" * 16
    assert unread.fingerprint == unmarked.fingerprint == ""


def test_what_an_observation_says_of_its_row_is_kept(ledger: WholeLedger) -> None:
    ledger.save(samples.observation())
    assert ledger.observations()[HASH].fingerprint == samples.observation().fingerprint


def test_a_record_replaces_its_former_self_whole(ledger: WholeLedger, lease: Lease) -> None:
    ledger.save(samples.hold(), lease=lease)
    bare = replace(samples.hold(), confirmed=None, intents=())
    ledger.save(bare, lease=lease)
    assert ledger.holds() == {HASH: bare}


def test_what_a_person_approved_stays_beside_what_the_guard_did(ledger: WholeLedger) -> None:
    mine = replace(samples.approval("the guard"), at=NOW + timedelta(minutes=5))
    ledger.save(mine, samples.approval())
    assert ledger.approvals() == [samples.approval(), mine]


def test_a_wish_to_disable_is_never_taken_for_one_to_give_back(ledger: WholeLedger) -> None:
    off = replace(samples.wish(), want=Disable())
    ledger.save(off)
    assert ledger.wishes() == {HASH: off}


def test_an_intent_is_written_only_while_its_wish_is_open_as_it_was(
    ledger: WholeLedger, lease: Lease
) -> None:
    wish = samples.wish(generation=2)
    for open_now in ((), (samples.wish(generation=3),), (samples.wish(generation=1),)):
        ledger.save(*open_now)
        with pytest.raises(WishReplaced, match=HASH[:12]):
            ledger.save(samples.hold(), samples.audit(), lease=lease, wish=wish)
    assert ledger.hold(HASH) is None
    assert not ledger.audit(HASH)
    ledger.save(replace(wish, reason="the same, in other words"))
    ledger.save(samples.hold(), lease=lease, wish=wish)
    assert ledger.hold(HASH) == samples.hold()
    with pytest.raises(LeaseLost):
        ledger.save(samples.hold(), lease=RIVAL, wish=wish)


def test_of_two_versions_in_one_save_the_later_counts(ledger: WholeLedger, lease: Lease) -> None:
    first, later = samples.hold(), samples.hold(reapplied=2)
    for held in (None, lease):
        ledger.save(first, later, lease=held)
        assert ledger.hold(HASH) == later


def test_records_of_more_keys_than_one_request_takes_are_all_there(ledger: WholeLedger) -> None:
    keys = [f"{number % 16:x}{number:063x}" for number in range(120)]
    ledger.save(*(samples.observation(key) for key in keys))
    ledger.acquire(LEASE, now=NOW)
    ledger.save(*(samples.wish(key) for key in keys), lease=LEASE)
    assert set(ledger.observations()) == set(ledger.wishes()) == set(keys)
    ledger.forget(*ledger.wishes().values(), lease=LEASE)
    assert not ledger.wishes()


def test_a_partition_of_more_than_one_page_is_read_to_its_end(ledger: WholeLedger) -> None:
    # DynamoDB ends a page at 1 MB; the reasons do not compress.
    wishes = [
        replace(samples.wish(f"a{number:063x}"), reason=_noise(number)) for number in range(60)
    ]
    ledger.save(*wishes)
    assert ledger.wishes() == {one.key: one for one in wishes}


def test_a_lease_is_taken_from_another_only_when_it_has_ended(
    ledger: WholeLedger, lease: Lease
) -> None:
    with pytest.raises(LeaseLost, match="evaluate"):
        ledger.acquire(RIVAL, now=lease.until - timedelta(microseconds=1))
    ledger.acquire(RIVAL, now=lease.until)
    with pytest.raises(LeaseLost):
        ledger.acquire(lease, now=NOW)


def test_a_lease_is_its_own_runs_to_renew(ledger: WholeLedger, lease: Lease) -> None:
    ledger.acquire(replace(lease, until=RIVAL.until), now=NOW)
    with pytest.raises(LeaseLost):
        ledger.acquire(RIVAL, now=lease.until)


def test_leases_of_different_names_do_not_meet(ledger: WholeLedger, lease: Lease) -> None:
    other = replace(RIVAL, name="enforce")
    ledger.acquire(other, now=NOW)
    ledger.save(samples.hold(), lease=other)
    ledger.save(samples.hold(), lease=lease)


def test_a_lease_given_back_is_free_at_once(ledger: WholeLedger, lease: Lease) -> None:
    ledger.give_back(lease)
    ledger.acquire(RIVAL, now=NOW)


def test_giving_back_a_lease_that_is_anothers_leaves_it(ledger: WholeLedger, lease: Lease) -> None:
    ledger.acquire(RIVAL, now=lease.until)
    ledger.give_back(lease)
    ledger.save(samples.hold(), lease=RIVAL)


@pytest.mark.parametrize("lost", ["never taken", "taken over", "given back"])
def test_a_run_without_its_lease_changes_nothing(ledger: WholeLedger, lost: str) -> None:
    kept = (samples.wish(), samples.incident())
    ledger.save(*kept)
    if lost != "never taken":
        ledger.acquire(LEASE, now=NOW)
    if lost == "taken over":
        ledger.acquire(RIVAL, now=LEASE.until)
    if lost == "given back":
        ledger.give_back(LEASE)
    with pytest.raises(LeaseLost, match="evaluate"):
        ledger.save(samples.hold(), samples.wish(generation=2), lease=LEASE)
    with pytest.raises(LeaseLost, match="evaluate"):
        ledger.forget(*kept, lease=LEASE)
    with pytest.raises(LeaseLost, match="evaluate"):
        ledger.finish(kept[0], lease=LEASE)
    assert ledger.hold(HASH) is None
    assert ledger.wishes() == {HASH: kept[0]}
    assert set(ledger.incidents()) == {kept[1].id}


def test_what_is_forgotten_is_gone_and_nothing_else(ledger: WholeLedger, lease: Lease) -> None:
    ledger.save(samples.wish(), samples.wish(OTHER), samples.incident(), samples.release(None))
    ledger.save(samples.release(), samples.hold())
    ledger.forget(samples.wish(), samples.incident(), samples.release(None), lease=lease)
    assert set(ledger.wishes()) == {OTHER}
    assert not ledger.incidents()
    assert ledger.releases() == [samples.release()]
    assert ledger.hold(HASH) == samples.hold()


def test_forgetting_what_is_not_there_is_no_fault(ledger: WholeLedger, lease: Lease) -> None:
    ledger.forget(samples.wish(), lease=lease)
    ledger.finish(samples.wish(), lease=lease)
    ledger.forget(lease=lease)
    assert not ledger.wishes()


def test_a_finished_wish_is_deleted(ledger: WholeLedger, lease: Lease) -> None:
    ledger.save(samples.wish(generation=10), lease=lease)
    ledger.finish(samples.wish(generation=10), lease=lease)
    assert not ledger.wishes()


def test_finishing_a_wish_leaves_a_newer_one(ledger: WholeLedger, lease: Lease) -> None:
    newer = samples.wish(generation=10)
    ledger.save(newer, lease=lease)
    ledger.finish(samples.wish(generation=9), lease=lease)
    assert ledger.wishes() == {HASH: newer}


def test_alerts_wait_oldest_first_until_they_are_sent(ledger: WholeLedger, lease: Lease) -> None:
    late, early = samples.alert("a", late=5), samples.alert("b", AlertState.PENDING)
    ledger.save(late, early, lease=lease)
    assert ledger.unsent() == [early, late]
    pending = replace(late, state=AlertState.PENDING)
    ledger.save(pending, replace(early, state=AlertState.SENT), lease=lease)
    assert ledger.unsent() == [pending]
    ledger.save(replace(late, state=AlertState.SENT))
    assert not ledger.unsent()


def test_an_alert_prepared_and_sent_in_one_save_does_not_wait(
    ledger: WholeLedger, lease: Lease
) -> None:
    ledger.save(samples.alert(), samples.alert(state=AlertState.SENT), lease=lease)
    assert not ledger.unsent()


def test_the_audit_of_a_key_shows_its_newest_hundred(ledger: WholeLedger) -> None:
    ledger.save(*(samples.audit(number) for number in range(103)), samples.audit(500, OTHER))
    assert [one.id for one in ledger.audit(HASH)] == [f"a{n}" for n in range(102, 2, -1)]


def test_a_deleted_key_is_remembered_for_31_days(ledger: WholeLedger, clock: Clock) -> None:
    gone = samples.observation(gone_at=NOW)
    ledger.save(gone, samples.observation(OTHER))
    clock.pass_(timedelta(days=31) - timedelta(seconds=1))
    assert set(ledger.observations()) == {HASH, OTHER}
    assert ledger.observation(HASH) == gone
    clock.pass_(timedelta(seconds=1))
    assert set(ledger.observations()) == {OTHER}
    assert ledger.observation(HASH) is None


def test_a_grant_is_remembered_for_62_days_after_its_end(ledger: WholeLedger, clock: Clock) -> None:
    ledger.save(samples.grant("short", NOW), samples.grant("long", NOW + timedelta(days=9)))
    clock.pass_(timedelta(days=62))
    assert [one.id for one in ledger.grants()] == ["long"]


def test_changes_are_on_record_for_400_days(ledger: WholeLedger, clock: Clock) -> None:
    ledger.save(samples.audit(0), samples.audit(60))
    clock.pass_(timedelta(days=400, seconds=30))
    assert [one.id for one in ledger.audit(HASH)] == ["a60"]


def test_an_hour_that_needs_fewer_parts_now_has_no_more(ledger: WholeLedger) -> None:
    ledger.save(*(samples.cost_hour(part, 3) for part in range(3)))
    ledger.save(*(samples.cost_hour(part, 2) for part in range(2)))
    assert [one.part for one in ledger.cost_hours(NOW.date())] == [0, 1]


def test_the_costs_of_a_day_are_those_of_no_other(ledger: WholeLedger) -> None:
    midnight = NOW.replace(hour=0)
    hours = (samples.cost_hour(hour=midnight), samples.cost_hour(hour=midnight + timedelta(days=1)))
    days = (samples.cost_day(), samples.cost_day(NOW.date() + timedelta(days=1)))
    ledger.save(*hours, *days)
    assert ledger.cost_hours(NOW.date()) == [hours[0]]
    assert ledger.cost_days(NOW.date()) == [days[0]]


def test_costs_by_the_hour_are_kept_for_35_days_and_those_of_days_for_400(
    ledger: WholeLedger, clock: Clock
) -> None:
    ledger.save(samples.cost_hour(), samples.cost_day())
    clock.pass_(timedelta(days=35, seconds=1))
    assert not ledger.cost_hours(NOW.date())
    assert ledger.cost_days(NOW.date()) == [samples.cost_day()]
    clock.pass_(timedelta(days=365))
    assert not ledger.cost_days(NOW.date())


def test_a_generation_is_found_by_its_id_and_by_its_day(ledger: WholeLedger) -> None:
    tomorrow = NOW + timedelta(days=1)
    today = [samples.generation(f"gen-{number}") for number in range(50)]
    ledger.save(*today, samples.generation("gen-x", tomorrow))
    found = sorted(ledger.generations(NOW.date()), key=lambda one: one.id)
    assert found == sorted(today, key=lambda one: one.id)
    assert [one.id for one in ledger.generations(tomorrow.date())] == ["gen-x"]
    assert ledger.generation("gen-7") == today[7]
    assert ledger.generation("gen-50") is None


def test_a_generation_written_twice_is_one_and_the_same_at_both_its_addresses(
    ledger: WholeLedger, lease: Lease
) -> None:
    ledger.save(samples.generation(), lease=lease)
    more = samples.generation(said=Said(outcome=Remark("done", NOW)))
    ledger.save(more, more, lease=lease)
    assert ledger.generation("gen-1") == more
    assert list(ledger.generations(NOW.date())) == [more]


def test_generations_are_kept_for_35_days(ledger: WholeLedger, clock: Clock) -> None:
    ledger.save(samples.generation(), samples.sampled(), samples.GENERATIONS_READ)
    clock.pass_(timedelta(days=35, seconds=1))
    assert ledger.generation("gen-1") is None
    assert not list(ledger.generations(NOW.date()))
    assert not ledger.sampled(NOW.date())
    assert ledger.generations_read()


def test_what_is_kept_of_generations_is_told_by_hour_and_workspace(ledger: WholeLedger) -> None:
    late = samples.sampled(NOW + timedelta(hours=1))
    both = [samples.sampled(workspace="w1"), samples.sampled(workspace="w2")]
    ledger.save(late, *reversed(both), samples.sampled(NOW + timedelta(days=1)))
    assert ledger.sampled(NOW.date()) == [*both, late]


def test_the_sums_of_a_day_are_those_of_no_other_and_kept_for_400_days(
    ledger: WholeLedger, clock: Clock
) -> None:
    today, tomorrow = NOW.date(), NOW.date() + timedelta(days=1)
    ledger.save(samples.day_outcomes(), samples.day_tag(), samples.day_tag(tag=Tag.APP))
    ledger.save(samples.day_tag(tomorrow), samples.day_outcomes(tomorrow))
    assert ledger.day_outcomes(today) == samples.day_outcomes()
    assert ledger.day_tag(today, Tag.APP) == samples.day_tag(tag=Tag.APP)
    assert ledger.day_tag(tomorrow, Tag.APP) is None
    clock.pass_(timedelta(days=399))
    assert ledger.day_tag(today, Tag.USER) == samples.day_tag()
    clock.pass_(timedelta(days=2))
    assert ledger.day_tag(today, Tag.USER) is None
    assert ledger.day_outcomes(today) is None


def test_days_are_to_be_summed_up_until_that_is_done(ledger: WholeLedger, lease: Lease) -> None:
    days = [DayTouched(NOW.date() + timedelta(days=one)) for one in range(3)]
    ledger.save(*reversed(days), lease=lease)
    assert ledger.days_touched() == days
    ledger.forget(days[1], lease=lease)
    assert ledger.days_touched() == [days[0], days[2]]


def test_the_shape_of_a_day_is_that_of_no_other_and_kept_for_400_days(
    ledger: WholeLedger, clock: Clock
) -> None:
    tomorrow = NOW.date() + timedelta(days=1)
    both = (samples.day_habits(part="0"), samples.day_habits(part="f"))
    ledger.save(*reversed(both), samples.day_mix(), samples.day_habits(tomorrow))
    assert ledger.day_habits(NOW.date()) == list(both)
    assert ledger.day_mix(tomorrow) is None
    clock.pass_(timedelta(days=399))
    assert ledger.day_habits(NOW.date()) == list(both)
    clock.pass_(timedelta(days=1))
    assert not ledger.day_habits(NOW.date())


def test_sums_of_a_selections_days_are_kept_apart_and_as_long_as_hours_are(
    ledger: WholeLedger, clock: Clock
) -> None:
    one = samples.DAY_SPEND
    later = replace(one, day=one.day + timedelta(days=1), part="0")
    ledger.save(later, one, replace(one, part="0"), replace(one, selection="other"))
    assert ledger.day_spends(one.selection) == [replace(one, part="0"), one, later]
    clock.pass_(timedelta(days=34))
    assert ledger.day_spends("other")
    clock.pass_(timedelta(days=1))
    assert ledger.day_spends("other") == []


def test_what_a_days_requests_were_like_is_kept_as_long_as_they_are(
    ledger: WholeLedger, clock: Clock
) -> None:
    begin = datetime.combine(NOW.date(), time(), UTC)
    ledger.save(samples.day_requests())
    clock.pass_(begin + timedelta(days=35) - NOW - timedelta(seconds=1))
    assert ledger.day_requests(NOW.date()) == samples.day_requests()
    assert ledger.day_requests(NOW.date() + timedelta(days=1)) is None
    clock.pass_(timedelta(seconds=1))
    assert ledger.day_requests(NOW.date()) is None


def test_signals_of_requests_and_of_costs_lie_side_by_side(
    ledger: WholeLedger, lease: Lease
) -> None:
    ledger.save(samples.SIGNALS, samples.REQUEST_SIGNALS, lease=lease)
    ledger.save(replace(samples.REQUEST_SIGNALS, found=()), lease=lease)
    assert ledger.signals() == samples.SIGNALS


def test_new_signals_replace_the_old_ones_whole(ledger: WholeLedger, lease: Lease) -> None:
    ledger.save(samples.SIGNALS, lease=lease)
    quiet = replace(samples.SIGNALS, found=(), balances=())
    ledger.save(quiet, lease=lease)
    assert ledger.signals() == quiet


def _noise(seed: int) -> str:
    blocks = (sha256(f"{seed} {block}".encode()).hexdigest() for block in range(600))
    return "".join(blocks)
