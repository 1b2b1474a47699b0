"""Names to addresses: looked up in threads of our own, remembered for seconds, one lookup at a time per name."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

from pointsman.core.chat.failures import FailureKind, UpstreamFailure

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
LookUp = Callable[[str, int], list[SocketAddress]]

REMEMBERED_S = 15.0
MOST_ADDRESSES = 16
MOST_NAMES = 512
_THREADS = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    answer: asyncio.Future[list[SocketAddress] | OSError]
    expires_s: float


def look_up(host: str, port: int) -> list[SocketAddress]:
    """Ask the system's resolver; blocks.

    Raises:
        OSError: when the name has no address or the resolver does not answer.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # The stubs also know (int, bytes), which a Python without IPv6 gives; the guard refuses it like any non-address.
    return [cast(SocketAddress, address) for *_, address in found]


class Resolver:
    """Remembers for `REMEMBERED_S` seconds what a name stands for; failures are not remembered.

    Args:
        ask: the blocking lookup; tests pass one that answers as a hostile name server would.
    """

    def __init__(self, ask: LookUp = look_up) -> None:
        self._ask = ask
        self._entries: dict[tuple[str, int], _Entry] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pointsman-names")

    async def resolve(self, host: str, port: int) -> list[SocketAddress]:
        """Find the addresses of a name, in the resolver's order; at most `MOST_ADDRESSES`.

        Raises:
            UpstreamFailure: UNREACHABLE when there is none.
        """
        # One caller that gives up must not take the answer away from the others.
        answer = await asyncio.shield(self._find_entry(host, port).answer)
        if isinstance(answer, OSError) or not answer:
            self._entries.pop((host, port), None)
            reason = answer.strerror if isinstance(answer, OSError) else "it has no address"
            raise UpstreamFailure(FailureKind.UNREACHABLE, f"the name {host} was not found: {reason}", sent=False)
        return answer

    def close(self) -> None:
        """Let the threads end; lookups that wait for one are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _find_entry(self, host: str, port: int) -> _Entry:
        loop = asyncio.get_running_loop()
        entry = self._entries.get((host, port))
        if entry is not None and loop.time() < entry.expires_s:
            return entry
        if len(self._entries) >= MOST_NAMES:
            self._entries.clear()
        answer = loop.run_in_executor(self._threads, self._ask_safely, host, port)
        self._entries[host, port] = entry = _Entry(answer, loop.time() + REMEMBERED_S)
        return entry

    def _ask_safely(self, host: str, port: int) -> list[SocketAddress] | OSError:
        # The error travels as a value: a future that nobody waits for any more must not complain of it.
        try:
            return self._ask(host, port)[:MOST_ADDRESSES]
        except OSError as error:
            return error
        except UnicodeError:  # getaddrinfo's own complaint about a label that is empty or too long
            return OSError(0, "it is not a valid name")
