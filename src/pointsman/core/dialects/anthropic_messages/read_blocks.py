"""Content blocks -> parts of the hub, in requests and answers alike; members that only this format has keep their path.

A block of an unknown type becomes `Native`; a known one with a member of a wrong type raises `ShapeError`.
"""

from collections.abc import Callable

import msgspec

from pointsman.core.chat.answer import ReasoningSigned
from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Native,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.chat.signatures import unwrap_signature, wrap_signature
from pointsman.core.dialects.anthropic_messages.arguments import read_input
from pointsman.core.dialects.anthropic_messages.terms import NAME

CALL_MARK = "tool_use."
"""Stands before another format's signature that belongs to the call after it, within a `redacted_thinking` block."""

_ID_MARK = "id="
"""Stands before the id of another format's thought, for which a block has no room, and `#` behind it."""

_TEXT_MEMBERS = frozenset({"type", "text", "cache_control"})
_IMAGE_MEMBERS = frozenset({"type", "source", "cache_control"})
_DOCUMENT_MEMBERS = frozenset({"type", "source", "title", "context", "citations", "cache_control"})
_CALL_MEMBERS = frozenset({"type", "id", "name", "input", "cache_control"})
_RESULT_MEMBERS = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})
_THINKING_MEMBERS = frozenset({"type", "thinking", "signature"})
_REDACTED_MEMBERS = frozenset({"type", "data"})
_UNSAID: tuple[object, ...] = (None, [], {"type": "direct"})
"""Values that say no more than leaving the member out does; answers that are sent back hold them."""


class ShapeError(ValueError):
    """A block is not what its type says.

    Attributes:
        path: of what is wrong.
        what: is wrong with it.
    """

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path
        self.what = what


def read_content(content: object, path: str, extra: JsonObject) -> tuple[Part, ...]:
    """The parts of a content, which is a string or a list of blocks.

    Args:
        content: as it stands.
        path: where it stands.
        extra: takes, by their path, the members that only this format knows.

    Raises:
        ShapeError: for the first block that is not what its type says.
    """
    if type(content) is str:
        return (Text(content),) if content else ()
    if type(content) is not list:
        raise ShapeError(path, "must be a string or a list of blocks")
    parts: list[Part] = []
    for place, block in enumerate(content):
        where = f"{path}[{place}]"
        if type(block) is not dict:
            raise ShapeError(where, "must be an object")
        kind = block.get("type")
        if kind == "text":
            text = block.get("text")
            if type(text) is not str:
                raise ShapeError(f"{where}.text", "must be a string")
            if len(block) > 2:
                cache = _read_cache(block, where)
                _keep(block, _TEXT_MEMBERS, where, extra)
                parts.append(Text(text, cache))
            elif text:
                parts.append(Text(text))
            continue
        if type(kind) is not str:
            raise ShapeError(f"{where}.type", "must be a string")
        read = _READERS.get(kind)
        part = Native(NAME, kind, block) if read is None else read(block, where, extra)
        parts.append(part)
        if type(part) is ToolCall and len(parts) > 1:
            _join_signature(parts)
    return tuple(parts)


def read_cache_mark(mark: object, path: str) -> str:
    """For how long a mark wants the prompt remembered; `""` without one."""
    if mark is None:
        return ""
    if type(mark) is not dict or mark.get("type") != "ephemeral":
        raise ShapeError(path, 'must be {"type": "ephemeral"}, with a ttl if need be')
    ttl = mark.get("ttl")
    if ttl is None:
        return "5m"
    if ttl not in ("5m", "1h"):
        raise ShapeError(f"{path}.ttl", "must be 5m or 1h")
    return str(ttl)


def _read_cache(block: JsonObject, where: str) -> str:
    mark = block.get("cache_control")
    return "" if mark is None else read_cache_mark(mark, f"{where}.cache_control")


def _keep(block: JsonObject, known: frozenset[str], where: str, extra: JsonObject) -> None:
    for name, value in block.items():
        if name not in known and value not in _UNSAID:
            extra[f"{where}.{name}"] = value


def _take_string(holder: JsonObject, name: str, where: str, *, may_be_unsaid: bool = False) -> str:
    value = holder.get(name)
    if value is None and may_be_unsaid:
        return ""
    if type(value) is not str:
        raise ShapeError(f"{where}.{name}", "must be a string")
    return value


def _take_source(block: JsonObject, where: str) -> JsonObject:
    source = block.get("source")
    if type(source) is not dict:
        raise ShapeError(f"{where}.source", "must be an object")
    if type(source.get("type")) is not str:
        raise ShapeError(f"{where}.source.type", "must be a string")
    return source


def _read_image(block: JsonObject, where: str, extra: JsonObject) -> Part:
    source = _take_source(block, where)
    place = f"{where}.source"
    cache = _read_cache(block, where)
    _keep(block, _IMAGE_MEMBERS, where, extra)
    match source["type"]:
        case "base64":
            data = _take_string(source, "data", place)
            return Media("image", media_type=_take_string(source, "media_type", place), data=data, cache=cache)
        case "url":
            return Media("image", url=_take_string(source, "url", place), cache=cache)
        case "file":
            return Media("image", file_id=_take_string(source, "file_id", place), origin=NAME, cache=cache)
    return Native(NAME, "image", block)


