"""The bodies of `/guardrails`, as the OpenAPI file and the official SDK say."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.bodies import Amount, Body, Name

type Names = Annotated[list[Name], Field(min_length=1)]
type Title = Annotated[str, Field(min_length=1, max_length=200)]
type Action = Literal["redact", "block", "flag"]

ZDR_SCOPES = ("anthropic", "google", "openai", "other", "xai")
"""The model groups that have a zero-data-retention switch of their own."""


class ContentFilter(Body):
    """A custom filter."""

    pattern: Name
    action: Action
    label: Annotated[str, Field(max_length=100)] | None = None


class Builtin(Body):
    """A builtin filter; its label is the service's and cannot be set."""

    slug: Literal[
        "email",
        "phone",
        "ssn",
        "credit-card",
        "ip-address",
        "secrets",
        "person-name",
        "address",
        "regex-prompt-injection",
    ]
    action: Action
    scan_scope: Literal["user_only", "all_messages"] | None = None


class _Guardrail(Body):
    description: Annotated[str, Field(max_length=1000)] | None = None
    limit_usd: Amount | None = None
    reset_interval: Window | None = None
    include_byok_in_budgets: StrictBool = False
    allowed_models: Names | None = None
    ignored_models: Names | None = None
    allowed_providers: Names | None = None
    ignored_providers: Names | None = None
    allowed_data_regions: (
        Annotated[list[Literal["global", "europe", "us"]], Field(min_length=1)] | None
    ) = None
    content_filters: list[ContentFilter] | None = None
    content_filter_builtins: list[Builtin] | None = None
    enforce_zdr: StrictBool | None = None
    enforce_zdr_anthropic: StrictBool | None = None
    enforce_zdr_google: StrictBool | None = None
    enforce_zdr_openai: StrictBool | None = None
    enforce_zdr_other: StrictBool | None = None
    enforce_zdr_xai: StrictBool | None = None
    allow_safety_retention_google: StrictBool | None = None
    allow_safety_retention_other: StrictBool | None = None
    enable_free_model_publication: StrictBool | None = None
    enable_free_model_training: StrictBool | None = None
    enable_paid_model_training: StrictBool | None = None


class NewGuardrail(_Guardrail):
    """The body of POST /guardrails."""

    name: Title
    workspace_id: str | None = None


class GuardrailPatch(_Guardrail):
    """The body of PATCH /guardrails/{id}; only `model_fields_set` was asked for."""

    name: Title = "unchanged"


class KeyHashes(Body):
    """The body that assigns keys, or takes them away."""

    key_hashes: Names


class Members(Body):
    """The body that assigns members, or takes them away."""

    member_user_ids: Names
