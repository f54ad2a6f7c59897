"""Costs as rows of FOCUS 1.2 (FinOps Open Cost and Usage Specification), in CSV.

One row for each day, key, model and, once the day is closed, provider. The columns are those that
the specification has as mandatory, those of its conditions that hold for OpenRouter, two
recommended ones, and `x_` columns of our own; each group is sorted, as it asks. What stands in
them is beside each below; an empty field is null.

- Credits are a virtual currency (`PricingCurrency`) of which OpenRouter sells one for one USD
  (`BillingCurrency`). A row sums tokens of several prices, so credits are its only quantity that
  one unit price fits: `PricingUnit` is Credits, and every unit price is 1. Tokens are what was
  consumed.
- `BilledCost` is what was taken from the credits on that day. Purchases of credits are not in
  these rows: do not add OpenRouter's receipts to them.
- BYOK is billed by others. `x_ByokValue` (USD, list price) is in no FOCUS cost, not in `ListCost`
  either, since that would pass for a discount.
- OpenRouter tells no id of the account: `BillingAccountId` is the name of the guard's stack (one
  guard serves one account). A row of a key whose hash is not known has no resource, no sub account
  and no tags; its name is in `ChargeDescription`.
- The keys of a lineage have one `ResourceName`, its name; each has its own `ResourceId`, its hash.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from budget_guard.adapters.alerts.cleaning import LONGEST_NAME, one_line
from budget_guard.cli.costs_export import Cell, csv_line
from budget_guard.cli.costs_told import owners
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, Figures, total
from budget_guard.domain.keys import Key
from budget_guard.domain.ownership import People
from budget_guard.domain.windows import Window, end, start
from budget_guard.use_cases.costs.day_costs import DayCosts
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.report import Period
from budget_guard.use_cases.who import people_of

PROVIDER = "OpenRouter"
ONE = 1
"""A credit costs 1 USD, and is 1 credit."""


@dataclass(frozen=True, slots=True)
class _Names:
    """Who is who: the account, its keys by hash, their owners, and workspaces by id."""

    account: str
    people: People
    owners: Mapping[str, str]
    workspaces: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Row:
    """What a key spent on a day on one model, and who is who."""

    day: datetime
    cost: Cost
    names: _Names

    @property
    def now(self) -> Figures:
        return self.cost.figures

    @property
    def key(self) -> Key | None:
        seen = self.names.people.observations.get(self.cost.key)
        return seen.key if seen else None

    @property
    def tokens(self) -> int:
        return self.now.prompt + self.now.completion


def focus_lines(ledger: CostLedger, period: Period, account: str) -> Iterator[str]:
    """Yield the header and the rows, day by day. Raises `LedgerError`."""
    yield csv_line(tuple(COLUMNS))
    names = _Names(
        account,
        people_of(ledger, ()),
        owners(ledger),
        {key: one.name for key, one in ledger.workspaces().items()},
    )
    for day in period.days():
        at = datetime.combine(day, time(), UTC)
        for cost in total(DayCosts.of(ledger, day).by(Axis.MODEL)):
            row = _Row(at, cost, names)
            yield csv_line([of(row) for of in COLUMNS.values()])


def _of_key(of: Callable[[Key, _Names], str | None]) -> Callable[[_Row], Cell]:
    """Return a column that is null where the key's hash is not known."""
    return lambda row: of(row.key, row.names) if row.key else None


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _described(row: _Row) -> str:
    return f"Inference on {row.cost.model} for the key {row.names.people.name(row.cost.key)}"


def _publisher(row: _Row) -> str:
    """Return whose model it is: the part of its id before the slash."""
    author, slash, _ = (row.cost.model or "").partition("/")
    return author if slash and author else PROVIDER


def _tags(row: _Row) -> str | None:
    owner = one_line(row.names.owners.get(row.cost.key, ""), LONGEST_NAME)
    return json.dumps({"owner": owner}, ensure_ascii=False) if owner else None


COLUMNS: Mapping[str, Callable[[_Row], Cell]] = {
    "BilledCost": lambda row: row.now.credits,
    "BillingAccountId": lambda row: row.names.account,
    "BillingAccountName": lambda _: None,
    "BillingCurrency": lambda _: "USD",
    "BillingPeriodEnd": lambda row: _time(end(Window.MONTHLY, row.day)),
    "BillingPeriodStart": lambda row: _time(start(Window.MONTHLY, row.day)),
    "ChargeCategory": lambda _: "Usage",
    # Null: no correction. A later export of a day replaces the earlier one.
    "ChargeClass": lambda _: None,
    "ChargeDescription": _described,
    "ChargeFrequency": lambda _: "Usage-Based",
    "ChargePeriodEnd": lambda row: _time(end(Window.DAILY, row.day)),
    "ChargePeriodStart": lambda row: _time(row.day),
    # Models without tokens (images, say) are counted in requests.
    "ConsumedQuantity": lambda row: row.tokens or row.now.requests,
    "ConsumedUnit": lambda row: "Tokens" if row.tokens else "Requests",
    "ContractedCost": lambda row: row.now.credits,
    "EffectiveCost": lambda row: row.now.credits,
    "InvoiceIssuerName": lambda _: PROVIDER,
    "ListCost": lambda row: row.now.credits,
    "ListUnitPrice": lambda _: ONE,
    "PricingCurrency": lambda _: "OpenRouter credits",
    "PricingCurrencyContractedUnitPrice": lambda _: ONE,
    "PricingCurrencyEffectiveCost": lambda row: row.now.credits,
    "PricingCurrencyListUnitPrice": lambda _: ONE,
    "PricingQuantity": lambda row: row.now.credits,
    "PricingUnit": lambda _: "Credits",
    "ProviderName": lambda _: PROVIDER,
    "PublisherName": _publisher,
    "ResourceId": _of_key(lambda key, _: key.hash),
    "ResourceName": _of_key(lambda key, names: names.people.name(key.hash)),
    "ResourceType": _of_key(lambda *_: "API key"),
    "ServiceCategory": lambda _: "AI and Machine Learning",
    "ServiceName": lambda _: PROVIDER,
    "ServiceSubcategory": lambda _: "Generative AI",
    # OpenRouter has no other id of what it prices: the model is SKU and price at once.
    "SkuId": lambda row: row.cost.model,
    "SkuMeter": lambda _: "Inference",
    "SkuPriceDetails": lambda _: None,
    "SkuPriceId": lambda row: row.cost.model,
    "SubAccountId": _of_key(lambda key, _: key.workspace),
    "SubAccountName": _of_key(lambda key, names: names.workspaces.get(key.workspace)),
    "Tags": _tags,
    "x_ByokValue": lambda row: row.now.byok,
    "x_CachedTokens": lambda row: row.now.cached,
    "x_CompletionTokens": lambda row: row.now.completion,
    "x_InferenceProviderName": lambda row: row.cost.provider,
    "x_PromptTokens": lambda row: row.now.prompt,
    "x_ReasoningTokens": lambda row: row.now.reasoning,
    "x_Requests": lambda row: row.now.requests,
}
