"""The listening socket and the server on it; ends on SIGINT and SIGTERM after what is under way."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator
from functools import partial
from typing import cast

import uvicorn

from pointsman.server.application import Application
from pointsman.server.connection import ClientConnection
from pointsman.wire.outbox import Outbox

DRAIN_SECONDS = 10
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048


class CannotListen(Exception):
    """The address cannot be had; the message says why and what to do."""


def open_socket(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 picks a free one.

    Raises:
        CannotListen: when it is taken or not ours.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"{host} is not an address to listen on: {error.strerror}") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        hint = "set POINTSMAN_PORT or --port to another one"
        raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}; {hint}") from None
    return listener


class Listener(uvicorn.Server):
    """A uvicorn server that leaves the signals to us: one ends it gently, a second one at once."""

    def __init__(self, application: Application) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                # uvicorn's types ask for a class; what it does is call it.
                http=cast(type[asyncio.Protocol], partial(ClientConnection, Outbox())),
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take SIGINT and SIGTERM for the time of serving."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
