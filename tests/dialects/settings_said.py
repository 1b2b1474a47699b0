"""What a conversation says beside its messages, setting by setting, and what each provider's format can say of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pointsman.core.chat.conversation import Conversation, Message, Native, Tool, ToolResult

_SAMPLING = (
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "seed",
    "choices",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
)
_LOSSES = {"max_output_tokens": "max_tokens", "choices": "n", "cache_key": "prompt_cache_key"}
"""Names under which settings are told as lost, where they differ from the hub's."""

_NOTHING: tuple[object, ...] = (None, "", (), {}, False, 0)
"""Values that ask for nothing where a format has no word: no bias, no penalty, no log probabilities."""

ALL = frozenset((*_SAMPLING, "parallel_tool_calls", "tool_choice", "schema", "json", "thinking"))
BESIDE = frozenset({"verbosity", "user", "service_tier", "metadata", "cache_key"})
SAYABLE: dict[str, frozenset[str]] = {
    "openai_chat": (ALL | BESIDE) - {"top_k"},
    "openai_responses": (ALL | BESIDE)
    - {"top_k", "stop", "seed", "choices", "presence_penalty", "frequency_penalty", "logit_bias"},
    "anthropic_messages": frozenset(
        [
            "max_output_tokens",
            "temperature",
            "top_p",
            "top_k",
            "stop",
            "parallel_tool_calls",
            "tool_choice",
            "schema",
            "thinking",
            "user",
        ]
    ),
    "gemini": ALL - {"logit_bias", "parallel_tool_calls"},
    "cohere": ALL - {"choices", "logit_bias", "top_logprobs", "parallel_tool_calls"},
    "bedrock_converse": frozenset(
        ["max_output_tokens", "temperature", "top_p", "stop", "tool_choice", "schema", "metadata"]
    ),
}
"""What each format has a word for, as long as the value is one that it takes."""


def is_sayable(name: str, meant: Conversation, dialect: str) -> bool:
    """Whether a setting must arrive as it is: the format has a word for it, and takes the value beside the others."""
    if name not in SAYABLE[dialect]:
        return False
    limit = _LIMITS.get((dialect, name))
    return limit is None or limit(meant)


def _has_tools(meant: Conversation) -> bool:
    return any(isinstance(tool, Tool) for tool in meant.tools)


def _is_calm(meant: Conversation) -> bool:
    """Whether the model is not asked to think, which would forbid much."""
    thinking = meant.thinking
    return thinking is None or thinking.budget_tokens == 0 or thinking.effort == "none"


def _is_under_way(meant: Conversation) -> bool:
    """Whether the model goes on with a turn that it has begun."""
    since: list[Message] = []
    for message in meant.messages:
        since = [] if message.role == "assistant" else [*since, message]
    results = [part for message in since for part in message.parts if isinstance(part, ToolResult)]
    return bool(results) or not any(message.role == "user" for message in since)


def _is_share(value: float | None) -> bool:
    return value is not None and 0 <= value <= 1


