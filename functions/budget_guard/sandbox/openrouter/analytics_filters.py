"""The filters of an analytics query: which generations pass, and which values nobody knows."""

from collections.abc import Callable
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

from budget_guard.sandbox.openrouter.analytics_names import DIMENSIONS
from budget_guard.sandbox.openrouter.analytics_query import Filter, Operator, Scalar
from budget_guard.sandbox.openrouter.generations import Generation

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

_ORDERS = {Operator.GT: gt, Operator.GTE: ge, Operator.LT: lt, Operator.LTE: le}


def passing(account: "Account", one: Filter) -> Callable[[Generation], bool]:
    """Return the test of a filter; what has no value passes only where `include_unset` says so."""
    of, test = DIMENSIONS[one.field].of, _test(account, one)

    def passes(generation: Generation) -> bool:
        value = of(generation)
        return one.include_unset if value is None else test(value)

    return passes


def warnings(account: "Account", filters: tuple[Filter, ...]) -> list[str]:
    """Return a warning for each key hash that cannot be resolved; it matches no generation."""
    unresolved = [value for one in filters for value in sorted(_unresolved(account, one))]
    return [f'api_key_id "{value}" could not be resolved' for value in unresolved]


def _test(account: "Account", one: Filter) -> Callable[[str | int], bool]:
    if one.operator in _ORDERS:
        order, bound = _ORDERS[one.operator], _rank(one.value)
        return lambda value: bool(order(_rank(value), bound))
    values = {str(value) for value in _values(one)} - _unresolved(account, one)
    if one.operator in {Operator.EQ, Operator.IN}:
        return lambda value: str(value) in values
    return lambda value: str(value) not in values


def _values(one: Filter) -> tuple[Scalar, ...]:
    return one.value if isinstance(one.value, tuple) else (one.value,)


def _rank(value: object) -> tuple[int, Decimal, str]:
    """Numbers by their size, then texts by their letters."""
    if isinstance(value, (int, Decimal)):
        return 0, Decimal(value), ""
    return 1, Decimal(0), str(value)


def _unresolved(account: "Account", one: Filter) -> set[str]:
    if one.field != "api_key_id":
        return set()
    return {str(value) for value in _values(one) if not _resolves(account, str(value))}


def _resolves(account: "Account", key_hash: str) -> bool:
    key = account.keys.get(key_hash)
    return key is not None and not (
        account.behaviour.analytics_forgets_deleted and key.deleted_at is not None
    )
