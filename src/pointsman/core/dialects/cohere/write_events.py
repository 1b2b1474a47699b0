"""Hub -> Cohere's event stream: blocks are opened and closed one after another, and all are closed in the end."""

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
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.cohere.usage import write_usage
from pointsman.core.dialects.cohere.words import NAME, write_finish
from pointsman.core.dialects.cohere.write_response import write_logprob, write_proof
from pointsman.core.dialects.dialect import Asking

DONE = b"data: [DONE]\n\n"
_DELTA = (
    b'event: content-delta\ndata: {"type":"content-delta","index":%d,"delta":{"message":{"content":{"%b":%b}}}%b}\n\n'
)
_ARGUMENTS = (
    b'event: tool-call-delta\ndata: {"type":"tool-call-delta","index":%d,'
    b'"delta":{"message":{"tool_calls":{"function":{"arguments":%b}}}}}\n\n'
)
_encode = msgspec.json.Encoder().encode


class EventWriter:
    """Writes one streamed answer; of several choices only the first can be told."""

    __slots__ = ("_asking", "_block", "_call", "_finished", "_kind", "_started", "_usage")

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._started = False
        self._kind = ""
        self._block = -1
        self._call = -1
        self._finished = Finished("stop")
        self._usage: Usage | None = None

    def write(self, events: Sequence[ChatEvent]) -> bytes:
        """The bytes of some events."""
        out: list[bytes] = []
        for event in events:
            self._write(event, out)
        return b"".join(out)

    def _write(self, event: ChatEvent, out: list[bytes]) -> None:
        match event:
            case TextDelta(choice=0):
                self._write_text(event, out)
            case ToolDelta(choice=0):
                out.append(_ARGUMENTS % (event.call, _encode(event.arguments)))
            case ReasoningDelta(choice=0):
                self._open("thinking", out, anew=event.starts)
                if event.text:
                    out.append(_DELTA % (self._block, b"thinking", _encode(event.text), b""))
            case RefusalDelta(choice=0):
                self._open("text", out)
                out.append(_DELTA % (self._block, b"text", _encode(event.text), b""))
            case ReasoningSigned(choice=0):
                self._sign(event, out)
            case ToolStarted(choice=0):
                self._start_call(event, out)
            case Started():
                self._start(event.id, out)
            case Finished(choice=0):
                self._finished = event
            case UsageSeen():
                self._usage = event.usage
            case Ended():
                self._end(event, out)

    def _write_text(self, event: TextDelta, out: list[bytes]) -> None:
        if self._kind != "text":
            self._open("text", out)
        logprobs = b""
        if event.logprobs:
            # An event of Cohere's has room for one item, so that the tokens of one text share it.
            item = write_logprob(event.logprobs[0])
            item["logprobs"] = [token.logprob for token in event.logprobs]
            item["text"] = "".join([token.token for token in event.logprobs])
            logprobs = b',"logprobs":%b' % _encode(item)
        out.append(_DELTA % (self._block, b"text", _encode(event.text), logprobs))

    def _start(self, id: str, out: list[bytes]) -> None:
        if self._started:
            return
        self._started = True
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        out.append(_write_event("message-start", id=id or self._asking.request_id, delta={"message": message}))

    def _open(self, kind: str, out: list[bytes], *, anew: bool = False) -> None:
        if self._kind == kind and not anew:
            return
        self._close(out)
        self._kind = kind
        self._block += 1
        content = {"type": kind, kind: ""}
        out.append(_write_event("content-start", index=self._block, delta={"message": {"content": content}}))

    def _close(self, out: list[bytes]) -> None:
        self._start("", out)
        if self._kind == "call":
            out.append(_write_event("tool-call-end", index=self._call))
        elif self._kind:
            out.append(_write_event("content-end", index=self._block))
        self._kind = ""

    def _sign(self, signed: ReasoningSigned, out: list[bytes]) -> None:
        self._open("thinking", out, anew=signed.is_hidden)
        proof = write_proof(signed.signature, signed.origin, signed.is_hidden, signed.id)
        content = {"thinking": "", **proof}
        out.append(_write_event("content-delta", index=self._block, delta={"message": {"content": content}}))
        self._close(out)

    def _start_call(self, event: ToolStarted, out: list[bytes]) -> None:
        self._close(out)
        self._kind, self._call = "call", event.call
        call: JsonObject = {"id": event.id, "type": "function", "function": {"name": event.name, "arguments": ""}}
        if event.signature:
            call["signature"] = wrap_signature(event.signature, event.origin, NAME)
        out.append(_write_event("tool-call-start", index=event.call, delta={"message": {"tool_calls": call}}))

    def _end(self, ended: Ended, out: list[bytes]) -> None:
        self._close(out)
        reason = write_finish(self._finished.finish, self._finished.stop_sequence)
        delta: JsonObject = {"finish_reason": reason}
        if self._usage is not None and not ended.is_cut:
            delta["usage"] = write_usage(self._usage)
        out.append(_write_event("message-end", delta=delta))
        out.append(DONE)


def _write_event(kind: str, **members: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode({"type": kind, **members}))
