"""Lets any SDK that is built on httpx2 run in this process: its requests go to an engine, and no socket is opened."""

from functools import partial

from pointsman.library.engine import AnyEngine
from pointsman.library.errors import RequestTimedOut
from pointsman.library.transport_parts import FAILURES, AsyncBody, Body, Posted, read_posted

try:
    import httpx2
except ImportError as missing:
    message = "this needs httpx2; run `pip install 'pointsman[langchain]'`"
    raise ImportError(message, name=missing.name) from None


class PointsmanTransport(httpx2.BaseTransport):
    """For `httpx2.Client`: `OpenAI(http_client=httpx2.Client(transport=PointsmanTransport(engine)), ...)`.

    Any base URL will do, such as `http://pointsman/v1`: only the path counts.
    """

    def __init__(self, engine: AnyEngine) -> None:
        self._engine = engine

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
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
        return httpx2.Response(exchange.status, headers=list(exchange.headers), stream=body)


class AsyncPointsmanTransport(httpx2.AsyncBaseTransport):
    """For `httpx2.AsyncClient`; cancelling a request ends its call upstream."""

    def __init__(self, engine: AnyEngine) -> None:
        self._engine = engine

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
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
        return httpx2.Response(exchange.status, headers=list(exchange.headers), stream=body)


class _Body(Body, httpx2.SyncByteStream):
    """As httpx2 wants it."""


class _AsyncBody(AsyncBody, httpx2.AsyncByteStream):
    """As httpx2 wants it."""


def _read(request: httpx2.Request) -> Posted:
    return read_posted(request.url.raw_path, request.headers.items(), request.extensions)


def _answer_get(engine: AnyEngine, path: str) -> httpx2.Response:
    answer = engine.get(path)
    return httpx2.Response(answer.status, headers=list(answer.headers), content=answer.body)


def _translate(request: httpx2.Request, error: Exception) -> httpx2.TransportError:
    """The same as httpx2 has it, so that an SDK treats it as it treats its own."""
    if isinstance(error, RequestTimedOut):
        return httpx2.ReadTimeout(str(error), request=request)
    return httpx2.ConnectError(str(error), request=request)
