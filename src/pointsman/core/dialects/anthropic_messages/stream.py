"""Follows an Anthropic event stream whatever way it was cut: complete events go on as they came, torn ones do not."""

from dataclasses import dataclass, field

import msgspec

from pointsman.core.chat.failures import FailureKind
from pointsman.core.dialects.anthropic_messages.errors import classify_error
from pointsman.core.dialects.anthropic_messages.usage import UsageCounter, write_usage
from pointsman.core.dialects.server_events import read_event
from pointsman.core.dialects.verbatim_stream import VerbatimStream

MOST_OPEN_BLOCKS = 1_024
"""Of blocks that have begun and not ended; Anthropic itself has one at a time. What goes beyond is not minded."""

MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_BLOCK_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_MESSAGE_DELTA = (
    b'event: message_delta\ndata: {"type":"message_delta",'
    b'"delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":%b}\n\n'
)
_EMPTY_BLOCKS = frozenset({"text", "thinking"})
"""Blocks that begin with nothing in them."""


class _Delta(msgspec.Struct, gc=False):
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Block(msgspec.Struct, gc=False):
    type: str
    text: str = ""
    thinking: str = ""


class _Message(msgspec.Struct):
    usage: object = None


class _Event(msgspec.Struct):
    type: str | None = None
    index: object = None
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: object = None
    error: object = None


_decode = msgspec.json.Decoder(_Event).decode


@dataclass(slots=True)
class StreamReader(VerbatimStream):
    """Reads one streamed answer; this format tells usage always."""

    _finished: bool = False
    _counter: UsageCounter = field(default_factory=UsageCounter)
    _open_blocks: set[int] = field(default_factory=set)

    def complete(self) -> bytes | None:
        """Some servers leave the last event out."""
        return MESSAGE_STOP if self._finished else None

    def end_early(self) -> bytes:
        """The format wants usage with the end: it is what was last reported."""
        stops = b"".join([_BLOCK_STOP % index for index in sorted(self._open_blocks)])
        end = b"" if self._finished else _MESSAGE_DELTA % msgspec.json.encode(write_usage(self.usage))
        return stops + end + MESSAGE_STOP

    def judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client."""
        name, data = read_event(event)
        if not data:
            return False
        try:
            read = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if name == b"error":
                self.fail(FailureKind.SERVER_ERROR, "the provider sent an error within the stream")
            elif not (self._finished and data == b"[DONE]"):
                self.note_malformed()
            return False
        if name == b"error" or read.type == "error" or (read.type is None and read.error is not None):
            self.fail(classify_error(read.error), "the provider sent an error within the stream")
            return False
        match read.type:
            case "content_block_delta":
                self._follow_delta(read.delta)
            case "content_block_start":
                self._follow_start(read.content_block, len(data))
                if type(read.index) is int and len(self._open_blocks) < MOST_OPEN_BLOCKS:
                    self._open_blocks.add(read.index)
            case "content_block_stop":
                if type(read.index) is int:
                    self._open_blocks.discard(read.index)
            case "message_start":
                self._count(read.message.usage if read.message is not None else None)
            case "message_delta":
                self._count(read.usage)
                if read.delta is not None and read.delta.stop_reason:
                    self.committed = self._finished = True
            case "message_stop":
                return self._stop()
        return True

    def _follow_delta(self, delta: _Delta | None) -> None:
        if delta is not None:
            size = len(delta.text) + len(delta.thinking) + len(delta.partial_json)
            if size:
                self.note_content(size)

    def _follow_start(self, block: _Block | None, size: int) -> None:
        if block is None:
            return
        if block.type not in _EMPTY_BLOCKS:
            self.note_content(size)
        elif block.text or block.thinking:
            self.note_content(len(block.text) + len(block.thinking))

    def _count(self, reported: object) -> None:
        self.usage = self.tally.take(self._counter.take(reported), reported)

    def _stop(self) -> bool:
        if self._finished or self.committed:
            self.done = self.committed = True
        else:
            self.fail(FailureKind.BAD_RESPONSE, "the stream ended without an answer")
        return self.done
