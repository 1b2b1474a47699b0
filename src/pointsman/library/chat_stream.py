"""A chat that is read as it arrives: pieces of text, and the whole reply once it has ended."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pointsman.core.chat.answer import ChatEvent, Failed, Finished, ReasoningDelta, TextDelta
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_chat.read_events import EventReader
from pointsman.core.dialects.openai_chat.write_response import write_response
from pointsman.library.engine import AnyEngine
from pointsman.library.errors import PointsmanError, ProviderFailed
from pointsman.library.exchange import AsyncStreamedExchange, StreamedExchange
from pointsman.library.failed import build_error
from pointsman.library.remote_calls import count_remote_reply
from pointsman.library.replies import ChatReply, Told, read_chat_reply


@dataclass(frozen=True, slots=True)
class ChatChunk:
    """What came next.

    Attributes:
        text: more of the answer; `""` where something else came.
        reasoning: more of the model's thoughts, where it shows them.
        choice: of which answer, from 0, where several were asked for.
        finish_reason: why the choice ended, in its last chunk; else `""`.
    """

    text: str = ""
    reasoning: str = ""
    choice: int = 0
    finish_reason: str = ""

    def __str__(self) -> str:
        """The text alone."""
        return self.text


class _Reading:
    """Reads a stream into chunks, and keeps all of it for the reply."""

    def __init__(self, engine: AnyEngine, agent: str) -> None:
        self.reply: ChatReply | None = None
        self._engine = engine
        self._agent = agent
        self._reader = EventReader()
        self._events: list[ChatEvent] = []
        self._chunks: list[ChatChunk] = []
        self._began_s = time.monotonic()

    def take(self) -> ChatChunk | None:
        """The next chunk that is there, or `None`."""
        return self._chunks.pop(0) if self._chunks else None

    def feed(self, data: bytes, exchange: StreamedExchange | AsyncStreamedExchange) -> None:
        """The next bytes of the stream; raises `ProviderFailed` for one that tells of an error."""
        self._add(self._reader.feed(data), exchange)

    def finish(self, exchange: StreamedExchange | AsyncStreamedExchange) -> None:
        """The end of the stream; raises `ProviderFailed` when it is not that of the answer."""
        self._add(self._reader.finish(), exchange)
        answer = assemble_answer(self._events)
        request_id = exchange.header("x-request-id")
        if answer is None:
            raise ProviderFailed("the answer was cut; ask again", code="upstream_cut", request_id=request_id)
        request = ChatRequest(answer.model, False, True, b"", {})
        body = write_response(answer, Asking(request, request_id, answer.created_s or int(time.time())))
        latency_ms = (time.monotonic() - self._began_s) * 1_000
        self.reply = read_chat_reply(body, Told(exchange.headers, exchange.outcome, latency_ms))
        count_remote_reply(self._engine, self._agent, exchange.headers, self.reply)

    def _add(self, events: list[ChatEvent], exchange: StreamedExchange | AsyncStreamedExchange) -> None:
        for event in events:
            match event:
                case TextDelta():
                    self._chunks.append(ChatChunk(event.text, choice=event.choice))
                case ReasoningDelta():
                    self._chunks.append(ChatChunk(reasoning=event.text, choice=event.choice))
                case Finished():
                    self._chunks.append(ChatChunk(finish_reason=event.finish, choice=event.choice))
                case Failed():
                    raise _describe_failure(event, exchange.header("x-request-id"))
        self._events += events


def _describe_failure(failed: Failed, request_id: str) -> ProviderFailed:
    failure = failed.failure
    shown = failure.shown
    message = shown.message if shown else str(failure)
    code = (shown.code if shown else None) or "upstream_error"
    return ProviderFailed(message, code=code, request_id=request_id)


def _find_reply(reading: _Reading) -> ChatReply:
    if reading.reply is None:
        raise PointsmanError("the answer has not ended yet; read the stream to its end first", code="not_ended")
    return reading.reply


class ChatStream:
    """The chunks of an answer, for a thread; leaving its `with` early ends the call upstream."""

    def __init__(self, engine: AnyEngine, exchange: StreamedExchange, agent: str = "") -> None:
        """Wait for the first content.

        Args:
            engine: that answers.
            exchange: its answer.
            agent: whose call it is, or `""`.

        Raises:
            PointsmanError: when there is none.
        """
        self._exchange = exchange.open()
        self._reading = _Reading(engine, agent)
        if exchange.status != 200:
            raise build_error(engine, exchange.status, exchange.headers, exchange.read())

    @property
    def reply(self) -> ChatReply:
        """The whole answer, once the stream has ended."""
        return _find_reply(self._reading)

    def __iter__(self) -> Iterator[ChatChunk]:
        return self

    def __next__(self) -> ChatChunk:
        while (chunk := self._reading.take()) is None:
            if self._reading.reply is not None:
                raise StopIteration
            piece = next(self._exchange, None)
            if piece is not None:
                self._reading.feed(piece, self._exchange)
            else:
                self._reading.finish(self._exchange)
        return chunk

    def close(self) -> None:
        """End the call upstream unless it has ended."""
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncChatStream:
    """The chunks of an answer, for a task; it asks when it is entered or first read."""

    def __init__(self, engine: AnyEngine, exchange: AsyncStreamedExchange, agent: str = "") -> None:
        self._engine = engine
        self._exchange = exchange
        self._reading = _Reading(engine, agent)
        self._is_open = False

    @property
    def reply(self) -> ChatReply:
        """The whole answer, once the stream has ended."""
        return _find_reply(self._reading)

    def __aiter__(self) -> AsyncIterator[ChatChunk]:
        return self

    async def __anext__(self) -> ChatChunk:
        await self._open()
        while (chunk := self._reading.take()) is None:
            if self._reading.reply is not None:
                raise StopAsyncIteration
            piece = await anext(self._exchange, None)
            if piece is not None:
                self._reading.feed(piece, self._exchange)
            else:
                self._reading.finish(self._exchange)
        return chunk

    async def aclose(self) -> None:
        """End the call upstream unless it has ended."""
        await self._exchange.aclose()

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _open(self) -> None:
        if self._is_open:
            return
        self._is_open = True
        exchange = await self._exchange.open()
        if exchange.status != 200:
            raise build_error(self._engine, exchange.status, exchange.headers, await exchange.read())
