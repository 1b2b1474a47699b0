"""What Cohere would refuse of a request's messages, with the path of the first mistake."""

from typing import NoReturn

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.client_checks import refuse

MOST_MESSAGES = 10_000
MOST_PARTS = 2_048
_PARTS_BY_ROLE: dict[str, dict[str, type]] = {
    "system": {"text": str},
    "user": {"text": str, "image_url": dict},
    "assistant": {"text": str, "thinking": str},
    "tool": {"text": str, "document": dict},
}
"""What each part of a role carries under its own name."""


def check_messages(messages: object) -> None:
    """Refuse messages that nobody could mean."""
    if type(messages) is not list or not messages:
        _refuse("messages must be a list with at least one message", "messages")
    if len(messages) > MOST_MESSAGES:
        refuse("too_many_items", f"messages holds more than {MOST_MESSAGES:,} messages.", "messages")
    parts = 0
    for place, message in enumerate(messages):
        path = f"messages[{place}]"
        if type(message) is not dict:
            _refuse("a message must be an object", path)
        role = message.get("role")
        known = _PARTS_BY_ROLE.get(role) if type(role) is str else None
        if known is None:
            _refuse(f"role must be one of {', '.join(_PARTS_BY_ROLE)}", f"{path}.role")
        content = message.get("content")
        if type(content) is list:
            parts += len(content)
            if parts > MOST_PARTS:
                refuse("too_many_items", f"The messages hold more than {MOST_PARTS:,} parts.", f"{path}.content")
            _check_parts(content, known, f"{path}.content")
        elif content is not None and type(content) is not str:
            _refuse("content must be a string or a list of parts", f"{path}.content")
        elif content is None and role != "assistant":
            _refuse("content is missing", f"{path}.content")
        if role in ("assistant", "tool"):
            _check_calls(message, content, path)


def _check_calls(message: JsonObject, content: object, path: str) -> None:
    if message["role"] == "tool":
        if type(message.get("tool_call_id")) is not str or not message["tool_call_id"]:
            _refuse("a tool's message must name its call", f"{path}.tool_call_id")
        return
    if type(message.get("tool_plan", "")) not in (str, type(None)):
        _refuse("tool_plan must be a string", f"{path}.tool_plan")
    calls = message.get("tool_calls")
    if calls is None:
        if content is None and not message.get("tool_plan"):
            _refuse("content may be left out only beside tool_calls", f"{path}.content")
        return
    if type(calls) is not list:
        _refuse("tool_calls must be a list", f"{path}.tool_calls")
    for place, call in enumerate(calls):
        _check_call(call, f"{path}.tool_calls[{place}]")


def _check_call(call: object, path: str) -> None:
    function = call.get("function") if type(call) is dict else None
    if type(call) is not dict or type(function) is not dict:
        _refuse("a tool call must be an object with a function", path)
    if type(call.get("id")) is not str or not call["id"]:
        _refuse("a tool call must have an id", f"{path}.id")
    if type(function.get("name")) is not str or not function["name"]:
        _refuse("a tool call must name its function", f"{path}.function.name")
    if type(function.get("arguments", "")) not in (str, type(None)):
        _refuse("arguments must be a string that holds JSON", f"{path}.function.arguments")


def _check_parts(parts: list[object], known: dict[str, type], path: str) -> None:
    for place, part in enumerate(parts):
        if type(part) is not dict:
            _refuse("a part must be an object", f"{path}[{place}]")
        kind = part.get("type")
        payload = known.get(kind) if type(kind) is str else None
        if type(kind) is not str or payload is None:
            _refuse(f"type must be one of {', '.join(known)} here", f"{path}[{place}].type")
        value = part.get(kind)
        if type(value) is not payload and not (kind == "document" and type(value) is str):
            _refuse(f"a part of type {kind} needs {kind}", f"{path}[{place}].{kind}")
        if type(value) is dict:
            _check_payload(kind, value, f"{path}[{place}].{kind}")


def _check_payload(kind: str, value: JsonObject, path: str) -> None:
    if kind == "image_url" and (type(value.get("url")) is not str or not value["url"]):
        _refuse("an image needs a URL", f"{path}.url")
    if kind == "document" and type(value.get("data")) not in (str, dict):
        _refuse("a document needs data", f"{path}.data")


def _refuse(what: str, path: str) -> NoReturn:
    refuse("invalid_messages", f"{what} ({path}).", path)
