"""Hub events -> Gemini's stream: a chunk for each piece, calls whole, the ends of all candidates in the last chunk."""

from collections.abc import Sequence

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
from pointsman.core.chat.conversation import JsonObject, ToolCall
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.gemini.finish_reasons import write_finish
from pointsman.core.dialects.gemini.logprobs import write_logprobs
from pointsman.core.dialects.gemini.names import GEMINI
from pointsman.core.dialects.gemini.thought_signatures import pack_signature
from pointsman.core.dialects.gemini.usage import write_usage
from pointsman.core.dialects.gemini.write_parts import read_arguments, write_part, write_parts
from pointsman.core.dialects.gemini.write_response import sign_for_client, write_time
from pointsman.core.dialects.growing_arguments import GrowingArguments

_encode = msgspec.json.Encoder().encode


class EventWriter:
    """Writes one streamed answer."""

    __slots__ = ("_about", "_asking", "_calls", "_ends", "_grown", "_thinking", "_usage")

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._about = b""
        self._calls: dict[int, dict[int, tuple[ToolStarted, GrowingArguments]]] = {}
        self._ends: dict[int, str] = {}
        self._grown: dict[int, set[int]] = {}
        self._thinking: set[int] = set()
        self._usage: Usage | None = None

    def write(self, events: Sequence[ChatEvent]) -> bytes:
        """The chunks of some events."""
        chunks: list[bytes] = []
        for event in events:
            match event:
                case TextDelta() | RefusalDelta():
                    self._write_text(event, chunks)
                case ReasoningDelta():
                    self._thinking.add(event.choice)
                    if event.text:
                        self._write_item({"text": event.text, "thought": True}, event.choice, chunks)
                case ReasoningSigned():
                    self._write_signature(event, chunks)
                case ToolStarted():
                    self._thinking.discard(event.choice)
                    self._calls.setdefault(event.choice, {})[event.call] = event, GrowingArguments()
                case ToolDelta():
                    self._add_arguments(event)
                case MediaPart():
                    if (item := write_part(event.media)) is not None:
                        self._close(event.choice, chunks)
                        self._write_item(item, event.choice, chunks)
                case UsageSeen():
                    self._usage = event.usage
                case Finished():
                    if event.finish == "length":
                        self._drop_torn_calls(event.choice)
                    self._close(event.choice, chunks, is_last=True)
                    self._ends[event.choice] = write_finish(event.finish)
                case Started():
                    self._about = self._write_about(event)
                case Ended():
                    chunks.append(self._write_end(event, chunks))
        return b"".join(chunks)

    def _write_about(self, started: Started) -> bytes:
        about: JsonObject = {
            "modelVersion": started.model or self._asking.request.model,
            "responseId": started.id or self._asking.request_id,
        }
        if started.created_s:
            about["createTime"] = write_time(started.created_s)
        return _encode(about)[1:]

    def _write_text(self, event: TextDelta | RefusalDelta, chunks: list[bytes]) -> None:
        logprobs = event.logprobs if isinstance(event, TextDelta) else None
        if event.text or logprobs:
            self._close(event.choice, chunks)
            beside = b',"logprobsResult":' + _encode(write_logprobs(logprobs)) if logprobs else b""
            self._write_item({"text": event.text}, event.choice, chunks, beside)

    def _write_signature(self, event: ReasoningSigned, chunks: list[bytes]) -> None:
        item: JsonObject = {"text": ""}
        if event.choice in self._thinking or event.origin != GEMINI:
            item["thought"] = True
        if signature := pack_signature(event.signature, event.origin, event.is_hidden, event.id):
            item["thoughtSignature"] = signature
            self._write_item(item, event.choice, chunks)
        self._thinking.discard(event.choice)

    def _add_arguments(self, event: ToolDelta) -> None:
        call = self._calls.get(event.choice, {}).get(event.call)
        if call is not None:
            call[1].add(event.arguments)
            self._grown.setdefault(event.choice, set()).add(event.call)

    def _drop_torn_calls(self, choice: int) -> None:
        """Leave out calls whose arguments have not come whole: the format has no way to tell that, but runs them."""
        calls = self._calls.get(choice, {})
        for number in [number for number, (_, arguments) in calls.items() if read_arguments(arguments.join()) is None]:
            del calls[number]

    def _close(self, choice: int, chunks: list[bytes], *, is_last: bool = False) -> None:
        """Write the calls that are whole; what another part follows, or the end, is.

        Only those are asked that have grown: a long answer may hold many that never end.
        """
        self._thinking.discard(choice)
        calls, grown = self._calls.get(choice, {}), self._grown.pop(choice, set())
        for number in list(calls) if is_last else sorted(grown & calls.keys()):
            started, arguments = calls[number]
            if is_last or arguments.are_whole():
                del calls[number]
                call = ToolCall(started.id, started.name, arguments.join(), started.signature, started.origin)
                self._write_item(write_parts((call,), sign_for_client)[0], choice, chunks)

    def _write_item(self, item: JsonObject, choice: int, chunks: list[bytes], beside: bytes = b"") -> None:
        chunks.append(
            b'data: {"candidates":[{"content":{"parts":[%b],"role":"model"},"index":%d%b}],%b\n\n'
            % (_encode(item), choice, beside, self._about)
        )

    def _write_end(self, ended: Ended, chunks: list[bytes]) -> bytes:
        for choice in sorted(self._calls):
            self._close(choice, chunks, is_last=True)
        candidates = [
            {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": reason, "index": choice}
            for choice, reason in sorted(self._ends.items())
        ]
        last: JsonObject = {"candidates": candidates} if candidates else {}
        if self._usage is not None and not ended.is_cut:
            last["usageMetadata"] = write_usage(self._usage)
        head = _encode(last)[:-1]
        return b"data: %b%b%b\n\n" % (head, b"," if last else b"", self._about)
