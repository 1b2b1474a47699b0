"""Items of a streamed answer in the Responses format that are still being told, and the events that tell them."""

from collections.abc import Callable
from typing import Literal

from pointsman.core.chat.answer import ReasoningSigned, TokenLogprob
from pointsman.core.chat.conversation import JsonObject, Reasoning
from pointsman.core.dialects.openai_responses.write_output import (
    choose_id,
    write_call,
    write_message,
    write_refusal,
    write_summary,
    write_text,
    write_thought,
    write_tokens,
)

Emit = Callable[[str, JsonObject], None]


class OpenMessage:
    """A message of texts and refusals."""

    __slots__ = ("_content", "_emit", "_id", "_kind", "_logprobs", "_pieces", "place")

    def __init__(self, emit: Emit, item_id: str, place: int) -> None:
        self.place = place
        self._emit = emit
        self._id = item_id
        self._content: list[JsonObject] = []
        self._kind: Literal["", "output_text", "refusal"] = ""
        self._pieces: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        emit("response.output_item.added", {"output_index": place, "item": write_message(item_id, [], "in_progress")})

    def say(self, text: str, logprobs: tuple[TokenLogprob, ...] | None) -> None:
        """More text."""
        if self._kind != "output_text":
            self._open_part("output_text", write_text("", None))
        self._pieces.append(text)
        if logprobs:
            self._logprobs += logprobs
        tokens = write_tokens(logprobs) if logprobs else []
        self._emit("response.output_text.delta", self._locate({"delta": text, "logprobs": tokens}))

    def refuse(self, text: str) -> None:
        """More of a refusal."""
        if self._kind != "refusal":
            self._open_part("refusal", write_refusal(""))
        self._pieces.append(text)
        self._emit("response.refusal.delta", self._locate({"delta": text}))

    def close(self, status: str) -> JsonObject:
        """Tell that nothing more comes; return the whole item."""
        self._close_part()
        item = write_message(self._id, self._content, status)
        self._emit("response.output_item.done", {"output_index": self.place, "item": item})
        return item

    def _open_part(self, kind: Literal["output_text", "refusal"], part: JsonObject) -> None:
        self._close_part()
        self._kind = kind
        self._emit("response.content_part.added", self._locate({"part": part}))

    def _close_part(self) -> None:
        if not self._kind:
            return
        text = "".join(self._pieces)
        if self._kind == "output_text":
            part = write_text(text, self._logprobs)
            self._emit("response.output_text.done", self._locate({"text": text, "logprobs": part["logprobs"]}))
        else:
            part = write_refusal(text)
            self._emit("response.refusal.done", self._locate({"refusal": text}))
        self._emit("response.content_part.done", self._locate({"part": part}))
        self._content.append(part)
        self._kind, self._pieces, self._logprobs = "", [], []

    def _locate(self, document: JsonObject) -> JsonObject:
        document["item_id"] = self._id
        document["output_index"] = self.place
        document["content_index"] = len(self._content)
        return document


class OpenThought:
    """A thought, told as one part of a summary."""

    __slots__ = ("_emit", "_id", "_pieces", "_signed", "place")

    def __init__(self, emit: Emit, item_id: str, place: int) -> None:
        self.place = place
        self._emit = emit
        self._id = item_id
        self._pieces: list[str] = []
        self._signed = ReasoningSigned("", "")
        item: JsonObject = {"id": item_id, "type": "reasoning", "summary": [], "encrypted_content": None}
        emit("response.output_item.added", {"output_index": place, "item": item})
        emit("response.reasoning_summary_part.added", self._locate({"part": write_summary("")}))

    def say(self, text: str) -> None:
        """More of it."""
        if text:
            self._pieces.append(text)
            self._emit("response.reasoning_summary_text.delta", self._locate({"delta": text}))

    def sign(self, signed: ReasoningSigned) -> None:
        """Note what proves it."""
        self._signed = signed

    def close(self, _status: str) -> JsonObject:
        """Tell that nothing more comes; return the whole item."""
        text = "".join(self._pieces)
        self._emit("response.reasoning_summary_text.done", self._locate({"text": text}))
        self._emit("response.reasoning_summary_part.done", self._locate({"part": write_summary(text)}))
        signed = self._signed
        item = write_thought(Reasoning(text, signed.signature, signed.origin), choose_id(signed.id, self._id))
        self._emit("response.output_item.done", {"output_index": self.place, "item": item})
        return item

    def _locate(self, document: JsonObject) -> JsonObject:
        document["item_id"] = self._id
        document["output_index"] = self.place
        document["summary_index"] = 0
        return document


class OpenCall:
    """A call whose arguments are being told."""

    __slots__ = ("_call_id", "_emit", "_id", "_name", "_pieces", "place")

    def __init__(self, emit: Emit, item_id: str, place: int, call_id: str, name: str) -> None:
        self.place = place
        self._emit = emit
        self._id, self._call_id, self._name = item_id, call_id, name
        self._pieces: list[str] = []
        item = write_call(item_id, call_id, name, "", "in_progress")
        emit("response.output_item.added", {"output_index": place, "item": item})

    def say(self, arguments: str) -> None:
        """More of the arguments."""
        self._pieces.append(arguments)
        document: JsonObject = {"item_id": self._id, "output_index": self.place, "delta": arguments}
        self._emit("response.function_call_arguments.delta", document)

    def close(self, status: str) -> JsonObject:
        """Tell that nothing more comes; return the whole item."""
        # Of a call that was not told to its end nobody knows whether it has no arguments.
        arguments = "".join(self._pieces) or ("" if status == "incomplete" else "{}")
        document: JsonObject = {"item_id": self._id, "output_index": self.place, "arguments": arguments}
        self._emit("response.function_call_arguments.done", {**document, "name": self._name})
        item = write_call(self._id, self._call_id, self._name, arguments, status)
        self._emit("response.output_item.done", {"output_index": self.place, "item": item})
        return item