def _read_document(block: JsonObject, where: str, extra: JsonObject) -> Part:
    source = _take_source(block, where)
    place = f"{where}.source"
    citations = block.get("citations")
    about: dict[str, object] = {
        "name": _take_string(block, "title", where, may_be_unsaid=True),
        "context": _take_string(block, "context", where, may_be_unsaid=True),
        "cites": type(citations) is dict and citations.get("enabled") is True,
        "cache": _read_cache(block, where),
    }
    match source["type"]:
        case "base64" | "text" as kind:
            about["media_type"] = _take_string(source, "media_type", place, may_be_unsaid=True)
            about["data" if kind == "base64" else "text"] = _take_string(source, "data", place)
        case "url":
            about["url"] = _take_string(source, "url", place)
        case "file":
            about.update(file_id=_take_string(source, "file_id", place), origin=NAME)
        case "content" if (text := _join_texts(source.get("content"))) is not None:
            extra[place] = source  # others get the words; where one block ends only this format can say
            about.update(text=text, media_type="text/plain")
        case _:
            return Native(NAME, "document", block)
    _keep(block, _DOCUMENT_MEMBERS, where, extra)
    return Media("document", **about)  # type: ignore[arg-type]


def _join_texts(content: object) -> str | None:
    """The words of a document that is given as content; `None` where it holds what is no text."""
    if type(content) is str:
        return content
    if type(content) is not list:
        return None
    texts: list[str] = []
    for block in content:
        text = block.get("text") if type(block) is dict and block.get("type") == "text" else None
        if type(text) is not str:
            return None
        texts.append(text)
    return "\n".join(texts)


def _read_call(block: JsonObject, where: str, extra: JsonObject) -> Part:
    arguments = block.get("input")
    if type(arguments) is not dict:
        raise ShapeError(f"{where}.input", "must be an object")
    cache = _read_cache(block, where)
    _keep(block, _CALL_MEMBERS, where, extra)
    call_id, name = _take_string(block, "id", where), _take_string(block, "name", where)
    return ToolCall(call_id, name, read_input(arguments), cache=cache)


def _read_result(block: JsonObject, where: str, extra: JsonObject) -> Part:
    is_error = block.get("is_error")
    if is_error is not None and type(is_error) is not bool:
        raise ShapeError(f"{where}.is_error", "must be true or false")
    content = block.get("content")
    parts = () if content is None else read_content(content, f"{where}.content", extra)
    cache = _read_cache(block, where)
    _keep(block, _RESULT_MEMBERS, where, extra)
    return ToolResult(_take_string(block, "tool_use_id", where), parts, is_error=is_error is True, cache=cache)


def _read_thinking(block: JsonObject, where: str, extra: JsonObject) -> Part:
    signature = _take_string(block, "signature", where, may_be_unsaid=True)
    _keep(block, _THINKING_MEMBERS, where, extra)
    inner, origin, id = unpack_thought(signature)
    return Reasoning(_take_string(block, "thinking", where), inner, origin, id=id)


def _read_redacted(block: JsonObject, where: str, extra: JsonObject) -> Part:
    inner, origin, id = unpack_thought(_take_string(block, "data", where))
    _keep(block, _REDACTED_MEMBERS, where, extra)
    return Reasoning(signature=inner, origin=origin, is_hidden=True, id=id)


def pack_thought(thought: Reasoning | ReasoningSigned) -> str:
    """What stands in a block for a thought's signature; one from elsewhere is marked with its origin and its id."""
    is_foreign = bool(thought.signature) and thought.origin != NAME
    signature = f"{_ID_MARK}{thought.id}#{thought.signature}" if thought.id and is_foreign else thought.signature
    return wrap_signature(signature, thought.origin, NAME)


def unpack_thought(packed: str) -> tuple[str, str, str]:
    """The signature that `pack_thought` wrote, its origin, and the thought's id."""
    signature, origin = unwrap_signature(packed, NAME)
    if origin != NAME and signature.startswith(_ID_MARK):
        id, mark, rest = signature.removeprefix(_ID_MARK).partition("#")
        if mark:
            return rest, origin, id
    return signature, origin, ""


def _join_signature(parts: list[Part]) -> None:
    """Give the call that was read last the signature that stands before it for its sake."""
    call, before = parts[-1], parts[-2]
    if isinstance(call, ToolCall) and isinstance(before, Reasoning) and before.origin != NAME:
        signature = before.signature.removeprefix(CALL_MARK)
        if before.is_hidden and len(signature) < len(before.signature):
            parts[-2:] = [msgspec.structs.replace(call, signature=signature, origin=before.origin)]


_READERS: dict[str, Callable[[JsonObject, str, JsonObject], Part]] = {
    "image": _read_image,
    "document": _read_document,
    "tool_use": _read_call,
    "tool_result": _read_result,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
}
