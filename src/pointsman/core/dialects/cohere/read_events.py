"""Cohere's event stream -> hub; whatever block an event belongs to, it is read by what it carries."""

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
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.cohere.read_response import read_call, read_logprobs, read_text, read_thought
from pointsman.core.dialects.cohere.usage import read_usage
from pointsman.core.dialects.cohere.words import FAILED_REASONS, read_finish
from pointsman.core.dialects.hub_stream import HubStream
from pointsman.core.dialects.rejections import show_error


class EventReader(HubStream):
    """Reads one streamed answer."""

    __slots__ = ("_calls", "_has_content", "_is_new_thought", "_started", "_was_plan")

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._has_content = False
        self._is_new_thought = True
        self._was_plan = False
        self._calls: dict[object, int] = {}

    def read(self, name: bytes, document: JsonObject, events: list[ChatEvent]) -> None:
        """Add what one document means."""
        kind = document.get("type")
        if kind == "content-delta":
            self._read_content(document, events)
        elif kind == "tool-call-delta":
            self._read_arguments(document, events)
        elif kind == "tool-plan-delta":
            self._read_plan(document, events)
        elif kind == "content-start":
            self._is_new_thought = True
            self._read_content(document, events)
        elif kind == "tool-call-start":
            self._read_call(document, events)
        elif kind == "message-start":
            self._start(read_text(document.get("id")), events)
        elif kind == "message-end":
            self._end(document, events)
        elif kind is None or kind == "error" or name == b"error":
            events.append(_fail(document.get("message") or document.get("error")))

    def read_mark(self, mark: bytes, events: list[ChatEvent]) -> None:
        """`[DONE]` after content that nothing ended still ends it."""
        if mark != b"[DONE]" or not self._has_content:
            raise ValueError("unknown mark")
        events.append(Ended())

    def complete(self, events: list[ChatEvent]) -> None:
        """An answer without `message-end` is cut."""

    def _start(self, id: str, events: list[ChatEvent]) -> None:
        if not self._started:
            self._started = True
            events.append(Started(id, ""))

    def _read_content(self, document: JsonObject, events: list[ChatEvent]) -> None:
        content = document["delta"]["message"]["content"]  # type: ignore[index]
        text = content.get("text")
        if text:
            logprobs = document.get("logprobs")
            known = read_logprobs([logprobs]) if type(logprobs) is dict else None
            self._add(TextDelta(_demand_text(text), 0, known), events)
            return
        if content.get("thinking"):
            self._add(ReasoningDelta(_demand_text(content["thinking"]), 0, self._is_new_thought), events)
            self._is_new_thought = self._was_plan = False
        if content.get("signature"):
            thought = read_thought(content)
            if self._is_new_thought and not thought.is_hidden:
                self._add(ReasoningDelta("", 0, starts=True), events)
            signed = ReasoningSigned(thought.signature, thought.origin, 0, thought.is_hidden, thought.id)
            self._add(signed, events)
            self._is_new_thought = True

    def _read_plan(self, document: JsonObject, events: list[ChatEvent]) -> None:
        plan = document["delta"]["message"]["tool_plan"]  # type: ignore[index]
        if plan:
            self._add(ReasoningDelta(_demand_text(plan), 0, not self._was_plan), events)
            self._was_plan = self._is_new_thought = True

    def _read_call(self, document: JsonObject, events: list[ChatEvent]) -> None:
        said = document["delta"]["message"]["tool_calls"]  # type: ignore[index]
        call = read_call(said[0] if type(said) is list else said)
        number = len(self._calls)
        self._calls[document.get("index", number)] = number
        self._add(ToolStarted(number, call.id, call.name, 0, call.signature, call.origin), events)
        if call.arguments != "{}":
            events.append(ToolDelta(number, call.arguments))

    def _read_arguments(self, document: JsonObject, events: list[ChatEvent]) -> None:
        said = document["delta"]["message"]["tool_calls"]  # type: ignore[index]
        arguments = (said[0] if type(said) is list else said)["function"]["arguments"]
        number = self._calls.get(document.get("index"), len(self._calls) - 1)
        if arguments and number >= 0:
            self._add(ToolDelta(number, _demand_text(arguments)), events)

    def _end(self, document: JsonObject, events: list[ChatEvent]) -> None:
        delta = document.get("delta")
        ending = delta if type(delta) is dict else {}
        reason = ending.get("finish_reason")
        self.see_usage(read_usage(ending.get("usage")), ending.get("usage"), events)
        if reason in FAILED_REASONS or ending.get("error"):
            events.append(_fail(ending.get("error")))
            return
        self._start(read_text(document.get("id")), events)
        events.append(Finished(read_finish(reason)))
        events.append(Ended())

    def _add(self, event: ChatEvent, events: list[ChatEvent]) -> None:
        if not self._started:
            self._start("", events)
        self._has_content = True
        events.append(event)


def _fail(message: object) -> Failed:
    detail = "the provider sent an error within the stream"
    return Failed(UpstreamFailure(FailureKind.SERVER_ERROR, detail, sent=True, shown=show_error(message)))


def _demand_text(value: object) -> str:
    if type(value) is not str:
        raise TypeError("a text is expected")
    return value
