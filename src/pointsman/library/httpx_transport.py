"""Lets any SDK that is built on httpx run in this process: its requests go to an engine, and no socket is opened."""

from functools import partial

from pointsman.library.engine import AnyEngine
from pointsman.library.errors import RequestTimedOut
from pointsman.library.transport_parts import FAILURES, AsyncBody, Body, Posted, read_posted

try:
    import httpx
except ImportError as missing:
    message = "this needs httpx; run `pip install httpx`"
    raise ImportError(message, name=missing.name) from None


class PointsmanTransport(httpx.BaseTransport):
    """For `httpx.Client`: `cohere.ClientV2(httpx_client=httpx.Client(transport=PointsmanTransport(engine)), ...)`.

    Any base URL will do, such as `http://pointsman/v1`: only the path counts.
    """

    def __init__(self, engine: AnyEngine) -> None:
        self._engine = engine

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        posted, translate = _read(request), partial(_translate, request)
        if request.method == "GET":
            return _answer_get(self._engine, posted.path)
        exchange = self._engine.stream(posted.path, request.read(), posted.headers, timeout_s=posted.timeout_s)
        try:
            exchange.open()
        except FAILURES as error:
            raise translate(error) from error
        body = _Body(exchange, translate)
        return httpx.Response(exchange.status, headers=list(exchange.headers), stream=body)


class AsyncPointsmanTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient`; cancelling a request ends its call upstream."""

    def __init__(self, engine: AnyEngine) -> None:
        self._engine = engine

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        posted, translate = _read(request), partial(_translate, request)
        if request.method == "GET":
            return _answer_get(self._engine, posted.path)
        content = await request.aread()
        exchange = self._engine.stream_async(posted.path, content, posted.headers, timeout_s=posted.timeout_s)
        try:
            await exchange.open()
        except FAILURES as error:
            raise translate(error) from error
        body = _AsyncBody(exchange, translate)
        return httpx.Response(exchange.status, headers=list(exchange.headers), stream=body)


class _Body(Body, httpx.SyncByteStream):
    """As httpx wants it."""


class _AsyncBody(AsyncBody, httpx.AsyncByteStream):
    """As httpx wants it."""


def _read(request: httpx.Request) -> Posted:
    return read_posted(request.url.raw_path, request.headers.items(), request.extensions)


def _answer_get(engine: AnyEngine, path: str) -> httpx.Response:
    answer = engine.get(path)
    return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)


def _translate(request: httpx.Request, error: Exception) -> httpx.TransportError:
    """The same as httpx has it, so that an SDK treats it as it treats its own."""
    if isinstance(error, RequestTimedOut):
        return httpx.ReadTimeout(str(error), request=request)
    return httpx.ConnectError(str(error), request=request)
