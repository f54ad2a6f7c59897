"""Whatever happens on the way, the guard gets one of its own errors, without the credential."""

import inspect
import traceback
from collections.abc import Iterator

import httpx
import pytest

from budget_guard.domain.errors import (
    GuardError,
    KeyGone,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
    SettingsError,
)
from budget_guard.domain.keys import Limit
from budget_guard.use_cases.ports import Change
from tests.adapters.openrouter.scripted import (
    HASH,
    NOON,
    SECRET,
    Script,
    answer,
    connected,
    one_key,
    refusal,
)

CHANGE = Change(limit=Limit())
HTTPX_EXCEPTIONS = [
    one
    for _, one in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(one, Exception) and not issubclass(one, Warning)
]


def made(kind: type[Exception]) -> Exception:
    """Return an exception that quotes the credential, as some of httpx's do."""
    text = f"Illegal header value b'Bearer {SECRET}'"
    request = httpx.Request("GET", "https://x", headers={"Authorization": f"Bearer {SECRET}"})
    match kind:
        case httpx.HTTPStatusError:
            return kind(text, request=request, response=httpx.Response(500, request=request))
        case (
            httpx.StreamConsumed | httpx.StreamClosed | httpx.ResponseNotRead | httpx.RequestNotRead
        ):
            return kind()
        case _:
            return kind(text)


def linked(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("kind", HTTPX_EXCEPTIONS, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_becomes_an_error_of_the_guard_that_does_not_hold_the_key(
    kind: type[Exception],
) -> None:
    with pytest.raises(GuardError) as caught:
        connected(Script(made(kind))).key(HASH)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert all(isinstance(one, GuardError) for one in linked(caught.value))


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("slow"), httpx.ConnectError("no"), httpx.RemoteProtocolError("cut")]
)
def test_a_read_is_repeated_after_a_lost_connection(error: Exception) -> None:
    script = Script(error, error, one_key())
    assert connected(script).key(HASH).key.hash == HASH
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 524, 529])
def test_a_read_is_repeated_while_openrouter_is_overloaded(status: int) -> None:
    script = Script(refusal(status), one_key())
    assert connected(script).key(HASH).key.hash == HASH
    assert len(script.requests) == 2


def test_a_read_that_keeps_failing_ends_as_unavailable_after_a_bounded_number_of_requests() -> None:
    script = Script(refusal(503, "upstream melted"))
    with pytest.raises(ProviderUnavailable, match=f'GET /keys/{HASH} .* 503 "upstream melted"'):
        connected(script).key(HASH)
    assert len(script.requests) == 8


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 418])
def test_a_refusal_for_good_is_not_repeated(status: int) -> None:
    script = Script(refusal(status))
    with pytest.raises(GuardError):
        connected(script).key(HASH)
    assert len(script.requests) == 1


def test_a_change_is_repeated_once_when_openrouter_itself_asks_to_come_later() -> None:
    script = Script(refusal(429), one_key())
    connected(script).change(HASH, CHANGE)
    assert len(script.requests) == 2
    script = Script(refusal(429))
    with pytest.raises(ProviderUnavailable):
        connected(script).change(HASH, CHANGE)
    assert len(script.requests) == 2


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")])
def test_a_change_whose_answer_was_lost_is_not_repeated_for_it_may_have_taken_effect(
    error: Exception,
) -> None:
    script = Script(error)
    with pytest.raises(ProviderUnavailable):
        connected(script).change(HASH, CHANGE)
    assert len(script.requests) == 1


@pytest.mark.parametrize("wait", ["700", "Wed, 18 Nov 2026 12:11:40 GMT"])
def test_nobody_waits_for_a_retry_after_that_is_longer_than_the_time_left(wait: str) -> None:
    script = Script(refusal(429, **{"Retry-After": wait}), one_key())
    with pytest.raises(ProviderUnavailable):
        connected(script, time_left=600).key(HASH)
    assert len(script.requests) == 1
    assert connected(script, time_left=800).key(HASH).key.hash == HASH


