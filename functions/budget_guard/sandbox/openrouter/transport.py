"""An httpx transport onto the account in process: the real client code, without a socket."""

import httpx

from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.messages import Answer, Ending, Request

PREFIX = "/api/v1"


class InProcess(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends requests straight to `api`; what is no path of the service's is answered with 404.

    Dropped and cut off connections raise what httpx raises over a socket. A delayed answer comes
    at once if the client would have waited for it, else `httpx.ReadTimeout` is raised.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a synchronous client."""
        request.read()
        return self._send(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer an asynchronous client."""
        await request.aread()
        return self._send(request)

    def _send(self, request: httpx.Request) -> httpx.Response:
        answer = self._api.answer(
            Request(
                method=request.method,
                path=request.url.path.removeprefix(PREFIX),
                query=dict(request.url.params),
                authorization=request.headers.get("authorization"),
                body=request.content,
            )
        )
        _interrupt(request, answer)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)


def _interrupt(request: httpx.Request, answer: Answer) -> None:
    patience = request.extensions.get("timeout", {}).get("read")
    if patience is not None and answer.delay > patience:
        message = f"no answer within {patience} s"
        raise httpx.ReadTimeout(message, request=request)
    if answer.ending is Ending.DROPPED:
        message = "Server disconnected without sending a response."
        raise httpx.RemoteProtocolError(message, request=request)
    if answer.ending is Ending.TRUNCATED:
        message = "peer closed connection without sending complete message body"
        raise httpx.RemoteProtocolError(message, request=request)
