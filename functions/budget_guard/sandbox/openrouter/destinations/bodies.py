"""The bodies of `/observability/destinations`, as the official SDK says."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from budget_guard.sandbox.openrouter.bodies import Body, Hashes, Name, number

type Kind = Literal[
    "arize",
    "braintrust",
    "clickhouse",
    "datadog",
    "grafana",
    "langfuse",
    "langsmith",
    "newrelic",
    "opik",
    "otel-collector",
    "posthog",
    "ramp",
    "s3",
    "sentry",
    "snowflake",
    "weave",
    "webhook",
]
type Rate = Annotated[Decimal, Field(ge=Decimal("0.0001"), le=1), BeforeValidator(number)]
type Region = Annotated[
    Literal["global", "europe", "us", "eu"],
    AfterValidator(lambda region: "europe" if region == "eu" else region),
]
type Regions = Annotated[tuple[Region, ...], Field(min_length=1)]


class _Destination(Body):
    enabled: StrictBool = True
    privacy_mode: StrictBool = False
    sampling_rate: Rate = Decimal(1)
    api_key_hashes: Hashes | None = None
    filter_rules: dict[str, Any] | None = None
    regions: Regions = ("global",)
    broadcast_generation_cost: StrictBool = False
    broadcast_generation_cost_allocation: StrictBool = False
    broadcast_generation_identity: StrictBool = False
    broadcast_generation_request_context: StrictBool = False


class NewDestination(_Destination):
    """The body of POST /observability/destinations."""

    name: Name
    type: Kind
    config: dict[str, Any]
    workspace_id: str | None = None


class DestinationPatch(_Destination):
    """The body of PATCH /observability/destinations/{id}; only `model_fields_set` was asked for."""

    name: Name = "unchanged"
    config: dict[str, Any] = Field(default_factory=dict)
