"""Random accounts: keys, budgets that overlap, fences confirmed, sent, replaced or wished."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold as KeyHold
from budget_guard.domain.holds import Intent, Possible, Replaced
from budget_guard.domain.keys import Counters, Settings
from budget_guard.domain.policy import Budget, Hold
from budget_guard.domain.wishes import Fence, Wish
from tests.domain.builders import (
    ALWAYS,
    AT_90,
    DAILY,
    MINUTE,
    MONTHLY,
    NOW,
    OPEN,
    WEEKLY,
    counters,
    facts_of,
    limited,
    policy_of,
    seen,
    usd,
)

NAMES = ("a1", "a2", "b1", "b2", "c1")
AMOUNTS = st.sampled_from(
    [usd(text) for text in ("0", "0.005", "0.4", "1", "3", "9.99", "20", "60")]
)
COUNTERS = st.builds(
    lambda day, week, month, ever: counters(day, day + week, day + week + month, day + ever + 300),
    AMOUNTS,
    AMOUNTS,
    AMOUNTS,
    AMOUNTS,
)
BUDGETS = st.lists(
    st.builds(
        lambda number, keys, cap, **rest: Budget(f"budget-{number}", cap, keys=keys, **rest),
        st.integers(0, 1000),
        st.sampled_from([("*",), ("a*",), ("b*", "c1"), ("a1", "b1"), ("c1",)]),
        st.dictionaries(
            st.sampled_from([DAILY, WEEKLY, MONTHLY]),
            st.sampled_from([usd(text) for text in ("0", "2", "30", "100", "400")]),
            min_size=1,
        ),
        hold=st.sampled_from([ALWAYS, AT_90, Hold(Decimal("0.5"))]),
        per_key=st.sampled_from([False, False, True]),
        include_byok=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.name,
)


@st.composite
def holds(draw: st.DrawFn, name: str, spent: Counters) -> KeyHold | None:
    """Return what the guard has of a key: nothing, a fence, and changes that are not settled."""
    if draw(st.booleans()):
        return None

    def fence() -> Settings:
        return limited(spent.lifetime.credits + draw(AMOUNTS))

    own = draw(st.sampled_from([OPEN, OPEN, limited(25, DAILY), limited(350)]))
    sent = Intent("one", fence(), NOW - MINUTE, "why", "run")
    was = Replaced(Possible(fence()), NOW - MINUTE)
    return KeyHold(
        f"#{name}",
        own,
        Possible(fence()),
        NOW - draw(st.sampled_from([MINUTE, 30 * MINUTE])),
        intents=(sent,) if draw(st.sampled_from([False, False, True])) else (),
        replaced=(was,) if draw(st.sampled_from([False, False, True])) else (),
        portion=draw(AMOUNTS),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Facts:
    keys, held, wishes = [], [], []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        spent = draw(COUNTERS)
        hold = draw(holds(name, spent))
        shown = hold.confirmed.settings if hold and hold.confirmed else OPEN
        keys.append(seen(name, spent, replace(shown, disabled=draw(st.integers(0, 9)) == 0)))
        held += [hold] if hold else []
        if draw(st.integers(0, 4)) == 0:
            limit = limited(spent.lifetime.credits + draw(AMOUNTS)).limit
            want = Fence(limit, include_byok=False)
            wishes.append(Wish(f"#{name}", want, "before", NOW, 1, False, usd(9)))
    policy = policy_of(*draw(BUDGETS))
    return facts_of(keys, policy, holds=held, wishes=wishes)
