"""Hub events -> an Anthropic stream, as its SDKs parse it: blocks one after another, and each of them ended.

Calls whose arguments come by turns are the exception: a block stays open until its arguments are whole.
"""

from collections.abc import Sequence

import msgspec

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Finished,
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
from pointsman.core.dialects.anthropic_messages.read_blocks import pack_thought
from pointsman.core.dialects.anthropic_messages.terms import NAME, TIERS_SERVED, write_stop_reason
from pointsman.core.dialects.anthropic_messages.usage import write_stream_usage
from pointsman.core.dialects.anthropic_messages.write_response import write_call_signature
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.growing_arguments import GrowingArguments

_EVENT = b'event: %b\ndata: {"type":"%b",%b}\n\n'
_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n'
)
_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_END = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_UNNAMED = Started("", "")
_encode = msgspec.json.Encoder().encode


class _OpenCall(msgspec.Struct):
    """A call whose block has not ended: the block's place and the arguments so far."""

    place: int
    arguments: GrowingArguments


class EventWriter:
    """Writes one streamed answer."""

    __slots__ = (
        "_asking",
        "_blocks",
        "_calls",
        "_finished",
        "_grown",
        "_has_begun",
        "_has_refused",
        "_open",
        "_out",
        "_started",
        "_usage",
    )

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._blocks = 0
        self._calls: dict[int, _OpenCall] = {}
        self._finished: Finished | None = None
        self._grown: set[int] = set()
        self._has_begun = False
        self._has_refused = False
        self._open = b""
        self._out: list[bytes] = []
        self._started = _UNNAMED
        self._usage: Usage | None = None

    def write(self, events: Sequence[ChatEvent]) -> bytes:
        """The bytes of some events; those of other choices than the first are left out, for the format has but one."""
        for event in events:
            kind = type(event)
            if kind is UsageSeen:
                self._usage = event.usage  # type: ignore[union-attr]
            elif kind is Started:
                self._started = event  # type: ignore[assignment]
            elif kind is Ended:
                self._end()
            elif event.choice == 0:  # type: ignore[union-attr]
                if not self._has_begun:
                    self._begin()
                self._write_content(event)
        written = b"".join(self._out)
        self._out.clear()
        return written

    def _write_content(self, event: ChatEvent) -> None:
        match event:
            case TextDelta() | RefusalDelta():
                if event.text:
                    self._has_refused |= type(event) is RefusalDelta
                    self._open_text(b"text", starts=False)
                    self._out.append(_DELTA % (self._blocks - 1, b"text_delta", b"text", _encode(event.text)))
            case ToolDelta():
                self._add_arguments(event)
            case ReasoningDelta():
                self._open_text(b"thinking", starts=event.starts)
                if event.text:
                    self._out.append(_DELTA % (self._blocks - 1, b"thinking_delta", b"thinking", _encode(event.text)))
            case ReasoningSigned():
                self._sign(event)
            case ToolStarted():
                self._start_call(event)
            case Finished():
                self._finished = event
                self._close(is_over=True)

    def _begin(self) -> None:
        started = self._started
        usage = write_stream_usage(self._usage)
        if started.service_tier in TIERS_SERVED:
            usage["service_tier"] = TIERS_SERVED[started.service_tier]
        message: JsonObject = {
            "id": started.id or f"msg_{self._asking.request_id}",
            "type": "message",
            "role": "assistant",
            "model": started.model or self._asking.request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        self._send(b"message_start", b'"message":%b' % _encode(message))
        self._has_begun = True

    def _send(self, name: bytes, members: bytes) -> None:
        self._out.append(_EVENT % (name, name, members))

    def _open_text(self, kind: bytes, *, starts: bool) -> None:
        """Go on with the open block where it is of the kind, else begin one; a new thought always has its own."""
        if self._open == kind and not starts:
            return
        self._close()
        empty = b',"signature":""' if kind == b"thinking" else b""
        self._begin_block(b'{"type":"%b","%b":""%b}' % (kind, kind, empty))
        self._open = kind

    def _begin_block(self, block: bytes) -> None:
        self._send(b"content_block_start", b'"index":%d,"content_block":%b' % (self._blocks, block))
        self._blocks += 1

    def _write_whole(self, block: JsonObject) -> None:
        self._close()
        self._begin_block(_encode(block))
        self._out.append(_STOP % (self._blocks - 1))

    def _sign(self, signed: ReasoningSigned) -> None:
        if signed.is_hidden:
            self._write_whole({"type": "redacted_thinking", "data": pack_thought(signed)})
            return
        if not signed.signature:
            return
        self._open_text(b"thinking", starts=False)
        signature = pack_thought(signed)
        self._out.append(_DELTA % (self._blocks - 1, b"signature_delta", b"signature", _encode(signature)))
        self._close()

    def _start_call(self, event: ToolStarted) -> None:
        if event.signature and event.origin != NAME:
            self._write_whole(write_call_signature(event.signature, event.origin))
        else:
            self._close()
        self._calls[event.call] = _OpenCall(self._blocks, GrowingArguments())
        self._begin_block(_encode({"type": "tool_use", "id": event.id, "name": event.name, "input": {}}))

    def _add_arguments(self, event: ToolDelta) -> None:
        call = self._calls.get(event.call)
        if call is None or not event.arguments:
            return
        call.arguments.add(event.arguments)
        self._grown.add(event.call)
        self._out.append(_DELTA % (call.place, b"input_json_delta", b"partial_json", _encode(event.arguments)))

    def _close(self, *, is_over: bool = False) -> None:
        """End what is open; calls only once their arguments are whole, or the answer is over.

        Only those calls are asked that have grown: a long answer may hold many that never end.
        """
        if self._open:
            self._open = b""
            self._out.append(_STOP % (self._blocks - 1))
        asked = list(self._calls) if is_over else sorted(self._grown & self._calls.keys())
        self._grown.clear()
        for number in asked:
            call = self._calls[number]
            if is_over or call.arguments.are_whole():
                self._out.append(_STOP % call.place)
                del self._calls[number]

    def _end(self) -> None:
        if not self._has_begun:
            self._begin()
        self._close(is_over=True)
        finished = self._finished
        reason, sequence = None, ""
        if finished is not None:
            sequence = finished.stop_sequence
            reason = write_stop_reason(finished.finish, sequence, is_refusal=self._has_refused)
        delta = {"stop_reason": reason, "stop_sequence": sequence or None}
        members = b'"delta":%b,"usage":%b' % (_encode(delta), _encode(write_stream_usage(self._usage)))
        self._send(b"message_delta", members)
        self._out.append(_END)
