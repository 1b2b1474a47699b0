"""ASGI's three words, and the `Client` port spoken through them."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from pointsman.core.ports import Headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AsgiClient:
    """The `Client` port over ASGI."""

    asgi_send: Send

    async def start(self, status: int, headers: Headers) -> None:
        await self.asgi_send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        await self.asgi_send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        await self.asgi_send({"type": "http.response.body", "body": data, "more_body": False})
