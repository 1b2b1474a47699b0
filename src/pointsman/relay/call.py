"""One client call on its way: what came in, and what is learned until it is settled."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.dialects.dialect import Dialect
from pointsman.core.ports import Upstream
from pointsman.core.routing.decision import Decision
from pointsman.core.routing.outcome import CostStatus, Outcome


class Call(msgspec.Struct, frozen=True):
    """What a client sent.

    Attributes:
        request_id: ours, unique.
        dialect: the wire format the client speaks.
        body: as received.
        key_id: the virtual key that was presented.
        agent: the agent named in a header, or `None`.
        arrived_at_ms: wall clock, milliseconds since the Unix epoch.
        arrived_s: monotonic clock, seconds.
        shown_id: the request id on the answer: the client's own if it sent a fit one, else ours.
    """

    request_id: str
    dialect: Dialect
    body: bytes
    key_id: str
    agent: str | None
    arrived_at_ms: int
    arrived_s: float
    shown_id: str


@dataclass(slots=True)
class Progress:
    """What is known so far of a call; grows until `settle` turns it into an `Outcome`."""

    call: Call
    snapshot: Snapshot
    stream: bool = False
    decision: Decision | None = None
    model: Model | None = None
    attempts: int = 0
    usage: Usage | None = None
    cost: tuple[int | None, CostStatus] | None = None
    content_bytes: int = 0
    maybe_billed: bool = False
    first_content_s: float | None = None
    status: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Relay:
    """What the ten stops need of the outside.

    Attributes:
        upstream: carries calls to providers.
        record: takes the outcome of every call, at once and without waiting.
        monotonic_s: the clock that durations are measured with.
    """

    upstream: Upstream
    record: Callable[[Outcome], None]
    monotonic_s: Callable[[], float]
