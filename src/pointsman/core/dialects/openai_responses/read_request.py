"""OpenAI Responses request -> hub; what only this format has is kept beside it under its path."""

from pointsman.core.chat.conversation import Conversation, JsonObject, Message, Sampling, Text, Thinking
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.openai_responses.read_items import read_items
from pointsman.core.dialects.openai_responses.read_parts import NAME, note_rest
from pointsman.core.dialects.openai_responses.read_tools import read_format, read_tool_choice, read_tools

INCLUDE_LOGPROBS = "message.output_text.logprobs"
INCLUDE_THOUGHTS = "reasoning.encrypted_content"

_NO_LOSS = {"store": False, "background": False, "truncation": "disabled", "stream_options": {}}
"""Members with the value that every provider keeps to, whether it is told or not."""

_READ = frozenset(
    {
        "model",
        "stream",
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "text",
        "reasoning",
        "include",
        "max_output_tokens",
        "temperature",
        "top_p",
        "top_logprobs",
        "parallel_tool_calls",
        "metadata",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "service_tier",
    }
)
_KNOWN_OF_TEXT = frozenset({"format", "verbosity"})
_KNOWN_OF_REASONING = frozenset({"effort", "summary", "generate_summary"})


def read_request(request: ChatRequest) -> Conversation:
    """A decoded request in the hub; state that lives at a deployment is kept in `extra`, see `state.py`."""
    fields = request.fields
    extra: JsonObject = {}
    get = fields.get
    text = _object(get("text"))
    tools, choice = read_tools(get("tools"), extra), read_tool_choice(get("tool_choice"), extra)
    sampling = _read_sampling(fields, extra)
    conversation = Conversation(
        _read_messages(fields, extra),
        sampling,
        tools,
        choice,
        get("parallel_tool_calls"),  # type: ignore[arg-type]
        read_format(text.get("format")),
        _read_thinking(get("reasoning"), extra),
        _text(text, "verbosity"),
        _read_user(fields, extra),
        _text(fields, "service_tier"),
        {name: value for name, value in _object(get("metadata")).items() if name not in OWN_WORDS},
        _text(fields, "prompt_cache_key"),
        extra,
        NAME,
    )
    note_rest(text, _KNOWN_OF_TEXT, "text", extra)
    for name, value in fields.items():
        if name not in _READ and value is not None and not _loses_nothing(name, value):
            extra[name] = value
    return conversation


def _loses_nothing(name: str, value: object) -> bool:
    if name == "stream_options":
        return type(value) is dict and not any(value.values())
    return name in _NO_LOSS and value == _NO_LOSS[name]


def _read_messages(fields: JsonObject, notes: JsonObject) -> tuple[Message, ...]:
    messages: list[Message] = []
    instructions = _text(fields, "instructions")
    if instructions:
        messages.append(Message("system", (Text(instructions),)))
    given = fields.get("input")
    if type(given) is str:
        messages.append(Message("user", (Text(given),)))
    elif type(given) is list:
        messages += read_items(given, notes)
    return tuple(messages)


def _read_sampling(fields: JsonObject, notes: JsonObject) -> Sampling:
    include = fields.get("include")
    names = include if type(include) is list else []
    others = [name for name in names if name not in (INCLUDE_LOGPROBS, INCLUDE_THOUGHTS)]
    if others:
        notes["include"] = others
    get = fields.get
    return Sampling(
        max_output_tokens=get("max_output_tokens"),  # type: ignore[arg-type]
        temperature=get("temperature"),  # type: ignore[arg-type]
        top_p=get("top_p"),  # type: ignore[arg-type]
        logprobs=True if INCLUDE_LOGPROBS in names else None,
        top_logprobs=get("top_logprobs"),  # type: ignore[arg-type]
    )


def _read_thinking(reasoning: object, notes: JsonObject) -> Thinking | None:
    if type(reasoning) is not dict:
        return None
    effort = reasoning.get("effort")
    summary = _text(reasoning, "summary") or _text(reasoning, "generate_summary")
    if effort == "max":
        effort, notes["reasoning.effort"] = "xhigh", "max"
    note_rest(reasoning, _KNOWN_OF_REASONING, "reasoning", notes)
    if effort is None and not summary:
        return None
    return Thinking(effort, shows=True if summary else None, summary=summary)


def _read_user(fields: JsonObject, notes: JsonObject) -> str:
    user, safety = _text(fields, "user"), _text(fields, "safety_identifier")
    if user and safety and user != safety:
        notes["safety_identifier"] = safety
    return user or safety


def _object(value: object) -> JsonObject:
    return value if type(value) is dict else {}


def _text(fields: JsonObject, name: str) -> str:
    value = fields.get(name)
    return value if type(value) is str else ""
