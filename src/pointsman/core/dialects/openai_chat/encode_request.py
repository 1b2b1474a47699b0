"""Hub -> OpenAI chat request for a provider; members are those that servers of this format have in common."""

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Thinking,
    Tool,
    ToolChoice,
    demands_call,
)
from pointsman.core.dialects.dialect import Draft, Target
from pointsman.core.dialects.openai_chat.encode_messages import encode_messages
from pointsman.core.dialects.openai_chat.reasoning import NAME
from pointsman.core.dialects.thinking import effort_for

MOST_STOPS = 4
_SAMPLING = {
    "max_output_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "choices": "n",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logit_bias": "logit_bias",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
}
_TEXTS = {
    "verbosity": "verbosity",
    "user": "user",
    "service_tier": "service_tier",
    "cache_key": "prompt_cache_key",
}
_SHARED_WITH_RESPONSES = frozenset({"store", "safety_identifier", "prompt_cache_retention"})


def encode_request(conversation: Conversation, stream: bool, target: Target) -> Draft:
    """Write a request; a stream is asked to tell its usage."""
    losses: list[str] = []
    fields: JsonObject = {
        "model": target.model,
        "messages": encode_messages(conversation.messages, target.model, losses),
    }
    if stream:
        fields["stream"] = True
        fields["stream_options"] = {"include_usage": True}
    _encode_sampling(conversation, fields, losses)
    if tools := _encode_tools(conversation, losses):
        fields["tools"] = tools
        if conversation.tool_choice is not None:
            fields["tool_choice"] = _encode_choice(conversation.tool_choice)
        if conversation.parallel_tool_calls is not None:
            fields["parallel_tool_calls"] = conversation.parallel_tool_calls
    elif demands_call(conversation.tool_choice):
        losses.append("tool_choice")
    if conversation.answer_format is not None:
        fields["response_format"] = _encode_format(conversation.answer_format)
    if conversation.thinking is not None:
        _encode_thinking(conversation.thinking, fields, losses)
    for name, written in _TEXTS.items():
        if value := getattr(conversation, name):
            fields[written] = value
    if conversation.metadata:
        fields["metadata"] = dict(conversation.metadata)
    if conversation.extra:
        _encode_extra(conversation, fields, losses)
    return Draft(fields, losses, ("stream_options",) if stream and "stream_options" not in conversation.extra else ())


def _encode_sampling(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    sampling = conversation.sampling
    for name, written in _SAMPLING.items():
        value = getattr(sampling, name)
        if value is not None:
            fields[written] = value
    if "top_logprobs" in fields and sampling.logprobs is not True:
        del fields["top_logprobs"]
        losses.append("top_logprobs")
    if sampling.stop:
        fields["stop"] = list(sampling.stop[:MOST_STOPS])
        if len(sampling.stop) > MOST_STOPS:
            losses.append("stop")
    if sampling.top_k is not None:
        losses.append("top_k")


def _encode_tools(conversation: Conversation, losses: list[str]) -> list[object]:
    tools: list[object] = []
    for place, tool in enumerate(conversation.tools):
        if isinstance(tool, Tool):
            tools.append(_encode_tool(tool))
            if tool.cache:
                losses.append(f"tools[{place}].cache")
        elif tool.dialect == NAME:
            tools.append(tool.value)
        else:
            losses.append(f"tools[{place}]")
    return tools


def _encode_tool(tool: Tool) -> JsonObject:
    function: JsonObject = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _encode_choice(choice: ToolChoice) -> object:
    named = [{"type": "function", "function": {"name": name}} for name in choice.names]
    if choice.mode == "named" and named:
        return named[0]
    if named and choice.mode != "none":
        return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": named}}
    return "required" if choice.mode == "named" else choice.mode


def _encode_format(wanted: AnswerFormat) -> JsonObject:
    if wanted.schema is None:
        return {"type": "json_object"}
    holder: JsonObject = {"name": wanted.name or "answer", "schema": wanted.schema}
    if wanted.description:
        holder["description"] = wanted.description
    if wanted.strict is not None:
        holder["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": holder}


def _encode_thinking(thinking: Thinking, fields: JsonObject, losses: list[str]) -> None:
    """Write how long to think in words; a model that is to choose for itself is told nothing."""
    if thinking.effort is not None:
        fields["reasoning_effort"] = thinking.effort
    elif thinking.budget_tokens is not None and thinking.budget_tokens >= 0:
        fields["reasoning_effort"] = effort_for(thinking.budget_tokens)
    if thinking.shows is not None:
        losses.append("thinking.shows")
    if thinking.summary:
        losses.append("thinking.summary")


def _encode_extra(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    for name, value in conversation.extra.items():
        if conversation.extra_dialect == NAME and "[" not in name:
            known = fields.get(name)
            fields[name] = {**value, **known} if type(value) is dict and type(known) is dict else value
        elif conversation.extra_dialect == "openai_responses" and name in _SHARED_WITH_RESPONSES:
            fields[name] = value
        else:
            losses.append(name)
