"""Follows a Responses event stream whatever way it was cut: complete events go on as they came, torn ones do not."""

from dataclasses import dataclass, field

import msgspec

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.dialects.openai_responses.answer_so_far import MOST_KEPT_BYTES, AnswerSoFar
from pointsman.core.dialects.openai_responses.read_response import read_failure
from pointsman.core.dialects.openai_responses.usage import read_usage
from pointsman.core.dialects.server_events import read_event
from pointsman.core.dialects.verbatim_stream import VerbatimStream

_ENDS = frozenset({"response.completed", "response.incomplete"})
_FAILURES = frozenset({"response.failed", "error"})
_COMMITS = frozenset(
    {"response.output_item.done", "response.function_call_arguments.done", "response.output_text.done"}
)


class _Response(msgspec.Struct, gc=False):
    usage: object = None
    error: object = None


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    output_index: int | None = None
    delta: object = None
    partial_image_b64: str | None = None
    response: _Response | None = None
    error: object = None
    code: object = None
    message: object = None
    param: object = None


_decode = msgspec.json.Decoder(_Event).decode


@dataclass(slots=True)
class StreamReader(VerbatimStream):
    """Reads one streamed answer; its last event says that it is the last."""

    _last: bytes = b""
    _told: AnswerSoFar = field(default_factory=AnswerSoFar)

    def complete(self) -> bytes | None:
        """A stream without its last event was cut."""
        return None

    def end_early(self) -> bytes:
        """Items that are open are closed as they stand, and the response is incomplete; its usage is not known."""
        return self._told.end(self._last)

    def judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client."""
        name, data = read_event(event)
        if not data or data == b"[DONE]":
            return False
        try:
            said = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.note_malformed()
            return False
        kind = said.type or name.decode("utf-8", "replace")
        if kind in _FAILURES or (said.error and not kind.startswith("response.")):
            self.failure = self.failure or _read_failure(said)
            return False
        self._last = data
        if said.delta and type(said.delta) is str:
            text = said.delta.encode()
            # `note_content` in line: nothing else runs as often.
            self.content_bytes += len(text)
            self.committed = True
            so_far = self._told.texts.get(said.output_index)
            if so_far is not None:
                so_far += text
                if self.content_bytes > MOST_KEPT_BYTES:
                    self._told.drop()
            return True
        self._told.follow(kind, said.output_index, data)
        if said.partial_image_b64:
            self.note_content(len(said.partial_image_b64))
        elif kind in _COMMITS:
            self.committed = True
        elif kind in _ENDS:
            if said.response is not None:
                self.usage = self.tally.take(read_usage(said.response.usage), said.response.usage)
            self.done = self.committed = True
        return True


def _read_failure(said: _Event) -> UpstreamFailure:
    error = said.response.error if said.response is not None else said.error
    return read_failure(error or {"code": said.code, "message": said.message, "param": said.param})
