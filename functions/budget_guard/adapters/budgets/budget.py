"""One budget of the file as a model: its fields, and what the domain makes of them."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from budget_guard.adapters.budgets import leaves, scalars
from budget_guard.adapters.budgets.cost_rules import counts_costs
from budget_guard.domain import ladder as steps
from budget_guard.domain import policy
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window


def absent(items: tuple[object, ...]) -> bool:
    """Tell whether a list was left out of the file: one that is there has an item."""
    return not items


class Part(BaseModel):
    """A mapping of the file: unknown fields are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_NEEDS_GUARDRAIL: JsonDict = {
    "if": {"properties": {"do": {"const": steps.Do.RESTRICT.value}}, "required": ["do"]},
    "then": {"required": ["restrict_to"]},
    "else": {"properties": {"restrict_to": False}},
}


class Threshold(Part):
    """A step of a ladder: at this share of the cap, an alert of this severity is sent."""

    model_config = ConfigDict(json_schema_extra=_NEEDS_GUARDRAIL)

    at: leaves.Percentage = Field(description="Share of the cap, up to 1000%.", examples=["80%"])
    severity: leaves.SeverityWord = Field(
        description="How urgent the alert is.", examples=["warning"]
    )
    do: leaves.DoWord = Field(
        None,
        description="What is done besides, to each key of the budget: restrict it to cheaper models"
        " (see restrict_to), rotate it, or give people the command for that. Budgets on models or"
        " providers only alert.",
        examples=["propose-rotation"],
    )
    restrict_to: leaves.Guardrail = Field(
        None,
        description="With do: restrict, the guardrail of cheaper models: its name or id at"
        " OpenRouter. What was assigned before comes back when the window is over.",
        examples=["cheap-models"],
    )


class Cap(Part):
    """The most that may be spent in each calendar window (UTC); no field: no cap for it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    daily: leaves.Amount = Field(
        None, description="USD from 00:00 UTC on.", examples=[100, "12.50"]
    )
    weekly: leaves.Amount = Field(None, description="USD from Monday on.", examples=[500])
    monthly: leaves.Amount = Field(None, description="USD from the 1st on.", examples=[1500])

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.to_domain():
            scalars.refuse("a cap needs a window", "write cap: {daily: 100}")
        return self

    def to_domain(self) -> dict[Window, Usd]:
        """Return the cap of each window that has one."""
        caps = {window: getattr(self, window) for window in Window}
        return {window: usd for window, usd in caps.items() if usd is not None}


class Budget(Part):
    """A named cap over the keys whose names fit a pattern."""

    name: leaves.Name = Field(
        description="What alerts and metrics call it; once in a file.", examples=["prod-api"]
    )
    owner: leaves.Owner = Field(
        None, description="Who answers for it.", examples=["search-platform"]
    )
    runbook: leaves.Address = Field(
        None,
        description="Where on-call reads what to do.",
        examples=["https://wiki.example.com/openrouter"],
    )
    keys: tuple[leaves.Pattern, ...] = Field(
        description="Patterns of key names; * and ? stand for anything, case counts.",
        examples=[["prod-*"]],
        min_length=1,
    )
    workspaces: tuple[leaves.Pattern, ...] = Field(
        (),
        description="Only keys of these workspaces (patterns of ids).",
        examples=[["prod"]],
        min_length=1,
        exclude_if=absent,
    )
    creators: tuple[leaves.Pattern, ...] = Field(
        (),
        description="Only keys made by these users (patterns of ids).",
        examples=[["user_*"]],
        min_length=1,
        exclude_if=absent,
    )
    models: tuple[leaves.Pattern, ...] = Field(
        (),
        description="Only what is spent on these models (patterns of ids) counts. Such a budget"
        " alerts and never fences: a key's limit cannot tell models apart.",
        examples=[["anthropic/*"]],
        min_length=1,
        exclude_if=absent,
    )
    providers: tuple[leaves.Pattern, ...] = Field(
        (),
        description="Only what these providers serve (patterns of names) counts; alerts, as with"
        " models. One budget has models or providers, not both.",
        examples=[["Anthropic"]],
        min_length=1,
        exclude_if=absent,
    )
    per_key: leaves.Flag = Field(
        default=False, description="One such budget for each key.", examples=[True]
    )
    include_byok: leaves.Flag = Field(
        default=False,
        description="Count what is spent through your own provider keys too.",
        examples=[True],
    )
    cap: Cap = Field(description="USD for each window.", examples=[{"daily": 100, "monthly": 1500}])
    hold: leaves.HoldFrom = Field(
        policy.Hold(),
        description="From when on its keys are fenced: always, never, or a share of the cap;"
        " never, where models or providers are given.",
        examples=["always", "90%", "never"],
    )
    thresholds: tuple[Threshold, ...] = Field(
        (),
        description="Its own ladder of alerts, lowest first; the file's ladder if absent.",
        min_length=1,
        exclude_if=absent,
        examples=[[{"at": "80%", "severity": "warning"}]],
    )

    @model_validator(mode="before")
    @classmethod
    def _holds_what_it_can(cls, given: object) -> object:
        """Let a budget on models or providers hold nothing, if it does not say so itself."""
        if isinstance(given, dict) and counts_costs(given) and "hold" not in given:
            return {**given, "hold": "never"}
        return given

    def to_domain(self, ladder: tuple[steps.Threshold, ...]) -> policy.Budget:
        """Return the budget; `ladder` is the file's, used where it has none of its own.

        It only alerts where models or providers are given: such a budget has no lever.
        """
        if self.models or self.providers:
            ladder = tuple(steps.Threshold(step.at, step.severity) for step in ladder)
        return policy.Budget(
            name=self.name,
            cap=self.cap.to_domain(),
            keys=self.keys,
            workspaces=self.workspaces,
            creators=self.creators,
            owner=self.owner,
            runbook=self.runbook,
            per_key=self.per_key,
            include_byok=self.include_byok,
            hold=self.hold,
            thresholds=domain_steps(self.thresholds) or ladder,
            models=self.models,
            providers=self.providers,
        )


def domain_steps(ladder: tuple[Threshold, ...]) -> tuple[steps.Threshold, ...]:
    """Return the domain's word for a ladder."""
    return tuple(steps.Threshold(**dict(step)) for step in ladder)
