"""Parts of the hub -> content blocks of a request; what no block can say is told as a loss by its path."""

from base64 import b64decode
from collections.abc import Iterable

from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Native,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.dialects.anthropic_messages.arguments import write_input
from pointsman.core.dialects.anthropic_messages.terms import NAME, write_cache_mark
from pointsman.core.dialects.call_ids import fit_call_id
from pointsman.core.dialects.media_types import guess_media_type

_TEXT_TYPES = ("text/", "application/json", "application/xml")


def write_parts(parts: Iterable[Part], where: str, losses: list[str]) -> list[JsonObject]:
    """The blocks of a message; none of them is a text without a word, which Anthropic refuses.

    Args:
        parts: of the message.
        where: the message stands, such as `messages[2]`.
        losses: takes what cannot be said.
    """
    blocks: list[JsonObject] = []
    for place, part in enumerate(parts):
        if type(part) is Text or type(part) is Refusal:
            if part.text and not part.text.isspace():
                blocks.append(_write_text(part))
            continue
        block = _write_part(part, f"{where}.parts[{place}]", losses)
        if block is not None:
            blocks.append(block)
    return blocks


def _write_text(part: Text | Refusal) -> JsonObject:
    if type(part) is Text and part.cache:
        return {"type": "text", "text": part.text, "cache_control": write_cache_mark(part.cache)}
    return {"type": "text", "text": part.text}


def _write_part(part: Part, path: str, losses: list[str]) -> JsonObject | None:
    match part:
        case ToolCall():
            return _write_call(part, path, losses)
        case ToolResult():
            return _write_result(part, path, losses)
        case Media():
            block = write_media(part, path, losses)
            if block is not None and part.cache:
                block["cache_control"] = write_cache_mark(part.cache)
            return block
        case Reasoning():
            return _write_reasoning(part, losses)
        case Native() if part.dialect == NAME and type(part.value) is dict:
            return part.value
    losses.append(path)
    return None


def _write_call(call: ToolCall, path: str, losses: list[str]) -> JsonObject:
    arguments, is_object = write_input(call.arguments)
    if not is_object:
        losses.append(f"{path}.arguments")
    if call.signature:
        _lose_thought(losses)
    block: JsonObject = {"type": "tool_use", "id": fit_call_id(call.id), "name": call.name, "input": arguments}
    if call.cache:
        block["cache_control"] = write_cache_mark(call.cache)
    return block


def _write_result(result: ToolResult, path: str, losses: list[str]) -> JsonObject:
    block: JsonObject = {"type": "tool_result", "tool_use_id": fit_call_id(result.call_id)}
    content = write_parts(result.parts, path, losses)
    if len(content) == 1 and len(content[0]) == 2 and content[0]["type"] == "text":
        block["content"] = content[0]["text"]
    elif content:
        block["content"] = content
    if result.is_error:
        block["is_error"] = True
    if result.cache:
        block["cache_control"] = write_cache_mark(result.cache)
    return block


def _write_reasoning(thought: Reasoning, losses: list[str]) -> JsonObject | None:
    """Only a thought that Anthropic signed may be sent back; any other one it refuses."""
    if thought.origin != NAME or not thought.signature:
        _lose_thought(losses)
        return None
    if thought.is_hidden:
        return {"type": "redacted_thinking", "data": thought.signature}
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}


def _lose_thought(losses: list[str]) -> None:
    if "thinking" not in losses:
        losses.append("thinking")


def write_media(media: Media, path: str, losses: list[str]) -> JsonObject | None:
    """The block of an image or a document, or `None` where it is nothing that Anthropic takes."""
    source = _write_source(media) if media.kind in ("image", "document") else None
    if source is None:
        losses.append(path)
        return None
    if media.detail not in ("", "auto"):
        losses.append(f"{path}.detail")
    block: JsonObject = {"type": media.kind, "source": source}
    if media.kind == "image":
        return block
    if media.name:
        block["title"] = media.name
    if media.context:
        block["context"] = media.context
    if media.cites:
        block["citations"] = {"enabled": True}
    return block


def _write_source(media: Media) -> JsonObject | None:
    if media.url:
        return {"type": "url", "url": media.url}
    if media.file_id:
        return {"type": "file", "file_id": media.file_id} if media.origin == NAME else None
    if media.text:
        return _write_words(media.text) if media.kind == "document" else None
    kind = media.media_type or guess_media_type(media.data)
    if media.kind == "image" or kind == "application/pdf":
        return {"type": "base64", "media_type": kind, "data": media.data}
    if kind.startswith(_TEXT_TYPES):
        return _decode_words(media.data)
    return None


def _write_words(text: str) -> JsonObject:
    return {"type": "text", "media_type": "text/plain", "data": text}


def _decode_words(data: str) -> JsonObject | None:
    """A text file's bytes as text; Anthropic takes them in no other way."""
    try:
        return _write_words(b64decode(data, validate=True).decode())
    except ValueError:
        return None
