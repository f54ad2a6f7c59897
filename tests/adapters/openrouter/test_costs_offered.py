"""What analytics has is looked up by name, and what it has not is said in words."""

import pytest

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Figures
from budget_guard.domain.errors import ProviderConfusing
from tests.adapters.openrouter.scripted import Script, answer
from tests.adapters.openrouter.scripted_costs import (
    ASKED,
    ask,
    costs,
    meta,
    rows,
    sent,
    told_row,
)

BOTH = frozenset(Axis)
NO_TOKENS = ("tokens_prompt", "tokens_completion", "reasoning_tokens", "cached_tokens")


def test_with_every_name_there_nothing_is_missing() -> None:
    offered = costs(Script(meta())).offered()
    assert (offered.axes, offered.missing) == (BOTH, ())


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("byok_usage", "what own provider keys (BYOK) spend counts as 0."),
        ("request_count", "requests count as 0."),
        ("tokens_prompt", "prompt tokens count as 0."),
        ("tokens_completion", "completion tokens count as 0."),
        ("reasoning_tokens", "reasoning tokens count as 0."),
        ("cached_tokens", "cached tokens count as 0."),
    ],
)
def test_a_metric_that_is_not_there_counts_as_nothing_and_is_not_asked_for(
    metric: str, said: str
) -> None:
    script = Script(meta(without=[metric]), answer(rows(told_row(**{metric: "lots"}))))
    source = costs(script)
    offered = source.offered()
    assert offered.axes == BOTH
    assert offered.missing == (f"Analytics has no metric {metric}: {said}",)
    source.ask(ASKED)
    assert metric not in sent(script)["metrics"]


def test_without_any_metric_but_credits_there_are_still_credits() -> None:
    known = meta(metrics=["credits_usage"])
    (row,) = ask(rows(told_row()), known=known).rows
    assert row.figures == Figures(credits=row.figures.credits)
    assert str(row.figures.credits) == "1.25"


def test_without_credits_the_total_less_byok_stands_in() -> None:
    script = Script(meta(without=["credits_usage"]), answer(rows(told_row(total_usage="1.75"))))
    source = costs(script)
    assert source.offered().missing == (
        "Analytics has no metric credits_usage: credits are total_usage less byok_usage.",
    )
    (row,) = source.ask(ASKED).rows
    assert (str(row.figures.credits), str(row.figures.byok)) == ("1.25", "0.5")
    assert "credits_usage" not in sent(script)["metrics"]


@pytest.mark.parametrize(("total", "credits_"), [("0.49999999999999994", "0"), (0.5, "0")])
def test_rounding_makes_no_negative_credits(total: object, credits_: str) -> None:
    known = meta(without=["credits_usage"])
    (row,) = ask(rows(told_row(total_usage=total)), known=known).rows
    assert format(row.figures.credits.normalize(), "f") == credits_


def test_a_total_below_byok_alone_is_unusable() -> None:
    with pytest.raises(ProviderConfusing, match=r"data\.data\.0\.total_usage"):
        ask(rows(told_row(total_usage=0.4)), known=meta(without=["credits_usage"]))


@pytest.mark.parametrize("other", ["total_usage", "byok_usage"])
def test_without_credits_and_what_stands_in_nothing_is_offered(other: str) -> None:
    offered = costs(Script(meta(without=["credits_usage", other]))).offered()
    assert offered.axes == frozenset()
    (said,) = offered.missing
    assert said == (
        "Analytics has neither the metric credits_usage nor both total_usage and byok_usage: "
        "costs by the hour are not known."
    )


@pytest.mark.parametrize(
    ("lost", "left"), [(Axis.MODEL, Axis.PROVIDER), (Axis.PROVIDER, Axis.MODEL)]
)
def test_an_axis_that_is_no_dimension_is_not_offered(lost: Axis, left: Axis) -> None:
    offered = costs(Script(meta(without=[lost.value]))).offered()
    assert offered.axes == {left}
    assert offered.missing == (
        f"Analytics has no dimension {lost}: costs by {lost} are not known.",
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("api_key_id", "dimension"), ("workspace", "dimension"), ("hour", "granularity")],
)
def test_what_every_question_needs_is_needed(name: str, kind: str) -> None:
    offered = costs(Script(meta(without=[name]))).offered()
    assert offered.axes == frozenset()
    assert offered.missing == (f"Analytics has no {kind} {name}: costs by the hour are not known.",)


def test_a_question_for_what_is_not_offered_is_not_sent() -> None:
    script = Script(meta(without=["model"]))
    with pytest.raises(ProviderConfusing, match="not asked for costs by model"):
        costs(script).ask(ASKED)
    assert [one.method for one in script.requests] == ["GET"]


def test_names_are_looked_up_once_for_many_questions() -> None:
    script = Script(meta(), answer(rows()))
    source = costs(script)
    for _ in range(3):
        source.ask(ASKED)
    assert [one.url.path for one in script.requests] == [
        "/api/v1/analytics/meta",
        *["/api/v1/analytics/query"] * 3,
    ]


@pytest.mark.parametrize("kind", ["metrics", "dimensions", "granularities"])
@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("all", ""),
        (["request_count"], ".0"),
        ([{"name": "day"}, {"display_label": "Day"}], ".1.name"),
        ([{"name": 7}], ".0.name"),
    ],
)
def test_an_unusable_list_of_names_is_refused_by_its_place(
    kind: str, value: object, field: str
) -> None:
    data = {"metrics": [], "dimensions": [], "granularities": [], kind: value}
    with pytest.raises(ProviderConfusing, match=rf"GET /analytics/meta .*`data\.{kind}{field}`"):
        costs(Script(answer({"data": data}))).offered()


@pytest.mark.parametrize("kind", ["metrics", "dimensions", "granularities"])
def test_a_missing_list_of_names_is_refused_by_its_name(kind: str) -> None:
    data: dict[str, list[str]] = {"metrics": [], "dimensions": [], "granularities": []}
    del data[kind]
    with pytest.raises(ProviderConfusing, match=rf"`data\.{kind}`: Field required"):
        costs(Script(answer({"data": data}))).offered()
