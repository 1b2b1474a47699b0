"""Hub -> OpenAI event stream.

A thought goes out twice in each chunk, to be read and as `reasoning_details`: only at its end is it known to be signed,
and what then comes back must hold its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Finished,
    MediaPart,
    ReasoningDelta,
    ReasoningSigned,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_chat.finish_reasons import write_finish
from pointsman.core.dialects.openai_chat.logprobs import write_logprobs
from pointsman.core.dialects.openai_chat.reasoning import write_call_signature, write_signature
from pointsman.core.dialects.openai_chat.stream import DONE
from pointsman.core.dialects.openai_chat.usage import write_usage
from pointsman.core.dialects.openai_chat.write_response import asks_for_function_call, write_media

_encode = msgspec.json.Encoder().encode


class _Choice(msgspec.Struct):
    index: int
    delta: JsonObject
    logprobs: JsonObject | None
    finish_reason: str | None


@dataclass(slots=True)
class _OpenChoice:
    has_role: bool = False
    has_refusal: bool = False
    has_thought: bool = False
    detail: int = 0
    unsaid_calls: set[int] = field(default_factory=set)


class EventWriter:
    """Writes one streamed answer."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._is_legacy = asks_for_function_call(asking)
        self._choices: dict[int, _OpenChoice] = {}
        self._usage: Usage | None = None
        self._start(Started("", ""))

    def write(self, events: Sequence[ChatEvent]) -> bytes:
        """The bytes of some events."""
        return b"".join([self._write(event) for event in events])

    def _write(self, event: ChatEvent) -> bytes:
        match event:
            case TextDelta():
                return self._chunk(event.choice, {"content": event.text}, write_logprobs(event.logprobs))
            case ReasoningDelta():
                return self._chunk(event.choice, _write_thought(event, self._open(event.choice)))
            case ToolDelta():
                return self._chunk(event.choice, self._write_arguments(event))
            case ToolStarted():
                return self._chunk(event.choice, self._write_call(event))
            case ReasoningSigned():
                return self._chunk(event.choice, _write_signed(event, self._open(event.choice)))
            case RefusalDelta():
                self._open(event.choice).has_refusal = True
                return self._chunk(event.choice, {"refusal": event.text})
            case MediaPart():
                delta = write_media(event.media, self._asking)
                return self._chunk(event.choice, delta) if delta else b""
            case Finished():
                return self._finish(event)
            case Started():
                self._start(event)
            case UsageSeen():
                self._usage = event.usage
            case Ended():
                return self._end(event)
        return b""

    def _start(self, started: Started) -> None:
        head: JsonObject = {
            "id": started.id or self._asking.request_id,
            "object": "chat.completion.chunk",
            "created": started.created_s or self._asking.at_s,
            "model": started.model or self._asking.request.model,
        }
        if started.service_tier:
            head["service_tier"] = started.service_tier
        self._head = b"data: %b," % _encode(head)[:-1]

    def _open(self, index: int) -> _OpenChoice:
        known = self._choices.get(index)
        if known is None:
            known = self._choices[index] = _OpenChoice()
        return known

    def _chunk(
        self, index: int, delta: JsonObject, logprobs: JsonObject | None = None, finish_reason: str | None = None
    ) -> bytes:
        known = self._open(index)
        if not known.has_role:
            known.has_role = True
            delta = {"role": "assistant", **delta}
        return b'%b"choices":[%b]}\n\n' % (self._head, _encode(_Choice(index, delta, logprobs, finish_reason)))

    def _write_call(self, event: ToolStarted) -> JsonObject:
        self._open(event.choice).unsaid_calls.add(event.call)
        function = {"name": event.name, "arguments": ""}
        if self._is_legacy:
            return {"function_call": function} if event.call == 0 else {}
        call: JsonObject = {"index": event.call, "id": event.id, "type": "function", "function": function}
        return {"tool_calls": [call | write_call_signature(event.signature, event.origin)]}

    def _write_arguments(self, event: ToolDelta) -> JsonObject:
        if event.arguments:
            self._open(event.choice).unsaid_calls.discard(event.call)
        function = {"arguments": event.arguments}
        if self._is_legacy:
            return {"function_call": function} if event.call == 0 else {}
        return {"tool_calls": [{"index": event.call, "function": function}]}

    def _finish(self, event: Finished) -> bytes:
        """End a choice; a call for which the model wrote no arguments has `{}`, which is what SDKs can parse.

        Where the answer ended too early that would be a lie: the arguments may just not have come.
        """
        known = self._open(event.choice)
        unsaid = [
            self._chunk(event.choice, self._write_arguments(ToolDelta(call, "{}", event.choice)))
            for call in (sorted(known.unsaid_calls) if event.finish != "length" else ())
        ]
        reason = write_finish(event.finish, has_refusal=known.has_refusal, is_legacy=self._is_legacy)
        last = self._chunk(event.choice, {}, finish_reason=reason)
        if event.stop_sequence:
            last = b'%b,"stop_reason":%b}]}\n\n' % (last[:-5], _encode(event.stop_sequence))
        return b"".join([*unsaid, last])

    def _end(self, ended: Ended) -> bytes:
        if ended.is_cut or self._usage is None or not self._asking.request.wants_usage:
            return DONE
        return b'%b"choices":[],"usage":%b}\n\n%b' % (self._head, _encode(write_usage(self._usage)), DONE)


def _write_thought(event: ReasoningDelta, known: _OpenChoice) -> JsonObject:
    if event.starts and known.has_thought:
        known.detail += 1
    known.has_thought = True
    detail = {"type": "reasoning.text", "text": event.text, "index": known.detail}
    return {"reasoning_content": event.text, "reasoning_details": [detail]}


def _write_signed(event: ReasoningSigned, known: _OpenChoice) -> JsonObject:
    if event.is_hidden and known.has_thought:
        known.detail += 1
    kind = {"type": "reasoning.encrypted"} if event.is_hidden else {"type": "reasoning.text", "text": ""}
    detail = {**kind, **write_signature(event), "index": known.detail}
    known.detail += 1
    known.has_thought = False
    return {"reasoning_details": [detail]}