_LIMITS: dict[tuple[str, str], Callable[[Conversation], bool]] = {
    ("anthropic_messages", "temperature"): lambda meant: _is_calm(meant) and _is_share(meant.sampling.temperature),
    ("anthropic_messages", "top_p"): _is_calm,
    ("anthropic_messages", "top_k"): _is_calm,
    ("anthropic_messages", "stop"): lambda meant: not any(text.isspace() for text in meant.sampling.stop),
    ("anthropic_messages", "max_output_tokens"): _is_calm,
    ("anthropic_messages", "thinking"): lambda meant: (
        (meant.sampling.max_output_tokens or 0) > 2_048 and not _is_under_way(meant)
    ),
    ("anthropic_messages", "tool_choice"): lambda meant: _is_calm(meant) and _has_tools(meant),
    ("anthropic_messages", "parallel_tool_calls"): lambda meant: (
        _has_tools(meant) and (meant.tool_choice is None or meant.tool_choice.mode != "none")
    ),
    ("openai_chat", "tool_choice"): _has_tools,
    ("openai_chat", "parallel_tool_calls"): _has_tools,
    ("openai_chat", "top_logprobs"): lambda meant: meant.sampling.logprobs is True,
    ("openai_chat", "stop"): lambda meant: len(meant.sampling.stop) <= 4,
    ("openai_chat", "thinking"): lambda meant: (
        meant.thinking is not None and (meant.thinking.effort is not None or (meant.thinking.budget_tokens or 0) >= 0)
    ),
    ("openai_responses", "tool_choice"): _has_tools,
    ("openai_responses", "parallel_tool_calls"): _has_tools,
    ("openai_responses", "max_output_tokens"): lambda meant: (meant.sampling.max_output_tokens or 0) >= 16,
    ("openai_responses", "thinking"): lambda meant: (
        meant.thinking is not None and (meant.thinking.effort is not None or (meant.thinking.budget_tokens or 0) >= 0)
    ),
    ("gemini", "tool_choice"): _has_tools,
    ("gemini", "choices"): lambda meant: (meant.sampling.choices or 1) <= 8,
    ("gemini", "presence_penalty"): lambda meant: (meant.sampling.presence_penalty or 0) < 2,
    ("gemini", "frequency_penalty"): lambda meant: (meant.sampling.frequency_penalty or 0) < 2,
    ("gemini", "top_logprobs"): lambda meant: meant.sampling.logprobs is True,
    ("gemini", "top_k"): lambda meant: (meant.sampling.top_k or 0) >= 1,
    ("gemini", "stop"): lambda meant: len(meant.sampling.stop) <= 5,
    ("cohere", "top_p"): lambda meant: 0.01 <= (meant.sampling.top_p or 0) <= 0.99,
    ("cohere", "presence_penalty"): lambda meant: _is_share(meant.sampling.presence_penalty),
    ("cohere", "frequency_penalty"): lambda meant: _is_share(meant.sampling.frequency_penalty),
    ("cohere", "tool_choice"): _has_tools,
    ("cohere", "schema"): lambda meant: not meant.tools,
    ("cohere", "json"): lambda meant: not meant.tools,
    ("bedrock_converse", "temperature"): lambda meant: _is_calm(meant) and _is_share(meant.sampling.temperature),
    ("bedrock_converse", "top_p"): _is_calm,
    ("bedrock_converse", "tool_choice"): lambda meant: (
        _is_calm(meant) and _has_tools(meant) and meant.tool_choice is not None and meant.tool_choice.mode != "none"
    ),
}
"""Which values of a setting a format takes, where it does not take all."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a conversation: its name, its value, and the name under which it is told as lost."""

    name: str
    value: object
    loss: str


def list_settings(conversation: Conversation) -> list[Setting]:
    """All settings but the tools."""
    form, choice = conversation.answer_format, conversation.tool_choice
    values: dict[str, object] = {name: getattr(conversation.sampling, name) for name in _SAMPLING}
    values |= {name: getattr(conversation, name) for name in (*sorted(BESIDE), "parallel_tool_calls")}
    values["tool_choice"] = None if choice is None else (choice.mode, choice.names)
    values["schema"] = None if form is None or form.schema is None else _without_words(form.schema)
    values["json"] = True if form is not None and form.schema is None else None
    values["thinking"] = conversation.thinking
    losses = {**_LOSSES, "schema": "response_format", "json": "response_format"}
    return [Setting(name, value, losses.get(name, name)) for name, value in values.items()]


def _without_words(schema: dict[str, object]) -> dict[str, object]:
    """A schema without what a name and a description become in formats that have no place for them beside it."""
    return {name: value for name, value in schema.items() if name not in ("title", "description")}


def check_settings(meant: Conversation, told: Conversation, losses: Sequence[str], dialect: str) -> None:
    """Check that each setting is there as it was, or is named as a loss; and that none is there that was not."""
    theirs = {setting.name: setting.value for setting in list_settings(told)}
    for setting in list_settings(meant):
        other, name = theirs[setting.name], setting.name
        is_lost = any(loss == setting.loss or loss.startswith(f"{setting.loss}.") for loss in losses)
        if name == "thinking":
            _check_thinking(setting.value, other, is_lost or "reasoning_effort" in losses, meant, dialect)
        elif other != setting.value and not _means_the_same(name, setting.value, other, meant):
            assert is_lost, f"{name} changed without a word: {setting.value!r} became {other!r}; told are {losses}"
            assert not is_sayable(name, meant, dialect), f"{name} = {setting.value!r} could have been said: {losses}"


