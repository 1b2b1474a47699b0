"""OpenAI chat request -> hub; members that no other format has go to `extra` as they are."""

import re

import msgspec
from msgspec.structs import replace

from pointsman.core.chat.conversation import Conversation, Effort, JsonObject, Sampling, Thinking
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.client_checks import check_object, check_text, refuse
from pointsman.core.dialects.openai_chat.read_messages import read_messages
from pointsman.core.dialects.openai_chat.read_tools import read_answer_format, read_tool_choice, read_tools
from pointsman.core.dialects.openai_chat.reasoning import NAME

_SAMPLING = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "n": "choices",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logit_bias": "logit_bias",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
}
_READ_ELSEWHERE = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "stop",
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "reasoning",
        "thinking",
        "verbosity",
        "user",
        "service_tier",
        "metadata",
        "prompt_cache_key",
    }
)
_EFFORTS: dict[object, Effort] = {
    "none": "none",
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
}
_FAULT_PATH = re.compile(r"`\$\.(\w+)")


def read_request(request: ChatRequest) -> Conversation:
    """Read a decoded request.

    Raises:
        ClientError: with the code and the path of the first thing that cannot be read.
    """
    fields = request.fields
    extra: JsonObject = {}
    sampling: JsonObject = {}
    for name, value in fields.items():
        if value is None or name in _READ_ELSEWHERE:
            continue
        if name in _SAMPLING:
            sampling[name] = value
        else:
            extra[name] = value
    _keep_stream_options(fields.get("stream_options"), extra)
    has_tools = "tools" in fields or "functions" in fields
    return Conversation(
        messages=read_messages(fields.get("messages"), extra),
        sampling=_read_sampling(sampling, fields.get("stop")),
        tools=read_tools(fields, extra) if has_tools else (),
        tool_choice=read_tool_choice(fields, extra),
        parallel_tool_calls=_read_parallel(fields),
        answer_format=read_answer_format(fields, extra),
        thinking=_read_thinking(fields, extra),
        verbosity=_read_text(fields, "verbosity"),
        user=_read_text(fields, "user"),
        service_tier=_read_text(fields, "service_tier"),
        metadata=_read_metadata(fields.get("metadata")),
        cache_key=_read_text(fields, "prompt_cache_key"),
        extra=extra,
        extra_dialect=NAME if extra else "",
    )


def _read_sampling(said: JsonObject, stop: object) -> Sampling:
    if not said and stop is None:
        return Sampling()
    members = {_SAMPLING[name]: value for name, value in said.items()}
    if stop is not None:
        members["stop"] = [stop] if type(stop) is str else stop
    try:
        sampling = msgspec.convert(members, Sampling)
    except msgspec.ValidationError as fault:
        found = _FAULT_PATH.search(str(fault))
        member = found.group(1) if found else "stop"
        name = next((name for name in said if _SAMPLING[name] == member), member)
        refuse("invalid_type", f"{name}: {str(fault).partition(' - at')[0]}.", name)
    # Whole numbers stay whole: that is what OpenAI documents a bias to be.
    return sampling if sampling.logit_bias is None else replace(sampling, logit_bias=members["logit_bias"])


def _keep_stream_options(options: object, extra: JsonObject) -> None:
    if type(options) is dict:
        others = {name: value for name, value in options.items() if name != "include_usage"}
        if others:
            extra["stream_options"] = others


def _read_parallel(fields: JsonObject) -> bool | None:
    """Whether several calls may come at once; the older form of tools has room for one."""
    said = fields.get("parallel_tool_calls")
    if type(said) is bool:
        return said
    return False if "functions" in fields and "tools" not in fields else None


def _read_thinking(fields: JsonObject, extra: JsonObject) -> Thinking | None:
    """Read OpenAI's word for it, else OpenRouter's, else the one that DeepSeek and LiteLLM take over from Anthropic."""
    effort = fields.get("reasoning_effort")
    for name, read in (("reasoning", _read_reasoning), ("thinking", _read_budget)):
        value = fields.get(name)
        if value is None:
            continue
        thinking = read(value) if effort is None and type(value) is dict else None
        if thinking is not None:
            return thinking
        extra[name] = value
    if effort is None:
        return None
    check_text(effort, "reasoning_effort")
    if effort in _EFFORTS:
        return Thinking(_EFFORTS[effort])
    extra["reasoning_effort"] = effort
    return None


def _read_reasoning(said: JsonObject) -> Thinking | None:
    effort, budget, excludes = said.get("effort"), said.get("max_tokens"), said.get("exclude")
    shows = None if type(excludes) is not bool else not excludes
    if said.get("enabled") is False:
        return Thinking("none", shows=shows)
    if type(effort) is str and effort in _EFFORTS:
        return Thinking(_EFFORTS[effort], shows=shows)
    if type(budget) is int and budget >= 0:
        return Thinking(budget_tokens=budget, shows=shows)
    return Thinking(shows=shows) if shows is not None else None


def _read_budget(said: JsonObject) -> Thinking | None:
    if said.get("type") == "disabled":
        return Thinking(budget_tokens=0)
    budget = said.get("budget_tokens")
    return Thinking(budget_tokens=budget) if said.get("type") == "enabled" and type(budget) is int else None


def _read_text(fields: JsonObject, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    check_text(value, name)
    return str(value)


def _read_metadata(metadata: object) -> JsonObject:
    if metadata is None:
        return {}
    check_object(metadata, "metadata")
    assert type(metadata) is dict, "just checked"
    return {name: value for name, value in metadata.items() if name not in OWN_WORDS}
