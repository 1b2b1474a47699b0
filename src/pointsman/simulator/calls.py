"""What the simulator was asked and how each call ended, kept in a bounded ring for tests to compare with a bill."""

import hashlib
import time
from collections import deque
from itertools import count
from typing import Literal
from uuid import uuid4

from msgspec import Struct

from pointsman.simulator.connection import Request

MOST_CALLS = 10_000
MOST_BODY_BYTES = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024

_SECRET_HEADERS = frozenset(
    {"authorization", "x-api-key", "api-key", "x-goog-api-key", "x-amz-security-token", "cookie"}
)

Ended = Literal["completed", "client_disconnected", "fault"]


class Call(Struct):
    """One call of the provider's surface; filled in while it runs.

    Attributes:
        sequence: 1 for the first call; never used twice.
        id: the `x-request-id` of the answer.
        method: of HTTP.
        path: with its query.
        headers: names in lower case and values; credentials are masked.
        body: as text, the first 64 KiB; invalid UTF-8 is replaced.
        body_bytes: the size of the whole body.
        body_sha256: of the whole body, so that byte-exact forwarding can be checked.
        received_at_s: the monotonic clock when the last byte of the request was in.
        received_epoch_s: the wall clock then.
        model: as asked for, or `None` when the request was not readable.
        stream: whether a stream was asked for.
        fault: the fault in force, or `None`.
        status: of the answer, or `None` when no head was sent.
        prompt_tokens: what the prompt costs; 0 until the model accepted it.
        completion_tokens: generated tokens whose bytes went out, reasoning included.
        reasoning_tokens: the part of a whole answer that is reasoning.
        cache_read_tokens: the part of the prompt that came from the cache.
        cache_write_tokens: the part of the prompt that went there.
        ended: how, or `None` while it runs.
        ended_at_s: the monotonic clock at the end.
    """

    sequence: int
    id: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str
    body_bytes: int
    body_sha256: str
    received_at_s: float
    received_epoch_s: float
    model: str | None = None
    stream: bool = False
    fault: str | None = None
    status: int | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    ended: Ended | None = None
    ended_at_s: float | None = None

    def end(self, ended: Ended) -> None:
        """Record how and when the call ended."""
        self.ended = ended
        self.ended_at_s = time.monotonic()


class CallLog:
    """The last calls, at most 10,000 and at most 64 MiB of bodies."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._kept_bytes = 0
        self._sequence = count(1)

    def open(self, request: Request) -> Call:
        """Record that a call has come in."""
        call = Call(
            sequence=next(self._sequence),
            id=f"req_{uuid4().hex}",
            method=request.method,
            path=request.target,
            headers=[(name, _mask(name, value)) for name, value in request.headers],
            body=request.body[:MOST_BODY_BYTES].decode(errors="replace"),
            body_bytes=len(request.body),
            body_sha256=hashlib.sha256(request.body).hexdigest(),
            received_at_s=time.monotonic(),
            received_epoch_s=time.time(),
        )
        self._calls.append(call)
        self._kept_bytes += len(call.body)
        while len(self._calls) > MOST_CALLS or self._kept_bytes > MOST_BYTES:
            self._kept_bytes -= len(self._calls.popleft().body)
        return call

    def list(self, after: int) -> list[Call]:
        """The calls kept whose sequence is above `after`, in order."""
        return [call for call in self._calls if call.sequence > after]

    def clear(self) -> None:
        """Forget all calls; sequences go on."""
        self._calls.clear()
        self._kept_bytes = 0


def _mask(name: str, value: str) -> str:
    """`Bearer abc` becomes `Bearer ***`."""
    if name not in _SECRET_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} ***" if space else "***"
