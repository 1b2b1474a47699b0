"""Gemini request -> checked fields: refuses what no provider could mean, and keeps every member it does not know."""

from typing import NoReturn

from pointsman.core.chat.client_json import ClientError, read_json_object
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.client_checks import read_model, refuse, refuse_forbidden
from pointsman.core.dialects.gemini.names import GEMINI, spell_members

MOST_CONTENTS = 10_000
MOST_PARTS = 2_048
_ROLES = frozenset({"user", "model", "function"})


def decode_generate(body: bytes, model: str, stream: bool) -> ChatRequest:
    """Read the body of `POST /v1beta/models/{model}:generateContent` or `:streamGenerateContent?alt=sse`.

    Args:
        body: as received.
        model: out of the URL, without `models/`.
        stream: whether the URL asks for a stream.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    asked = read_model(model)
    members = spell_members(fields)
    _check_contents(members.get("contents"))
    system = members.get("systemInstruction")
    if system is not None:
        _check_content(system, "systemInstruction", 0)
    limit = _read_output_limit(members.get("generationConfig"))
    return ChatRequest(asked, stream, True, body, fields, GEMINI, output_limit=limit)


def decode_request(body: bytes) -> ChatRequest:
    """Refuse a body that came without its URL: in this format the model, and whether to stream, stand in the URL alone.

    The door binds `decode_generate` to what the URL says in place of this.

    Raises:
        ClientError: always.
    """
    message = "A Gemini request names its model in the URL: POST /v1beta/models/MODEL:generateContent."
    raise ClientError(404, "not_found", message)


def list_items(value: object) -> list[object]:
    """What stands where a list is meant: Google's API takes a single object for a list of one."""
    if type(value) is list:
        return value
    return [] if value is None else [value]


def _read_output_limit(config: object) -> int | None:
    limit = spell_members(config, "generationConfig").get("maxOutputTokens") if type(config) is dict else None
    return limit if type(limit) is int and limit > 0 else None


def _check_contents(contents: object) -> None:
    if type(contents) not in (list, dict) or not contents:
        _refuse("contents must be a list with at least one content", "contents")
    items = list_items(contents)
    if len(items) > MOST_CONTENTS:
        raise ClientError(400, "too_many_items", f"contents holds more than {MOST_CONTENTS:,} contents.", "contents")
    parts = 0
    for place, content in enumerate(items):
        path = f"contents[{place}]"
        parts = _check_content(content, path, parts)
        assert type(content) is dict, "checked"
        role = content.get("role")
        if role not in (None, "") and (type(role) is not str or role not in _ROLES):
            _refuse("role must be user or model", f"{path}.role")


def _check_content(content: object, path: str, parts: int) -> int:
    """Check one content; returns how many parts there are up to here."""
    if type(content) is not dict:
        _refuse("a content must be an object", path)
    found = content.get("parts")
    if type(found) not in (list, dict) or not found:
        _refuse("a content needs a list with at least one part", f"{path}.parts")
    items = list_items(found)
    parts += len(items)
    if parts > MOST_PARTS:
        message = f"The contents hold more than {MOST_PARTS:,} parts."
        raise ClientError(400, "too_many_items", message, f"{path}.parts")
    for place, part in enumerate(items):
        if type(part) is not dict or not part:
            _refuse("a part must be an object that is not empty", f"{path}.parts[{place}]")
    return parts


def _refuse(what: str, path: str) -> NoReturn:
    refuse("invalid_messages", f"{what} ({path}).", path)


def list_parts(content: JsonObject) -> list[object]:
    """The parts of a content that was checked."""
    return list_items(content.get("parts"))
