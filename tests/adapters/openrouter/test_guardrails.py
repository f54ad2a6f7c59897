"""The port `Guardrails`, on the simulated account: over HTTP, and in process."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from budget_guard.adapters.openrouter.guardrails import connect_guardrails
from budget_guard.domain.errors import (
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from budget_guard.domain.guardrails import Allowance, ContentFilter, weakens
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Account, Api, Fault, serve
from budget_guard.sandbox.openrouter.in_process_guardrails import in_process_guardrails
from budget_guard.use_cases.restricting.ports import Guardrails

STRICT = {
    "name": "strict",
    "allowed_models": ["openai/gpt-4.1-mini"],
    "ignored_providers": ["azure"],
    "allowed_data_regions": ["europe"],
    "enforce_zdr": True,
    "enforce_zdr_xai": False,
    "enable_paid_model_training": False,
    "enable_free_model_training": True,
    "allow_safety_retention_google": False,
    "content_filters": [{"pattern": "sk-.*", "action": "block"}],
    "content_filter_builtins": [
        {"slug": "email", "action": "redact"},
        {"slug": "regex-prompt-injection", "action": "flag", "scan_scope": "user_only"},
    ],
    "limit_usd": 12.5,
    "reset_interval": "weekly",
    "include_byok_in_budgets": True,
}


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


@pytest.fixture(params=["http", "in process"])
def guardrails(request: pytest.FixtureRequest, api: Api) -> Iterator[Guardrails]:
    if request.param == "in process":
        yield in_process_guardrails(api)
        return
    key = SecretStr(str(api.account.management_key))
    # No wait fits into the time that is left, so nothing is sent again.
    with serve(api) as url, connect_guardrails(url, key, time_left=lambda: 8.0) as found:
        yield found


def make(account: Account, **fields: Any) -> str:
    return str(account.guardrails.create({"name": "cheap", **fields})["id"])


def keys(account: Account, count: int = 1) -> list[str]:
    return [account.create_key({"name": f"key-{number}"})[1]["hash"] for number in range(count)]


def test_every_field_of_a_guardrail_is_read(guardrails: Guardrails, account: Account) -> None:
    one = guardrails.guardrail(make(account, **STRICT))
    assert one is not None
    (model,) = one.models.only or {""}
    assert model.startswith("openai/gpt-4.1-mini")
    assert (one.name, one.models.never) == ("strict", frozenset())
    assert one.providers == Allowance(None, frozenset({"azure"}))
    assert one.regions == Allowance(frozenset({"europe"}))
    assert one.zdr == {"anthropic", "google", "openai", "other"}
    assert one.forbidden == {"training by paid models"}
    assert one.retention == {("google", False)}
    assert one.filters == {
        ContentFilter("/sk-.*/", "block"),
        ContentFilter("email", "redact"),
        ContentFilter("regex-prompt-injection", "flag", "user_only"),
    }
    assert (one.limit, one.reset, one.include_byok) == (Decimal("12.5"), Window.WEEKLY, True)
    assert not one.unknown
    assert not weakens(one, one)


def test_a_guardrail_that_says_nothing_refuses_nothing(
    guardrails: Guardrails, account: Account
) -> None:
    plain, strict = (
        guardrails.guardrail(make(account)),
        guardrails.guardrail(make(account, **STRICT)),
    )
    assert plain is not None
    assert strict is not None
    assert not weakens(plain, strict)
    assert len(weakens(strict, plain)) == 8


def test_a_field_that_the_guard_does_not_know_is_kept_as_it_is_written(
    guardrails: Guardrails, account: Account, api: Api
) -> None:
    made = make(account)
    api.faults.add(Fault(path=f"/guardrails/{made}", overlay={"quiet": None, "moon": {"full": 1}}))
    one = guardrails.guardrail(made)
    assert one is not None
    assert one.unknown == {("moon", '{"full": "1"}')}


@pytest.mark.parametrize(
    ("overlay", "field"),
    [
        ({"reset_interval": "hourly"}, "reset_interval"),
        ({"allowed_models": "all"}, "allowed_models"),
        ({"enforce_zdr_xai": 1}, "enforce_zdr_xai"),
        ({"content_filters": ["x"]}, "content_filters.0"),
        ({"content_filters": [{}]}, "content_filters.0.pattern"),
    ],
)
def test_nothing_is_concluded_from_a_field_of_another_form(
    guardrails: Guardrails, account: Account, api: Api, overlay: dict[str, Any], field: str
) -> None:
    made = make(account)
    api.faults.add(Fault(path=f"/guardrails/{made}", overlay=overlay))
    with pytest.raises(ProviderConfusing, match=field):
        guardrails.guardrail(made)


def test_a_guardrail_is_found_by_name_or_id_in_its_workspace_only(
    guardrails: Guardrails, account: Account
) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    here, there = make(account), make(account, workspace_id=research)
    for number in range(101):
        make(account, name=f"other-{number}")
    default = account.workspaces.default
    assert [one.id for one in guardrails.named("cheap", default)] == [here]
    assert [one.id for one in guardrails.named("cheap", research)] == [there]
    assert [one.id for one in guardrails.named(here, default)] == [here]
    assert not guardrails.named(here, research)
    assert not guardrails.named("none", default)


def test_there_is_none_only_where_openrouter_says_so(
    guardrails: Guardrails, account: Account, api: Api
) -> None:
    made = make(account)
    account.guardrails.delete(made)
    assert guardrails.guardrail(made) is None
    api.faults.add(Fault(status=400))
    with pytest.raises(ProviderRejected):
        guardrails.guardrail(made)


def test_keys_get_and_lose_guardrails_together(guardrails: Guardrails, account: Account) -> None:
    cheap, other, (one, two, three) = make(account), make(account, name="other"), keys(account, 3)
    guardrails.assign(other, [one])
    guardrails.assign(cheap, [one, two])
    assert guardrails.assignments().of == {one: cheap, two: cheap}
    guardrails.assign(other, [three])
    guardrails.remove(cheap, [two, three])
    assert guardrails.assignments().of == {one: cheap, three: other}


def test_every_page_of_the_assignments_is_read_and_said_when(
    guardrails: Guardrails, account: Account
) -> None:
    cheap, many = make(account), keys(account, 205)
    account.guardrails.keys.assign(cheap, many, account.clock.now)
    found = guardrails.assignments()
    assert found.of == dict.fromkeys(many, cheap)
    assert found.began <= found.at


def test_a_row_that_slips_to_another_page_while_they_are_read_is_not_missed(
    api: Api, account: Account
) -> None:
    cheap, many = make(account), keys(account, 205)
    account.guardrails.keys.assign(cheap, many, account.clock.now)
    guardrails = in_process_guardrails(Slipping(account, many[0]))
    assert guardrails.assignments().of == dict.fromkeys(many[1:], cheap)


class Slipping(Api):
    """Takes away a key's guardrail once the first page was read."""

    def __init__(self, account: Account, key: str) -> None:
        super().__init__(account)
        self._key: str | None = key

    def answer(self, request: Any) -> Any:
        answer = super().answer(request)
        if self._key:
            self.account.guardrails.keys.forget(self._key)
            self._key = None
        return answer


def test_what_goes_wrong_has_a_name(guardrails: Guardrails, account: Account, api: Api) -> None:
    for status, error in ((503, ProviderUnavailable), (401, ManagementKeyError)):
        api.faults.add(Fault(status=status))
        with pytest.raises(error):
            guardrails.assignments()
    api.faults.add(Fault(status=404))
    with pytest.raises(ProviderRejected):
        guardrails.assign(make(account), keys(account))
    api.faults.add(Fault(raw=b'{"data": [{}]}'))
    with pytest.raises(ProviderConfusing, match=r"data\.0\.key_hash"):
        guardrails.assignments()


def test_the_same_at_every_offset_is_no_list(guardrails: Guardrails, api: Api) -> None:
    row = b'{"data": [{"key_hash": "a", "guardrail_id": "b"}]}'
    api.faults.add(Fault(raw=row, times=20))
    with pytest.raises(ProviderConfusing, match="the same at every offset"):
        guardrails.assignments()
