"""OpenAI event stream -> hub.

The end of a choice is told when the whole answer ends: usage and late calls come after it on this wire.
"""

from dataclasses import dataclass

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
)
from pointsman.core.chat.conversation import JsonObject, Reasoning, Text
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.hub_stream import HubStream
from pointsman.core.dialects.moments import read_moment
from pointsman.core.dialects.openai_chat.errors import classify_error, is_failed
from pointsman.core.dialects.openai_chat.finish_reasons import read_finish
from pointsman.core.dialects.openai_chat.logprobs import read_logprobs
from pointsman.core.dialects.openai_chat.open_calls import OpenCalls
from pointsman.core.dialects.openai_chat.read_response import read_content, read_image
from pointsman.core.dialects.openai_chat.reasoning import read_detail
from pointsman.core.dialects.openai_chat.usage import read_usage
from pointsman.core.dialects.openai_chat.wire import Call, Detail, Said, WireAnswer, WireChoice, convert_answer
from pointsman.core.dialects.rejections import show_error

MOST_CHOICES = 128


@dataclass(slots=True)
class _OpenChoice:
    calls: OpenCalls
    finish_reason: str = ""
    stop_sequence: str = ""
    has_content: bool = False
    has_refusal: bool = False
    thought: int | None = None


class EventReader(HubStream):
    """Reads one streamed answer."""

    __slots__ = ("_choices", "_has_started")

    def __init__(self) -> None:
        super().__init__()
        self._has_started = False
        self._choices: dict[int, _OpenChoice] = {}

    def read(self, name: bytes, document: JsonObject, events: list[ChatEvent]) -> None:
        """Add what one chunk means."""
        if document.get("error") is not None or document.get("object") == "error" or name == b"error":
            events.append(Failed(_read_failure(document)))
            return
        chunk = convert_answer(document)
        if chunk.choices:
            self._start(chunk, events)
            for choice in chunk.choices:
                if is_failed(choice.error, choice.finish_reason):
                    events.append(Failed(_read_failure({"error": choice.error})))
                    return
                self._read_choice(choice, events)
        if chunk.usage is not None:
            self.see_usage(read_usage(chunk.usage), chunk.usage, events)

    def read_mark(self, mark: bytes, events: list[ChatEvent]) -> None:
        """Add what the end of the stream means."""
        if mark != b"[DONE]":
            raise ValueError("neither a JSON object nor the end")
        if any(choice.has_content or choice.finish_reason for choice in self._choices.values()):
            self._end(events)
        else:
            failure = UpstreamFailure(FailureKind.BAD_RESPONSE, "the stream ended without an answer", sent=True)
            events.append(Failed(failure))

    def complete(self, events: list[ChatEvent]) -> None:
        """Some servers leave the last line out; an answer is whole when all its choices are."""
        if self._choices and all(choice.finish_reason for choice in self._choices.values()):
            self._end(events)

    def _start(self, chunk: WireAnswer, events: list[ChatEvent]) -> None:
        if not self._has_started:
            self._has_started = True
            created_s = read_moment(chunk.created)
            events.append(Started(chunk.id or "", chunk.model or "", created_s, chunk.service_tier or ""))

    def _read_choice(self, choice: WireChoice, events: list[ChatEvent]) -> None:
        index = choice.index or 0
        known = self._choices.get(index)
        if known is None:
            if len(self._choices) >= MOST_CHOICES:
                raise ValueError("too many choices")
            known = self._choices[index] = _OpenChoice(OpenCalls(index))
        before = len(events)
        said = choice.delta or choice.message
        if said is not None:
            _read_thoughts(said, index, known, events)
            _read_words(said, index, known, choice, events)
            for call in said.tool_calls or ():
                known.calls.take(call, events)
            if said.function_call is not None:
                known.calls.take(Call(index=0, function=said.function_call), events)
        if len(events) > before:
            known.has_content = True
        if choice.finish_reason:
            known.finish_reason = choice.finish_reason
            known.stop_sequence = choice.stop_reason if type(choice.stop_reason) is str else ""

    def _end(self, events: list[ChatEvent]) -> None:
        for index, choice in sorted(self._choices.items()):
            choice.calls.close(events)
            if choice.finish_reason:
                finish = read_finish(
                    choice.finish_reason, has_calls=len(choice.calls) > 0, has_refusal=choice.has_refusal
                )
                events.append(Finished(finish, index, choice.stop_sequence))
        events.append(Ended())


def _read_words(said: Said, index: int, known: _OpenChoice, choice: WireChoice, events: list[ChatEvent]) -> None:
    logprobs = read_logprobs(choice.logprobs) if choice.logprobs is not None else None
    content = said.content
    if type(content) is str:
        if content or logprobs:
            events.append(TextDelta(content, index, logprobs))
    else:
        for part in read_content(content):
            if isinstance(part, Text):
                events.append(TextDelta(part.text, index, logprobs))
                logprobs = None
            elif isinstance(part, Reasoning):
                events.append(ReasoningDelta(part.text, index))
            else:
                events.append(RefusalDelta(part.text, index))
        if logprobs:
            events.append(TextDelta("", index, logprobs))
    if said.refusal:
        known.has_refusal = True
        events.append(RefusalDelta(said.refusal, index))
    for image in said.images or ():
        events.append(MediaPart(read_image(image.image_url.url), index))


def _read_thoughts(said: Said, index: int, known: _OpenChoice, events: list[ChatEvent]) -> None:
    """Add thoughts; the plain text beside details says the same once more, where these hold any text."""
    details = said.reasoning_details or ()
    if not any(detail.text or detail.summary for detail in details):
        plain = said.reasoning_content or said.reasoning
        if type(plain) is str and plain:
            events.append(ReasoningDelta(plain, index))
    for detail in details:
        _read_detail(detail, index, known, events)


def _read_detail(detail: Detail, index: int, known: _OpenChoice, events: list[ChatEvent]) -> None:
    thought = read_detail(detail)
    if thought.text:
        starts = known.thought is not None and detail.index is not None and detail.index != known.thought
        events.append(ReasoningDelta(thought.text, index, starts))
    known.thought = detail.index
    if thought.signature or (thought.id and not thought.text):
        events.append(ReasoningSigned(thought.signature, thought.origin, index, thought.is_hidden, thought.id))


def _read_failure(document: JsonObject) -> UpstreamFailure:
    error = document.get("error", document)
    shown = show_error(error.get("message"), error.get("code"), error.get("param")) if type(error) is dict else None
    detail = "the provider sent an error within the stream"
    return UpstreamFailure(classify_error(error), detail, sent=True, shown=shown)
