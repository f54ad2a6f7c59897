"""Costs by user, app and job: of the requests that are on record, and how many these are."""

import json
from datetime import timedelta
from decimal import Decimal

from budget_guard.domain.choices import Above
from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Attempt, Generation, Remark, Said
from budget_guard.domain.sampling import Count, GenerationsRead, Sampled
from tests.cli.desk import WEDNESDAY, Office, flat, golden
from tests.cli.spending import DAY
from tests.cli.test_costs_export import answer

HOUR = timedelta(hours=1)


def generation(name: str, usd: str, user: str | None, job: str | None = None) -> Generation:
    """Return a request of an hour ago; one that cost more than a dollar fell back, and broke off."""
    is_dear = Decimal(usd) > 1
    failed = (Attempt("Beta", 503),) if is_dear else ()
    at = WEDNESDAY - HOUR
    return Generation(
        name,
        at,
        "w1",
        requested="acme/large",
        served="acme/large",
        provider="Acme",
        attempts=(*failed, Attempt("Acme", 200)),
        figures=Figures(Decimal(usd), requests=1, prompt=12_000, completion=800),
        finish="error" if is_dear else "stop",
        app="4711",
        tools=Decimal("0.05"),
        said=Said(
            user=Remark(user, at) if user else None,
            job=Remark(job, at) if job else None,
            outcome=Remark("done", at) if job else None,
        ),
    )


def an_office() -> Office:
    office = Office()
    office.guard.cycle()
    office.pass_(12)
    some = (
        generation("gen-1", "1.50", "ann", "nightly"),
        generation("gen-2", "0.50", "ann"),
        generation("gen-3", "0.25", "bob", "import"),
        generation("gen-4", "0.25", None),
    )
    all_of_hour = Count(40, Decimal("3.10"))
    hour = Sampled("w1", WEDNESDAY - HOUR, WEDNESDAY, Above(Decimal("0.05")), all_of_hour)
    office.ledger.save(*some, hour, GenerationsRead("w1", WEDNESDAY, WEDNESDAY))
    return office


def test_users_are_told_with_how_much_of_all_they_are() -> None:
    office = an_office()
    shown = office.run("costs", "--by", "user", "--days", "1").stdout
    golden("costs-by-user.txt", shown, office)


def test_apps_and_jobs_are_told_likewise() -> None:
    office = an_office()
    jobs = json.loads(office.run("costs", "--by", "job", "--json").stdout)
    told = {line["label"]: line["figures"]["credits"] for line in jobs["lines"]}
    assert told == {"nightly": "1.5", "(not told)": "0.75", "import": "0.25"}
    assert "4711" in office.run("costs", "--by", "app").stdout
    assert "(not told)" in office.run("costs", "--by", "session").stdout


def test_machines_are_told_what_is_on_record() -> None:
    told = answer(an_office(), "--by", "user")["on_record"]
    assert told["exist"] == {"number": 40, "usd": "3.1"}
    assert told["kept"] == {"number": 4, "usd": "2.5"}
    assert told["fallbacks"] == {"part": 1, "of": 4}
    assert (told["wasted"], told["wasted_bound"], told["tools"]) == ("1.5", "0.6", "0.2")
    assert told["per_success"] == {"spent": "1.75", "successes": 2}


def test_costs_by_model_are_of_all_requests() -> None:
    assert (
        json.loads(an_office().run("costs", "--by", "model", "--json").stdout)["on_record"] is None
    )


def test_where_no_request_was_looked_at_yet_it_says_so() -> None:
    office = Office()
    office.guard.cycle()
    assert "No costs were read yet" in flat(office.run("costs", "--by", "user").stdout)


def test_requests_of_other_days_are_not_told() -> None:
    office = an_office()
    day = f"{(WEDNESDAY - DAY).date()}"
    shown = flat(office.run("costs", "--by", "user", "--from", day, "--to", day).stdout)
    assert "Nothing was spent." in shown
