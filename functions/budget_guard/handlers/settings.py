"""What each function is deployed with: read from the environment once, checked as a whole."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, StringConstraints, ValidationError

from budget_guard.domain.errors import SettingsError

type Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _environment_name(field: str) -> str:
    return field.upper()


class Settings(BaseModel):
    """What every function needs. A field is the environment variable of its name in capitals."""

    # Each function reads one of these forms: the others are never built.
    model_config = ConfigDict(frozen=True, alias_generator=_environment_name, defer_build=True)

    table_name: Text


class ProviderSettings(Settings):
    """What a function needs that talks to OpenRouter."""

    openrouter_base_url: AnyHttpUrl
    management_key_secret_arn: Text


class PollSettings(ProviderSettings):
    """`poll_usage`."""

    evaluate_function_name: Text


class EvaluateSettings(Settings):
    """`evaluate`."""

    alerts_topic_arn: Text
    enforce_function_name: Text
    rotate_function_name: Text
    stack_name: Text


class EnforceSettings(ProviderSettings):
    """`enforce`."""


class RotateSettings(ProviderSettings):
    """`rotate`."""


class PollCostsSettings(ProviderSettings):
    """`poll_costs`: `queue_url` has ids of generations, `dead_letters_url` those it refuses."""

    queue_url: AnyHttpUrl
    dead_letters_url: AnyHttpUrl


def load[S: Settings](model: type[S], environment: Mapping[str, str]) -> S:
    """Return the settings that `environment` holds.

    Raises `SettingsError` naming every variable that is missing or has the wrong form.
    """
    try:
        return model.model_validate(dict(environment))
    except ValidationError as error:
        faults = ", ".join(
            f"{fault['loc'][0]} ({fault['msg'].lower()})" for fault in error.errors()
        )
        message = f"The function's environment is incomplete: {faults}. Deploy the stack again."
        raise SettingsError(message) from None
