"""Hub -> Cohere chat request; what Cohere cannot say is listed, and nothing is left out without that."""

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Sampling,
    Thinking,
    Tool,
    ToolChoice,
    demands_call,
)
from pointsman.core.dialects.cohere.encode_messages import MessagesWriter
from pointsman.core.dialects.cohere.words import NAME
from pointsman.core.dialects.dialect import Draft, Target
from pointsman.core.dialects.thinking import budget_for

MOST_STOPS = 5
_RANGES: dict[str, tuple[str, float | None, float | None]] = {
    "max_output_tokens": ("max_tokens", None, None),
    "temperature": ("temperature", 0.0, None),
    "top_p": ("p", 0.01, 0.99),
    "top_k": ("k", 0, 500),
    "seed": ("seed", None, None),
    "presence_penalty": ("presence_penalty", 0.0, 1.0),
    "frequency_penalty": ("frequency_penalty", 0.0, 1.0),
    "logprobs": ("logprobs", None, None),
}
"""Cohere's name and range of each; outside of it Cohere refuses the request."""
_UNKNOWN_SAMPLING = ("logit_bias", "top_logprobs")
_UNKNOWN = (
    ("verbosity", "verbosity"),
    ("user", "user"),
    ("service_tier", "service_tier"),
    ("cache_key", "prompt_cache_key"),
)
"""Members that Cohere has no word for, and how they are told."""


def encode_request(conversation: Conversation, stream: bool, target: Target) -> Draft:
    """The request as Cohere takes it."""
    losses: list[str] = []
    writer = MessagesWriter(losses, takes_documents=conversation.answer_format is None)
    fields: JsonObject = {"model": target.model, "messages": writer.write(conversation.messages)}
    if stream:
        fields["stream"] = True
    if writer.documents:
        fields["documents"] = writer.documents
    _add_sampling(conversation.sampling, fields, losses)
    if conversation.tools or conversation.tool_choice is not None:
        _add_tools(conversation, fields, losses)
    if conversation.answer_format is not None:
        if "tools" in fields:
            losses.append("response_format")  # Cohere takes no form for the answer together with tools
        else:
            fields["response_format"] = _write_format(conversation.answer_format, losses)
    if conversation.thinking is not None:
        _add_thinking(conversation.thinking, fields, losses)
    _add_rest(conversation, fields, losses)
    return Draft(fields, losses)


def _add_sampling(sampling: Sampling, fields: JsonObject, losses: list[str]) -> None:
    for name, (theirs, least, most) in _RANGES.items():
        value = getattr(sampling, name)
        if value is None:
            continue
        kept = value
        if least is not None and value < least:
            kept = least
        elif most is not None and value > most:
            kept = most
        if kept != value:
            losses.append(name)
        fields[theirs] = kept
    if sampling.stop:
        fields["stop_sequences"] = list(sampling.stop[:MOST_STOPS])
        if len(sampling.stop) > MOST_STOPS:
            losses.append("stop")
    if (sampling.choices or 1) > 1:
        losses.append("n")
    losses.extend([name for name in _UNKNOWN_SAMPLING if getattr(sampling, name)])


def _add_tools(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    """Write the tools; a choice among some of them is said by telling of no others."""
    choice = conversation.tool_choice or ToolChoice("auto")
    written: list[JsonObject] = []
    stricts: list[bool | None] = []
    for place, tool in enumerate(conversation.tools):
        if not isinstance(tool, Tool):
            losses.append(f"tools[{place}]")
            continue
        if choice.names and tool.name not in choice.names:
            continue
        if tool.cache:
            losses.append(f"tools[{place}].cache")
        written.append(_write_tool(tool))
        stricts.append(tool.strict)
    if not written:
        if demands_call(choice):
            losses.append("tool_choice")
        return
    fields["tools"] = written
    if choice.mode == "none":
        fields["tool_choice"] = "NONE"
    elif choice.mode != "auto":
        fields["tool_choice"] = "REQUIRED"
    if all(stricts):
        fields["strict_tools"] = True
    elif any(stricts):
        losses.append("tools.strict")
    elif False in stricts:
        fields["strict_tools"] = False


def _write_tool(tool: Tool) -> JsonObject:
    parameters = {"type": "object", "properties": {}} if tool.parameters is None else tool.parameters
    function: JsonObject = {"name": tool.name, "parameters": parameters}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _write_format(answer_format: AnswerFormat, losses: list[str]) -> JsonObject:
    if answer_format.description:
        losses.append("response_format.description")
    written: JsonObject = {"type": "json_object"}
    if answer_format.schema is not None:
        written["json_schema"] = answer_format.schema
    return written


def _add_thinking(thinking: Thinking, fields: JsonObject, losses: list[str]) -> None:
    budget = thinking.budget_tokens
    if budget is None and thinking.effort is not None:
        budget = budget_for(thinking.effort)
    if budget is not None:
        written: JsonObject = {"type": "enabled" if budget else "disabled"}
        if budget > 0:
            written["token_budget"] = budget
        fields["thinking"] = written
    if thinking.shows is False and budget != 0:
        losses.append("thinking.shows")
    if thinking.summary:
        losses.append("thinking.summary")


def _add_rest(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    if conversation.parallel_tool_calls is False and conversation.tools:
        losses.append("parallel_tool_calls")
    losses.extend([told for name, told in _UNKNOWN if getattr(conversation, name)])
    losses.extend([f"metadata.{name}" for name in conversation.metadata])
    if conversation.extra_dialect == NAME:
        fields.update(conversation.extra)
    else:
        losses.extend(conversation.extra)
