"""New connections: name, guard, TCP, guard again, TLS; nothing is sent before both guards have agreed."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.upstream.addresses import Resolver, SocketAddress
from pointsman.upstream.connection import Connection
from pointsman.upstream.guard import find_objection
from pointsman.upstream.origin import Origin


class Dialer:
    """Opens connections that the guard allows.

    Args:
        resolver: turns names into addresses; closed with the dialer.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._tls_context: asyncio.Future[ssl.SSLContext] | None = None

    async def dial(self, origin: Origin, make_connection: Callable[[], Connection], timeout_s: float) -> Connection:
        """Open a connection within the time given, name lookup and TLS included.

        Raises:
            UpstreamFailure: ADDRESS_FORBIDDEN, UNREACHABLE, TLS or CONNECT_TIMEOUT; `sent` is false.
        """
        due_s = asyncio.get_running_loop().time() + timeout_s
        try:
            async with asyncio.timeout_at(due_s):
                addresses = await self._resolver.resolve(origin.host, origin.port)
                for address in addresses:
                    _check_address(address[0], origin)
                context = await self._find_tls_context() if origin.tls else None
                connected = await _connect_to_any(addresses, origin, due_s)
                return await _start_protocol(connected, context, origin, make_connection)
        except TimeoutError:
            raise _failure(FailureKind.CONNECT_TIMEOUT, f"no connection to {origin} in time") from None

    def close(self) -> None:
        """Stop looking up names."""
        self._resolver.close()

    async def _find_tls_context(self) -> ssl.SSLContext:
        if self._tls_context is None:
            # Reading the system's certificates takes tens of milliseconds: once, and in a thread.
            self._tls_context = asyncio.get_running_loop().run_in_executor(None, _create_tls_context)
        return await asyncio.shield(self._tls_context)


def _create_tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _connect_to_any(addresses: list[SocketAddress], origin: Origin, due_s: float) -> socket.socket:
    """Try in the resolver's order; an address that does not answer leaves time for those after it."""
    loop = asyncio.get_running_loop()
    problem = OSError("no address")
    for place, address in enumerate(addresses):
        share_s = (due_s - loop.time()) / (len(addresses) - place)
        try:
            async with asyncio.timeout(share_s):
                return await _connect(address, origin)
        except OSError as error:
            problem = error
    if isinstance(problem, TimeoutError):
        raise problem
    raise _failure(FailureKind.UNREACHABLE, f"no connection to {origin}: {_describe(problem)}")


async def _connect(address: SocketAddress, origin: Origin) -> socket.socket:
    family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, address)
        _check_address(opened.getpeername()[0], origin)
    except BaseException:  # Cancelled, timed out or refused: in every case the socket is ours to close.
        opened.close()
        raise
    return opened


async def _start_protocol(
    connected: socket.socket, context: ssl.SSLContext | None, origin: Origin, make_connection: Callable[[], Connection]
) -> Connection:
    name = None if context is None else origin.host
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            make_connection, sock=connected, ssl=context, server_hostname=name
        )
    except TimeoutError:
        raise
    except OSError as error:
        kind = FailureKind.UNREACHABLE if context is None else FailureKind.TLS
        raise _failure(kind, f"no connection to {origin}: {_describe(error)}") from None
    return connection


def _check_address(address: str, origin: Origin) -> None:
    objection = find_objection(address, origin)
    if objection is not None:
        detail = f"{origin.host} leads to a place that a {origin.location} provider must not have: {objection}"
        raise _failure(FailureKind.ADDRESS_FORBIDDEN, detail)


def _describe(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return error.strerror or type(error).__name__


def _failure(kind: FailureKind, detail: str) -> UpstreamFailure:
    return UpstreamFailure(kind, detail, sent=False)
