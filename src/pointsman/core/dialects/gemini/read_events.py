"""Gemini's stream -> hub. It has no end mark: it is whole when the connection ends after every candidate has."""

import msgspec

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Failed,
    Finished,
    MediaPart,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
)
from pointsman.core.chat.conversation import JsonObject, Media, Reasoning, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.gemini.errors import classify_error
from pointsman.core.dialects.gemini.finish_reasons import is_failed_call, read_finish
from pointsman.core.dialects.gemini.logprobs import read_logprobs
from pointsman.core.dialects.gemini.names import GEMINI
from pointsman.core.dialects.gemini.read_candidate import (
    list_candidate_parts,
    list_objects,
    read_index,
    read_part,
)
from pointsman.core.dialects.gemini.read_response import FAILED_CALL, find_block, read_created, read_text
from pointsman.core.dialects.gemini.usage import read_usage
from pointsman.core.dialects.hub_stream import HubStream
from pointsman.core.dialects.rejections import show_error

MOST_CANDIDATES = 128


class EventReader(HubStream):
    """Reads one streamed answer. Ends of candidates are told last, for some models name one in every chunk."""

    __slots__ = ("_calls", "_ends", "_has_content", "_is_blocked", "_response_id", "_started")

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._is_blocked = False
        self._has_content = False
        self._response_id = ""
        self._calls: dict[int, int] = {}
        self._ends: dict[int, object] = {}

    def read(self, name: bytes, document: JsonObject, events: list[ChatEvent]) -> None:
        """Add what one chunk means."""
        error = document.get("error")
        if error is not None:
            events.append(Failed(_read_failure(error)))
            return
        candidates = list_objects(document, "candidates")
        if len(candidates) > MOST_CANDIDATES:
            raise ValueError("too many candidates")
        self._response_id = self._response_id or read_text(document, "responseId")
        parsed = [self._read_candidate(candidate, place) for place, candidate in enumerate(candidates)]
        usage = read_usage(document.get("usageMetadata"))
        if not self._started:
            self._started = True
            model = read_text(document, "modelVersion")
            events.append(Started(self._response_id, model, read_created(document)))
        if find_block(document) is not None and not candidates:
            self._is_blocked = True
        for inner in parsed:
            events += inner
            self._has_content = self._has_content or bool(inner)
        self.see_usage(usage, document.get("usageMetadata"), events)

    def read_mark(self, mark: bytes, events: list[ChatEvent]) -> None:
        """Add what a list means, in which Google wraps some errors; a `[DONE]` that some proxies add means nothing."""
        if mark == b"[DONE]":
            return
        listed = msgspec.json.decode(mark)
        if type(listed) is not list or not listed or type(listed[0]) is not dict or "error" not in listed[0]:
            raise ValueError("no chunk of an answer")
        events.append(Failed(_read_failure(listed[0]["error"])))

    def complete(self, events: list[ChatEvent]) -> None:
        """The answer is whole if it was blocked, or if every candidate that began has said why it ended."""
        if any(map(is_failed_call, self._ends.values())) and not self._has_content:
            events.append(Failed(UpstreamFailure(FailureKind.BAD_RESPONSE, FAILED_CALL, sent=True)))
        elif self._ends:
            finishes = [(choice, read_finish(end, self._calls[choice] > 0)) for choice, end in self._ends.items()]
            if all(finish is not None for _, finish in finishes):
                events.extend([Finished(finish, choice) for choice, finish in sorted(finishes) if finish is not None])
                events.append(Ended())
        elif self._is_blocked:
            events += (Finished("content_filter"), Ended())

    def _read_candidate(self, candidate: JsonObject, place: int) -> list[ChatEvent]:
        choice = read_index(candidate, place)
        if choice >= MOST_CANDIDATES:
            raise ValueError("too many candidates")
        calls = self._calls.get(choice, 0)
        events: list[ChatEvent] = []
        logprobs = read_logprobs(candidate.get("logprobsResult"))
        for item in list_candidate_parts(candidate):
            part, signature = read_part(item, self._response_id, choice, calls)
            if isinstance(part, ToolCall):
                events.append(ToolStarted(calls, part.id, part.name, choice, part.signature, part.origin))
                events.append(ToolDelta(calls, part.arguments, choice))
                calls += 1
            elif isinstance(part, Text):
                events.append(TextDelta(part.text, choice, logprobs))
                logprobs = None
            elif isinstance(part, Reasoning):
                if part.text:
                    events.append(ReasoningDelta(part.text, choice))
            elif isinstance(part, Media):
                events.append(MediaPart(part, choice))
            if signature:
                events.append(ReasoningSigned(signature, GEMINI, choice))
        if logprobs:
            events.append(TextDelta("", choice, logprobs))
        self._calls[choice] = calls
        end = candidate.get("finishReason")
        self._ends[choice] = end if end is not None else self._ends.get(choice)
        return events


def _read_failure(error: object) -> UpstreamFailure:
    shown = show_error(error.get("message"), error.get("status")) if type(error) is dict else None
    detail = "the provider sent an error within the stream"
    return UpstreamFailure(classify_error(error), detail, sent=True, shown=shown)
