"""OpenAI chat request -> hub: refuses what no provider could mean, and keeps every field it does not know."""

from typing import NoReturn

from pointsman.core.chat.client_json import ClientError, read_json_object
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.client_checks import read_flag, read_model, refuse_forbidden
from pointsman.core.dialects.openai_chat.check_image import check_image, check_link
from pointsman.core.dialects.openai_chat.check_parameters import check_parameters

MOST_MESSAGES = 10_000
MOST_PARTS = 2_048
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_PART_PAYLOADS = {
    "text": "text",
    "refusal": "refusal",
    "image_url": "image_url",
    "input_audio": "input_audio",
    "audio_url": "audio_url",
    "video_url": "video_url",
    "file": "file",
}
_INSTEAD_OF_CONTENT = ("tool_calls", "function_call", "refusal", "audio")


def decode_request(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/chat/completions`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    model = read_model(fields.get("model"))
    is_stream = read_flag(fields, "stream")
    _check_messages(fields.get("messages"))
    check_parameters(fields)
    limit = _read_output_limit(fields)
    return ChatRequest(model, is_stream, _wants_usage(fields, is_stream), body, fields, output_limit=limit)


def _read_output_limit(fields: dict[str, object]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        limit = fields.get(name)
        if type(limit) is int and limit > 0:
            return limit
    return None


def _wants_usage(fields: dict[str, object], stream: bool) -> bool:
    options = fields.get("stream_options")
    if options is None:
        return False
    if type(options) is not dict:
        raise ClientError(400, "invalid_type", "stream_options must be an object.", "stream_options")
    if not stream:
        message = "stream_options may only be set together with stream: true."
        raise ClientError(400, "invalid_stream_options", message, "stream_options")
    return options.get("include_usage") is True


def _check_messages(messages: object) -> None:
    if type(messages) is not list or not messages:
        _refuse("messages must be a list with at least one message", "messages")
    if len(messages) > MOST_MESSAGES:
        raise ClientError(400, "too_many_items", f"messages holds more than {MOST_MESSAGES:,} messages.", "messages")
    parts = 0
    for place, message in enumerate(messages):
        if type(message) is not dict:
            _refuse("a message must be an object", f"messages[{place}]")
        role = message.get("role")
        if type(role) is not str or role not in _ROLES:
            _refuse(f"role must be one of {', '.join(sorted(_ROLES))}", f"messages[{place}].role")
        content = message.get("content")
        if type(content) is str:
            continue
        if type(content) is list:
            parts += len(content)
            if parts > MOST_PARTS:
                message_text = f"The messages hold more than {MOST_PARTS:,} content parts."
                raise ClientError(400, "too_many_items", message_text, f"messages[{place}].content")
            _check_parts(content, f"messages[{place}].content")
        elif content is not None:
            _refuse("content must be a string, a list of parts or null", f"messages[{place}].content")
        elif not any(message.get(name) for name in _INSTEAD_OF_CONTENT):
            _refuse("content may be null only beside tool_calls", f"messages[{place}].content")


def _check_parts(parts: list[object], path: str) -> None:
    for place, part in enumerate(parts):
        if type(part) is not dict:
            _refuse("a content part must be an object", f"{path}[{place}]")
        kind = part.get("type")
        payload = _PART_PAYLOADS.get(kind) if type(kind) is str else None
        if payload is None:
            _refuse(f"type must be one of {', '.join(_PART_PAYLOADS)}", f"{path}[{place}].type")
        if part.get(payload) is None or (kind == "text" and type(part["text"]) is not str):
            _refuse(f"a part of type {kind} needs {payload}", f"{path}[{place}].{payload}")
        if kind == "image_url":
            check_image(part["image_url"], f"{path}[{place}].image_url")
        elif kind == "audio_url" or kind == "video_url":
            check_link(part[payload], f"{path}[{place}].{payload}")


def _refuse(what: str, path: str) -> NoReturn:
    raise ClientError(400, "invalid_messages", f"{what} ({path}).", path)
