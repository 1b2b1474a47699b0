"""A client's messages -> hub; what a message says beside the hub's words is kept in `extra` under its path."""

import re
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Message,
    Native,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.dialects.client_checks import refuse
from pointsman.core.dialects.openai_chat.read_content import read_cache, read_content
from pointsman.core.dialects.openai_chat.read_response import read_call, read_thoughts
from pointsman.core.dialects.openai_chat.reasoning import NAME, unwrap_reasoning
from pointsman.core.dialects.openai_chat.wire import Call, Function, Said

_ROLES: dict[object, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_KNOWN_OF_ALL = frozenset({"role", "content", "name", "cache_control"})
_KNOWN_OF_ASSISTANT = frozenset(
    {"refusal", "reasoning_content", "reasoning", "reasoning_details", "tool_calls", "function_call"}
)
_KNOWN: dict[Role, frozenset[str]] = {
    "system": _KNOWN_OF_ALL,
    "developer": _KNOWN_OF_ALL,
    "user": _KNOWN_OF_ALL,
    "assistant": _KNOWN_OF_ALL | _KNOWN_OF_ASSISTANT,
    "tool": _KNOWN_OF_ALL | {"tool_call_id"},
}
_NOTHING = Text("")
"""What many a client sends as content beside calls."""
_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details")
_FAULT_PATH = re.compile(r"`\$(\S*)`")
_Kind = TypeVar("_Kind")


def read_messages(messages: object, extra: JsonObject) -> tuple[Message, ...]:
    """Read the messages of a request.

    Args:
        messages: as in the body.
        extra: takes members that nobody knows, by their path.

    Raises:
        ClientError: with the path of what has not the form that it should.
    """
    if type(messages) is not list:
        refuse("invalid_messages", "messages must be a list with at least one message.", "messages")
    legacy_calls: dict[str, str] = {}
    read = [_read_message(message, place, legacy_calls, extra) for place, message in enumerate(messages)]
    return tuple(read)


def _read_message(message: object, place: int, legacy_calls: dict[str, str], extra: JsonObject) -> Message:
    role = _ROLES.get(message.get("role")) if type(message) is dict else None
    if role is None or type(message) is not dict:
        refuse("invalid_messages", f"This is no message (messages[{place}]).", f"messages[{place}]")
    content = message.get("content")
    if len(message) == 2 and type(content) is str and role != "tool":
        return Message(role, (Text(content),))
    path = f"messages[{place}]"
    parts = read_content(content, f"{path}.content", extra)
    if role == "assistant":
        parts = _read_assistant(message, parts, path, place, legacy_calls)
    for name in message:
        if name not in _KNOWN[role] and message[name] is not None:
            extra[f"{path}.{name}"] = message[name]
    name = message.get("name")
    if name is not None and type(name) is not str:
        refuse("invalid_messages", f"name must be a string ({path}.name).", f"{path}.name")
    cache = read_cache(message, path)
    if role == "tool":
        call_id = _find_call_id(message, name or "", path, legacy_calls)
        return Message("tool", (ToolResult(call_id, tuple(parts), name or "", cache=cache),))
    if cache and parts:
        parts[-1] = _mark(parts[-1], cache)
    return Message(role, tuple(parts), name or "")


def _mark(part: Part, cache: str) -> Part:
    return replace(part, cache=cache) if isinstance(part, Text | Media | ToolCall) else part


def _find_call_id(message: JsonObject, name: str, path: str, legacy_calls: dict[str, str]) -> str:
    if message["role"] == "function":
        return legacy_calls.get(name, f"call_{name}")
    call_id = message.get("tool_call_id")
    if type(call_id) is not str or not call_id:
        what = f"a message of role tool must say in tool_call_id which call it answers ({path}.tool_call_id)."
        refuse("invalid_messages", what, f"{path}.tool_call_id")
    return call_id


def _read_assistant(
    message: JsonObject, content: list[Part], path: str, place: int, legacy_calls: dict[str, str]
) -> list[Part]:
    parts: list[Part] = [*_read_thoughts(message, path), *content]
    refusal = message.get("refusal")
    if refusal is not None:
        if type(refusal) is not str:
            refuse("invalid_messages", f"refusal must be a string ({path}.refusal).", f"{path}.refusal")
        parts.append(Refusal(refusal))
    calls = message.get("tool_calls")
    if calls is not None:
        read = _convert(calls, list[Call], f"{path}.tool_calls")
        parts += [_read_call(call, f"{path}.tool_calls[{i}]", f"call_{place}_{i}") for i, call in enumerate(read)]
    legacy = message.get("function_call")
    if legacy is not None:
        function = _convert(legacy, Function, f"{path}.function_call")
        call = _read_call(Call(function=function), f"{path}.function_call", f"call_{place}_0")
        parts.append(call)
        legacy_calls[function.name or ""] = f"call_{place}_0"
    return [part for part in parts if part != _NOTHING] or parts[:1]


def _read_call(call: Call, path: str, made_up_id: str) -> Part:
    if call.custom is not None:
        return Native(NAME, "custom_tool_call", {"id": call.id, "type": "custom", "custom": call.custom})
    if call.function is None or not call.function.name:
        refuse("invalid_messages", f"A call needs a function with a name ({path}.function).", f"{path}.function")
    if type(call.function.arguments) is dict:
        what = f"arguments must be JSON within a string ({path}.function.arguments)."
        refuse("invalid_messages", what, f"{path}.function.arguments")
    return read_call(call, made_up_id)


def _read_thoughts(message: JsonObject, path: str) -> list[Reasoning]:
    members = {name: message[name] for name in _THOUGHTS if message.get(name) is not None}
    if not members:
        return []
    return [unwrap_reasoning(thought) for thought in read_thoughts(_convert(members, Said, path))]


def _convert(value: object, kind: type[_Kind], path: str) -> _Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as fault:
        found = _FAULT_PATH.search(str(fault))
        where = path + (found.group(1) if found else "")
        refuse("invalid_messages", f"{str(fault).partition(' - at')[0]} ({where}).", where)
