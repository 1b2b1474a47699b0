"""What lies between one client and one provider for one attempt: the short way where both speak alike, else the hub."""

import msgspec

from pointsman.core.chat.answer import ChatAnswer
from pointsman.core.chat.assemble import assemble_answer, break_up_answer
from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.chat.signatures import holds_foreign
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.crossing import Crossing, plan_crossing
from pointsman.core.dialects.dialect import AnswerReader, Asking, ClientSide, ProviderSide, Target, Verbatim
from pointsman.core.dialects.parameters import add_parameters
from pointsman.core.dialects.quirks import apply_edits, plan_edits, tell_edits
from pointsman.core.dialects.table import DIALECTS, read_conversation
from pointsman.core.dialects.translated_stream import TranslatedStream

_encode = msgspec.json.Encoder().encode


class Passage(msgspec.Struct, frozen=True):
    """The way of a chat request to a provider, and of the answer back.

    Attributes:
        encoded: what is sent.
        path: what follows the provider's base URL.
        asking: what the answer is written for.
        client: the client's format.
        provider: the provider's format.
        verbatim: the short way of the answer, or `None` where it goes through the hub.
        headers: of the client's that go along.
    """

    encoded: Encoded
    path: str
    asking: Asking
    client: ClientSide
    provider: ProviderSide
    verbatim: Verbatim | None
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def is_verbatim(self) -> bool:
        """Whether the provider's bytes go to the client as they came."""
        return self.verbatim is not None

    def classify_status(self, status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
        """What an error status and body of the provider mean, and what may be shown of it."""
        return self.provider.classify_status(status, body)

    def read_plain(self, body: bytes) -> tuple[bytes, Usage | None]:
        """The body for the client and the usage that the provider reports.

        Raises:
            UpstreamFailure: when the body is no answer.
        """
        if self.verbatim is not None:
            return body, self.verbatim.decode_response(body)
        answer = self.provider.read_response(body)
        return self.client.write_response(answer, self.asking), answer.usage

    def open_stream(self) -> AnswerReader:
        """What follows the answer if it comes as the stream that was asked for."""
        if self.verbatim is not None:
            return self.verbatim.read_stream(self.asking.request.wants_usage)
        return TranslatedStream(self.provider.read_stream(), self.client.write_stream(self.asking))

    def write_as_stream(self, body: bytes) -> tuple[bytes, Usage | None]:
        """A whole answer as the stream that was asked for, for a provider that sent the one in place of the other.

        Raises:
            UpstreamFailure: when the body is no answer.
        """
        answer = self.provider.read_response(body)
        return self.client.write_stream(self.asking).write(break_up_answer(answer)), answer.usage

    def write_as_plain(self, stream: bytes) -> tuple[bytes, Usage | None]:
        """A whole stream as the plain answer that was asked for, likewise.

        Raises:
            UpstreamFailure: when the stream is no whole answer.
        """
        answer = self._collect(stream)
        return self.client.write_response(answer, self.asking), answer.usage

    def _collect(self, stream: bytes) -> ChatAnswer:
        reader = self.provider.read_stream()
        answer = assemble_answer([*reader.feed(stream), *reader.finish()])
        if answer is None:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is a stream that was cut", sent=True)
        return answer


class OperationPassage(Passage, frozen=True, kw_only=True):
    """The same of a request beside chat, which is never answered by a stream.

    Attributes:
        crossing: how it is sent and read.
    """

    crossing: Crossing

    @property
    def is_verbatim(self) -> bool:
        """Whether the provider's bytes go to the client as they came."""
        return self.crossing.keeps_bytes

    def read_plain(self, body: bytes) -> tuple[bytes, Usage | None]:
        """The body for the client and the usage that the provider reports.

        Raises:
            UpstreamFailure: when the body is no answer.
        """
        return self.crossing.read(body)

    def write_as_plain(self, stream: bytes) -> tuple[bytes, Usage | None]:
        """Nothing beside chat is ever a stream.

        Raises:
            UpstreamFailure: always.
        """
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "a stream came where none is possible", sent=True)


def open_passage(request: ChatRequest, dialect: str, target: Target, asking: Asking) -> Passage:
    """Encode a request for a provider.

    Args:
        request: of the client.
        dialect: that the provider speaks.
        target: what it is encoded for.
        asking: what the answer will be written for.

    Raises:
        ClientError: for a request of which no other format could be made.
    """
    there, here = DIALECTS[dialect], DIALECTS[request.dialect]
    client, provider = here.client, there.provider
    assert client is not None and provider is not None, "the document's schema names providers' formats only"
    headers = asking.headers if here is there else ()
    if request.operation != "chat":
        way = plan_crossing(request, dialect, target, asking)
        return OperationPassage(way.encoded, way.path, asking, client, provider, None, headers, crossing=way)
    verbatim = there.verbatim if here is there else None
    if verbatim is not None and not holds_foreign(request.body):
        encoded = verbatim.rewrite_request(request, target)
    else:
        if client.check_portable is not None:
            client.check_portable(request)
        encoded = _translate(request, provider, target)
        if verbatim is not None and verbatim.suits_hub is not None and not verbatim.suits_hub(asking):
            verbatim = None
    path = provider.find_path(target.model, request.stream)
    return Passage(encoded, path, asking, client, provider, verbatim, headers)


def _translate(request: ChatRequest, provider: ProviderSide, target: Target) -> Encoded:
    asked = read_conversation(request)
    conversation, changes = add_parameters(asked, target.parameters)
    draft = provider.encode_request(conversation, request.stream, target)
    losses, changes = tuple(draft.losses), changes + draft.changes
    if not target.quirks:
        return Encoded(_encode(draft.fields), changes, losses)
    edits = plan_edits(target.quirks, draft.fields)
    said = draft.fields
    if edits and conversation is not asked:  # an agent's parameters are not what the caller said
        said = provider.encode_request(asked, request.stream, target).fields
    told, imposed = tell_edits(edits, said, draft.own, minds_names=False)
    apply_edits(edits, draft.fields)
    return Encoded(_encode(draft.fields), changes + told, losses, imposed)
