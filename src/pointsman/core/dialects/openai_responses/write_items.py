"""Messages of the hub -> items of the Responses format, in the order in which everything was said."""

from base64 import b64encode

from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Message,
    Native,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.dialects.call_ids import MOST_ID_CHARACTERS, fit_call_id
from pointsman.core.dialects.data_urls import write_data_url
from pointsman.core.dialects.openai_responses.read_parts import NAME


class ItemWriter:
    """Writes messages one after the other.

    Attributes:
        items: so far.
        losses: what the format cannot say, as paths of the hub's request.
        marks: whether the model takes marks of what to remember of the prompt; the others remember without.
        has_thoughts: whether a thought of one of our own providers is among the items.
    """

    __slots__ = ("_content", "_role", "has_thoughts", "items", "losses", "marks")

    def __init__(self, losses: list[str], *, marks: bool) -> None:
        self.items: list[object] = []
        self.losses = losses
        self.marks = marks
        self.has_thoughts = False
        self._content: list[object] = []
        self._role = ""

    def write(self, place: int, message: Message) -> None:
        """Add a message; `place` is where it stands in the request."""
        role = "user" if message.role == "tool" else message.role
        self._role = role
        if message.name:
            self.losses.append(f"messages[{place}].name")
        parts = message.parts
        if len(parts) == 1 and isinstance(parts[0], Text) and not parts[0].cache and role != "assistant":
            self.items.append({"type": "message", "role": role, "content": parts[0].text})
            return
        for inner, part in enumerate(parts):
            self._write_part(part, f"messages[{place}].parts[{inner}]")
        self._close()

    def _write_part(self, part: Part, path: str) -> None:
        match part:
            case Text() | Refusal() | Media():
                written = self._write_content(part, path)
                if written is not None:
                    self._content.append(written)
            case Reasoning():
                self._write_thought(part)
            case ToolCall():
                self._write_call(part, path)
            case ToolResult():
                self._write_result(part, path)
            case Native():
                self._write_native(part, path)

    def _write_content(self, part: Text | Refusal | Media, path: str, *, in_result: bool = False) -> JsonObject | None:
        says = self._role == "assistant" and not in_result
        if not isinstance(part, Refusal) and part.cache:
            written = None if says or not self.marks else self._write_unmarked(part, path, says=False)
            if written is not None:
                written["prompt_cache_breakpoint"] = _write_mark(part.cache)
                return written
            self.losses.append(f"{path}.cache")
        return self._write_unmarked(part, path, says=says)

    def _write_unmarked(self, part: Text | Refusal | Media, path: str, *, says: bool) -> JsonObject | None:
        match part:
            case Text() if says:
                return {"type": "output_text", "text": part.text, "annotations": []}
            case Text():
                return {"type": "input_text", "text": part.text}
            case Refusal() if says:
                return {"type": "refusal", "refusal": part.text}
            case Media() if not says:
                return self._write_media(part, path)
        self.losses.append(path)
        return None

    def _write_media(self, media: Media, path: str) -> JsonObject | None:
        written: JsonObject | None = None
        if media.kind == "image":
            written = _write_image(media)
        elif media.kind == "document":
            written = _write_file(media)
        if written is None:
            self.losses.append(path)
            return None
        if media.detail:
            written["detail"] = media.detail
        self.losses += [f"{path}.{name}" for name in ("context", "cites") if getattr(media, name)]
        return written

    def _write_thought(self, thought: Reasoning) -> None:
        if not thought.signature or thought.origin != NAME:
            self._lose_thinking()
            return
        self._close()
        self.has_thoughts = True
        has_words = thought.text or not thought.is_hidden
        item: JsonObject = {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": thought.text}] if has_words else [],
            "encrypted_content": thought.signature,
        }
        if thought.id:
            item["id"] = thought.id
        self.items.append(item)

    def _write_call(self, call: ToolCall, path: str) -> None:
        if call.cache:
            self.losses.append(f"{path}.cache")
        if call.signature:
            self._lose_thinking()
        self._close()
        self.items.append(
            {"type": "function_call", "call_id": _fit(call.id), "name": call.name, "arguments": call.arguments}
        )

    def _write_result(self, result: ToolResult, path: str) -> None:
        self.losses += [f"{path}.{name}" for name in ("cache", "is_error") if getattr(result, name)]
        self._close()
        parts, output = result.parts, []
        only = parts[0] if len(parts) == 1 else None
        if not parts or (isinstance(only, Text) and not only.cache):
            text = only.text if isinstance(only, Text) else ""
            self.items.append({"type": "function_call_output", "call_id": _fit(result.call_id), "output": text})
            return
        for inner, part in enumerate(parts):
            at = f"{path}.parts[{inner}]"
            written: object = None
            if isinstance(part, Text | Media):
                written = self._write_content(part, at, in_result=True)
            elif isinstance(part, Native) and part.dialect == NAME:
                written = part.value
            else:
                self.losses.append(at)
            if written is not None:
                output.append(written)
        self.items.append({"type": "function_call_output", "call_id": _fit(result.call_id), "output": output})

    def _write_native(self, part: Native, path: str) -> None:
        if part.dialect != NAME:
            self.losses.append(path)
        elif _is_item(part):
            self._close()
            self.items.append(part.value)
        else:
            self._content.append(part.value)

    def _lose_thinking(self) -> None:
        if "thinking" not in self.losses:
            self.losses.append("thinking")

    def _close(self) -> None:
        if self._content:
            self.items.append({"type": "message", "role": self._role, "content": self._content})
            self._content = []


def _fit(call_id: str) -> str:
    """OpenAI takes any letters, but no more than 64 of them."""
    return call_id if len(call_id) <= MOST_ID_CHARACTERS else fit_call_id(call_id)


def _write_mark(cache: str) -> JsonObject:
    """The format's durations are the least that is kept: half an hour unless said otherwise, or twelve hours."""
    return {"mode": "explicit", "ttl": "12h"} if cache == "1h" else {"mode": "explicit"}


_ITEM_ENDINGS = ("_call", "_output", "_response", "_request", "_tools", "_trigger", "compaction", "program")


def _is_item(part: Native) -> bool:
    """Whether it stands among the items, or in the content of a message."""
    return part.kind.endswith(_ITEM_ENDINGS)


def _write_image(media: Media) -> JsonObject | None:
    if media.data:
        return {"type": "input_image", "image_url": write_data_url(media.media_type or "image/png", media.data)}
    if media.url:
        return {"type": "input_image", "image_url": media.url}
    if media.file_id and media.origin == NAME:
        return {"type": "input_image", "file_id": media.file_id}
    return None


def _write_file(media: Media) -> JsonObject | None:
    data, media_type = media.data, media.media_type
    if media.text:
        data, media_type = b64encode(media.text.encode()).decode(), media_type or "text/plain"
    written: JsonObject
    if data:
        # A file without a name is refused.
        name = media.name or f"document.{_ENDINGS.get(media_type, 'txt' if media.text else 'pdf')}"
        return {"type": "input_file", "filename": name, "file_data": write_data_url(media_type, data)}
    if media.url:
        written = {"type": "input_file", "file_url": media.url}
    elif media.file_id and media.origin == NAME:
        written = {"type": "input_file", "file_id": media.file_id}
    else:
        return None
    if media.name:
        written["filename"] = media.name
    return written


_ENDINGS = {
    "text/plain": "txt",
    "text/markdown": "md",
    "text/html": "html",
    "text/csv": "csv",
    "application/json": "json",
}