@pytest.mark.parametrize("wait", ["", "soon", "-5", "1e9", "٣", "9" * 5000, NOON, "0.5"])
def test_a_retry_after_that_says_nothing_leaves_the_waiting_to_the_guard(wait: str) -> None:
    headers = [(b"Date", NOON.encode()), (b"Retry-After", wait.encode())]
    throttled = httpx.Response(429, headers=headers)
    assert connected(Script(throttled, one_key())).key(HASH).key.hash == HASH


def test_without_time_left_nothing_is_sent() -> None:
    script = Script(one_key())
    with pytest.raises(ProviderUnavailable, match="was not sent"):
        connected(script, time_left=0).key(HASH)
    assert script.requests == []


def test_no_pause_is_begun_that_would_outlast_the_run() -> None:
    script = Script(refusal(503), one_key())
    with pytest.raises(ProviderUnavailable):
        connected(script, time_left=5).key(HASH)
    assert len(script.requests) == 1


def test_a_request_is_given_no_more_time_than_the_run_has_left() -> None:
    script = Script(one_key())
    connected(script, time_left=3).key(HASH)
    connected(script, time_left=300).key(HASH)
    assert [one.extensions["timeout"]["read"] for one in script.requests] == [3, 20]


@pytest.mark.parametrize("status", [301, 302, 304, 307, 100, 600])
def test_a_redirect_is_not_followed(status: int) -> None:
    script = Script(httpx.Response(status, headers={"Location": "https://elsewhere.invalid"}))
    with pytest.raises(ProviderConfusing):
        connected(script).key(HASH)
    assert len(script.requests) == 1


def test_a_404_is_believed_from_openrouter_only() -> None:
    with pytest.raises(KeyGone, match=HASH):
        connected(Script(refusal(404, "API key not found"))).key(HASH)
    with pytest.raises(ProviderConfusing):
        connected(Script(answer("<html>Not Found</html>", status=404))).key(HASH)


def test_a_404_for_anything_but_a_key_is_a_refusal() -> None:
    with pytest.raises(ProviderRejected) as caught:
        connected(Script(refusal(404))).keys("gone")
    assert caught.value.status == 404


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_named_with_the_place_to_make_a_new_one(status: int) -> None:
    with pytest.raises(
        ManagementKeyError, match=r"https://openrouter\.ai/settings/management-keys"
    ):
        connected(Script(refusal(status))).balance()


@pytest.mark.parametrize("status", [400, 402, 403, 409])
def test_a_refused_change_says_with_which_status(status: int) -> None:
    with pytest.raises(ProviderRejected) as caught:
        connected(Script(refusal(status))).change(HASH, CHANGE)
    assert caught.value.status == status


def test_both_forms_of_an_error_body_are_quoted() -> None:
    zod = {"success": False, "error": {"name": "ZodError", "message": '[{"path": ["limit"]}]'}}
    with pytest.raises(ProviderRejected, match=r'"\[{"path": \["limit"\]}\]"'):
        connected(Script(answer(zod, status=400))).change(HASH, CHANGE)


@pytest.mark.parametrize(
    "message",
    [f"key {SECRET} is bad", "Sk-Or-v1-zzz…", f"Authorization: bearer {SECRET}", "Bearer abc.def"],
)
def test_what_looks_like_a_credential_is_not_quoted(message: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        connected(Script(refusal(400, message))).change(HASH, CHANGE)
    assert "[redacted]" in str(caught.value)
    assert not any(part in str(caught.value) for part in (SECRET, "zzz", "abc.def"))


def test_a_quoted_message_is_one_short_line() -> None:
    with pytest.raises(ProviderRejected) as caught:
        connected(Script(refusal(400, "a\n\x1b[31m\u202eb" + "c" * 5000))).change(HASH, CHANGE)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_base_url_without_a_scheme_is_a_matter_of_settings() -> None:
    with pytest.raises(SettingsError, match="base URL"):
        connected(Script(httpx.UnsupportedProtocol("no scheme"))).balance()
