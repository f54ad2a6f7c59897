"""The JSON Schema of the canonical event, generated from its model, for those who consume it."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from budget_guard.adapters.alerts.event import AlertEvent

GENERATED = Path(__file__).with_name("alert.schema.json")
"""The copy that consumers read; `python -m budget_guard.adapters.alerts.schema` prints it."""


class _AbsentNotNull(GenerateJsonSchema):
    """Says of an optional field that it may be absent; an event never has null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12)."""
    schema = AlertEvent.model_json_schema(schema_generator=_AbsentNotNull)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def text() -> str:
    """Return the schema as the text of the generated file."""
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
