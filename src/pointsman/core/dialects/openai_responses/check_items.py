"""Checks the items of a Responses request, naming the path of what is wrong; unknown types are let through."""

from collections.abc import Callable
from typing import NoReturn

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import JsonObject

MOST_ITEMS = 10_000
MOST_PARTS = 2_048
STATE_WITHOUT_INPUT = ("previous_response_id", "conversation", "prompt")
"""Members that may stand for an input."""

_ROLES = ("assistant", "developer", "system", "user")
_TEXTS = {"input_text": "text", "output_text": "text", "refusal": "refusal"}
_SOURCES = {"input_image": ("image_url", "file_id"), "input_file": ("file_data", "file_url", "file_id")}


def check_input(fields: JsonObject) -> None:
    """Check the member `input`.

    Raises:
        ClientError: for the first thing in it that has no meaning.
    """
    given = fields.get("input")
    if type(given) is str or (given is None and any(fields.get(name) for name in STATE_WITHOUT_INPUT)):
        return
    if type(given) is not list or not given:
        _refuse("input must be a string, or a list with at least one item", "input")
    if len(given) > MOST_ITEMS:
        raise ClientError(400, "too_many_items", f"input holds more than {MOST_ITEMS:,} items.", "input")
    parts = 0
    for place, item in enumerate(given):
        path = f"input[{place}]"
        if type(item) is not dict:
            _refuse("an item must be an object", path)
        for name in ("content", "output"):
            content = item.get(name)
            parts += len(content) if type(content) is list else 0
        if parts > MOST_PARTS:
            raise ClientError(400, "too_many_items", f"The input holds more than {MOST_PARTS:,} content parts.", path)
        kind = find_type(item)
        if type(kind) is not str:
            _refuse("an item needs a type, or a role and content", f"{path}.type")
        check = _CHECKS.get(kind)
        if check is not None:
            check(item, path)


def find_type(item: JsonObject) -> object:
    """The type of an item; that of a message and of a reference may be left out."""
    kind = item.get("type")
    if kind is None:
        return "message" if "role" in item else "item_reference" if type(item.get("id")) is str else None
    return kind


def check_parts(parts: list[object], path: str) -> None:
    """Check the parts of a message or of a tool's output."""
    for place, part in enumerate(parts):
        at = f"{path}[{place}]"
        if type(part) is not dict:
            _refuse("a content part must be an object", at)
        kind = part.get("type")
        if type(kind) is not str:
            _refuse("a content part needs a type, such as input_text", f"{at}.type")
        if kind in _TEXTS and type(part.get(_TEXTS[kind])) is not str:
            _refuse(f"a part of type {kind} needs {_TEXTS[kind]}", f"{at}.{_TEXTS[kind]}")
        if kind in _SOURCES:
            _check_source(part, _SOURCES[kind], at)
        elif kind == "input_audio":
            _check_audio(part.get("input_audio"), f"{at}.input_audio")


def _check_source(part: JsonObject, names: tuple[str, ...], path: str) -> None:
    said = [name for name in names if part.get(name) is not None]
    if not said:
        _refuse(f"a part of type {part['type']} needs one of {', '.join(names)}", path)
    for name in (*said, *(name for name in ("detail", "filename") if part.get(name) is not None)):
        if type(part[name]) is not str or not part[name]:
            _refuse(f"{name} must be a string that is not empty", f"{path}.{name}")


def _check_audio(audio: object, path: str) -> None:
    if type(audio) is not dict or type(audio.get("data")) is not str or type(audio.get("format")) is not str:
        _refuse("input_audio must be an object with data and format", path)


def _check_message(item: JsonObject, path: str) -> None:
    role = item.get("role")
    if type(role) is not str or role not in _ROLES:
        _refuse(f"role must be one of {', '.join(_ROLES)}", f"{path}.role")
    content = item.get("content")
    if type(content) is list:
        check_parts(content, f"{path}.content")
    elif type(content) is not str:
        _refuse("content must be a string or a list of parts", f"{path}.content")


def _check_call(item: JsonObject, path: str) -> None:
    for name in ("call_id", "name", "arguments"):
        value = item.get(name)
        if type(value) is not str or not (value or name == "arguments"):
            _refuse(f"a function_call needs {name}, a string", f"{path}.{name}")


def _check_output(item: JsonObject, path: str) -> None:
    call_id = item.get("call_id")
    if type(call_id) is not str or not call_id:
        _refuse("a function_call_output needs the call_id of the call that it answers", f"{path}.call_id")
    output = item.get("output")
    if type(output) is list:
        check_parts(output, f"{path}.output")
    elif type(output) is not str:
        _refuse("output must be a string or a list of parts", f"{path}.output")


def _check_thought(item: JsonObject, path: str) -> None:
    for name in ("summary", "content"):
        texts = item.get(name)
        if texts is None:
            continue
        if type(texts) is not list:
            _refuse(f"{name} must be a list", f"{path}.{name}")
        for place, text in enumerate(texts):
            if type(text) is not dict or type(text.get("text")) is not str:
                _refuse(f"what stands in {name} needs text", f"{path}.{name}[{place}].text")
    for name in ("encrypted_content", "id"):
        if item.get(name) is not None and type(item[name]) is not str:
            _refuse(f"{name} must be a string", f"{path}.{name}")


_CHECKS: dict[str, Callable[[JsonObject, str], None]] = {
    "message": _check_message,
    "function_call": _check_call,
    "function_call_output": _check_output,
    "reasoning": _check_thought,
}


def _refuse(what: str, path: str) -> NoReturn:
    raise ClientError(400, "invalid_messages", f"{what} ({path}).", path)
