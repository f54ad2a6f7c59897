"""GET /activity: the last 30 completed UTC days, by date, model and endpoint."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from budget_guard.domain.money import ZERO
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.endpoints import endpoint
from budget_guard.sandbox.openrouter.generations import Generation
from budget_guard.sandbox.openrouter.refusals import Refusal, not_found

DAYS = 30
DAY = timedelta(days=1)


def activity(account: Account, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows that the query's `date`, key, member and workspace leave.

    400 for a date that is not among the days, 404 for a key or workspace that never was. A deleted
    key's rows stay.
    """
    by_workspace = _split(query.get("group_by"))
    since, until = _days(query.get("date"), account.clock.now)
    groups: dict[tuple[object, ...], list[Generation]] = {}
    seen = account.clock.now - account.behaviour.activity_age
    wanted = _wanted(account, query)
    for one in account.generations.between(since, until, seen=seen):
        if all(getattr(one, name) == value for name, value in wanted.items()):
            workspace = one.workspace if by_workspace else None
            place = (one.created_at.date(), one.served, one.work.provider, workspace)
            groups.setdefault(place, []).append(one)
    rows = [_row(account, group) for group in groups.values()]
    if by_workspace:
        for row, group in zip(rows, groups.values(), strict=True):
            row["workspace_id"] = group[0].workspace
    return rows


def _split(group_by: str | None) -> bool:
    if group_by not in {None, "workspace"}:
        raise Refusal(400, "group_by must be workspace")
    return group_by is not None


def _days(asked: str | None, now: datetime) -> tuple[datetime, datetime]:
    today = datetime.combine(now.date(), time(), UTC)
    if asked is None:
        return today - DAYS * DAY, today
    try:
        day = datetime.combine(date.fromisoformat(asked), time(), UTC)
    except ValueError as error:
        raise Refusal(400, "Date must be in YYYY-MM-DD format") from error
    if not today - DAYS * DAY <= day < today:
        raise Refusal(400, "Date must be within the last 30 (completed) UTC days")
    return day, day + DAY


def _wanted(account: Account, query: Mapping[str, str]) -> dict[str, str]:
    """Return what the generations must have, by the name of their attribute."""
    wanted = {}
    if "api_key_hash" in query:
        if query["api_key_hash"] not in account.keys:
            raise not_found(what="API key")
        wanted["hash"] = query["api_key_hash"]
    if "workspace_id" in query:
        wanted["workspace"] = account.workspaces.named(query["workspace_id"])
    if "user_id" in query:
        wanted["creator"] = query["user_id"]
    return wanted


def _row(account: Account, group: Sequence[Generation]) -> dict[str, Any]:
    one = group[0]
    day = one.created_at.date().isoformat()
    return {
        "date": day if account.behaviour.activity_dates == "day" else f"{day} 00:00:00",
        "model": account.catalog.called(one.served, one.created_at, "slug"),
        "model_permaslug": one.served,
        "endpoint_id": endpoint(one.served, one.work.provider),
        "provider_name": one.work.provider or "",
        "usage": sum((each.cost for each in group), ZERO),
        "byok_usage_inference": sum((each.byok for each in group), ZERO),
        "requests": len(group),
        "byok_requests": sum(each.is_byok for each in group),
        "prompt_tokens": sum(each.tokens.prompt for each in group),
        "completion_tokens": sum(each.tokens.completion for each in group),
        "reasoning_tokens": sum(each.tokens.reasoning for each in group),
        "cached_tokens": sum(each.tokens.cached for each in group),
    }
