"""A client's parts -> hub. A part that has more to it than the hub can say stays whole, as one that only Gemini has."""

import msgspec

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
from pointsman.core.dialects.client_checks import check_object, check_text, refuse
from pointsman.core.dialects.gemini.call_ids import CallIds
from pointsman.core.dialects.gemini.decode_request import list_items
from pointsman.core.dialects.gemini.media import read_media
from pointsman.core.dialects.gemini.names import GEMINI, spell_members
from pointsman.core.dialects.gemini.thought_signatures import unpack_signature

_BESIDE = frozenset({"thought", "thoughtSignature"})
_MEMBERS = {
    "inlineData": frozenset({"mimeType", "data", "displayName"}),
    "fileData": frozenset({"mimeType", "fileUri", "displayName"}),
    "functionCall": frozenset({"id", "name", "args"}),
    "functionResponse": frozenset({"id", "name", "response", "parts"}),
}
_encode = msgspec.json.Encoder().encode


def read_parts(items: list[object], path: str, calls: CallIds) -> list[Part]:
    """The parts of one content, in order.

    Raises:
        ClientError: for the first that is none.
    """
    parts: list[Part] = []
    for place, item in enumerate(items):
        assert type(item) is dict, "decode_request has checked it"
        if len(item) == 1 and type(text := item.get("text")) is str:
            parts.append(Text(text))
        else:
            where = f"{path}[{place}]"
            _read_part(spell_members(item, where), where, calls, parts)
    return parts


def _read_part(item: JsonObject, path: str, calls: CallIds, parts: list[Part]) -> None:
    signature = item.get("thoughtSignature") or ""
    if type(signature) is not str:
        check_text(signature, f"{path}.thoughtSignature")
        return
    signed = unpack_signature(signature)
    names = [name for name in item if name not in _BESIDE]
    is_thought = item.get("thought") is True
    if not names or names == ["text"]:
        text = item.get("text", "")
        if type(text) is not str:
            refuse("invalid_messages", f"text must be a string ({path}.text).", f"{path}.text")
        if not names and not signature:
            refuse("invalid_messages", f"the part holds nothing ({path}).", path)
        if is_thought:
            parts.append(Reasoning(text, signed.signature, signed.origin, signed.is_hidden, signed.id))
            return
        if text or not signature:
            parts.append(Text(text))
        if signature:
            parts.append(signed)
        return
    part = _read_payload(names, item, path, calls) if not is_thought else None
    if isinstance(part, ToolCall):
        parts.append(_sign_call(part, signed))
    elif part is None:
        parts.append(Native(GEMINI, names[0], item))
    else:
        parts.append(part)
        if signature:
            parts.append(signed)


def _sign_call(call: ToolCall, signed: Reasoning) -> ToolCall:
    if not signed.signature:
        return call
    return ToolCall(call.id, call.name, call.arguments, signed.signature, signed.origin)


def _read_payload(names: list[str], item: JsonObject, path: str, calls: CallIds) -> Part | None:
    """The part, or `None` where only Gemini has the like of it."""
    name = names[0]
    if len(names) > 1 or name not in _MEMBERS:
        return None
    payload, path = item[name], f"{path}.{name}"
    if type(payload) is not dict:
        check_object(payload, path)
        return None
    payload = spell_members(payload, path)
    if not _MEMBERS[name].issuperset(payload):
        return None
    if name == "functionCall":
        return _read_call(payload, path, calls)
    if name == "functionResponse":
        return _read_result(payload, path, calls)
    return _read_media(payload, path, name == "inlineData")


def _read_media(payload: JsonObject, path: str, is_inline: bool) -> Media:
    for name, value in payload.items():
        if value is not None:
            check_text(value, f"{path}.{name}")
    needed = "data" if is_inline else "fileUri"
    if not payload.get(needed):
        refuse("invalid_messages", f"the part needs {needed} ({path}.{needed}).", f"{path}.{needed}")
    return read_media(payload, is_inline)


def _read_call(payload: JsonObject, path: str, calls: CallIds) -> ToolCall:
    name = _read_name(payload, path)
    arguments = payload.get("args")
    if arguments is not None and type(arguments) is not dict:
        check_object(arguments, f"{path}.args")
    return ToolCall(calls.name_call(_read_id(payload, path), name), name, _encode(arguments or {}).decode())


def _read_result(payload: JsonObject, path: str, calls: CallIds) -> ToolResult:
    name = _read_name(payload, path)
    response = payload.get("response")
    if response is not None and type(response) is not dict:
        check_object(response, f"{path}.response")
    text, is_error = _read_response(response) if type(response) is dict else ("", False)
    parts: list[Part] = [Text(text)] if text else []
    for place, item in enumerate(list_items(payload.get("parts"))):
        parts.append(_read_result_part(item, f"{path}.parts[{place}]"))
    return ToolResult(calls.find_call(_read_id(payload, path), name), tuple(parts) or (Text(""),), name, is_error)


def _read_result_part(item: object, path: str) -> Part:
    if type(item) is not dict or not item:
        refuse("invalid_messages", f"a part must be an object that is not empty ({path}).", path)
    item = spell_members(item, path)
    name = next(iter(item))
    if len(item) == 1 and name in ("inlineData", "fileData") and type(item[name]) is dict:
        payload = spell_members(item[name], f"{path}.{name}")  # type: ignore[arg-type]
        if _MEMBERS[name].issuperset(payload):
            return _read_media(payload, f"{path}.{name}", name == "inlineData")
    return Native(GEMINI, name, item)


def _read_response(response: JsonObject) -> tuple[str, bool]:
    """What a function gave back and whether it failed: `output` and `error` are Gemini's words for them."""
    if len(response) == 1:
        for name in ("output", "error"):
            if name in response:
                said = response[name]
                return said if type(said) is str else _encode(said).decode(), name == "error"
    return _encode(response).decode() if response else "", False


def _read_name(payload: JsonObject, path: str) -> str:
    name = payload.get("name")
    if type(name) is not str or not name:
        refuse("invalid_messages", f"the function needs its name ({path}.name).", f"{path}.name")
    return name


def _read_id(payload: JsonObject, path: str) -> str:
    id = payload.get("id") or ""
    if type(id) is not str:
        check_text(id, f"{path}.id")
        return ""
    return id
