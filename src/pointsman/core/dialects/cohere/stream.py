"""Follows a Cohere event stream whatever way it was cut: complete events go on as they came, torn ones do not."""

from dataclasses import dataclass, field

import msgspec

from pointsman.core.chat.failures import FailureKind
from pointsman.core.dialects.cohere.usage import read_usage
from pointsman.core.dialects.cohere.words import FAILED_REASONS
from pointsman.core.dialects.read_members import read_members
from pointsman.core.dialects.server_events import read_event
from pointsman.core.dialects.verbatim_stream import VerbatimStream


class _Content(msgspec.Struct, frozen=True, gc=False):
    text: str | None = None
    thinking: str | None = None


class _ContentMessage(msgspec.Struct, frozen=True, gc=False):
    content: _Content = _Content()


class _ContentDelta(msgspec.Struct, gc=False):
    message: _ContentMessage = _ContentMessage()


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    delta: msgspec.Raw = msgspec.Raw()


class _Ending(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    error: object = None
    usage: object = None


_CONTENT = frozenset({"content-delta", "tool-plan-delta", "tool-call-start", "tool-call-delta", "citation-start"})
_ENDS = {"content-start": "content-end", "tool-call-start": "tool-call-end", "citation-start": "citation-end"}
_CUT = b'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"MAX_TOKENS"}}\n\n'
_DONE = b"data: [DONE]\n\n"
_decode = msgspec.json.Decoder(_Event).decode
_decode_content = msgspec.json.Decoder(_ContentDelta).decode
_decode_ending = msgspec.json.Decoder(_Ending).decode


@dataclass(slots=True)
class StreamReader(VerbatimStream):
    """Reads one streamed answer; usage always goes on, for Cohere always tells it."""

    _finished: bool = False
    _open: dict[str, bytes] = field(default_factory=dict)

    def complete(self) -> bytes | None:
        """Nothing is missing once the message has ended; `[DONE]` need not come."""
        return b"" if self._finished else None

    def end_early(self) -> bytes:
        """What is open is closed, the last first."""
        ends = [_write_end(kind, start) for kind, start in reversed(self._open.items())]
        return b"".join(ends) + (b"" if self._finished else _CUT) + _DONE

    def judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client."""
        name, data = read_event(event)
        if not data:
            return False
        if data == b"[DONE]":
            return self._take_mark()
        try:
            document = _decode(data)
            return self._take(name, document, data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.note_malformed()
            return False

    def _take_mark(self) -> bool:
        if self._finished or self.committed:
            self.done = self.committed = True
        else:
            self.fail(FailureKind.BAD_RESPONSE, "the stream ended without an answer")
        return self.done

    def _take(self, name: bytes, document: _Event, data: bytes) -> bool:
        kind = document.type
        if kind == "content-delta":
            content = _decode_content(document.delta).message.content
            size = len(content.text or "") + len(content.thinking or "")
            if size:
                self.note_content(size)
            return True
        if kind in _CONTENT:
            self.note_content(len(bytes(document.delta)))
        elif kind == "message-end":
            return self._end(document.delta)
        elif kind is None or kind == "error" or name == b"error":
            self.fail(FailureKind.SERVER_ERROR, "the provider sent an error within the stream")
            return False
        self._follow(kind, data)
        return True

    def _follow(self, kind: str, data: bytes) -> None:
        end = _ENDS.get(kind)
        if end is None:
            self._open.pop(kind, None)
        else:
            self._open[end] = data

    def _end(self, delta: msgspec.Raw) -> bool:
        ending = _decode_ending(delta) if bytes(delta) not in (b"", b"null") else _Ending()
        self.usage = self.tally.take(read_usage(ending.usage), ending.usage)
        if ending.error or ending.finish_reason in FAILED_REASONS:
            self.fail(FailureKind.SERVER_ERROR, "the provider ended the stream with an error")
            return False
        self._finished = self.committed = True
        return True


def _write_end(kind: str, start: bytes) -> bytes:
    """The event that closes what another one has opened."""
    place = read_members(start).get("index")
    members: dict[str, object] = {"type": kind} if place is None else {"type": kind, "index": place}
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(members))
