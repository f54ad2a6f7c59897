"""What a row about a guardrail says that it refuses. Fields the guard does not know are kept as such."""

import json

from budget_guard.adapters.openrouter.answers import UnusableError
from budget_guard.adapters.openrouter.fields import (
    Row,
    amount,
    each,
    flag,
    identifier,
    text,
    within,
)
from budget_guard.adapters.openrouter.keys import WINDOWS
from budget_guard.domain.guardrails import Allowance, ContentFilter, Guardrail

ZDR = "enforce_zdr"
GROUPS = ("anthropic", "google", "openai", "other", "xai")
FORBIDS = {
    "enable_free_model_publication": "publication by free models",
    "enable_free_model_training": "training by free models",
    "enable_paid_model_training": "training by paid models",
}
RETENTION = {f"allow_safety_retention_{one}": one for one in ("google", "other")}
LISTS = ("models", "providers")
KNOWN = frozenset(
    {
        *("id", "name", "description", "workspace_id", "created_at", "updated_at"),
        *("limit_usd", "reset_interval", "include_byok_in_budgets"),
        *(f"{kind}_{what}" for kind in ("allowed", "ignored") for what in LISTS),
        *("allowed_data_regions", "content_filters", "content_filter_builtins"),
        *(ZDR, *(f"{ZDR}_{one}" for one in GROUPS), *FORBIDS, *RETENTION),
    }
)
"""Fields that are read, or say nothing of what is refused."""


def read_guardrail(row: Row) -> Guardrail:
    """Return what a guardrail refuses; raises `UnusableError`, and `KeyError` where one is missing."""
    reset = row.get("reset_interval")
    if reset is not None and reset not in WINDOWS:
        raise UnusableError(field=".reset_interval", why="Input should be a known interval")
    return Guardrail(
        id=identifier(row, "id"),
        name=text(row, "name"),
        models=_allowance(row, "models"),
        providers=_allowance(row, "providers"),
        regions=Allowance(_names(row, "allowed_data_regions") or None),
        zdr=frozenset(one for one in GROUPS if _is_zdr(row, one)),
        forbidden=frozenset(what for name, what in FORBIDS.items() if _flag(row, name) is False),
        retention=frozenset(
            (group, said)
            for name, group in RETENTION.items()
            if (said := _flag(row, name)) is not None
        ),
        filters=frozenset(_filters(row)),
        limit=None if row.get("limit_usd") is None else amount(row, "limit_usd"),
        reset=None if reset is None else WINDOWS[reset],
        include_byok=bool(_flag(row, "include_byok_in_budgets")),
        unknown=frozenset(
            (name, json.dumps(value, sort_keys=True, default=str))
            for name, value in row.items()
            if name not in KNOWN and value is not None
        ),
    )


def _allowance(row: Row, what: str) -> Allowance:
    """Return what may be used; an empty list allows all (docs, features/guardrails)."""
    return Allowance(_names(row, f"allowed_{what}") or None, _names(row, f"ignored_{what}"))


def _names(row: Row, name: str) -> frozenset[str]:
    values = row.get(name)
    if values is None:
        return frozenset()
    if not isinstance(values, list):
        raise UnusableError(field=f".{name}", why="Input should be a list")
    return frozenset(text({name: one}, name) for one in values)


def _flag(row: Row, name: str) -> bool | None:
    return None if row.get(name) is None else flag(row, name)


def _is_zdr(row: Row, group: str) -> bool:
    """Return whether it is enforced: by the deprecated switch for all where nothing is said."""
    said = _flag(row, f"{ZDR}_{group}")
    return bool(_flag(row, ZDR) if said is None else said)


def _filters(row: Row) -> list[ContentFilter]:
    readers = {"content_filters": _custom, "content_filter_builtins": _builtin}
    found: list[ContentFilter] = []
    for name, read in readers.items():
        with within(f".{name}"):
            found += each([] if row.get(name) is None else row[name], read)
    return found


def _custom(row: Row) -> ContentFilter:
    return ContentFilter(f"/{text(row, 'pattern')}/", text(row, "action"))


def _builtin(row: Row) -> ContentFilter:
    scope = None if row.get("scan_scope") is None else text(row, "scan_scope")
    return ContentFilter(text(row, "slug"), text(row, "action"), scope)
