"""One client connection: uvicorn's HTTP protocol with what it leaves out, which is deadlines, bounds and cancelling.

A client that leaves cancels its running call at once; one that dawdles over a request's head is closed.
"""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from pointsman.server.errors import write_error_response
from pointsman.server.exchange import Exchange
from pointsman.wire.outbox import Outbox

MOST_HEADER_BYTES = 16 * 1024
MOST_HEADERS = 100
MOST_URL_BYTES = 8 * 1024
HEAD_SECONDS = 10.0
EXTENSION = "pointsman.connection"
CYCLE = "pointsman.cycle"


class ClientConnection(HttpToolsProtocol):
    """Counts what a client sends before it is believed, and knows the task that works for the client.

    Attributes:
        running: the task that answers the current request, to be cancelled when the client leaves.
    """

    def __init__(
        self,
        outbox: Outbox,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Made by uvicorn for each connection; all share the listener's `outbox`."""
        super().__init__(config, server_state, app_state, _loop)
        self.running: asyncio.Task[Any] | None = None
        self._outbox = outbox
        self._head_deadline: asyncio.TimerHandle | None = None
        self._in_head = False
        self._header_bytes = 0
        self._refused = False

    def start_work(self) -> None:
        """Note that the running task works for this connection's client, who may leave."""
        self.running = asyncio.current_task(self.loop)
        # uvicorn stops reading while a large body waits to be taken; unread, the client's leaving would go unseen.
        self.flow.resume_reading()

    def end_work(self) -> None:
        """Note that whoever leaves now ends nothing."""
        self.running = None

    def open_exchange(self, cycle: RequestResponseCycle) -> Exchange:
        """What a request is answered through; `cycle` is that request's own, for others may be waiting behind it."""
        return Exchange(cycle, self.server_state.default_headers, self._outbox)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_deadline = self.loop.call_later(HEAD_SECONDS, self._close_slow_client)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting_for_head()
        super().connection_lost(exc)
        if self.running is not None:
            self.running.cancel()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._in_head and self._head_deadline is None and not self.transport.is_closing():
            self._head_deadline = self.loop.call_later(HEAD_SECONDS, self._close_slow_client)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._header_bytes = 0
        self.scope[EXTENSION] = self  # type: ignore[literal-required]

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MOST_URL_BYTES:
            self._refuse(414, "uri_too_long", f"The URL has more than {MOST_URL_BYTES} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MOST_HEADER_BYTES or len(self.headers) >= MOST_HEADERS:
            limits = f"more than {MOST_HEADER_BYTES} bytes or {MOST_HEADERS} fields"
            self._refuse(431, "headers_too_large", f"The request's headers have {limits}.")
        elif self._in_head:  # What follows the body are trailers; they are no headers, least of all credentials.
            name = name.lower()
            self.headers.append((name, value))
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting_for_head()
        if self.parser.should_upgrade():
            message = "Other protocols are not spoken here; use HTTP/1.1 and send no Upgrade header."
            self._refuse(400, "upgrade_not_supported", message)
        if not self._refused:
            super().on_headers_complete()
            self.scope[CYCLE] = self.cycle  # type: ignore[literal-required]

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def shutdown(self) -> None:
        self._outbox.flush()
        super().shutdown()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "bad_request", "This is not a proper HTTP/1.1 request.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        if self._refused:
            return
        self._refused = True
        if not self.transport.is_closing():
            # In the middle of an earlier answer there is no place for another one.
            if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
                self.transport.write(write_error_response(status, code, message))
            self.transport.close()

    def _close_slow_client(self) -> None:
        self._head_deadline = None
        if self._in_head:
            self._refuse(408, "request_timeout", f"The request's head took longer than {HEAD_SECONDS:.0f} s.")
        elif not self.transport.is_closing():
            self.transport.close()

    def _stop_waiting_for_head(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None
