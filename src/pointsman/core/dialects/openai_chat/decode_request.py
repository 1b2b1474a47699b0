"""OpenAI chat request -> hub: refuses what no provider could mean, and keeps every field it does not know."""

from typing import NoReturn

from pointsman.core.chat.client_json import ClientError, read_json_object
from pointsman.core.chat.request import ChatRequest

MOST_MESSAGES = 10_000
MOST_PARTS = 2_048
MOST_MODEL_CHARACTERS = 256
MOST_USER_CHARACTERS = 256
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
_FORBIDDEN = frozenset({"api_base", "base_url", "api_key", "extra_headers", "custom_llm_provider"})
_FORBIDDEN_PREFIXES = ("aws_", "vertex_")


def decode_request(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/chat/completions`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    _refuse_forbidden(fields)
    model = _read_model(fields.get("model"))
    stream = fields.get("stream")
    if stream is not None and type(stream) is not bool:
        raise ClientError(400, "invalid_type", "stream must be true or false.", "stream")
    _check_messages(fields.get("messages"))
    user = fields.get("user")
    if type(user) is str and len(user) > MOST_USER_CHARACTERS:
        message = f"user has more than {MOST_USER_CHARACTERS} characters."
        raise ClientError(400, "invalid_metadata", message, "user")
    return ChatRequest(model, stream is True, _wants_usage(fields, stream is True), body, fields)


def _refuse_forbidden(fields: dict[str, object]) -> None:
    """Where a call goes and with which key is the operator's to say, never the caller's."""
    for name in fields:
        if name in _FORBIDDEN or name.startswith(_FORBIDDEN_PREFIXES):
            message = f"{name[:64]} may not be set in a request; providers are configured by the operator."
            raise ClientError(400, "forbidden_parameter", message, name[:64])


def _read_model(model: object) -> str:
    if type(model) is not str or not model:
        raise ClientError(400, "invalid_model", "model must be a string such as agent:NAME or a model's name.", "model")
    if len(model) > MOST_MODEL_CHARACTERS:
        message = f"model has more than {MOST_MODEL_CHARACTERS} characters."
        raise ClientError(400, "invalid_model", message, "model")
    if not model.isprintable():
        raise ClientError(400, "invalid_characters", "model holds control or invisible characters.", "model")
    return model


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


def _refuse(what: str, path: str) -> NoReturn:
    raise ClientError(400, "invalid_messages", f"{what} ({path}).", path)
