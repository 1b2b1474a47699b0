"""An Anthropic stream -> hub events. Blocks that no other format has, such as a search of its own, are left out."""

from collections.abc import Callable

import msgspec

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Failed,
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
)
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.dialects.anthropic_messages.arguments import read_input
from pointsman.core.dialects.anthropic_messages.errors import classify_error
from pointsman.core.dialects.anthropic_messages.read_response import read_tier
from pointsman.core.dialects.anthropic_messages.terms import NAME, read_finish
from pointsman.core.dialects.anthropic_messages.usage import UsageCounter
from pointsman.core.dialects.hub_stream import HubStream
from pointsman.core.dialects.rejections import show_error

MOST_OPEN_BLOCKS = 1_000


class _Block(msgspec.Struct):
    """A block that has begun and not ended.

    Attributes:
        kind: its type.
        call: counts calls from 0, for a `tool_use`.
        arguments: that stood in its beginning, until others come.
        signature: of a thought, told once the thought is over.
        has_begun: whether the hub knows of the thought.
    """

    kind: str
    call: int = 0
    arguments: str = ""
    signature: str = ""
    has_begun: bool = False


class EventReader(HubStream):
    """Reads one streamed answer."""

    __slots__ = ("_blocks", "_calls", "_finished", "_started", "_usage")

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[object, _Block] = {}
        self._calls = 0
        self._started = False
        self._finished = False
        self._usage = UsageCounter()

    def read(self, name: bytes, document: JsonObject, events: list[ChatEvent]) -> None:
        """Add what one document means; a type that is not known yet means nothing."""
        kind = document.get("type")
        if kind == "error" or (kind is None and document.get("error") is not None):
            events.append(Failed(_read_failure(document.get("error"))))
            return
        if type(kind) is not str:
            raise ValueError("a document without a type")
        read = _READERS.get(kind)
        if read is None:
            return
        if not self._started and kind != "message_start":
            raise ValueError("something comes before the message starts")
        read(self, document, events)

    def read_mark(self, mark: bytes, events: list[ChatEvent]) -> None:
        """Some servers of this format end their streams as OpenAI does."""
        if mark != b"[DONE]" or not self._finished:
            raise ValueError("data that is no document")
        events.append(Ended())

    def complete(self, events: list[ChatEvent]) -> None:
        """An answer that told why it ended is whole, whether the last event came or not."""
        if self._finished:
            events.append(Ended())

    def _start(self, document: JsonObject, events: list[ChatEvent]) -> None:
        message = document["message"]
        if type(message) is not dict:
            raise ValueError("a message that is none")
        if not self._started:
            usage = message.get("usage")
            answer_id, model = message.get("id"), message.get("model")
            events.append(
                Started(
                    answer_id if type(answer_id) is str else "",
                    model if type(model) is str else "",
                    service_tier=read_tier(usage),
                )
            )
            self._started = True
            self._count(usage, events)

    def _count(self, usage: object, events: list[ChatEvent]) -> None:
        self.see_usage(self._usage.take(usage), usage, events)

    def _start_block(self, document: JsonObject, events: list[ChatEvent]) -> None:
        content = document["content_block"]
        if type(content) is not dict:
            raise ValueError("a block that is none")
        kind = content.get("type")
        block = _Block(kind if type(kind) is str else "")
        if block.kind == "text":
            if content.get("text"):
                events.append(TextDelta(_string(content, "text")))
        elif block.kind == "tool_use":
            value = content.get("input")
            events.append(ToolStarted(self._calls, _string(content, "id"), _string(content, "name")))
            block.call = self._calls
            block.arguments = read_input(value) if type(value) is dict and value else ""
            self._calls += 1
        elif block.kind == "thinking":
            block.signature = _string(content, "signature") if content.get("signature") else ""
            if content.get("thinking"):
                events.append(ReasoningDelta(_string(content, "thinking"), starts=True))
                block.has_begun = True
        elif block.kind == "redacted_thinking":
            events.append(ReasoningSigned(_string(content, "data"), NAME, is_hidden=True))
        if len(self._blocks) >= MOST_OPEN_BLOCKS:
            raise ValueError("too many open blocks")
        self._blocks[_place(document)] = block

    def _add_to_block(self, document: JsonObject, events: list[ChatEvent]) -> None:
        block = self._blocks[_place(document)]
        delta = document["delta"]
        if type(delta) is not dict:
            raise ValueError("a delta that is none")
        match delta.get("type"):
            case "text_delta":
                events.append(TextDelta(_string(delta, "text")))
            case "input_json_delta" if block.kind == "tool_use":
                more = _string(delta, "partial_json")
                if more:
                    block.arguments = ""
                    events.append(ToolDelta(block.call, more))
            case "thinking_delta":
                events.append(ReasoningDelta(_string(delta, "thinking"), starts=not block.has_begun))
                block.has_begun = True
            case "signature_delta":
                block.signature = _string(delta, "signature")

    def _stop_block(self, document: JsonObject, events: list[ChatEvent]) -> None:
        block = self._blocks.pop(_place(document), None)
        if block is None:
            return
        if block.arguments:
            events.append(ToolDelta(block.call, block.arguments))
        if block.kind == "thinking":
            if not block.has_begun:
                events.append(ReasoningDelta("", starts=True))
            if block.signature:
                events.append(ReasoningSigned(block.signature, NAME))

    def _end_choice(self, document: JsonObject, events: list[ChatEvent]) -> None:
        delta = document.get("delta")
        reason = delta.get("stop_reason") if type(delta) is dict else None
        if type(delta) is dict and reason is not None and not self._finished:
            sequence = delta.get("stop_sequence")
            events.append(Finished(read_finish(reason), stop_sequence=sequence if type(sequence) is str else ""))
            self._finished = True
        self._count(document.get("usage"), events)

    def _end(self, document: JsonObject, events: list[ChatEvent]) -> None:
        events.append(Ended())


_READERS: dict[str, Callable[[EventReader, JsonObject, list[ChatEvent]], None]] = {
    "message_start": EventReader._start,
    "content_block_start": EventReader._start_block,
    "content_block_delta": EventReader._add_to_block,
    "content_block_stop": EventReader._stop_block,
    "message_delta": EventReader._end_choice,
    "message_stop": EventReader._end,
}


def _place(document: JsonObject) -> int:
    place = document["index"]
    if type(place) is not int:
        raise ValueError("a place that is no number")
    return place


def _string(holder: JsonObject, name: str) -> str:
    value = holder[name]
    if type(value) is not str:
        raise ValueError("a text that is none")
    return value


def _read_failure(error: object) -> UpstreamFailure:
    told = error if type(error) is dict else {}
    shown = show_error(told.get("message"), told.get("type"))
    return UpstreamFailure(
        classify_error(error), "the provider sent an error within the stream", sent=True, shown=shown
    )
