"""An answer on the wire as a script: a few kinds of steps, which faults change and the player plays."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

HeaderFields = tuple[tuple[str, str], ...]
PieceKind = Literal["document", "role", "content", "finish", "usage", "done"]


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; written together with the first bytes that follow.

    Attributes:
        status: the HTTP status.
        headers: fields in order, without those of the framing.
        length: bytes of the body, or `None` for chunked transfer.
    """

    status: int
    headers: HeaderFields
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One whole thing of the body: the document of a plain answer or an event of a stream.

    Attributes:
        kind: which part of the answer it is. `role` is every event that only opens, closes or keeps alive; `content`
            carries tokens, thoughts that are shown included; a fault strikes between those two kinds and the rest.
        data: its bytes, framed.
        tokens: generated tokens it stands for; the next piece is due once their time has passed.
    """

    kind: PieceKind
    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes written to the connection as they are, outside any framing."""

    data: bytes


class Interruption(Enum):
    """How an answer ends when it does not end properly."""

    CUT = "close the connection here"
    HANG = "send nothing any more and leave the connection open"


Step = Head | Piece | Raw | Interruption
Script = Iterable[Step]


def write_document(status: int, data: bytes, *headers: tuple[str, str], tokens: int = 0) -> Script:
    """The script of a plain answer; JSON unless `headers` name another type."""
    fields = headers if any(name == "content-type" for name, _ in headers) else (*headers, JSON_TYPE)
    return (Head(status, fields, len(data)), Piece("document", data, tokens))


JSON_TYPE = ("content-type", "application/json")
EVENT_STREAM_TYPE = ("content-type", "text/event-stream; charset=utf-8")


def write_event(data: bytes, name: str = "") -> bytes:
    """One server-sent event, with a name where the dialect gives its events names."""
    return (b"event: " + name.encode() + b"\n" if name else b"") + b"data: " + data + b"\n\n"