def _check_thinking(value: object, other: object, is_lost: bool, meant: Conversation, dialect: str) -> None:
    """How long to think is said in other words and numbers elsewhere; that it is said has to stay."""
    if value is None:
        assert other is None, f"nobody asked to think: {other}"
    elif other is None and is_sayable("thinking", meant, dialect):
        raise AssertionError(f"{value} could have been said")
    elif other is None:
        thinking = meant.thinking
        leaves_it = thinking is not None and thinking.effort is None and (thinking.budget_tokens or -1) < 0
        assert is_lost or leaves_it or _is_calm(meant), f"{value} is lost without a word"


def _means_the_same(name: str, value: object, other: object, meant: Conversation) -> bool:
    """Words that other formats say otherwise, or need to be said where nobody said them."""
    sampling = meant.sampling
    if value in _NOTHING and other in _NOTHING and name not in ("temperature", "top_p", "parallel_tool_calls"):
        return True
    if name == "parallel_tool_calls":
        says_nothing = not _has_tools(meant) or (meant.tool_choice is not None and meant.tool_choice.mode == "none")
        return says_nothing or (value is not False and other is not False)
    return (
        (name == "max_output_tokens" and value is None)  # some formats demand a limit
        or (name == "choices" and value in (None, 1) and other in (None, 1))
        or (name == "logprobs" and bool(other) and sampling.top_logprobs is not None)
        or (name == "tool_choice" and _chooses_alike(value, other, meant))
        or (name == "service_tier" and (value, other) == ("auto", ""))
        or (name == "temperature" and (value, other) == (1, None) and not _is_calm(meant))
        or (name == "top_k" and (value, other) == (0, None))
    )


def _chooses_alike(value: object, other: object, meant: Conversation) -> bool:
    """A choice among some tools is said by naming no others; one of one tool names it; auto goes without saying."""
    choice = meant.tool_choice
    if choice is None or choice == value:
        return choice is None and other in (None, ("auto", ()))
    names = [tool.name for tool in meant.tools if isinstance(tool, Tool)]
    if choice.mode == "auto":
        return other in (None, ("auto", ()), ("auto", choice.names))
    if choice.mode == "none":
        return other in (None, ("none", ()))
    if not names:
        return False
    if len(choice.names) == 1:
        return other in (("named", choice.names), ("required", choice.names), ("required", ()))
    return other == ("required", ())


def check_tools(meant: Conversation, told: Conversation, losses: Sequence[str]) -> None:
    """Check that each tool is there with all that was said of it, or is named as a loss."""
    theirs = {tool.name: tool for tool in told.tools if isinstance(tool, Tool)}
    choice = meant.tool_choice
    for place, tool in enumerate(meant.tools):
        if isinstance(tool, Native):
            is_kept = tool in told.tools or (choice is not None and choice.mode == "none")
            assert is_kept or f"tools[{place}]" in losses, f"lost without a word: {tool}"
            continue
        other = theirs.get(tool.name)
        if other is None:
            is_excluded = choice is not None and (
                choice.mode == "none" or (choice.names and tool.name not in choice.names)
            )
            assert is_excluded or f"tools[{place}]" in losses, f"lost without a word: {tool.name}"
            continue
        assert other.description == tool.description
        assert other.parameters == (tool.parameters or other.parameters)
        told_strict = {f"tools[{place}].strict", "tools.strict"} & set(losses)
        assert bool(other.strict) == bool(tool.strict) or told_strict, f"strict changed: {tool.name}"
        assert other.cache == tool.cache or f"tools[{place}].cache" in losses or told.extra_dialect == ""
    assert {tool.name for tool in meant.tools if isinstance(tool, Tool)} >= theirs.keys() or "tools" in losses
