"""What a provider's candidates say, for whole answers and for streams: its parts one by one, in Gemini's order."""

import re

import msgspec

from pointsman.core.chat.conversation import JsonObject, Media, Native, Reasoning, Text, ToolCall
from pointsman.core.dialects.gemini.media import read_media
from pointsman.core.dialects.gemini.names import GEMINI

CandidatePart = Text | Reasoning | ToolCall | Media | Native
_NOT_FOR_IDS = re.compile(r"[^A-Za-z0-9_-]")
_MOST_ID_CHARACTERS = 28
_encode = msgspec.json.Encoder().encode


def list_objects(holder: JsonObject, name: str) -> list[JsonObject]:
    """A member that is a list of objects or left out.

    Raises:
        TypeError: when it is anything else.
    """
    found = holder.get(name)
    if found is None:
        return []
    if type(found) is not list:
        raise TypeError(f"{name} must be a list")
    for item in found:
        if type(item) is not dict:
            raise TypeError(f"{name} must hold objects")
    return found


def list_candidate_parts(candidate: JsonObject) -> list[JsonObject]:
    """The parts of a candidate as they stand there; those that were blocked have none."""
    content = candidate.get("content")
    if content is None:
        return []
    if type(content) is not dict:
        raise TypeError("content must be an object")
    return list_objects(content, "parts")


def read_index(candidate: JsonObject, place: int) -> int:
    """Which of the answers a candidate is."""
    index = candidate.get("index", place)
    if type(index) is not int or index < 0:
        raise ValueError("index must be a whole number")
    return index


def read_part(part: JsonObject, response_id: str, choice: int, calls: int) -> tuple[CandidatePart | None, str]:
    """A part and the signature that goes with it; a call has its own already.

    Args:
        part: as it stands there.
        response_id: of the answer, for the id of a call that has none.
        choice: the index of the candidate, likewise.
        calls: how many calls came before it, likewise.

    Raises:
        KeyError, TypeError, ValueError: when it is none.
    """
    signature = _text(part, "thoughtSignature")
    is_thought = part.get("thought") is True
    if "text" in part:
        text = _text(part, "text")
        if is_thought:
            return Reasoning(text), signature
        return (Text(text) if text else None), signature
    if is_thought and ("inlineData" in part or "functionCall" not in part):
        return (Native(GEMINI, "thought", part) if len(part) > 1 + bool(signature) else None), signature
    if "functionCall" in part:
        return _read_call(part["functionCall"], signature, _make_id(response_id, choice, calls)), ""
    for name in ("inlineData", "fileData"):
        if type(payload := part.get(name)) is dict:
            media = read_media(payload, name == "inlineData")
            return media, signature
    kind = next((name for name in part if name != "thoughtSignature"), "")
    return (Native(GEMINI, kind, part) if kind else None), signature


def _read_call(call: object, signature: str, made_id: str) -> ToolCall:
    if type(call) is not dict:
        raise TypeError("a call must be an object")
    arguments = call.get("args")
    if arguments is not None and type(arguments) is not dict:
        raise TypeError("args must be an object")
    name = _text(call, "name")
    if not name:
        raise ValueError("a call needs the name of its function")
    id = _text(call, "id") or made_id
    return ToolCall(id, name, _encode(arguments or {}).decode(), signature, GEMINI if signature else "")


def _make_id(response_id: str, choice: int, calls: int) -> str:
    """An id that no other call of the conversation has, as long as the provider gives its answers ids."""
    answer = _NOT_FOR_IDS.sub("", response_id)[:_MOST_ID_CHARACTERS]
    return "_".join(["call", *filter(None, (answer, str(choice) if choice else "")), str(calls)])


def _text(holder: JsonObject, name: str) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        raise TypeError(f"{name} must be a string")
    return value
