"""Follows a Gemini stream whose client speaks Gemini, too; whole when the connection ends after every candidate has."""

from dataclasses import dataclass, field

import msgspec

from pointsman.core.chat.failures import FailureKind
from pointsman.core.dialects.gemini.errors import classify_error
from pointsman.core.dialects.gemini.usage import read_usage
from pointsman.core.dialects.read_members import read_members
from pointsman.core.dialects.server_events import read_data
from pointsman.core.dialects.verbatim_stream import VerbatimStream

_ABSENT = msgspec.Raw()
_ABOUT = ("modelVersion", "responseId", "createTime")
"""What every chunk says again."""

_EMPTY = frozenset({b"", b"null", b'""', b"{}"})


class _Part(msgspec.Struct, gc=False):
    text: str | None = None
    thoughtSignature: msgspec.Raw = _ABSENT
    functionCall: msgspec.Raw = _ABSENT
    inlineData: msgspec.Raw = _ABSENT
    fileData: msgspec.Raw = _ABSENT
    executableCode: msgspec.Raw = _ABSENT
    codeExecutionResult: msgspec.Raw = _ABSENT
    toolCall: msgspec.Raw = _ABSENT
    toolResponse: msgspec.Raw = _ABSENT


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, gc=False):
    content: _Content | None = None
    finishReason: str | None = None
    index: int | None = None


class _Feedback(msgspec.Struct, gc=False):
    blockReason: str | None = None


class _Chunk(msgspec.Struct, gc=False):
    candidates: list[_Candidate] | None = None
    usageMetadata: object = None
    promptFeedback: _Feedback | None = None
    error: object = None


_decode = msgspec.json.Decoder(_Chunk).decode


@dataclass(slots=True)
class StreamReader(VerbatimStream):
    """Reads one streamed answer."""

    _ended: dict[int, bool] = field(default_factory=dict)
    _is_blocked: bool = False
    _last: bytes = b""

    def complete(self) -> bytes | None:
        """Nothing is missing once all candidates have ended, or none will come."""
        if self._ended:
            return b"" if all(self._ended.values()) else None
        return b"" if self._is_blocked else None

    def end_early(self) -> bytes:
        """A last chunk, without usage: what was reported so far is with the client."""
        unfinished = sorted([index for index, has_ended in self._ended.items() if not has_ended])
        if not unfinished:
            return b""
        candidates = [
            {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "MAX_TOKENS", "index": index}
            for index in unfinished
        ]
        said = read_members(self._last)
        about = {name: said[name] for name in _ABOUT if name in said}
        return b"data: %b\n\n" % msgspec.json.encode({"candidates": candidates, **about})

    def judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client."""
        data = read_data(event)
        if not data or data == b"[DONE]":
            return False
        try:
            chunk = _decode(_unwrap(data))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.note_malformed()
            return False
        if chunk.error is not None:
            self.fail(classify_error(chunk.error), "the provider sent an error within the stream")
            return False
        if chunk.usageMetadata is not None:
            self.usage = self.tally.take(read_usage(chunk.usageMetadata), chunk.usageMetadata)
        self._last = data
        for place, candidate in enumerate(chunk.candidates or ()):
            self._follow(candidate, place)
        if chunk.promptFeedback is not None and chunk.promptFeedback.blockReason and not chunk.candidates:
            self._is_blocked = self.committed = True
        return True

    def _follow(self, candidate: _Candidate, place: int) -> None:
        parts = candidate.content.parts if candidate.content is not None else None
        size = sum([_size_of(part) for part in parts]) if parts else 0
        if size:
            self.note_content(size)
        index = place if candidate.index is None else candidate.index
        has_ended = candidate.finishReason not in (None, "", "FINISH_REASON_UNSPECIFIED")
        if has_ended:
            self.committed = True
        self._ended[index] = has_ended or self._ended.get(index, False)
        if len(self._ended) > 128:
            self.fail(FailureKind.BAD_RESPONSE, "the stream holds too many candidates")


def _unwrap(data: bytes) -> bytes:
    """Google wraps some errors in a list."""
    return data[1:].rstrip()[:-1] if data.startswith(b"[") else data


def _size_of(part: _Part) -> int:
    """Bytes of content in a part."""
    size = len(part.text) if part.text else 0
    for payload in (
        part.thoughtSignature,
        part.functionCall,
        part.inlineData,
        part.fileData,
        part.executableCode,
        part.codeExecutionResult,
        part.toolCall,
        part.toolResponse,
    ):
        if payload is not _ABSENT and (raw := bytes(payload)) not in _EMPTY:
            size += len(raw)
    return size
