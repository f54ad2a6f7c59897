"""The JSON Schema of the budgets file, generated from its model, for editors."""

import json
from pathlib import Path
from typing import Any

from budget_guard.adapters.budgets.model import File

GENERATED = Path(__file__).with_name("budgets.schema.json")
"""The copy that editors read; `budget-guard check --schema` prints what belongs in it."""


def json_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12); what it cannot say, such as unique names, is left to check."""
    schema = File.model_json_schema()
    _drop_absent(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def text() -> str:
    """Return the schema as the text of the generated file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _drop_absent(node: object) -> None:
    """Remove null and empty defaults: absent is right, and editors would offer what is refused."""
    match node:
        case dict():
            if node.get("default", "") in (None, [], {}):
                del node["default"]
            for value in node.values():
                _drop_absent(value)
        case list():
            for value in node:
                _drop_absent(value)
