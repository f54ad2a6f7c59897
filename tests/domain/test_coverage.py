"""The short way to the budgets of a key finds the same as asking each budget."""

from hypothesis import example, given
from hypothesis import strategies as st

from budget_guard.domain.coverage import Coverage
from budget_guard.domain.keys import Key
from budget_guard.domain.policy import Budget
from tests.domain.builders import DAILY, usd

LETTERS = "ab-[]!*?"
PATTERNS = st.lists(st.text(LETTERS, max_size=6), min_size=1, max_size=3).map(tuple)
PLACES = st.lists(st.sampled_from(["w1", "w2", "w*", "?2"]), max_size=2).map(tuple)
BUDGETS = st.lists(
    st.builds(
        lambda keys, workspaces: Budget("b", {DAILY: usd(1)}, keys=keys, workspaces=workspaces),
        PATTERNS,
        PLACES,
    ),
    max_size=5,
)


@given(BUDGETS, st.text("ab-[]*", max_size=6), st.sampled_from(["w1", "w2"]))
@example([Budget("b", {DAILY: usd(1)}, keys=("a[b]c*[d",))], "abc-[d", "w1")
def test_every_budget_that_covers_a_key_is_found_and_no_other(
    budgets: list[Budget], name: str, workspace: str
) -> None:
    key = Key("#k", name, workspace)
    asked = [place for place, budget in enumerate(budgets) if budget.covers(key)]
    assert sorted(Coverage(budgets).of(key)) == asked
