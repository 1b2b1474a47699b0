"""Cohere chat request -> checked: refuses what Cohere would refuse for its form, and keeps every unknown field."""

from collections.abc import Callable

from pointsman.core.chat.client_json import read_json_object
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.client_checks import (
    check_flag,
    check_metadata,
    check_number,
    check_object,
    check_output_limit,
    check_stop,
    check_whole,
    read_flag,
    read_model,
    refuse,
    refuse_forbidden,
)
from pointsman.core.dialects.cohere.check_messages import check_messages
from pointsman.core.dialects.cohere.check_tools import check_tool_choice, check_tools
from pointsman.core.dialects.cohere.words import NAME

MOST_STOPS = 5
MOST_TEMPERATURE = 5.0
MOST_K = 500
MOST_SEED = 2**63 - 1
MOST_THINKING_TOKENS = 10_000_000


def decode_request(body: bytes) -> ChatRequest:
    """Read the body of `POST /v2/chat`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    model = read_model(fields.get("model"))
    stream = read_flag(fields, "stream")
    check_messages(fields.get("messages"))
    for name, check in _CHECKS.items():
        value = fields.get(name)
        if value is not None:
            check(value, name)
    limit = fields.get("max_tokens")
    return ChatRequest(
        model, stream, True, body, fields, dialect=NAME, output_limit=limit if type(limit) is int else None
    )


def _check_stops(value: object, name: str) -> None:
    if type(value) is not list:
        refuse("invalid_stop", f"{name} must be a list of texts.", name)
    check_stop(value, name, MOST_STOPS)


def _check_response_format(value: object, name: str) -> None:
    if type(value) is not dict or value.get("type") not in ("text", "json_object"):
        refuse("invalid_response_format", f"{name}.type must be text or json_object.", f"{name}.type")
    for schema in ("json_schema", "schema"):
        if value.get(schema) is not None and type(value[schema]) is not dict:
            refuse("invalid_response_format", f"{name}.{schema} must be a JSON schema.", f"{name}.{schema}")


def _check_thinking(value: object, name: str) -> None:
    if type(value) is not dict or value.get("type") not in ("enabled", "disabled"):
        refuse("invalid_type", f"{name}.type must be enabled or disabled.", f"{name}.type")
    if value.get("token_budget") is not None:
        check_whole(value["token_budget"], f"{name}.token_budget", 1, MOST_THINKING_TOKENS)


def _check_documents(value: object, name: str) -> None:
    if type(value) is not list:
        refuse("invalid_type", f"{name} must be a list of texts or objects with data.", name)
    for place, document in enumerate(value):
        data = document.get("data") if type(document) is dict else document
        if type(data) not in (str, dict):
            path = f"{name}[{place}]"
            refuse("invalid_type", f"{path} must be a text, or an object whose data is an object or a text.", path)


def _within(least: float, most: float) -> Callable[[object, str], None]:
    return lambda value, name: check_number(value, name, least, most)


_CHECKS: dict[str, Callable[[object, str], None]] = {
    "max_tokens": check_output_limit,
    "temperature": _within(0, MOST_TEMPERATURE),
    "p": _within(0, 1),
    "k": lambda value, name: check_whole(value, name, 0, MOST_K),
    "seed": lambda value, name: check_whole(value, name, 0, MOST_SEED),
    "frequency_penalty": _within(0, 1),
    "presence_penalty": _within(0, 1),
    "stop_sequences": _check_stops,
    "logprobs": check_flag,
    "tools": check_tools,
    "strict_tools": check_flag,
    "tool_choice": check_tool_choice,
    "documents": _check_documents,
    "response_format": _check_response_format,
    "thinking": _check_thinking,
    "citation_options": check_object,
    "metadata": check_metadata,
}
