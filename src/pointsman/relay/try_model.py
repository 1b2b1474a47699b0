"""One upstream call from its encoding to its answer; every call that a request leads to goes through here."""

import msgspec

from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest, ParameterValue
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.utf8 import repair_utf8
from pointsman.core.config.snapshot import Model
from pointsman.core.dialects.dialect import AnswerReader, Dialect
from pointsman.core.dialects.table import DIALECTS
from pointsman.core.ports import UpstreamResponse
from pointsman.core.routing.decision import Decision
from pointsman.relay.call import Relay
from pointsman.relay.retry_after import read_retry_after_s
from pointsman.relay.sending import Sending
from pointsman.relay.visit import Visit

_NOT_A_STREAM = (b"text/html", b"application/json")

Parameters = tuple[tuple[str, ParameterValue], ...]


class PlainAnswer(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        response: where it came from, already closed.
        body: as received.
        changes: of the request, as `temperature=0.3`.
        usage: as the provider reported it, or `None`.
    """

    response: UpstreamResponse
    body: bytes
    changes: tuple[str, ...]
    usage: Usage | None = None


class StreamedAnswer(msgspec.Struct, frozen=True):
    """An answer whose first content has come.

    Attributes:
        response: what is still to be read; must be closed.
        reader: follows the stream.
        first: the bytes that may go to the client now.
        changes: of the request.
        visit: the call under way; must be ended.
        first_content_s: when the first content came, by the monotonic clock.
    """

    response: UpstreamResponse
    reader: AnswerReader
    first: bytes
    changes: tuple[str, ...]
    visit: Visit
    first_content_s: float

    def give_up(self) -> None:
        """Let go of an answer that nobody wants any more."""
        self.response.close()
        self.visit.give_up()


Answer = PlainAnswer | StreamedAnswer


async def try_model(
    relay: Relay, decision: Decision, model: Model, request: ChatRequest, parameters: Parameters, sending: Sending
) -> Answer:
    """Ask one model.

    Args:
        relay: the way out.
        decision: whose label and locality hold.
        model: whom to ask.
        request: what to ask.
        parameters: used where the request states none.
        sending: told when the first byte goes out.

    Raises:
        UpstreamFailure: when no good answer came.
        EgressRefused: when the request may not go there; nothing was sent.
    """
    deployment = model.deployment
    dialect = DIALECTS[deployment.dialect]
    encoded = dialect.encode_request(request, deployment.upstream_model, parameters)
    visit = Visit(relay.live, deployment, relay.monotonic_s)
    response: UpstreamResponse | None = None
    try:
        response = await relay.gate.send(
            relay.upstream,
            decision,
            deployment,
            dialect.path,
            encoded.body,
            stream=request.stream,
            note_sending=sending.begin,
        )
        if response.status != 200:
            raise await _read_rejection(response, dialect)
        if not request.stream:
            body = repair_utf8(await response.read_all())
            usage = dialect.decode_response(body)
            response.close()
            visit.succeed(usage, response.headers)
            return PlainAnswer(response, body, encoded.changes, usage)
        reader = dialect.read_stream(request.wants_usage)
        first = await _read_until_content(response, reader)
        return StreamedAnswer(response, reader, first, encoded.changes, visit, visit.note_content())
    except BaseException as error:
        if response is not None:
            response.close()
        if isinstance(error, UpstreamFailure):
            visit.fail(error, response.headers if response is not None else None)
        else:
            visit.give_up(sent=sending.has_begun)
        raise


async def _read_rejection(response: UpstreamResponse, dialect: Dialect) -> UpstreamFailure:
    kind, shown = dialect.classify_status(response.status, await response.read_all())
    return UpstreamFailure(
        kind,
        f"the provider answered {response.status}",
        sent=True,
        shown=shown if POLICIES[kind].show_upstream else None,
        retry_after_s=read_retry_after_s(response.header(b"retry-after")),
    )


async def _read_until_content(response: UpstreamResponse, reader: AnswerReader) -> bytes:
    if response.header(b"content-type").lower().startswith(_NOT_A_STREAM):
        detail = "a stream was asked for and something else came"
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True)
    while True:
        data = await response.read()
        first = reader.feed(data) if data else reader.finish()
        if first or reader.done:
            return first
        if reader.failure is not None:
            raise reader.failure
