"""Hub -> OpenAI Responses request: everything goes along, nothing is kept at the provider."""

import re

from pointsman.core.chat.conversation import (
    Conversation,
    JsonObject,
    Message,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    demands_call,
)
from pointsman.core.dialects.dialect import Draft, Target
from pointsman.core.dialects.openai_responses.read_parts import NAME
from pointsman.core.dialects.openai_responses.read_request import INCLUDE_LOGPROBS, INCLUDE_THOUGHTS
from pointsman.core.dialects.openai_responses.write_items import ItemWriter
from pointsman.core.dialects.thinking import effort_for

LEAST_OUTPUT_TOKENS = 16
"""OpenAI refuses less."""

_GPT_VERSION = re.compile(r"(?:openai/)?gpt-(\d{1,3})(?:\.(\d{1,3}))?(?![\w.])", re.ASCII)
_SAMPLING_LOSSES = {
    "top_k": "top_k",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logit_bias": "logit_bias",
}


def encode_request(conversation: Conversation, stream: bool, target: Target) -> Draft:
    """Write a request for a provider."""
    losses: list[str] = []
    fields: JsonObject = {"model": target.model, "store": False}
    if stream:
        fields["stream"] = True
    messages = conversation.messages
    start = 0
    # Instructions alone would be refused: an input there must be.
    if len(messages) > 1 and (instructions := _read_instructions(messages[0])):
        fields["instructions"] = instructions
        start = 1
    writer = ItemWriter(losses, marks=_takes_marks(target.model))
    for place in range(start, len(messages)):
        writer.write(place, messages[place])
    fields["input"] = writer.items
    _write_sampling(conversation, fields, losses)
    _write_tools(conversation, fields, losses)
    _write_settings(conversation, fields)
    include = _write_thinking(conversation.thinking, fields, has_thoughts=writer.has_thoughts)
    if conversation.sampling.logprobs or conversation.sampling.top_logprobs is not None:
        include.append(INCLUDE_LOGPROBS)
    if include:
        fields["include"] = include
    _write_extra(conversation, fields, losses)
    return Draft(fields, losses)


def _takes_marks(model: str) -> bool:
    """OpenAI documents marks of the prompt's cache from GPT-5.6 on."""
    version = _GPT_VERSION.match(model)
    return version is not None and (int(version[1]), int(version[2] or 0)) >= (5, 6)


def _read_instructions(message: Message) -> str:
    """The first system prompt, where it is one text."""
    parts = message.parts
    only = parts[0] if message.role == "system" and len(parts) == 1 and not message.name else None
    return only.text if isinstance(only, Text) and not only.cache else ""


def _write_sampling(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    sampling = conversation.sampling
    for name in ("max_output_tokens", "temperature", "top_p", "top_logprobs"):
        value = getattr(sampling, name)
        if value is not None:
            fields[name] = value
    limit = sampling.max_output_tokens
    if limit is not None and limit < LEAST_OUTPUT_TOKENS:
        fields["max_output_tokens"] = LEAST_OUTPUT_TOKENS
        losses.append("max_tokens")
    if sampling.stop:
        losses.append("stop")
    if sampling.choices is not None and sampling.choices > 1:
        losses.append("n")
    losses += [told for name, told in _SAMPLING_LOSSES.items() if getattr(sampling, name) is not None]


def _write_tools(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    tools: list[object] = []
    for place, tool in enumerate(conversation.tools):
        if isinstance(tool, Tool):
            tools.append(_write_tool(tool))
            if tool.cache:
                losses.append(f"tools[{place}].cache")
        elif tool.dialect == NAME:
            tools.append(tool.value)
        else:
            losses.append(f"tools[{place}]")
    choice = conversation.tool_choice
    if tools:
        fields["tools"] = tools
        if choice is not None:
            fields["tool_choice"] = _write_tool_choice(choice)
    elif demands_call(choice):
        losses.append("tool_choice")
    if conversation.parallel_tool_calls is not None:
        fields["parallel_tool_calls"] = conversation.parallel_tool_calls


def _write_tool(tool: Tool) -> JsonObject:
    """Left unsaid, `strict` would be true in this format and in no other."""
    written: JsonObject = {"type": "function", "name": tool.name, "parameters": tool.parameters}
    if tool.description:
        written["description"] = tool.description
    written["strict"] = tool.strict is True
    return written


def _write_tool_choice(choice: ToolChoice) -> str | JsonObject:
    if choice.mode == "named":
        return {"type": "function", "name": choice.names[0] if choice.names else ""}
    if not choice.names or choice.mode == "none":
        return choice.mode
    tools = [{"type": "function", "name": name} for name in choice.names]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": tools}


def _write_settings(conversation: Conversation, fields: JsonObject) -> None:
    text: JsonObject = {}
    wanted = conversation.answer_format
    if wanted is not None and wanted.schema is None:
        text["format"] = {"type": "json_object"}
    elif wanted is not None:
        described = {"description": wanted.description} if wanted.description else {}
        strict = {} if wanted.strict is None else {"strict": wanted.strict}
        name = wanted.name or "answer"
        text["format"] = {"type": "json_schema", "name": name, "schema": wanted.schema, **described, **strict}
    if conversation.verbosity:
        text["verbosity"] = conversation.verbosity
    for name, value in (
        ("text", text),
        ("metadata", conversation.metadata),
        ("user", conversation.user),
        ("prompt_cache_key", conversation.cache_key),
        ("service_tier", conversation.service_tier),
    ):
        if value:
            fields[name] = value


def _write_thinking(thinking: Thinking | None, fields: JsonObject, *, has_thoughts: bool) -> list[str]:
    """Write how long to think; what is to be included with the answer for it."""
    reasoning: JsonObject = {}
    if thinking is not None:
        if thinking.effort is not None:
            reasoning["effort"] = thinking.effort
        elif thinking.budget_tokens is not None and thinking.budget_tokens >= 0:
            reasoning["effort"] = effort_for(thinking.budget_tokens)
        summary = thinking.summary or ("auto" if thinking.shows else "")
        if summary and reasoning.get("effort") != "none":
            reasoning["summary"] = summary
    if reasoning:
        fields["reasoning"] = reasoning
    thinks = thinking is not None and reasoning.get("effort") != "none"
    return [INCLUDE_THOUGHTS] if has_thoughts or thinks else []


def _write_extra(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    """What a path leads into is not put back in its place, and told."""
    if conversation.extra_dialect != NAME:
        losses += conversation.extra
        return
    for name, value in conversation.extra.items():
        if "[" in name:
            losses.append(name)
            continue
        holder, _, inner = name.rpartition(".")
        place = fields.setdefault(holder, {}) if holder else fields
        known = fields.get(name)
        if type(known) is list and type(value) is list:
            fields[name] = known + value
        elif type(place) is dict:
            place[inner] = value
