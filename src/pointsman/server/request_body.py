"""Takes a request's body in: within a size, within a minute, and only as JSON."""

import asyncio
import re

from pointsman.core.chat.client_json import ClientError
from pointsman.server.asgi import Receive

MOST_BODY_BYTES = 32 * 1024 * 1024
BODY_SECONDS = 60.0
LINGER_SECONDS = 2.0
_JSON_TYPE = re.compile(rb'application/json\s*(?:;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)


class ClientDisconnectedError(Exception):
    """The client left while it was still sending its request."""


def check_content(headers: dict[bytes, bytes]) -> None:
    content_type = headers.get(b"content-type", b"")
    if content_type != b"application/json" and _JSON_TYPE.fullmatch(content_type) is None:
        message = "The body must be JSON; send it with content-type: application/json."
        raise ClientError(415, "unsupported_media_type", message)
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise ClientError(415, "unsupported_encoding", "The body must not be compressed.")
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > MOST_BODY_BYTES:
        raise _too_large(MOST_BODY_BYTES)


async def read_body(receive: Receive, *, has_arrived: bool, most_bytes: int = MOST_BODY_BYTES) -> bytes:
    """The whole body, within a minute; usually it `has_arrived` together with the head.

    Raises:
        ClientError: 408 when it takes too long, 413 when it grows too large.
        ClientDisconnectedError: when the client leaves before its end.
    """
    if has_arrived:
        return await _read_pieces(receive, most_bytes)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_pieces(receive, most_bytes)
    except TimeoutError:
        message = f"The request's body took longer than {BODY_SECONDS:.0f} s."
        raise ClientError(408, "request_timeout", message) from None


async def _read_pieces(receive: Receive, most_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        pieces.append(message["body"])
        size += len(message["body"])
        more = message["more_body"]
        if size > most_bytes:
            raise _too_large(most_bytes)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(most_bytes: int) -> ClientError:
    return ClientError(413, "request_too_large", f"The body has more than {most_bytes // 2**20} MiB.")


async def read_off(receive: Receive) -> None:
    """Read and forget what the client still sends, for a moment: closing at once would destroy the answer."""
    seen = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while seen <= MOST_BODY_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect" or not message["more_body"]:
                    return
                seen += len(message["body"])
    except TimeoutError:
        return
