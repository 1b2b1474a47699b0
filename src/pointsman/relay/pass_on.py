"""Passes a streamed answer on as it comes; its books are closed before the client sees its end."""

import logging

from pointsman.core.chat.failures import POLICIES, UpstreamFailure
from pointsman.core.chat.money import format_usd
from pointsman.core.dialects.dialect import AnswerReader
from pointsman.core.ports import Client, Headers
from pointsman.core.routing.outcome import CUT_AT_LIMIT
from pointsman.core.routing.said import TELL_COST
from pointsman.relay.call import Guard, Progress, Relay
from pointsman.relay.settle import close_books
from pointsman.relay.try_model import StreamedAnswer, split_usage

WANTS_COST = (b"x-pointsman-usage", TELL_COST.encode())

_log = logging.getLogger(__name__)


async def send_stream(
    relay: Relay, progress: Progress, answer: StreamedAnswer, headers: Headers, client: Client
) -> None:
    """Send a streamed answer; one that breaks off is ended with an error that no client takes for its end."""
    response, reader = answer.response, answer.reader
    try:
        client.start(200, headers)
        progress.status = 200
        _settle_at_end(relay, progress, reader)
        client.write(answer.first)
        await _pass_on(relay, progress, answer, client)
        client.end(_tell_cost(progress))
        response.release()
        answer.visit.succeed(reader.usage, response.headers, answer.first_content_s)
    except UpstreamFailure as failure:
        answer.visit.fail(failure, response.headers)
        code = POLICIES[failure.kind].code
        progress.failure = code
        _log.warning("call %s was cut: %s", progress.call.request_id, failure)
        message = f"The answer was cut: {POLICIES[failure.kind].words}."
        _settle(relay, progress, reader)
        error = progress.call.client.encode_stream_error(code, message, progress.call.shown_id)
        client.end(error + _tell_cost(progress))
    finally:
        response.close()
        answer.visit.give_up()
        _take_over(progress, reader)


def _settle_at_end(relay: Relay, progress: Progress, reader: AnswerReader) -> None:
    if reader.done:
        _settle(relay, progress, reader)


def _settle(relay: Relay, progress: Progress, reader: AnswerReader) -> None:
    _take_over(progress, reader)
    close_books(relay, progress)


def _take_over(progress: Progress, reader: AnswerReader) -> None:
    progress.usage, progress.counted = split_usage(reader)
    progress.content_bytes = reader.content_bytes
    progress.is_usage_rejected = reader.tally.is_rejected
    progress.has_usage_conflict = reader.tally.has_conflict


async def _pass_on(relay: Relay, progress: Progress, answer: StreamedAnswer, client: Client) -> None:
    """Pass events on as they arrive, as fast as the client takes them, until the answer has ended."""
    response, reader, guard = answer.response, answer.reader, progress.guard

    def take(received: bytes) -> bool:
        data = reader.feed(received)
        _settle_at_end(relay, progress, reader)
        if data:
            client.write(data)
        return not (reader.done or client.is_behind or reader.failure is not None or _has_used_up(guard, reader))

    while not (reader.done or reader.failure):
        if client.is_behind:
            await client.drain()
        # What comes at once may be worth several steps, and all of them are to be held before more is read.
        while guard is not None and _has_used_up(guard, reader):
            if not await guard.extend(relay, progress):
                _cut(relay, progress, answer, client)
                return
        if await response.pump(take):
            last = reader.finish()
            _settle_at_end(relay, progress, reader)
            client.write(last)
    _raise_failure(reader)


def _has_used_up(guard: Guard | None, reader: AnswerReader) -> bool:
    return guard is not None and guard.most_bytes is not None and reader.content_bytes > guard.most_bytes


def _cut(relay: Relay, progress: Progress, answer: StreamedAnswer, client: Client) -> None:
    """End a stream for which nothing is left, as one that has reached its limit of tokens."""
    _log.warning("call %s was cut: what was held for it is used up", progress.call.request_id)
    answer.response.close()
    progress.failure = CUT_AT_LIMIT
    last = answer.reader.cut()
    _settle(relay, progress, answer.reader)
    client.write(last)


def _tell_cost(progress: Progress) -> bytes:
    """A comment that no client takes for an event; it comes last, where no provider can put one of its own after it."""
    outcome = progress.outcome
    if outcome is None or WANTS_COST not in progress.call.words:
        return b""
    cost = "unknown" if outcome.cost_nusd is None else format_usd(outcome.cost_nusd)
    return f": x-pointsman-cost-usd {cost}\n\n".encode()


def _raise_failure(reader: AnswerReader) -> None:
    if reader.failure is not None:
        raise reader.failure
