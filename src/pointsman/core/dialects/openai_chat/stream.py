"""Follows an OpenAI event stream whatever way it was cut: complete events go on as they came, torn ones do not.

Everything before the first content is held back, so that another model can still be tried.
"""

import re
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import astuple

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.utf8 import repair_utf8
from pointsman.core.dialects.openai_chat.errors import classify_error
from pointsman.core.dialects.openai_chat.usage import read_usage

DONE = b"data: [DONE]\n\n"
MOST_EVENT_BYTES = 1024 * 1024
MOST_MALFORMED_EVENTS = 3
_LINE = re.compile(rb"\r\n|\r|\n")
# A blank line in any mix of line ends; a CR that may be half of a CRLF waits for what follows it.
_EVENT_END = re.compile(rb"\n\n|\r\n\r\n|\r\r|\r\n\n|\n\r\n|\n\r(?=[^\n])")
_ABSENT = msgspec.Raw()
_ERROR_EVENT = re.compile(rb"(?:^|[\r\n])event: ?error")
_EMPTY = frozenset({b"", b"null", b'""', b"[]", b"{}"})
_BOM = b"\xef\xbb\xbf"


class _Delta(msgspec.Struct, gc=False):
    content: msgspec.Raw = _ABSENT
    tool_calls: msgspec.Raw = _ABSENT
    reasoning_content: msgspec.Raw = _ABSENT
    reasoning: msgspec.Raw = _ABSENT
    refusal: msgspec.Raw = _ABSENT
    function_call: msgspec.Raw = _ABSENT
    audio: msgspec.Raw = _ABSENT


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: object = None
    error: object = None
    object: str | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


@dataclass(slots=True)
class StreamReader:
    """Reads one streamed answer.

    Attributes:
        wants_usage: whether the client asked for usage; if not, chunks without choices are left out.
        committed: whether content has been handed on; from then on no other model may answer.
        done: whether the answer has ended properly.
        failure: what broke the stream; look after each `feed`, once its bytes are with the client.
        usage: the last usage seen, or `None`.
        content_bytes: how much content came, for an estimate where no usage does.
    """

    wants_usage: bool
    committed: bool = False
    done: bool = False
    failure: UpstreamFailure | None = None
    usage: Usage | None = None
    content_bytes: int = 0
    _started: bool = False
    _finished: bool = False
    _malformed: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _held: list[bytes] = field(default_factory=list)
    _open_choices: set[int] = field(default_factory=set)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return what may go to the client now."""
        if self._rest or not data.endswith(b"\n\n") or b"\r" in data:
            data, events = self._take_whole_events(data)
        else:
            events = data.split(b"\n\n")
            events.pop()
        return self._pass_events(data, events) if events else b""

    def finish(self) -> bytes:
        """Take the end of the connection; return what completes the answer, or set `failure` if it was cut."""
        last = b""
        if self._rest:
            event = bytes(self._rest).rstrip(b"\r\n")
            self._rest.clear()
            last = self._pass_events(event + b"\n\n", [event])
        if self._finished and not self.done:
            self.done = True
            return last + self._release() + DONE
        if not self.done:
            self._fail(FailureKind.INTERRUPTED, "the stream ended before its answer did")
        return last

    def _take_whole_events(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Add to what was torn before; return all that is whole now, and keep the rest for later."""
        searched = max(0, len(self._rest) - 3)
        self._rest += data
        events, end = [], 0
        for match in _EVENT_END.finditer(self._rest, searched):
            events.append(bytes(self._rest[end : match.start()]))
            end = match.end()
        whole = bytes(self._rest[:end])
        del self._rest[:end]
        if len(self._rest) > MOST_EVENT_BYTES:
            self._fail(FailureKind.BAD_RESPONSE, f"an event has more than {MOST_EVENT_BYTES} bytes")
        return whole, events

    def _pass_events(self, data: bytes, events: list[bytes]) -> bytes:
        if not self._started:
            self._started = True
            data, events[0] = data.removeprefix(_BOM), events[0].removeprefix(_BOM)
        passed = [self._judge(event) for event in events]
        if self.committed and not self._held and False not in passed:
            return repair_utf8(data)
        kept = [event + b"\n\n" for event, stays in zip(events, passed, strict=True) if stays]
        if not self.committed:
            self._held += kept
            if sum(map(len, self._held)) > MOST_EVENT_BYTES:
                self._fail(FailureKind.BAD_RESPONSE, f"more than {MOST_EVENT_BYTES} bytes came before any content")
            return b""
        return repair_utf8(self._release() + b"".join(kept))

    def _release(self) -> bytes:
        held = b"".join(self._held)
        self._held.clear()
        self.committed = True
        return held

    def _judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client."""
        data = event[6:] if event.startswith(b"data: ") and b"\n" not in event else _read_data(event)
        if not data or self.done or self.failure is not None:
            return False
        if data == b"[DONE]":
            if self._finished or self.committed:
                self.done = self.committed = True
            else:
                self._fail(FailureKind.BAD_RESPONSE, "the stream ended without an answer")
            return self.done
        try:
            chunk = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._malformed += 1
            if self._malformed > MOST_MALFORMED_EVENTS:
                self._fail(FailureKind.BAD_RESPONSE, "the stream holds malformed events")
            return False
        if chunk.error is not None or chunk.object == "error" or _ERROR_EVENT.search(event):
            self._fail(classify_error(chunk.error), "the provider sent an error within the stream")
            return False
        if chunk.usage is not None:
            self.usage = read_usage(chunk.usage) or self.usage
        if not chunk.choices:
            return self.wants_usage
        for choice in chunk.choices:
            self._follow(choice)
        return True

    def _follow(self, choice: _Choice) -> None:
        size = _content_size(choice.delta) if choice.delta is not None else 0
        if size:
            self.content_bytes += size
            self.committed = True
        if choice.finish_reason:
            self.committed = True
            self._open_choices.discard(choice.index or 0)
            self._finished = not self._open_choices
        elif size:
            self._open_choices.add(choice.index or 0)
            self._finished = False

    def _fail(self, kind: FailureKind, detail: str) -> None:
        self.failure = self.failure or UpstreamFailure(kind, detail, sent=True)


def _content_size(delta: _Delta) -> int:
    """Bytes of content in a delta; 0 for one that only names the role."""
    size = 0
    for part in astuple(delta):
        if part is not _ABSENT and (text := bytes(part)) not in _EMPTY:
            size += len(text)
    return size


def _read_data(event: bytes) -> bytes:
    """The data lines of an event joined, by the rules of server-sent events; comments and other fields left out."""
    lines = (line.removeprefix(b"data:") for line in _LINE.split(event) if line.startswith(b"data:"))
    return b"\n".join(line.removeprefix(b" ") for line in lines)
