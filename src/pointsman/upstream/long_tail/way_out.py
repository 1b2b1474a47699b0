"""The guard around what LiteLLM connects to: each call may go where its deployment may, and nowhere else.

It holds for every connection that is opened on this loop. What a part of LiteLLM opens in a thread, past the loop, it
cannot see.
"""

import asyncio
import ssl
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.upstream.guard import find_objection
from pointsman.upstream.origin import Origin

ANYWHERE = Origin(host="", port=443, tls=True, location="cloud")
"""Where a provider may be whose address only LiteLLM knows: at any public one."""


@dataclass(slots=True)
class Way:
    """Where one call may go, and what has become of its connections.

    Attributes:
        origin: the one place that it may go to; without a host, every place that its location allows.
        connect_s: how long a connection may take.
        addresses: what the origin's host was found to stand for.
        failure: why the last connection that was wanted did not come about.
        is_open: whether one came about, so that something may have been sent.
    """

    origin: Origin = ANYWHERE
    connect_s: float = 5.0
    addresses: set[str] = field(default_factory=set)
    failure: UpstreamFailure | None = None
    is_open: bool = False

    def refuse(self, kind: FailureKind, detail: str) -> OSError:
        """Keep what went wrong; LiteLLM will have made something else of the error by the time it arrives."""
        self.failure = UpstreamFailure(kind, detail, sent=self.is_open)
        return OSError(detail)


WAY: ContextVar[Way] = ContextVar("way")
"""That of the call which the running task works for; tasks that it starts inherit it."""


class GuardedLoop(asyncio.SelectorEventLoop):
    """An event loop that looks up and connects only what the running call's `Way` allows."""

    async def getaddrinfo(self, host: Any, port: Any, **how: int) -> Any:
        """Look a name up, if it is the one that the call may go to."""
        way = WAY.get(None) or Way()
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        if way.origin.host and name != way.origin.host:
            raise way.refuse(FailureKind.ADDRESS_FORBIDDEN, f"LiteLLM wanted to call {name[:253]} beside its base URL")
        try:
            found = await super().getaddrinfo(host, port, **how)
        except OSError as error:
            detail = f"the name {name[:253]} was not found: {error.strerror or type(error).__name__}"
            raise way.refuse(FailureKind.UNREACHABLE, detail) from error
        way.addresses.update(str(place[4][0]) for place in found)
        return found

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect a socket, if the call may go there."""
        way = WAY.get(None) or Way()
        objection = _find_objection(address, way)
        if objection is not None:
            raise way.refuse(FailureKind.ADDRESS_FORBIDDEN, f"LiteLLM wanted to connect where it may not: {objection}")
        try:
            async with asyncio.timeout(way.connect_s):
                await super().sock_connect(sock, address)
        except TimeoutError as error:
            detail = f"no connection to {address[0]} within {way.connect_s:g} s"
            raise way.refuse(FailureKind.CONNECT_TIMEOUT, detail) from error
        except ssl.SSLError:
            raise
        except OSError as error:
            detail = f"no connection to {address[0]}: {error.strerror or type(error).__name__}"
            raise way.refuse(FailureKind.UNREACHABLE, detail) from error
        way.is_open, way.failure = True, None


def _find_objection(address: Any, way: Way) -> str | None:
    if type(address) is not tuple or len(address) < 2:
        return "that is no address of a network"
    host, port = str(address[0]), address[1]
    origin = way.origin
    if origin.host and (port != origin.port or (host != origin.host and host not in way.addresses)):
        return f"{host} port {port} is not where its base URL leads"
    return find_objection(host, replace(origin, port=port))
