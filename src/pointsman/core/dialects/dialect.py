"""What every wire format can do; each folder beside this file fills one in, and `table.py` lists them.

A format has up to three sides: what its clients send and get, what its providers are sent and send, and the short way
between a client and a provider of the same format, on which bytes stay as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from pointsman.core.chat.answer import ChatAnswer, ChatEvent
from pointsman.core.chat.conversation import Conversation
from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure
from pointsman.core.chat.request import ChatRequest, Encoded, ParameterValue
from pointsman.core.chat.usage import Usage, UsageTally
from pointsman.core.chat.verification import AnswerText
from pointsman.core.dialects.quirks import Quirk

Parameters = tuple[tuple[str, ParameterValue], ...]
"""An agent's parameters under OpenAI's names, used where the caller states none."""


class Target(msgspec.Struct, frozen=True):
    """What a request is encoded for.

    Attributes:
        model: the provider's id of the model.
        max_output_tokens: the most tokens of an answer as far as the catalogue knows, or `None`; some formats demand a
            limit with every request.
        quirks: what this provider, or this model of it, wants said otherwise than its format has it.
        parameters: the agent's.
    """

    model: str
    max_output_tokens: int | None = None
    quirks: tuple[Quirk, ...] = ()
    parameters: Parameters = ()


class Asking(msgspec.Struct, frozen=True):
    """What an answer is written for.

    Attributes:
        request: of the client.
        request_id: ours; stands where a format wants an id and the provider gives none.
        at_s: when it came, in seconds since the Unix epoch.
        headers: of the client's that a provider of the same format is to see, too.
    """

    request: ChatRequest
    request_id: str
    at_s: int
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Draft(msgspec.Struct):
    """A request in a provider's format before quirks.

    Attributes:
        fields: the body; may be changed.
        losses: what the format cannot say, as paths of the hub's request or names of parameters.
        own: members of the body that nobody asked for; quirks may take them away without a word.
        changes: what the format demanded beyond what was said, as `x-pointsman-changes` tells it.
    """

    fields: dict[str, object]
    losses: list[str]
    own: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


class AnswerReader(Protocol):
    """Follows one streamed answer; bytes of the provider in, bytes for the client out."""

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
    def tally(self) -> UsageTally:
        """How the reports of usage agreed: whether any of them contradicted another, or could not be true."""

    @property
    def content_bytes(self) -> int:
        """How much content came, for an estimate where no usage does."""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return what may go to the client now."""

    def finish(self) -> bytes:
        """Take the end of the connection; return what completes the answer, or set `failure` if it was cut."""

    def cut(self) -> bytes:
        """End an answer that must not go on: return what completes it, as if it had reached its limit of tokens.

        Comes after content, and before the answer has ended; nothing is fed any more after it. `done` stays false,
        because what it used is not known.
        """


class EventReader(Protocol):
    """Reads a provider's stream into the hub, however it was cut on its way."""

    @property
    def is_usage_rejected(self) -> bool:
        """Whether usage was reported that could not be true."""

    def feed(self, data: bytes) -> list[ChatEvent]:
        """Take the next bytes; return the events that are whole now. After `Ended` or `Failed` nothing more comes."""

    def finish(self) -> list[ChatEvent]:
        """Take the end of the connection; return what was still held, with `Ended` only if the answer is whole.

        An answer that was cut gives no `Ended`, and no `Failed` either: whoever reads the events sees that.
        """


class EventWriter(Protocol):
    """Writes the hub's events as a client's stream; remembers what is open."""

    def write(self, events: Sequence[ChatEvent]) -> bytes:
        """The bytes of some events; `Failed` is never among them."""


@dataclass(frozen=True, slots=True)
class ClientSide:
    """What clients of the format send and get.

    Attributes:
        decode_request: a client's body -> request, checked; raises `ClientError`. Where the URL says more than the body
            does, such as the model, the door binds that.
        read_request: a decoded request -> hub; what no format but this one has goes into `extra` or `Native`. Raises
            `ClientError` for what cannot be read.
        write_response: hub -> the body of a plain answer.
        write_stream: makes the writer of one streamed answer.
        encode_error: status, code, message, param, request id -> an error body.
        encode_stream_error: code, message, request id -> the event that ends a broken stream.
        read_answer: a plain answer's body, in this format -> what it says and how sure it is.
        passed_headers: names of headers that a provider of the same format understands and that only the client can
            mean, such as those that turn on what is in trial.
        check_portable: refuses, with `ClientError`, a request that builds on what only one deployment of this format
            keeps, on its way into another format; `None` where the format knows no such thing.
    """

    decode_request: Callable[[bytes], ChatRequest]
    read_request: Callable[[ChatRequest], Conversation]
    write_response: Callable[[ChatAnswer, Asking], bytes]
    write_stream: Callable[[Asking], EventWriter]
    encode_error: Callable[[int, str, str, str | None, str], bytes]
    encode_stream_error: Callable[[str, str, str], bytes]
    read_answer: Callable[[bytes], AnswerText]
    check_portable: Callable[[ChatRequest], None] | None = None
    passed_headers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderSide:
    """What providers of the format are sent and send.

    Attributes:
        find_path: upstream model id and whether to stream -> what follows the base URL, query included.
        encode_request: hub, whether to stream, target -> draft; the target's parameters stand in already.
        read_response: a plain answer's body with status 200 -> hub; raises `UpstreamFailure` when it is none.
        read_stream: makes the reader of one streamed answer.
        classify_status: an error status and body -> what it means, and what may be shown of it.
        models_path: what follows the base URL for the list of models, or `""` when there is none.
        read_models: the body of that list -> the ids in it; raises `ValueError` when it is none.
        find_next_models: the same body -> what follows the base URL for the next page of the list, or `""` after the
            last one; `None` where a list has one page.
    """

    find_path: Callable[[str, bool], str]
    encode_request: Callable[[Conversation, bool, Target], Draft]
    read_response: Callable[[bytes], ChatAnswer]
    read_stream: Callable[[], EventReader]
    classify_status: Callable[[int, bytes], tuple[FailureKind, ShownError | None]]
    models_path: str = ""
    read_models: Callable[[bytes], list[str]] | None = None
    find_next_models: Callable[[bytes], str] | None = None


@dataclass(frozen=True, slots=True)
class Verbatim:
    """The short way between a client and a provider of the same format.

    Attributes:
        rewrite_request: the client's bytes with the provider's model, the target's parameters and quirks spliced in.
        decode_response: a plain answer's body -> usage, or `None`; raises `UpstreamFailure` when it is no answer.
        read_stream: makes the reader of one streamed answer, told whether the client wants usage.
        suits_hub: whether the answer may keep its bytes where the request went through the hub; not so where the hub
            writes an older form of asking anew. `None` where a format has no older form.
    """

    rewrite_request: Callable[[ChatRequest, Target], Encoded]
    decode_response: Callable[[bytes], Usage | None]
    read_stream: Callable[[bool], AnswerReader]
    suits_hub: Callable[[Asking], bool] | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format.

    Attributes:
        name: its key in the table.
        client: what its clients send and get, or `None` where only providers speak it.
        provider: what its providers are sent and send, or `None` where only clients speak it.
        verbatim: the short way between the two, or `None`.
    """

    name: str
    client: ClientSide | None = None
    provider: ProviderSide | None = None
    verbatim: Verbatim | None = None
