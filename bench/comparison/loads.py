"""The loads, each a pattern of requests that a gateway must carry: what is sent, how fast, and what came back."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from comparison.machine import BENCH, Tools
from comparison.results import NotMeasured, Sample

PATH = "/v1/chat/completions"
CHUNKS_PER_STREAM = 100
LATE_MS = 20
GRACE_S = 30
"""Added to a load's own duration before its client is given up."""

Headers = Sequence[tuple[str, str]]
LineT = TypeVar("LineT")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a load goes in.

    Attributes:
        port: of 127.0.0.1.
        headers: sent with each request; credentials are among them.
        home: a directory for files of the load.
    """

    port: int
    headers: Headers
    home: Path


@dataclass(frozen=True, slots=True)
class PlainLoad:
    """Requests with plain answers, as fast as the gateway gives them, over a number of connections."""

    name: str
    connections: int
    duration_s: int


@dataclass(frozen=True, slots=True)
class StreamLoad:
    """Streams of 100 chunks, one after the other on each connection.

    Attributes:
        name: as in the table and in `--only`.
        connections: streams open at once.
        duration_s: from the first stream's start.
        interval_ms: between two chunks of a stream; 0 is as fast as the gateway takes them.
        ramp_ms: over which the connections are opened, so that not all streams beat together.
    """

    name: str
    connections: int
    duration_s: int
    interval_ms: int = 0
    ramp_ms: int = 0

    @property
    def model(self) -> str:
        return f"mock-i{self.interval_ms}" if self.interval_ms else "mock"

    @property
    def offered_chunks(self) -> int | None:
        """What an ideal gateway delivers within the duration; each connection misses its part of the ramp."""
        if not self.interval_ms:
            return None
        return round(self.connections * (self.duration_s - self.ramp_ms / 2000) * 1000 / self.interval_ms)


Load = PlainLoad | StreamLoad

FULL_LOADS: tuple[Load, ...] = (
    PlainLoad("sat", connections=64, duration_s=8),
    PlainLoad("c1", connections=1, duration_s=4),
    StreamLoad("ssat", connections=32, duration_s=6),
    StreamLoad("paced", connections=200, duration_s=10, interval_ms=20, ramp_ms=2000),
)
QUICK_LOADS: tuple[Load, ...] = (
    PlainLoad("sat", connections=64, duration_s=3),
    PlainLoad("c1", connections=1, duration_s=2),
    StreamLoad("ssat", connections=32, duration_s=3),
    StreamLoad("paced", connections=200, duration_s=5, interval_ms=20, ramp_ms=2000),
)
WARM_UP: tuple[Load, ...] = (
    PlainLoad("warm-up", connections=64, duration_s=2),
    StreamLoad("warm-up", connections=8, duration_s=1),
)


@dataclass(frozen=True, slots=True)
class WrkLine:
    """What `plain.lua` prints."""

    duration_s: float
    requests: int
    failed: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class SloadLine:
    """What `sload` prints."""

    duration_s: float
    streams: int
    failed: int
    without_done: int
    without_usage: int
    chunks: int
    late: int
    p50_ms: float
    p99_ms: float


def is_measurable(load: Load, tools: Tools) -> bool:
    """Whether the client of the load is installed; only that of plain loads may be missing."""
    return isinstance(load, StreamLoad) or tools.wrk is not None


def drive(load: Load, door: Door, tools: Tools) -> Sample:
    """Put a load on a gateway and wait for its end.

    Raises:
        NotMeasured: when the client of the load is missing, failed, or did not end in time.
    """
    if isinstance(load, PlainLoad):
        return _drive_plain(load, door, tools)
    return _drive_streams(load, door, tools)


def encode_body(model: str, *, stream: bool) -> bytes:
    """The request that every load sends."""
    message = {"role": "user", "content": "Tell me a short story about a fox and a dog."}
    plain: dict[str, object] = {"model": model, "messages": [message]}
    asking = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return msgspec.json.encode(plain | asking)


def _drive_plain(load: PlainLoad, door: Door, tools: Tools) -> Sample:
    if tools.wrk is None:
        raise NotMeasured("wrk is not installed (Debian: apt install wrk)")
    command = (
        *(tools.wrk, "-t1", f"-c{load.connections}", f"-d{load.duration_s}s", "--timeout", "20s"),
        *("-s", str(BENCH / "plain.lua"), f"http://127.0.0.1:{door.port}{PATH}"),
    )
    environment = {
        "BODY": encode_body("mock", stream=False).decode(),
        "HEADERS": "\n".join(f"{name}: {value}" for name, value in door.headers),
    }
    line = _run_client(command, environment, load.duration_s, WrkLine)
    return Sample(line.requests, line.duration_s, line.failed, line.p50_ms, line.p99_ms)


def _drive_streams(load: StreamLoad, door: Door, tools: Tools) -> Sample:
    request = door.home / f"{load.name}.request"
    request.write_bytes(_encode_request(door, encode_body(load.model, stream=True)))
    numbers = (load.connections, load.duration_s, load.ramp_ms, LATE_MS)
    command = (str(tools.sload), str(door.port), str(request), *map(str, numbers))
    line = _run_client(command, {}, load.duration_s, SloadLine)
    return Sample(
        units=line.chunks,
        duration_s=line.duration_s,
        failed=line.failed + max(line.without_done, line.without_usage),
        p50_ms=line.p50_ms,
        p99_ms=line.p99_ms,
        late_chunks=line.late,
        offered_units=load.offered_chunks,
    )


def _encode_request(door: Door, body: bytes) -> bytes:
    fields = (
        ("host", f"127.0.0.1:{door.port}"),
        ("content-type", "application/json"),
        *door.headers,
        ("content-length", str(len(body))),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


def _run_client(
    command: Sequence[str], environment: Mapping[str, str], duration_s: int, line_type: type[LineT]
) -> LineT:
    name = Path(command[0]).name
    try:
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=duration_s + GRACE_S, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise NotMeasured(f"{name} was still running {GRACE_S} s after its time") from expired
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode != 0 or not lines:
        raise NotMeasured(f"{name} failed: {(ended.stderr or ended.stdout).strip()[-400:]}")
    if ended.stderr:
        print(f"  {ended.stderr.strip()[:400]}", file=sys.stderr)
    return msgspec.json.decode(lines[-1], type=line_type)
