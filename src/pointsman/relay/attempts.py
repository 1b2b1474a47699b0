"""Tries the decision's models in order; the next one only while no content has gone to the client."""

import logging

import msgspec

from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.utf8 import repair_utf8
from pointsman.core.config.snapshot import Model
from pointsman.core.dialects.dialect import AnswerReader, Dialect
from pointsman.core.dialects.table import DIALECTS
from pointsman.core.ports import UpstreamResponse
from pointsman.core.routing.decision import Decision
from pointsman.relay.call import Progress, Relay
from pointsman.relay.retry_after import read_retry_after_s

_log = logging.getLogger(__name__)

_NOT_A_STREAM = (b"text/html", b"application/json")


class PlainAnswer(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        response: where it came from, already closed.
        body: as received.
        changes: of the request, as `temperature=0.3`.
    """

    response: UpstreamResponse
    body: bytes
    changes: tuple[str, ...]


class StreamedAnswer(msgspec.Struct, frozen=True):
    """An answer whose first content has come.

    Attributes:
        response: what is still to be read; must be closed.
        reader: follows the stream.
        first: the bytes that may go to the client now.
        changes: of the request.
    """

    response: UpstreamResponse
    reader: AnswerReader
    first: bytes
    changes: tuple[str, ...]


async def try_in_order(
    relay: Relay, progress: Progress, decision: Decision, request: ChatRequest
) -> PlainAnswer | StreamedAnswer:
    """Return the first good answer.

    Raises:
        UpstreamFailure: of the last attempt, when there is no other model or none may be tried after it.
    """
    last = decision.attempts[-1]
    for attempt in decision.attempts:
        progress.attempts += 1
        progress.model = attempt.model
        try:
            return await _try(relay, progress, attempt.model, request)
        except UpstreamFailure as failure:
            _log.warning("call %s, attempt %d: %s", progress.call.request_id, progress.attempts, failure)
            progress.maybe_billed = progress.maybe_billed or (failure.sent and POLICIES[failure.kind].maybe_billed)
            if attempt is last or not POLICIES[failure.kind].try_next:
                raise
    raise AssertionError("a decision holds at least one attempt")


async def _try(relay: Relay, progress: Progress, model: Model, request: ChatRequest) -> PlainAnswer | StreamedAnswer:
    deployment = model.deployment
    dialect = DIALECTS[deployment.dialect]
    parameters = progress.decision.agent.parameters if progress.decision and progress.decision.agent else ()
    encoded = dialect.encode_request(request, deployment.upstream_model, parameters)
    response = await relay.upstream.send(deployment, dialect.path, encoded.body, stream=request.stream)
    try:
        if response.status != 200:
            raise await _read_rejection(response, dialect)
        if not request.stream:
            body = repair_utf8(await response.read_all())
            progress.usage = dialect.decode_response(body)
            progress.content_bytes = len(body)
            response.close()
            return PlainAnswer(response, body, encoded.changes)
        reader = dialect.read_stream(request.wants_usage)
        first = await _read_until_content(response, reader)
        progress.first_content_s = relay.monotonic_s()
        return StreamedAnswer(response, reader, first, encoded.changes)
    except BaseException:
        response.close()
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
