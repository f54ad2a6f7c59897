"""The bodies of `/byok`, as the official SDK and the guide "BYOK" say."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StrictBool

from budget_guard.sandbox.openrouter.bodies import Body, Hashes, Name

type Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
type Secret = Annotated[SecretStr, Field(min_length=1)]
type Allowed = Annotated[list[Name], Field(max_length=100)]


class _Credential(Body):
    name: str | None = None
    disabled: StrictBool = False
    is_fallback: StrictBool = False
    is_required: StrictBool = False
    is_byok_only: StrictBool = False
    allowed_api_key_hashes: Hashes | None = None
    allowed_models: Allowed | None = None
    allowed_user_ids: Allowed | None = None
    declared_region: Literal["global", "europe", "us"] | None = None
    declared_zdr: StrictBool | None = None


class NewCredential(_Credential):
    """The body of POST /byok."""

    provider: Slug
    key: Secret
    workspace_id: str | None = None


class CredentialPatch(_Credential):
    """The body of PATCH /byok/{id}; only `model_fields_set` was asked for."""

    key: Secret = SecretStr("unchanged")
