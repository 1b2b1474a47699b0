"""What a log line may hold: these fields and no others, so that no prompt, header or key can get in."""

import json
import time
from functools import lru_cache
from typing import Literal

import msgspec

from pointsman.core.chat.money import format_usd
from pointsman.core.routing.outcome import Outcome

Level = Literal["info", "warning", "error"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something other than a request that operators should know of; fields left at `None` are not written.

    Attributes:
        name: stable, such as `started`, `configuration_rejected`; the line's `event`.
        level: how bad it is.
        message: a sentence for people.
        code: of a problem.
        path: a file, or the place in the configuration.
        line: in that file, from 1.
        column: in that line, from 1.
        suggestion: what to write instead.
        revision: of the configuration.
        url: where something listens; without query.
        logger: which library spoke.
        error: the type of an exception.
        count: of how many.
        decision: why a request goes where it goes.
    """

    name: str = msgspec.field(name="event")
    level: Level
    message: str
    code: str | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    suggestion: str | None = None
    revision: str | None = None
    url: str | None = None
    logger: str | None = None
    error: str | None = None
    count: int | None = None
    decision: dict[str, object] | None = None


class RequestLine(msgspec.Struct, frozen=True, tag_field="event", tag="request"):
    """A finished request; `cost_usd` is text because it is exact, and unknown numbers are null."""

    level: Level
    request_id: str
    agent: str
    model: str
    provider: str
    upstream_model: str
    key_id: str
    revision: str
    status: int
    failure: str
    stream: bool
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: str | None
    cost_status: str
    latency_ms: float
    first_content_ms: float | None


def request_line(outcome: Outcome) -> RequestLine:
    """What is logged of a finished request."""
    usage, cost_nusd, first_content_ms = outcome.usage, outcome.cost_nusd, outcome.first_content_ms
    return RequestLine(
        level="info",
        request_id=outcome.request_id,
        agent=outcome.agent,
        model=outcome.model,
        provider=outcome.provider,
        upstream_model=outcome.upstream_model,
        key_id=outcome.key_id,
        revision=outcome.revision,
        status=outcome.status,
        failure=outcome.failure,
        stream=outcome.stream,
        attempts=outcome.attempts,
        input_tokens=usage.input_tokens if usage is not None else None,
        output_tokens=usage.output_tokens if usage is not None else None,
        cost_usd=format_usd(cost_nusd) if cost_nusd is not None else None,
        cost_status=outcome.cost_status,
        latency_ms=round(outcome.latency_ms, 3),
        first_content_ms=round(first_content_ms, 3) if first_content_ms is not None else None,
    )


_encoder = msgspec.json.Encoder()


def to_json(line: Event | RequestLine, at_ms: int) -> str:
    """One line of ASCII JSON: whatever a text holds, it can neither end the line nor steer a terminal."""
    return f'{{"at":"{format_time(at_ms)}",{_to_ascii_json(line)[1:]}'


def to_readable(line: Event | RequestLine, at_ms: int) -> str:
    """One short line for a terminal."""
    words = _words_of_event(line) if isinstance(line, Event) else _words_of_request(line)
    return _escape(" ".join([format_time(at_ms)[11:19], *filter(None, words)]))


def _to_ascii_json(line: Event | RequestLine) -> str:
    try:
        text = _encoder.encode(line).decode()
    except UnicodeEncodeError:
        return _to_escaped_json(line)
    return text.replace("\x7f", "\\u007f") if text.isascii() else _to_escaped_json(line)


def _to_escaped_json(line: Event | RequestLine) -> str:
    # Slower, but it escapes what the quick way lets through: C1 controls, line separators, bidi marks, surrogates.
    return json.dumps(msgspec.to_builtins(line), separators=(",", ":")).replace("\x7f", "\\u007f")


def _words_of_event(event: Event) -> list[str]:
    level = event.level.upper() if event.level != "info" else ""
    place = ":".join(str(part) for part in (event.path, event.line, event.column) if part is not None)
    return [level, place, event.message, event.suggestion or "", event.url or ""]


def _words_of_request(line: RequestLine) -> list[str]:
    model = f"{line.agent} -> {line.model}" if line.agent else line.model
    tokens = "? tokens" if line.input_tokens is None else f"{line.input_tokens}+{line.output_tokens} tokens"
    cost = "cost unknown" if line.cost_usd is None else f"${line.cost_usd}"
    return [str(line.status), line.failure, model, tokens, cost, f"{line.latency_ms:.0f} ms", line.request_id]


def format_time(at_ms: int) -> str:
    """Epoch milliseconds as ISO 8601 in UTC, such as `2026-11-21T09:48:28.123Z`."""
    seconds, milliseconds = divmod(at_ms, 1_000)
    return f"{_format_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(16)
def _format_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _escape(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
