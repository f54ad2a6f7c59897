"""What can go wrong between a request and a usable answer, as the guard's own errors.

No text of httpx gets into a message: some of its errors quote the headers, the key among them.
"""

import json
import re
from email.utils import parsedate_to_datetime

import httpx

from budget_guard.domain.errors import (
    GuardError,
    KeyGone,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
    SettingsError,
)

MAKE_ONE = "make a management key at https://openrouter.ai/settings/management-keys"
MAY_WORK_LATER = frozenset({408, 425, 429})
TOO_MUCH = 408
"""To a query: it takes too long and should ask for less. To anything else: it may work later."""
CHANGING = frozenset({"POST", "DELETE"})
ABOUT_KEYS = re.compile(r"/(keys|guardrails)(/|$)")
LONGEST_QUOTE = 200
CREDENTIAL = re.compile(r"\b(sk-[\w.\-…*]+|Bearer\s+\S+)", re.IGNORECASE)
SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
"""The four roots of httpx's exceptions."""


class Transient(ProviderUnavailable):
    """May work later. `answered`: OpenRouter said so itself; else the effect is unknown.

    `retry_after` is how many seconds it asks to wait; None where it does not say.
    """

    def __init__(self, message: str, *, answered: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.answered = answered
        self.retry_after = retry_after


def failed(endpoint: str, error: Exception) -> GuardError:
    """Return what an exception of httpx means for the request to `endpoint`."""
    name = type(error).__name__
    match error:
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError() | httpx.InvalidURL():
            return SettingsError(
                f"{endpoint} could not be sent ({name}): check OpenRouter's base URL and the "
                "management key for stray characters."
            )
        case httpx.TimeoutException():
            return Transient(f"{endpoint} got no answer in time ({name}).", answered=False)
        case httpx.TransportError():
            return Transient(f"{endpoint} lost its connection ({name}).", answered=False)
        case _:
            return ProviderConfusing(
                f"{endpoint} got an answer that cannot be read ({name}); nothing was concluded."
            )


def refused(endpoint: str, response: httpx.Response) -> GuardError:
    """Return what the status of an answer means that is not a success."""
    status = response.status_code
    said = f"{endpoint} was answered {status}{_quote(response)}"
    is_too_much = status == TOO_MUCH and response.request.method == "POST"
    if (status in MAY_WORK_LATER and not is_too_much) or 500 <= status < 600:
        return Transient(f"{said}.", answered=True, retry_after=_retry_after(response))
    if 400 <= status < 500:
        return _refused_for_good(said, response)
    return ProviderConfusing(f"{said}; nothing was concluded. Check OpenRouter's base URL.")


def _refused_for_good(said: str, response: httpx.Response) -> GuardError:
    """Tell a refused credential from a refused change: a 403 may be about one key only."""
    request = response.request
    match response.status_code:
        case 401:
            return ManagementKeyError(f"{said}: the key is wrong or revoked; {MAKE_ONE}.")
        case 400 | 403 | 404 as status if request.url.path.endswith("/generation"):
            return _of_one_generation(said, response, status)
        case 403 if request.method != "PATCH" and not _is_about_one_key(response):
            return ManagementKeyError(
                f"{said}: it is not a management key, or an IP allowlist of the account refuses "
                f"this address; {MAKE_ONE}, or add the address."
            )
        case 404 if "/keys/" in request.url.path and "/guardrails/" not in request.url.path:
            return _gone(said, response)
        case status:
            return ProviderRejected(f"{said}.", status=status)


def _is_about_one_key(response: httpx.Response) -> bool:
    """Tell whether a 403 can mean the key or guardrail of the request, not the credential.

    Making, deleting or assigning can be refused for reasons that are not documented; of a wrong
    credential OpenRouter says that only management keys may do so.
    """
    request = response.request
    is_change = request.method in CHANGING and ABOUT_KEYS.search(request.url.path) is not None
    return is_change and "management key" not in (_message(response) or "").lower()


def _gone(said: str, response: httpx.Response) -> GuardError:
    """Believe a 404 only from OpenRouter: any proxy or a wrong base URL answers it too."""
    if _message(response) is None:
        return ProviderConfusing(f"{said}, not in OpenRouter's form; nothing was concluded.")
    return KeyGone(f"{said}: the key was deleted.")


def _of_one_generation(said: str, response: httpx.Response, status: int) -> GuardError:
    """Believe only OpenRouter that an id is nobody's, or somebody else's: ids are given up for it."""
    if _message(response) is None:
        return ProviderConfusing(f"{said}, not in OpenRouter's form; nothing was concluded.")
    return ProviderRejected(f"{said}.", status=status)


def sanitised(text: str) -> str:
    """Return `text` on one short line, without anything that looks like a credential."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = CREDENTIAL.sub("[redacted]", line)
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}..."


def _quote(response: httpx.Response) -> str:
    message = _message(response)
    return f' "{sanitised(message)}"' if message else ""


def _message(response: httpx.Response) -> str | None:
    """Return the text of either documented error body (`error.message`); None for any other."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else None


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if SECONDS.fullmatch(value):
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return max(0.0, wait.total_seconds())
