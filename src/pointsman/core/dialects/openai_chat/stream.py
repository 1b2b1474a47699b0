"""Follows an OpenAI event stream whatever way it was cut: complete events go on as they came, torn ones do not."""

import re
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import astuple

from pointsman.core.chat.failures import FailureKind
from pointsman.core.dialects.openai_chat.errors import classify_error, is_failed
from pointsman.core.dialects.openai_chat.usage import read_usage
from pointsman.core.dialects.read_members import read_members
from pointsman.core.dialects.server_events import read_data
from pointsman.core.dialects.verbatim_stream import VerbatimStream

DONE = b"data: [DONE]\n\n"
MOST_CHOICES = 128
_HEAD = ("id", "object", "created", "model", "service_tier", "system_fingerprint")
"""What every chunk says again."""

_ABSENT = msgspec.Raw()
_ERROR_EVENT = re.compile(rb"(?:^|[\r\n])event: ?error")
_EMPTY = frozenset({b"", b"null", b'""', b"[]", b"{}"})


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
    error: object = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: object = None
    error: object = None
    object: str | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


@dataclass(slots=True)
class StreamReader(VerbatimStream):
    """Reads one streamed answer; chunks without choices are left out unless the client wants usage."""

    _finished: bool = False
    _last: bytes = b""
    _open_choices: set[int] = field(default_factory=set)
    _silent_choices: set[int] = field(default_factory=set)
    _ended_choices: set[int] = field(default_factory=set)

    def complete(self) -> bytes | None:
        """Some servers leave the last line out."""
        return DONE if self._finished else None

    def end_early(self) -> bytes:
        """A chunk for each choice that has not ended, without usage: what came last is not all of it."""
        said = read_members(self._last)
        head = {name: said[name] for name in _HEAD if name in said}
        ends = [
            b"data: %b\n\n" % msgspec.json.encode({**head, "choices": [_end_choice(index)]})
            for index in sorted((self._open_choices | self._silent_choices) - self._ended_choices)
        ]
        return b"".join(ends) + DONE

    def judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client."""
        data = read_data(event)
        if not data:
            return False
        if data == b"[DONE]":
            if self._finished or self.committed:
                self.done = self.committed = True
            else:
                self.fail(FailureKind.BAD_RESPONSE, "the stream ended without an answer")
            return self.done
        try:
            chunk = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.note_malformed()
            return False
        if chunk.error is not None or chunk.object == "error" or _ERROR_EVENT.search(event):
            self.fail(classify_error(chunk.error), "the provider sent an error within the stream")
            return False
        self._last = data
        if chunk.usage is not None:
            self.usage = self.tally.take(read_usage(chunk.usage), chunk.usage)
        if not chunk.choices:
            return self.wants_usage
        for choice in chunk.choices:
            if is_failed(choice.error, choice.finish_reason):
                self.fail(classify_error(choice.error), "the provider sent an error within the stream")
                return False
            self._follow(choice)
        return True

    def _follow(self, choice: _Choice) -> None:
        size = _content_size(choice.delta) if choice.delta is not None else 0
        if size:
            self.note_content(size)
        index = choice.index or 0
        if choice.finish_reason:
            self.committed = True
            self._open_choices.discard(index)
            self._mind(index, self._ended_choices)
            self._finished = not self._open_choices
        elif size:
            if index not in self._open_choices:
                self._mind(index, self._open_choices)
            self._finished = False
        else:
            self._mind(index, self._silent_choices)

    def _mind(self, index: int, choices: set[int]) -> None:
        choices.add(index)
        if len(choices) > MOST_CHOICES:
            self.fail(FailureKind.BAD_RESPONSE, f"the stream holds more than {MOST_CHOICES} choices")


def _end_choice(index: int) -> dict[str, object]:
    return {"index": index, "delta": {}, "logprobs": None, "finish_reason": "length"}


_QUOTES = 2
"""Around a text; where a token comes at a time they would be a third of it."""


def _content_size(delta: _Delta) -> int:
    """Bytes of content in a delta; 0 for one that only names the role."""
    size = 0
    for part in astuple(delta):
        if part is not _ABSENT and (text := bytes(part)) not in _EMPTY:
            size += len(text) - (_QUOTES if text.startswith(b'"') else 0)
    return size
