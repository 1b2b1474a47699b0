"""What every wire format can do; each folder beside this file fills one in, and `table.py` lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure
from pointsman.core.chat.request import ChatRequest, Encoded, ParameterValue
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.verification import AnswerText


class AnswerReader(Protocol):
    """Follows one streamed answer; bytes in, bytes for the client out."""

    @property
    def done(self) -> bool:
        """Whether the answer has ended properly."""

    @property
    def failure(self) -> UpstreamFailure | None:
        """What broke the stream; look after each `feed`, once its bytes are with the client."""

    @property
    def usage(self) -> Usage | None:
        """The last usage reported."""

    @property
    def content_bytes(self) -> int:
        """How much content came, for an estimate where no usage does."""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return what may go to the client now."""

    def finish(self) -> bytes:
        """Take the end of the connection; return what completes the answer, or set `failure` if it was cut."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format, both directions.

    Attributes:
        path: what follows a provider's base URL for a chat call.
        decode_request: a client's body -> hub; raises `ClientError`.
        encode_request: hub, upstream model id and agent's parameters -> a provider's body.
        decode_response: a plain answer's body -> usage, or `None`; raises `UpstreamFailure`.
        read_stream: makes the reader of one streamed answer, told whether the client wants usage.
        classify_status: a provider's error status and body -> what it means.
        encode_error: status, code, message, param, request id -> an error body for a client.
        encode_stream_error: code, message, request id -> the event that ends a broken stream.
        read_answer: a plain answer's body -> what it says and how sure it is.
        write_verification: a client's request, the answer's text, a mark, whether schemas are understood -> the request
            for a verdict, or `None` when there is too much to be shown.
    """

    path: str
    decode_request: Callable[[bytes], ChatRequest]
    encode_request: Callable[[ChatRequest, str, tuple[tuple[str, ParameterValue], ...]], Encoded]
    decode_response: Callable[[bytes], Usage | None]
    read_stream: Callable[[bool], AnswerReader]
    classify_status: Callable[[int, bytes], tuple[FailureKind, ShownError | None]]
    encode_error: Callable[[int, str, str, str | None, str], bytes]
    encode_stream_error: Callable[[str, str, str], bytes]
    read_answer: Callable[[bytes], AnswerText]
    write_verification: Callable[[ChatRequest, str, str, bool], ChatRequest | None]
