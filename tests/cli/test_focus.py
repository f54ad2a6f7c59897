"""`budget-guard costs --focus` against what FOCUS 1.2 asks of the rows of usage.

The rules were read in the specification (columns and attributes) and in the model of its validator
(focus_validator, model 1.2.0.1), which says what must be present, and what may be null.
"""

import csv
import json
import re
from decimal import Decimal
from io import StringIO

import pytest

from tests.cli.desk import Office
from tests.cli.spending import LARGE, SMALL, Spent, a_week, read

DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT00:00:00Z")
TEXT = re.compile(r"\S(.*\S)?")
WHOLE = re.compile(r"[0-9]+")
MANDATORY = {
    "BilledCost": DECIMAL,
    "BillingAccountId": TEXT,
    "BillingAccountName": TEXT,
    "BillingCurrency": re.compile("USD"),
    "BillingPeriodEnd": MOMENT,
    "BillingPeriodStart": MOMENT,
    "ChargeCategory": re.compile("Usage"),
    "ChargeClass": re.compile("Correction"),
    "ChargeDescription": TEXT,
    "ChargePeriodEnd": MOMENT,
    "ChargePeriodStart": MOMENT,
    "ContractedCost": DECIMAL,
    "EffectiveCost": DECIMAL,
    "InvoiceIssuerName": TEXT,
    "ListCost": DECIMAL,
    "PricingQuantity": DECIMAL,
    "PricingUnit": TEXT,
    "ProviderName": TEXT,
    "PublisherName": TEXT,
    "ServiceCategory": re.compile("AI and Machine Learning"),
    "ServiceName": TEXT,
}
CONDITIONAL = {
    # the provider measures usage
    "ConsumedQuantity": DECIMAL,
    "ConsumedUnit": re.compile("Tokens|Requests"),
    # it has prices in a virtual currency, and publishes them
    "ListUnitPrice": DECIMAL,
    "PricingCurrency": TEXT,
    "PricingCurrencyContractedUnitPrice": DECIMAL,
    "PricingCurrencyEffectiveCost": DECIMAL,
    "PricingCurrencyListUnitPrice": DECIMAL,
    "SkuId": TEXT,
    "SkuMeter": TEXT,
    "SkuPriceDetails": TEXT,
    "SkuPriceId": TEXT,
    # it has sub accounts (workspaces), and resources (keys)
    "ResourceId": TEXT,
    "ResourceName": TEXT,
    "ResourceType": TEXT,
    "SubAccountId": TEXT,
    "SubAccountName": TEXT,
    "Tags": re.compile(r"\{.*\}"),
}
RECOMMENDED = {
    "ChargeFrequency": re.compile("Usage-Based"),
    "ServiceSubcategory": re.compile("Generative AI"),
}
OURS = {
    "x_ByokValue": DECIMAL,
    "x_CachedTokens": WHOLE,
    "x_CompletionTokens": WHOLE,
    "x_InferenceProviderName": TEXT,
    "x_PromptTokens": WHOLE,
    "x_ReasoningTokens": WHOLE,
    "x_Requests": WHOLE,
}
OF_THE_SPEC = MANDATORY | CONDITIONAL | RECOMMENDED
NULLABLE = {
    "BillingAccountName",  # OpenRouter tells no name of an account
    "ChargeClass",  # null unless a row corrects an invoiced period
    "SkuPriceDetails",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_InferenceProviderName",
}


def lines(office: Office, *arguments: str) -> list[dict[str, str]]:
    result = office.run("costs", "--focus", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return list(csv.DictReader(StringIO(result.stdout_bytes.decode(), newline="")))


def amount(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(one[column]) for one in rows), Decimal(0))


def test_the_columns_are_those_of_the_specification_in_its_order_and_then_ours() -> None:
    header = a_week().run("costs", "--focus").stdout.splitlines()[0].split(",")
    assert header == [*sorted(OF_THE_SPEC), *sorted(OURS)]


def test_every_value_has_its_type_and_only_nullable_ones_are_empty() -> None:
    rows = lines(a_week())
    assert len(rows) == 7
    for row in rows:
        for column, form in (OF_THE_SPEC | OURS).items():
            if row[column] == "":
                assert column in NULLABLE, column
            else:
                assert form.fullmatch(row[column]), (column, row[column])


def test_a_row_without_a_resource_has_no_type_of_it() -> None:
    (unknown,) = (one for one in lines(a_week()) if not one["ResourceId"])
    assert {unknown[one] for one in ("ResourceName", "ResourceType", "SubAccountId", "Tags")} == {
        ""
    }
    assert unknown["ChargeDescription"].endswith("for the key an old key")


@pytest.mark.parametrize("days", ["1", "3", "7", "14"])
def test_what_is_billed_is_the_credits_of_the_table_and_byok_is_not_in_any_cost(days: str) -> None:
    office = a_week()
    total = json.loads(office.run("costs", "--json", "--days", days).stdout)["total"]
    rows = lines(office, "--days", days)
    for column in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert amount(rows, column) == Decimal(total["credits"])
    assert amount(rows, "x_ByokValue") == Decimal(total["byok"])
    assert amount(rows, "x_Requests") == total["requests"]


def test_prices_times_quantities_are_the_costs() -> None:
    for row in lines(a_week()):
        quantity = Decimal(row["PricingQuantity"])
        assert Decimal(row["ListUnitPrice"]) * quantity == Decimal(row["ListCost"])
        price = Decimal(row["PricingCurrencyContractedUnitPrice"])
        assert price * quantity == Decimal(row["PricingCurrencyEffectiveCost"])


def test_there_is_one_row_for_each_day_key_model_and_provider() -> None:
    office = read(
        Office(),
        *(Spent("prod-api", "1", days_ago=ago) for ago in (0, 0, 0, 5)),
        Spent("prod-api", "1", 5, ("acme/large", "Beta")),
        Spent("prod-api", "1", 5, SMALL),
    )
    rows = lines(office)
    who = [(one["ChargePeriodStart"], one["SkuId"], one["x_InferenceProviderName"]) for one in rows]
    closed, today = "2026-11-13T00:00:00Z", "2026-11-18T00:00:00Z"
    assert who == [
        (closed, *LARGE),
        (closed, "acme/large", "Beta"),
        (closed, *SMALL),
        (today, "acme/large", ""),
    ]
    assert rows[-1]["BilledCost"] == "3"


def test_a_row_says_whose_key_it_is_and_in_which_workspace() -> None:
    office = a_week()
    row = next(one for one in lines(office) if one["ResourceName"] == "prod-api")
    assert row["ResourceId"] == office.hash("prod-api")
    assert json.loads(row["Tags"]) == {"owner": "search-platform"}
    assert row["SubAccountName"] == "Default"
    assert row["BillingAccountId"] == "BudgetGuard"
    assert row["PublisherName"] == "acme"


def test_periods_end_where_the_next_ones_begin() -> None:
    office = read(Office(), Spent("prod-api", "1", days_ago=18))
    (row,) = lines(office, "--from", "2026-10-31", "--to", "2026-10-31")
    assert row["ChargePeriodEnd"] == row["BillingPeriodEnd"] == "2026-11-01T00:00:00Z"
    assert row["BillingPeriodStart"] == "2026-10-01T00:00:00Z"


def test_what_has_no_tokens_is_counted_in_requests() -> None:
    office = read(Office(), Spent("prod-api", "1", of=("picture", "Acme"), prompt=0, completion=0))
    (row,) = lines(office)
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == ("1000", "Requests")
    assert row["PublisherName"] == "OpenRouter"
