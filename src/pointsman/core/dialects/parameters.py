"""An agent's parameters in the hub, where the caller states none; their names are OpenAI's."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from pointsman.core.chat.conversation import Conversation, Thinking
from pointsman.core.chat.request import ParameterValue
from pointsman.core.dialects.dialect import Parameters

_SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
}
_BESIDE = ("verbosity", "parallel_tool_calls", "service_tier")


def add_parameters(conversation: Conversation, parameters: Parameters) -> tuple[Conversation, tuple[str, ...]]:
    """The request with what was left unsaid, and each parameter that was added, as `temperature=0.3`."""
    changes: list[str] = []
    for name, value in parameters:
        filled = _add(conversation, name, value)
        if filled is not conversation:
            conversation = filled
            changes.append(f"{name}={msgspec.json.encode(value).decode()}")
    return conversation, tuple(changes)


def _add(conversation: Conversation, name: str, value: ParameterValue) -> Conversation:
    sampling = conversation.sampling
    if name in _SAMPLING:
        field = _SAMPLING[name]
        if getattr(sampling, field) is None:
            return replace(conversation, sampling=replace(sampling, **{field: value}))
    elif name in _BESIDE:
        if getattr(conversation, name) in (None, ""):
            return replace(conversation, **{name: value})
    elif name in _OTHERS:
        return _OTHERS[name](conversation, value)
    return conversation


def _add_stop(conversation: Conversation, value: ParameterValue) -> Conversation:
    if conversation.sampling.stop:
        return conversation
    stop = value if isinstance(value, tuple) else (str(value),)
    return replace(conversation, sampling=replace(conversation.sampling, stop=stop))


def _add_effort(conversation: Conversation, value: ParameterValue) -> Conversation:
    thinking = conversation.thinking or Thinking()
    if thinking.effort is not None or thinking.budget_tokens is not None:
        return conversation
    return replace(conversation, thinking=replace(thinking, effort=value))


_OTHERS: dict[str, Callable[[Conversation, ParameterValue], Conversation]] = {
    "stop": _add_stop,
    "reasoning_effort": _add_effort,
}
