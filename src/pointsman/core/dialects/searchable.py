"""What there is to search in a request of any format: every string in its body, and whether something in it is no text.

The one rule: whatever of the body is not listed as a text makes `holds_unsearchable` answer true.
"""

import re
from collections.abc import Iterable, Iterator

from pointsman.core.chat.conversation import Conversation, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.request_texts import (
    LEAST_LISTED_NUMBER,
    WIRE_WORDS,
    has_unsearchable,
    join_neighbours,
    list_joints,
    list_texts,
    read_arguments,
)
from pointsman.core.dialects.gemini.thought_signatures import unpack_signature
from pointsman.core.dialects.table import read_conversation

MOST_SEARCHED_BASE64 = 1_024
"""A longer run of base64 without a blank is taken for the bytes of an image or a file, and not searched."""

_BASE64 = re.compile(r"(?:data:[^,]{0,256},)?[A-Za-z0-9+/_=-]*")
_CONVERSING = ("chat", "count_tokens")
"""Operations whose requests are conversations."""

_ARGUMENTS = ("arguments", "args", "input", "partial_json")

_OF_TEXTS = frozenset(("type", "text", "title"))
"""What a part or a document may have that is a text."""

_AROUND_PARTS = "model role content parts title taskType task_type outputDimensionality output_dimensionality"
_OF_CONTENTS = frozenset(_AROUND_PARTS.split())
"""What may stand around the parts of a content that is to be embedded."""

_POINTING = ("image", "audio", "video", "file")
"""Members with such a beginning hold no text, or the address of something that is none."""


def list_request_texts(request: ChatRequest) -> Iterator[str]:
    """Every text of a request but the model's name, in the order of the body; keys count as texts."""
    if _is_openai_chat(request):
        yield from list_texts(request.fields)
        return
    for name, value in request.fields.items():
        if name != "model":
            yield from _list_within({name: value})


def list_request_joints(request: ChatRequest) -> Iterator[str]:
    """What reads on from one text part of a message to the next, which a model sees without a gap."""
    if _is_openai_chat(request):
        yield from list_joints(request.fields)
    elif request.operation in _CONVERSING:
        for message in read_conversation(request).messages:
            yield from join_neighbours(_list_texts_of(message.parts))
    else:
        for parts in _list_part_lists(request.fields):
            texts = (part.get("text") for part in parts if type(part) is dict)
            yield from join_neighbours(text for text in texts if type(text) is str and text)


def holds_unsearchable(request: ChatRequest) -> bool:
    """Whether a request holds, or points to, an image, a sound, a film, a file, or anything else that is no text."""
    if _is_openai_chat(request):
        return has_unsearchable(request.fields)
    if request.operation not in _CONVERSING:
        return _holds_other_than_texts(request.fields) or any(map(_is_bytes, _list_strings(request.fields)))
    conversation = read_conversation(request)
    if any(_is_unsearchable(part) for message in conversation.messages for part in message.parts):
        return True
    found = [text for text in _list_strings(request.fields) if _is_bytes(text)]
    return bool(found) and not _are_signatures(found, conversation)


def _is_openai_chat(request: ChatRequest) -> bool:
    return request.dialect == "openai_chat" and request.operation == "chat"


def _holds_other_than_texts(fields: dict[str, object]) -> bool:
    """Whether something is to be embedded, ranked or judged that is no text, or may be none.

    That is an image or the address of one, ids of tokens, which say nothing to anybody but a model, and any object
    but the parts and documents that are known to be texts.
    """
    waiting: list[object] = []
    for name, value in fields.items():
        if value and name.startswith(_POINTING):
            return True
        if name != "metadata":
            waiting.append(value)
    while waiting:
        item = waiting.pop()
        if type(item) is list:
            if item and type(item[0]) is int:
                return True
            waiting.extend(item)
        elif type(item) is dict:
            if not _is_of_texts(item):
                return True
            waiting.extend(item.values())
    return False


def _is_of_texts(item: dict[str, object]) -> bool:
    """Whether an object is a part or a document that is a text, or a content that is made of such."""
    if item.keys() <= _OF_TEXTS:
        return type(item.get("text")) is str and item.get("type", "text") == "text"
    return item.keys() <= _OF_CONTENTS


def _list_part_lists(fields: dict[str, object]) -> Iterator[list[object]]:
    """What is made of parts: the input of a moderation, the contents of embeddings."""
    yield _to_list(fields.get("input"))
    for name in ("requests", "inputs"):
        for item in _to_list(fields.get(name)):
            if type(item) is dict:
                yield _list_content(item)
    yield _list_content(fields)


def _list_content(holder: dict[str, object]) -> list[object]:
    content = holder.get("content")
    return _to_list(content.get("parts")) if type(content) is dict else _to_list(content)


def _to_list(value: object) -> list[object]:
    if type(value) is list:
        return value
    return [value] if type(value) is dict else []


def _is_unsearchable(part: Part) -> bool:
    match part:
        case Media():
            return not part.text
        case Native():
            return True
        case ToolResult():
            return any(_is_unsearchable(inner) for inner in part.parts)
        case _:
            return False


def _are_signatures(texts: list[str], conversation: Conversation) -> bool:
    """Whether all are what a provider signed a thought or a call with, or encrypted it to, and so knows already."""
    parts = (part for message in conversation.messages for part in message.parts)
    known = {part.signature for part in parts if isinstance(part, Reasoning | ToolCall)}
    return all(text in known or unpack_signature(text).signature in known for text in texts)


def _list_texts_of(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Text) and part.text:
            yield part.text
        elif isinstance(part, ToolResult):
            yield from _list_texts_of(part.parts)


def _list_within(value: object) -> Iterator[str]:
    """All texts within a value, in order; no deeper than the value, and no recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            if item and item not in WIRE_WORDS and not _is_bytes(item):
                yield item
        elif type(item) is dict:
            waiting.extend(_take_apart(item))
        elif type(item) is list:
            waiting.extend(reversed(item))
        elif (type(item) is int or type(item) is float) and abs(item) >= LEAST_LISTED_NUMBER:
            yield str(int(item))


def _take_apart(value: dict[str, object]) -> list[object]:
    """The keys and values of an object, last first, and what a tool's arguments say behind escapes."""
    within: list[object] = []
    for name, item in value.items():
        within += (name, item)
        if name in _ARGUMENTS and type(item) is str and "\\" in item:
            within.append(read_arguments(item))
    within.reverse()
    return within


def _list_strings(value: object) -> Iterator[str]:
    """All strings within a value, keys and what stands in arguments among them, in no order."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            yield item
        elif type(item) is dict:
            waiting.extend(_take_apart(item))
        elif type(item) is list:
            waiting.extend(item)


def _is_bytes(text: str) -> bool:
    return len(text) > MOST_SEARCHED_BASE64 and _BASE64.fullmatch(text) is not None
