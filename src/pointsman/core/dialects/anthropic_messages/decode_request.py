"""Anthropic request -> ours: refuses what Anthropic refuses for its shape, and keeps every member it does not know."""

import re
from collections.abc import Callable

from pointsman.core.chat.client_json import ClientError, read_json_object
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.client_checks import (
    check_flag,
    check_metadata,
    check_number,
    check_object,
    check_output_limit,
    check_stop,
    check_text,
    check_whole,
    read_flag,
    read_model,
    refuse,
    refuse_forbidden,
)

MOST_MESSAGES = 10_000
MOST_PARTS = 2_048
MOST_TOOLS = 10_000
MOST_STOP_SEQUENCES = 8_191
MOST_USER_CHARACTERS = 512
_ROLES = frozenset({"user", "assistant", "system"})
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}\Z", re.ASCII)
_CHOICES = frozenset({"auto", "any", "tool", "none"})


def decode_request(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/messages`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    model = _check_shared(fields)
    limit = fields.get("max_tokens")
    if limit is None:
        refuse("invalid_max_tokens", "max_tokens is missing; say how many tokens the answer may have.", "max_tokens")
    check_output_limit(limit, "max_tokens")
    assert type(limit) is int, "checked just now"
    stream = read_flag(fields, "stream")
    return ChatRequest(model, stream, True, body, fields, NAME, output_limit=limit)


def read_count_tokens_request(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/messages/count_tokens`, which is the same without a limit of the answer.

    Raises:
        ClientError: likewise.
    """
    body, fields = read_json_object(body)
    return ChatRequest(_check_shared(fields), False, False, body, fields, NAME, operation="count_tokens")


def _check_shared(fields: dict[str, object]) -> str:
    """Check all but the limit; the model."""
    refuse_forbidden(fields)
    model = read_model(fields.get("model"))
    _check_messages(fields.get("messages"))
    for name, value in fields.items():
        if value is not None and name in _CHECKS:
            _CHECKS[name](value)
    return model


def _check_messages(messages: object) -> None:
    if type(messages) is not list or not messages:
        refuse("invalid_messages", "messages must be a list with at least one message.", "messages")
    if len(messages) > MOST_MESSAGES:
        refuse("too_many_items", f"messages holds more than {MOST_MESSAGES:,} messages.", "messages")
    parts = 0
    for place, message in enumerate(messages):
        if type(message) is not dict:
            refuse("invalid_messages", f"messages[{place}] must be an object.", f"messages[{place}]")
        role = message.get("role")
        if type(role) is not str or role not in _ROLES:
            _refuse_role(place, role)
        content = message.get("content")
        if type(content) is list:
            parts += len(content)
            if parts > MOST_PARTS:
                what = f"The messages hold more than {MOST_PARTS:,} content blocks."
                refuse("too_many_items", what, f"messages[{place}].content")
        elif type(content) is not str:
            path = f"messages[{place}].content"
            refuse("invalid_messages", f"{path} must be a string or a list of blocks.", path)


def _refuse_role(place: int, role: object) -> None:
    path = f"messages[{place}].role"
    hint = " Results of tools are blocks of a user message." if role == "tool" else ""
    refuse("invalid_messages", f"{path} must be user, assistant or system.{hint}", path)


def _check_system(system: object) -> None:
    if type(system) is not list:
        check_text(system, "system")
        return
    if len(system) > MOST_PARTS:
        refuse("too_many_items", f"system holds more than {MOST_PARTS:,} blocks.", "system")
    for place, block in enumerate(system):
        check_object(block, f"system[{place}]")
        if block.get("type") != "text":
            refuse("invalid_type", "system holds nothing but blocks of type text.", f"system[{place}].type")
        check_text(block.get("text"), f"system[{place}].text")


def _check_tools(tools: object) -> None:
    if type(tools) is not list:
        refuse("invalid_tools", "tools must be a list.", "tools")
    if len(tools) > MOST_TOOLS:
        refuse("invalid_tools", f"tools holds more than {MOST_TOOLS:,} tools.", "tools")
    seen: set[object] = set()
    for place, tool in enumerate(tools):
        path = f"tools[{place}]"
        if type(tool) is not dict:
            refuse("invalid_tools", f"{path} must be an object.", path)
        kind, name = tool.get("type"), tool.get("name")
        if kind is None or kind == "custom":
            _check_function(tool, path)
        elif type(kind) is not str or (name is not None and type(name) is not str):
            refuse("invalid_tools", f"{path}.type and its name must be strings.", path)
        if name is not None and name in seen:
            refuse("invalid_tools", f"Two tools are called {str(name)[:64]}; give each a name of its own.", path)
        seen.add(name)


def _check_function(tool: dict[str, object], path: str) -> None:
    name, schema = tool.get("name"), tool.get("input_schema")
    if type(name) is not str or not _TOOL_NAME.match(name):
        refuse("invalid_tools", "A tool's name must have 1 to 128 letters, digits, _ or - (A-Z, a-z).", f"{path}.name")
    if type(schema) is not dict:
        refuse("invalid_tools", f"{path}.input_schema must be a JSON Schema.", f"{path}.input_schema")
    for member, kinds in (("description", str), ("strict", bool)):
        value = tool.get(member)
        if value is not None and type(value) is not kinds:
            refuse("invalid_tools", f"{path}.{member} has a wrong type.", f"{path}.{member}")


def _check_tool_choice(choice: object) -> None:
    kind = choice.get("type") if type(choice) is dict else None
    if type(choice) is not dict or type(kind) is not str or kind not in _CHOICES:
        refuse("invalid_tools", "tool_choice.type must be auto, any, tool or none.", "tool_choice")
    if kind == "tool" and type(choice.get("name")) is not str:
        refuse("invalid_tools", "tool_choice.name must be the name of a tool.", "tool_choice.name")
    if choice.get("disable_parallel_tool_use") is not None:
        check_flag(choice["disable_parallel_tool_use"], "tool_choice.disable_parallel_tool_use")


def _check_thinking(thinking: object) -> None:
    check_object(thinking, "thinking")
    assert type(thinking) is dict, "checked just now"
    check_text(thinking.get("type"), "thinking.type")
    if thinking["type"] == "enabled":
        check_whole(thinking.get("budget_tokens"), "thinking.budget_tokens", 1_024, 100_000_000)


def _check_notes(metadata: object) -> None:
    check_metadata(metadata)
    user = metadata.get("user_id") if type(metadata) is dict else None
    if user is None:
        return
    check_text(user, "metadata.user_id")
    assert type(user) is str, "checked just now"
    if len(user) > MOST_USER_CHARACTERS:
        message = f"metadata.user_id has more than {MOST_USER_CHARACTERS} characters."
        raise ClientError(400, "invalid_metadata", message, "metadata.user_id")
    if not user.isprintable():
        message = "metadata.user_id holds control or invisible characters."
        raise ClientError(400, "invalid_characters", message, "metadata.user_id")


def _check_stop_sequences(stop: object) -> None:
    if type(stop) is not list:
        refuse("invalid_stop", "stop_sequences must be a list of texts.", "stop_sequences")
    check_stop(stop, "stop_sequences", MOST_STOP_SEQUENCES)


def _check_output_config(config: object) -> None:
    check_object(config, "output_config")
    assert type(config) is dict, "checked just now"
    if config.get("effort") is not None:
        check_text(config["effort"], "output_config.effort")
    if config.get("format") is not None:
        _check_format(config["format"], "output_config.format")


def _check_format(form: object, path: str) -> None:
    if type(form) is not dict or form.get("type") != "json_schema" or type(form.get("schema")) is not dict:
        refuse("invalid_response_format", f"{path} must have the type json_schema and a schema.", path)


_CHECKS: dict[str, Callable[[object], None]] = {
    "system": _check_system,
    "temperature": lambda value: check_number(value, "temperature", 0, 1),
    "top_p": lambda value: check_number(value, "top_p", 0, 1),
    "top_k": lambda value: check_whole(value, "top_k", 0, 1_000_000_000),
    "stop_sequences": _check_stop_sequences,
    "tools": _check_tools,
    "tool_choice": _check_tool_choice,
    "thinking": _check_thinking,
    "metadata": _check_notes,
    "service_tier": lambda value: check_text(value, "service_tier"),
    "output_config": _check_output_config,
    "output_format": lambda value: _check_format(value, "output_format"),
}
