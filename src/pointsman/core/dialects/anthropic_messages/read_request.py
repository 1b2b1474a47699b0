"""Anthropic request -> hub; what only this format can say stays in `extra`, by its path in the body."""

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Effort,
    JsonObject,
    Message,
    Native,
    Part,
    Role,
    Sampling,
    Thinking,
    Tool,
    ToolChoice,
)
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.anthropic_messages.read_blocks import ShapeError, read_cache_mark, read_content
from pointsman.core.dialects.anthropic_messages.terms import NAME, TIERS_READ

_WORDS_READ_HERE = """
model messages system max_tokens temperature top_p top_k stop_sequences stream tools tool_choice thinking metadata
service_tier output_config output_format
"""
_READ_HERE = frozenset(_WORDS_READ_HERE.split())
_TOOL_MEMBERS = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_EFFORTS: dict[str, Effort] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "xhigh"}
_MODES = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}
_SHOWN = {"summarized": True, "omitted": False}


def read_request(request: ChatRequest) -> Conversation:
    """A decoded request in the hub.

    Raises:
        ClientError: for a block, a tool or an option that is not what it says it is.
    """
    fields = request.fields
    extra: JsonObject = {}
    try:
        messages = _read_messages(fields, extra)
        tools = tuple([_read_tool(tool, f"tools[{place}]", extra) for place, tool in enumerate(_list(fields, "tools"))])
    except ShapeError as problem:
        code = "invalid_tools" if problem.path.startswith("tools") else "invalid_messages"
        raise ClientError(400, code, f"{problem.path[:200]} {problem.what}.", problem.path[:200]) from None
    if len(fields) > 3:
        for name, value in fields.items():
            if name not in _READ_HERE and value is not None:
                extra[name] = value
    choice, parallel = _read_tool_choice(fields.get("tool_choice"))
    user, notes = _read_metadata(fields.get("metadata"))
    config = fields.get("output_config")
    tier = fields.get("service_tier")
    if type(tier) is str and tier not in TIERS_READ:
        extra["service_tier"] = tier
    return Conversation(
        messages,
        _read_sampling(fields),
        tools,
        choice,
        parallel,
        _read_format(fields, config),
        _read_thinking(fields.get("thinking"), config, extra),
        user=user,
        service_tier=TIERS_READ.get(tier, "") if type(tier) is str else "",
        metadata=notes,
        extra=extra,
        extra_dialect=NAME if extra else "",
    )


def _read_messages(fields: JsonObject, extra: JsonObject) -> tuple[Message, ...]:
    messages: list[Message] = []
    system = fields.get("system")
    if system is not None:
        parts = read_content(system, "system", extra)
        if parts:
            messages.append(Message("system", parts))
    for place, message in enumerate(_list(fields, "messages")):
        if type(message) is not dict:
            raise ShapeError(f"messages[{place}]", "must be an object")
        role: Role = message["role"]
        parts = read_content(message.get("content"), f"messages[{place}].content", extra)
        messages.append(Message(role, _check_parts(role, parts, place)))
    return tuple(messages)


def _check_parts(role: Role, parts: tuple[Part, ...], place: int) -> tuple[Part, ...]:
    """Refuse calls that no model made and results that no user brought; a provider would."""
    for part in parts:
        kind = type(part).__name__
        if kind in _ONLY_FOR and _ONLY_FOR[kind] != role:
            raise ShapeError(
                f"messages[{place}].content", f"holds what belongs into messages of role {_ONLY_FOR[kind]}"
            )
    return parts


_ONLY_FOR = {"ToolCall": "assistant", "Reasoning": "assistant", "ToolResult": "user"}


def _read_tool(tool: object, path: str, extra: JsonObject) -> Tool | Native:
    if type(tool) is not dict:
        raise ShapeError(path, "must be an object")
    kind = tool.get("type")
    if kind is not None and kind != "custom":
        return Native(NAME, str(kind), tool)
    for name, value in tool.items():
        if name not in _TOOL_MEMBERS and value is not None:
            extra[f"{path}.{name}"] = value
    cache = read_cache_mark(tool.get("cache_control"), f"{path}.cache_control")
    return Tool(tool["name"], tool.get("description") or "", tool["input_schema"], tool.get("strict"), cache)


def _read_sampling(fields: JsonObject) -> Sampling:
    get = fields.get
    return Sampling(
        max_output_tokens=get("max_tokens"),  # type: ignore[arg-type]
        temperature=get("temperature"),  # type: ignore[arg-type]
        top_p=get("top_p"),  # type: ignore[arg-type]
        top_k=get("top_k"),  # type: ignore[arg-type]
        stop=tuple(_list(fields, "stop_sequences")),  # type: ignore[arg-type]
    )


def _read_tool_choice(choice: object) -> tuple[ToolChoice | None, bool | None]:
    if type(choice) is not dict:
        return None, None
    alone = choice.get("disable_parallel_tool_use")
    names = (choice["name"],) if choice["type"] == "tool" else ()
    mode = _MODES[choice["type"]]
    return ToolChoice(mode, names), None if alone is None else not alone  # type: ignore[arg-type]


def _read_metadata(metadata: object) -> tuple[str, JsonObject]:
    """Who the user is, and what else is noted that is not meant for us."""
    if type(metadata) is not dict:
        return "", {}
    notes = {name: value for name, value in metadata.items() if name != "user_id" and name not in OWN_WORDS}
    return metadata.get("user_id") or "", notes


def _read_format(fields: JsonObject, config: object) -> AnswerFormat | None:
    form = config.get("format") if type(config) is dict else None
    form = fields.get("output_format") if form is None else form
    return AnswerFormat(form["schema"]) if type(form) is dict else None


def _read_thinking(thinking: object, config: object, extra: JsonObject) -> Thinking | None:
    """How long to think. An effort says more than `adaptive` alone, which leaves it to the model."""
    effort = _read_effort(config, extra)
    if type(thinking) is not dict:
        return None if effort is None else Thinking(effort)
    shows = _SHOWN.get(str(thinking.get("display")))
    match thinking["type"]:
        case "enabled":
            return Thinking(effort, thinking["budget_tokens"], shows)
        case "disabled":
            return Thinking(effort, 0)
        case "adaptive":
            return Thinking(effort, -1 if effort is None else None, shows)
    extra["thinking"] = thinking
    return None if effort is None else Thinking(effort)


def _read_effort(config: object, extra: JsonObject) -> Effort | None:
    if type(config) is not dict:
        return None
    for name, value in config.items():
        if name not in ("effort", "format") and value is not None:
            extra[f"output_config.{name}"] = value
    effort = config.get("effort")
    if type(effort) is not str:
        return None
    known = _EFFORTS.get(effort)
    if known != effort:
        extra["output_config.effort"] = effort
    return known


def _list(fields: JsonObject, name: str) -> list[object]:
    value = fields.get(name)
    return value if type(value) is list else []
