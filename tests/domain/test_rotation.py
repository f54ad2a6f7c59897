"""How a lineage's money is split while two of its keys live: never more than there was."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.domain.fences import lifetime_fence
from budget_guard.domain.holds import Possible
from budget_guard.domain.keys import Counters, Settings
from budget_guard.domain.money import MICRO, ZERO
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.split import Limited, Room, expiry, free, is_enough, kept
from budget_guard.domain.windows import Window
from tests.domain.builders import DAY, MINUTE, NOW, OPEN, counters, limited, usd

amounts = st.decimals(0, 500, places=6, allow_nan=False)
shares = st.decimals(0, 1, places=3)


@st.composite
def some_rooms(draw: st.DrawFn) -> list[Room]:
    windows = st.sampled_from([*Window, None])
    return draw(st.lists(st.builds(Room, amounts, windows, st.booleans()), min_size=1, max_size=4))


class Lives:
    """The live keys of a lineage, each with a fence that never resets, and what they spent."""

    def __init__(self, rooms: list[Room]) -> None:
        self.rooms, self.spent = rooms, [ZERO] * len(rooms)
        self.byok = any(one.include_byok for one in rooms)
        self.keys: list[Limited] = []

    def lefts(self) -> list[Room]:
        pairs = zip(self.rooms, self.spent, strict=True)
        return [replace(room, left=room.left - spent) for room, spent in pairs]

    def fence(self, key: Limited, headroom: Decimal) -> Limited:
        """Return the key under a new fence, the one before it settled."""
        want = lifetime_fence(headroom, key.counters, include_byok=self.byok)
        return key._replace(possible=(Possible(Settings(want.limit, want.include_byok)),))

    def spend(self, place: int, share: Decimal, *, byok: bool) -> None:
        """Let a key spend so much of all that it can, on credits or BYOK."""
        key = self.keys[place]
        lifetime, limit = key.counters.lifetime, key.possible[0].settings
        if byok and not limit.include_byok:
            return
        amount = limit.limit.amount or ZERO
        cost = share * max(ZERO, amount - key.counters.towards(limit))
        after = replace(lifetime, byok=lifetime.byok + cost) if byok else None
        after = after or replace(lifetime, credits=lifetime.credits + cost)
        self.keys[place] = key._replace(counters=Counters(after, dict.fromkeys(Window, after)))
        for number, room in enumerate(self.rooms):
            self.spent[number] += cost if room.include_byok or not byok else ZERO

    def rotate(self, allowance: Decimal, burn: Decimal) -> None:
        """Lower the newest key, and make one with what is free, unless that is nothing."""
        old = self.keys[-1]
        reach = min(old.reaches(room, NOW) for room in self.rooms)
        self.keys[-1] = self.fence(old, kept(allowance, burn, reach))
        granted = free(self.lefts(), self.keys, NOW)
        if is_enough(granted, reach):
            self.keys.append(self.fence(a_new_key(), granted))


def a_new_key() -> Limited:
    return Limited((Possible(OPEN),), counters(), NOW)


@settings(max_examples=300)
@given(some_rooms(), st.data())
def test_after_any_number_of_rotations_no_more_can_be_spent_than_before(
    rooms: list[Room], data: st.DataObject
) -> None:
    lives = Lives(rooms)
    lives.keys.append(lives.fence(a_new_key(), free(rooms, [], NOW)))
    for _ in range(data.draw(st.integers(1, 6))):
        for place in range(len(lives.keys)):
            lives.spend(place, data.draw(shares), byok=data.draw(st.booleans()))
        lives.rotate(data.draw(amounts), data.draw(amounts))
        for left in lives.lefts():
            assert sum(key.reaches(left, NOW) for key in lives.keys) <= left.left + MICRO
    for place in range(len(lives.keys)):
        lives.spend(place, Decimal(1), byok=data.draw(st.booleans()))
    for room, spent in zip(rooms, lives.spent, strict=True):
        assert spent <= room.left + MICRO


@given(some_rooms(), amounts, amounts, amounts)
def test_a_limit_that_may_still_be_in_force_gives_the_new_key_nothing_of_it(
    rooms: list[Room], was: Decimal, now: Decimal, spent: Decimal
) -> None:
    byok = any(one.include_byok for one in rooms)
    possible = tuple(Possible(limited(one, byok=byok)) for one in (was, now))
    old = Limited(possible, counters(spent), NOW)
    for room in rooms:
        most = max(ZERO, max(was, now) - spent)
        assert free(rooms, [old], NOW) + most <= max(room.left, most)


def test_without_a_room_nothing_bounds_the_new_key() -> None:
    assert free([], [Limited((Possible(OPEN),), counters(), NOW)], NOW) == Decimal("Infinity")


def test_beside_a_key_without_a_limit_nothing_is_free() -> None:
    old = Limited((Possible(OPEN),), counters(), NOW)
    assert free([Room(usd(10), Window.DAILY)], [old], NOW) == 0
    uncounted = Limited((Possible(limited(5)),), counters(), NOW)
    assert free([Room(usd(10), Window.DAILY, include_byok=True)], [uncounted], NOW) == 0


def test_a_limit_that_resets_by_itself_is_counted_once_for_each_window_to_come() -> None:
    daily = Limited((Possible(limited(5, Window.DAILY)),), counters(2), NOW)
    # Wednesday: 3 USD of today, and 5 on each of the four days that the week still has.
    assert free([Room(usd(30), Window.WEEKLY)], [daily], NOW) == usd(7)


def test_the_old_key_keeps_its_allowance_and_ten_minutes_but_at_most_half_of_what_it_had() -> None:
    assert kept(usd(1), usd(12), usd(100)) == usd(3)
    assert kept(usd(1), usd(12), usd(2)) == usd(1)
    assert kept(usd(1), usd(0), usd(0)) == 0


def test_a_new_key_needs_a_floor_or_a_quarter_of_what_there_was() -> None:
    assert is_enough(usd(1), usd(500))
    assert not is_enough(usd("0.99"), usd(500))
    assert is_enough(usd("0.25"), usd(1))
    assert not is_enough(usd("0.2"), usd(1))
    assert not is_enough(usd(0), usd(0))
    assert is_enough(Decimal("Infinity"), Decimal("Infinity"))


def test_a_new_key_lives_as_long_as_the_old_one_did_less_a_margin() -> None:
    made = NOW - 10 * DAY
    late = NOW.replace(microsecond=999_999)
    assert expiry(made, made + 30 * DAY, late) == NOW + 30 * DAY - MINUTE
    assert expiry(made, None, NOW) is None


def a_rotation(stage: Stage = Stage.INTENT, began: datetime = NOW) -> Rotation:
    return Rotation(
        secret="arn",
        token="v2",
        name="prod-api #2",
        workspace="w1",
        old="#1",
        is_held=False,
        allowed=usd(10),
        began=began,
        run="run-1",
        stage=stage,
    )


def test_a_rotation_only_goes_forward() -> None:
    assert a_rotation(Stage.PROVEN).at(Stage.CREATED).stage is Stage.PROVEN
    assert a_rotation().at(Stage.CREATED).stage is Stage.CREATED
    assert [one for one in Stage if one.is_over] == [Stage.DONE, Stage.FAILED]
