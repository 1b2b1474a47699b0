"""One upstream call from its encoding to its answer; every call that a request leads to goes through here."""

import msgspec

from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.chat.request import Encoded
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.utf8 import repair_utf8
from pointsman.core.config.snapshot import Model
from pointsman.core.dialects.dialect import AnswerReader
from pointsman.core.dialects.passage import Passage
from pointsman.core.ports import UpstreamResponse
from pointsman.relay.call import Relay
from pointsman.relay.order import Order, address_order
from pointsman.relay.retry_after import read_retry_after_s
from pointsman.relay.sending import Sending
from pointsman.relay.visit import Visit

_HTML = b"text/html"
_JSON = b"application/json"
_EVENTS = b"text/event-stream"
_EVENT_STARTS = (b"data:", b"event:", b":")


class PlainAnswer(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        response: where it came from, already closed.
        body: for the client, in its format.
        content_type: of the body.
        encoded: the request that it answers.
        usage: as the provider reported it, or `None`.
    """

    response: UpstreamResponse
    body: bytes
    content_type: bytes
    encoded: Encoded
    usage: Usage | None = None


class StreamedAnswer(msgspec.Struct, frozen=True):
    """An answer whose first content has come.

    Attributes:
        response: what is still to be read; must be closed.
        reader: follows the stream.
        first: the bytes that may go to the client now.
        encoded: the request that it answers.
        visit: the call under way; must be ended.
        first_content_s: when the first content came, by the monotonic clock.
    """

    response: UpstreamResponse
    reader: AnswerReader
    first: bytes
    encoded: Encoded
    visit: Visit
    first_content_s: float

    def give_up(self) -> None:
        """Let go of an answer that nobody wants any more."""
        self.response.close()
        self.visit.give_up()


Answer = PlainAnswer | StreamedAnswer


async def try_model(relay: Relay, order: Order, model: Model, sending: Sending) -> Answer:
    """Ask one model.

    Args:
        relay: the way out.
        order: what to ask, and under whose label and locality.
        model: whom to ask.
        sending: told when the first byte goes out.

    Raises:
        UpstreamFailure: when no good answer came.
        EgressRefused: when the request may not go there; nothing was sent.
    """
    deployment, passage = model.deployment, address_order(order, model)
    encoded = passage.encoded
    visit = Visit(relay.live, deployment, relay.monotonic_s)
    response: UpstreamResponse | None = None
    try:
        response = await relay.gate.send(
            relay.upstream,
            order.decision,
            deployment,
            passage.path,
            encoded.body,
            stream=order.request.stream,
            note_sending=sending.begin,
            headers=passage.headers,
        )
        if response.status != 200:
            raise await _read_rejection(response, passage)
        if not order.request.stream or _is_whole(response):
            answer = await _read_whole(response, passage)
            response.close()
            visit.succeed(answer.usage, response.headers)
            return answer
        reader = passage.open_stream()
        first = await _read_until_content(response, reader)
        return StreamedAnswer(response, reader, first, encoded, visit, visit.note_content())
    except BaseException as error:
        if response is not None:
            response.close()
        if isinstance(error, UpstreamFailure):
            visit.fail(error, response.headers if response is not None else None)
        else:
            visit.give_up(sent=sending.has_begun)
        raise


def split_usage(reader: AnswerReader) -> tuple[Usage | None, Usage | None]:
    """What a streamed answer used once it has ended properly, and before that what was reported so far."""
    return (reader.usage, None) if reader.done else (None, reader.usage)


def _is_whole(response: UpstreamResponse) -> bool:
    """Whether one document came where a stream was asked for."""
    return response.header(b"content-type").lower().startswith(_JSON)


async def _read_whole(response: UpstreamResponse, passage: Passage) -> PlainAnswer:
    """A whole answer in the form that the client asked for, whichever of the two the provider sent."""
    body = await response.read_all()
    if passage.asking.request.stream:
        body, usage = passage.write_as_stream(repair_utf8(body))
        return PlainAnswer(response, body, b"text/event-stream; charset=utf-8", passage.encoded, usage)
    content_type = response.header(b"content-type")
    if content_type.lower().startswith(_EVENTS) or body.lstrip()[:6].startswith(_EVENT_STARTS):
        body, usage = passage.write_as_plain(body)
        return PlainAnswer(response, body, _JSON, passage.encoded, usage)
    body, usage = passage.read_plain(repair_utf8(body))
    return PlainAnswer(response, body, (passage.is_verbatim and content_type) or _JSON, passage.encoded, usage)


async def _read_rejection(response: UpstreamResponse, passage: Passage) -> UpstreamFailure:
    kind, shown = passage.classify_status(response.status, await response.read_all())
    return UpstreamFailure(
        kind,
        f"the provider answered {response.status}",
        sent=True,
        shown=shown if POLICIES[kind].show_upstream or POLICIES[kind].quote_upstream else None,
        retry_after_s=read_retry_after_s(response.header(b"retry-after")),
        status=response.status,
    )


async def _read_until_content(response: UpstreamResponse, reader: AnswerReader) -> bytes:
    if response.header(b"content-type").lower().startswith(_HTML):
        detail = "a stream was asked for and something else came"
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True)
    while True:
        data = await response.read()
        first = reader.feed(data) if data else reader.finish()
        if first or reader.done:
            return first
        if reader.failure is not None:
            raise reader.failure
