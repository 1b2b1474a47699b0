"""Hub events -> the stream of the Responses format: every item is opened, told and closed, and numbered throughout."""

from collections.abc import Sequence

import msgspec

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Finished,
    FinishReason,
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
from pointsman.core.chat.conversation import JsonObject, Reasoning
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_responses.open_items import OpenCall, OpenMessage, OpenThought
from pointsman.core.dialects.openai_responses.usage import write_usage
from pointsman.core.dialects.openai_responses.write_output import (
    choose_id,
    make_id,
    write_image,
    write_signature,
    write_thought,
)
from pointsman.core.dialects.openai_responses.write_response import close_response, open_response

_encode = msgspec.json.Encoder().encode


class EventWriter:
    """Writes one streamed answer; calls stay open until the answer's end, for their pieces may come in turns."""

    __slots__ = (
        "_asking",
        "_calls",
        "_finish",
        "_has_refusal",
        "_number",
        "_open",
        "_out",
        "_output",
        "_response",
        "_usage",
    )

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._response: JsonObject | None = None
        self._number = 0
        self._out: list[bytes] = []
        self._output: list[JsonObject] = []
        self._open: OpenMessage | OpenThought | None = None
        self._calls: dict[int, OpenCall] = {}
        self._finish: FinishReason | None = None
        self._has_refusal = False
        self._usage: Usage | None = None

    def write(self, events: Sequence[ChatEvent]) -> bytes:
        """The bytes of some events."""
        for event in events:
            if type(event) is TextDelta:
                if event.choice == 0:
                    self._message().say(event.text, event.logprobs)
            elif type(event) is ToolDelta:
                if event.choice == 0 and event.call in self._calls:
                    self._calls[event.call].say(event.arguments)
            else:
                self._write(event)
        out = b"".join(self._out)
        self._out.clear()
        return out

    def emit(self, kind: str, document: JsonObject) -> None:
        """Add an event with the next number."""
        document["type"] = kind
        document["sequence_number"] = self._number
        self._number += 1
        self._out.append(b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(document)))

    def _write(self, event: ChatEvent) -> None:
        match event:
            case Started():
                self._start(event)
            case UsageSeen():
                self._usage = event.usage
            case Ended():
                self._end(event)
            case Finished(choice=0):
                self._finish = event.finish
                self._close_all()
            case RefusalDelta(choice=0):
                self._has_refusal = True
                self._message().refuse(event.text)
            case ReasoningDelta(choice=0):
                self._thought(starts=event.starts).say(event.text)
            case ReasoningSigned(choice=0):
                self._sign(event)
            case ToolStarted(choice=0):
                self._start_call(event)
            case MediaPart(choice=0) if event.media.kind == "image" and event.media.data:
                self._close_open()
                self._add_whole(write_image(event.media, self._make_id("ig")))

    def _start(self, started: Started) -> JsonObject:
        if self._response is None:
            self._response = open_response(
                self._asking, started.id, started.model, started.created_s, started.service_tier
            )
            for kind in ("response.created", "response.in_progress"):
                self.emit(kind, {"response": self._response})
        return self._response

    def _message(self) -> OpenMessage:
        if type(self._open) is OpenMessage:
            return self._open
        self._close_open()
        message = OpenMessage(self.emit, self._make_id("msg"), self._take_place())
        self._open = message
        return message

    def _thought(self, *, starts: bool) -> OpenThought:
        if type(self._open) is OpenThought and not starts:
            return self._open
        self._close_open()
        thought = OpenThought(self.emit, self._make_id("rs"), self._take_place())
        self._open = thought
        return thought

    def _sign(self, signed: ReasoningSigned) -> None:
        if signed.is_hidden:
            self._close_open()
            thought = Reasoning("", signed.signature, signed.origin, is_hidden=True)
            self._add_whole(write_thought(thought, choose_id(signed.id, self._make_id("rs"))))
            return
        self._thought(starts=False).sign(signed)
        self._close_open()

    def _start_call(self, started: ToolStarted) -> None:
        self._close_open()
        if started.call in self._calls:
            return
        if started.signature:
            self._add_whole(write_signature(started.id, started.signature, started.origin))
        item_id = self._make_id("fc")
        self._calls[started.call] = OpenCall(self.emit, item_id, self._take_place(), started.id, started.name)

    def _add_whole(self, item: JsonObject) -> None:
        place = self._take_place()
        self._output[place] = item
        self.emit("response.output_item.added", {"output_index": place, "item": item})
        self.emit("response.output_item.done", {"output_index": place, "item": item})

    def _make_id(self, kind: str) -> str:
        return make_id(kind, self._asking.request_id, len(self._output))

    def _take_place(self) -> int:
        if self._response is None:
            self._start(Started("", self._asking.request.model))
        self._output.append({})
        return len(self._output) - 1

    def _close_open(self) -> None:
        if self._open is not None:
            self._output[self._open.place] = self._open.close("completed")
            self._open = None

    def _close_all(self) -> None:
        is_cut = self._finish in ("length", "content_filter", "pause")
        if self._open is not None:
            self._output[self._open.place] = self._open.close("incomplete" if is_cut else "completed")
            self._open = None
        for call in self._calls.values():
            is_last = is_cut and call.place == len(self._output) - 1
            self._output[call.place] = call.close("incomplete" if is_last else "completed")
        self._calls.clear()

    def _end(self, ended: Ended) -> None:
        response = self._start(Started("", self._asking.request.model))
        self._close_all()
        close_response(response, self._finish, has_refusal=self._has_refusal)
        response["output"] = self._output
        response["usage"] = None if ended.is_cut else write_usage(self._usage)
        self.emit(f"response.{response['status']}", {"response": response})
