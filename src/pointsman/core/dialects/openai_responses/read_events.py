"""Stream of the Responses format -> hub: what is told in pieces, and what only stands in a whole item, once each."""

from collections.abc import Callable

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Failed,
    Finished,
    MediaPart,
    ReasoningDelta,
    ReasoningSigned,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
)
from pointsman.core.chat.conversation import JsonObject, Media, Reasoning, Refusal, Text, ToolCall
from pointsman.core.dialects.hub_stream import HubStream
from pointsman.core.dialects.moments import read_moment
from pointsman.core.dialects.openai_responses.read_output import (
    expect_text,
    find_finish,
    read_call,
    read_item,
    read_logprobs,
    read_tokens,
)
from pointsman.core.dialects.openai_responses.read_response import read_failure, read_text
from pointsman.core.dialects.openai_responses.usage import read_usage


class EventReader(HubStream):
    """Reads one streamed answer; items are known by their place in the output."""

    __slots__ = ("_calls", "_done", "_has_refusal", "_has_text", "_is_started", "_told")

    def __init__(self) -> None:
        super().__init__()
        self._is_started = False
        self._has_text = False
        self._has_refusal = False
        self._calls: dict[int, int] = {}
        self._told: dict[int, object] = {}
        self._done: set[int] = set()

    def read(self, name: bytes, document: JsonObject, events: list[ChatEvent]) -> None:
        """Add what one document means; an unknown one means nothing."""
        kind = document.get("type") or name.decode()
        read = _READERS.get(expect_text(kind))
        if read is not None:
            read(self, document, events)
        elif document.get("error"):
            events.append(Failed(read_failure(document["error"])))

    def read_mark(self, mark: bytes, events: list[ChatEvent]) -> None:
        """Some providers end with OpenAI's other format's mark; it says nothing."""
        if mark != b"[DONE]":
            raise ValueError("the stream holds data that is no object")

    def complete(self, events: list[ChatEvent]) -> None:
        """A stream without its last event was cut."""

    def _start(self, document: JsonObject, events: list[ChatEvent]) -> None:
        response = _read_response(document)
        if not self._is_started:
            self._is_started = True
            tier = read_text(response, "service_tier")
            created_s = read_moment(response.get("created_at"))
            events.append(Started(read_text(response, "id"), read_text(response, "model"), created_s, tier))

    def _add_item(self, document: JsonObject, events: list[ChatEvent]) -> None:
        item, place = _read_place(document)
        if item["type"] == "function_call" and place not in self._calls:
            self._start_call(place, read_call(item), events)

    def _start_call(self, place: int, call: ToolCall, events: list[ChatEvent]) -> None:
        self._calls[place] = len(self._calls)
        events.append(ToolStarted(self._calls[place], call.id, call.name))

    def _add_text(self, document: JsonObject, events: list[ChatEvent]) -> None:
        delta, place = expect_text(document["delta"]), _place_of(document)
        tokens = read_tokens(document.get("logprobs"))
        if delta or tokens:
            self._has_text = True
            self._told[place] = "text"
            events.append(TextDelta(delta, 0, tokens))

    def _add_refusal(self, document: JsonObject, events: list[ChatEvent]) -> None:
        delta, place = expect_text(document["delta"]), _place_of(document)
        self._has_refusal = True
        self._told[place] = "refusal"
        events.append(RefusalDelta(delta))

    def _add_thought(self, document: JsonObject, events: list[ChatEvent]) -> None:
        delta, place = expect_text(document["delta"]), _place_of(document)
        part = document["type"], document.get("summary_index", document.get("content_index"))
        known = self._told.get(place)
        self._told[place] = part
        if known is not None and known != part:
            delta = "\n\n" + delta
        events.append(ReasoningDelta(delta, starts=known is None))

    def _add_arguments(self, document: JsonObject, events: list[ChatEvent]) -> None:
        delta, place = expect_text(document["delta"]), _place_of(document)
        if delta:
            call = self._calls[place]
            self._told[place] = "arguments"
            events.append(ToolDelta(call, delta))

    def _finish_item(self, document: JsonObject, events: list[ChatEvent]) -> None:
        item, place = _read_place(document)
        self._tell_rest(item, place, events)

    def _tell_rest(self, item: JsonObject, place: int, events: list[ChatEvent]) -> None:
        """What a whole item says beyond its pieces."""
        if place in self._done:
            return
        is_told, tokens = place in self._told, read_logprobs([item])
        for part in list(read_item(item)):
            match part:
                case Text() if not is_told:
                    self._has_text = True
                    events.append(TextDelta(part.text, 0, tokens))
                    tokens = None
                case Refusal() if not is_told:
                    self._has_refusal = True
                    events.append(RefusalDelta(part.text))
                case Reasoning():
                    if not is_told and not part.is_hidden:
                        events.append(ReasoningDelta(part.text, starts=True))
                    if part.signature or part.id:
                        events.append(ReasoningSigned(part.signature, part.origin, 0, part.is_hidden, part.id))
                case ToolCall():
                    if place not in self._calls:
                        self._start_call(place, part, events)
                    if not is_told:
                        events.append(ToolDelta(self._calls[place], part.arguments))
                case Media():
                    events.append(MediaPart(part))
        self._done.add(place)

    def _end(self, document: JsonObject, events: list[ChatEvent]) -> None:
        self._start(document, events)
        response = _read_response(document)
        output = response.get("output")
        for place, item in enumerate(output if type(output) is list else ()):
            self._tell_rest(item, place, events)
        self.see_usage(read_usage(response.get("usage")), response.get("usage"), events)
        finish = find_finish(
            response, has_calls=bool(self._calls), has_refusal=self._has_refusal, has_text=self._has_text
        )
        events += (Finished(finish), Ended())

    def _break(self, document: JsonObject, events: list[ChatEvent]) -> None:
        response = document.get("response")
        holder = response if type(response) is dict else document
        error = holder.get("error")
        events.append(Failed(read_failure(error if type(error) is dict else holder)))


def _place_of(document: JsonObject) -> int:
    place = document["output_index"]
    if type(place) is not int:
        raise TypeError("an item has no place")
    return place


def _read_response(document: JsonObject) -> JsonObject:
    response = document["response"]
    if type(response) is not dict:
        raise TypeError("an answer is no object")
    return response


def _read_place(document: JsonObject) -> tuple[JsonObject, int]:
    item = document["item"]
    if type(item) is not dict:
        raise TypeError("an item is no object")
    return item, _place_of(document)


_Reader = Callable[[EventReader, JsonObject, list[ChatEvent]], None]
_READERS: dict[str, _Reader] = {
    "response.created": EventReader._start,
    "response.in_progress": EventReader._start,
    "response.queued": EventReader._start,
    "response.output_item.added": EventReader._add_item,
    "response.output_text.delta": EventReader._add_text,
    "response.refusal.delta": EventReader._add_refusal,
    "response.reasoning_summary_text.delta": EventReader._add_thought,
    "response.reasoning_text.delta": EventReader._add_thought,
    "response.function_call_arguments.delta": EventReader._add_arguments,
    "response.output_item.done": EventReader._finish_item,
    "response.completed": EventReader._end,
    "response.incomplete": EventReader._end,
    "response.failed": EventReader._break,
    "error": EventReader._break,
}
