"""Hub -> Bedrock Converse request; the model and whether to stream stand in the path, not in the body."""

import msgspec

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    demands_call,
)
from pointsman.core.dialects.bedrock_converse.encode_messages import MessagesWriter
from pointsman.core.dialects.bedrock_converse.families import Family, find_family
from pointsman.core.dialects.bedrock_converse.words import SERVICE_TIERS
from pointsman.core.dialects.dialect import Draft, Target

MOST_NOTES = 16
MOST_NOTE_CHARACTERS = 256
_LEAST_TOP_P_WHILE_THINKING = 0.95
_UNKNOWN_SAMPLING = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs")
_UNKNOWN = (("verbosity", "verbosity"), ("user", "user"), ("cache_key", "prompt_cache_key"))
"""Members that Bedrock has no word for, and how they are told."""
_CHOICES: dict[str, JsonObject] = {"auto": {"auto": {}}, "required": {"any": {}}}
_encode = msgspec.json.Encoder().encode


def encode_request(conversation: Conversation, stream: bool, target: Target) -> Draft:
    """The request as Bedrock takes it."""
    losses: list[str] = []
    family = find_family(target.model)
    writer = MessagesWriter(losses)
    writer.write(conversation.messages)
    fields: JsonObject = {"messages": writer.turns}
    if writer.system:
        fields["system"] = writer.system
    thinks = _add_thinking(conversation, family, fields, losses)
    _add_sampling(conversation.sampling, family, thinks, fields, losses)
    _add_tools(conversation, thinks, fields, losses)
    if conversation.answer_format is not None:
        _add_format(conversation.answer_format, fields, losses)
    _add_rest(conversation, fields, losses)
    return Draft(fields, losses)


def _add_thinking(conversation: Conversation, family: Family, fields: JsonObject, losses: list[str]) -> bool:
    """Say how long to think; answers whether the model then refuses what it takes otherwise."""
    thinking = conversation.thinking
    if thinking is None:
        return False
    if thinking.shows is False:
        losses.append("thinking.shows")
    if thinking.summary:
        losses.append("thinking.summary")
    if thinking.effort is None and thinking.budget_tokens is None:
        return False
    write = family.write_thinking
    own = write(thinking, conversation.sampling.max_output_tokens) if write is not None else None
    if own is None:
        if "thinking" not in losses:
            losses.append("thinking")
        return False
    fields["additionalModelRequestFields"] = own
    return family.is_strict_while_thinking and own != {"thinking": {"type": "disabled"}}


def _add_sampling(sampling: Sampling, family: Family, thinks: bool, fields: JsonObject, losses: list[str]) -> None:
    config: JsonObject = {}
    if sampling.max_output_tokens is not None:
        config["maxTokens"] = sampling.max_output_tokens
    if sampling.temperature is not None:
        if thinks and sampling.temperature != 1:
            losses.append("temperature")
        else:
            config["temperature"] = min(sampling.temperature, 1)
            if sampling.temperature > 1:
                losses.append("temperature")
    if sampling.top_p is not None:
        if thinks and sampling.top_p < _LEAST_TOP_P_WHILE_THINKING:
            losses.append("top_p")
        else:
            config["topP"] = sampling.top_p
    if sampling.stop:
        config["stopSequences"] = list(sampling.stop)
        if family.tells_stop_sequence:
            fields["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    if config:
        fields["inferenceConfig"] = config
    if sampling.top_k is not None:
        _add_top_k(sampling.top_k, family, thinks, fields, losses)
    if (sampling.choices or 1) > 1:
        losses.append("n")
    losses.extend([name for name in _UNKNOWN_SAMPLING if getattr(sampling, name)])


def _add_top_k(top_k: int, family: Family, thinks: bool, fields: JsonObject, losses: list[str]) -> None:
    if family.write_top_k is None or thinks:
        losses.append("top_k")
        return
    own = fields.setdefault("additionalModelRequestFields", {})
    assert isinstance(own, dict), "only objects are put there"
    own.update(family.write_top_k(top_k))


def _add_tools(conversation: Conversation, thinks: bool, fields: JsonObject, losses: list[str]) -> None:
    """Write the tools; Bedrock refuses calls in the conversation without any, and has no word for calling none."""
    choice = conversation.tool_choice or ToolChoice("auto")
    called = {part.name for message in conversation.messages for part in message.parts if isinstance(part, ToolCall)}
    if choice.mode == "none" and not called:
        return
    written = _write_tools(conversation, choice, losses)
    if not written and called:
        written = [_write_tool(Tool(name)) for name in sorted(called)]
        losses.append("tools")
    if not written:
        if demands_call(choice):
            losses.append("tool_choice")
        return
    config: JsonObject = {"tools": written}
    if choice.mode == "none" or (thinks and choice.mode in ("required", "named")):
        losses.append("tool_choice")
    elif choice.mode == "named" and choice.names:
        config["toolChoice"] = {"tool": {"name": choice.names[0]}}
    elif conversation.tool_choice is not None:
        config["toolChoice"] = _CHOICES[choice.mode]
    fields["toolConfig"] = config
    if conversation.parallel_tool_calls is False:
        losses.append("parallel_tool_calls")


def _write_tools(conversation: Conversation, choice: ToolChoice, losses: list[str]) -> list[JsonObject]:
    """A choice among some of the tools is said by telling of no others."""
    allowed = choice.names if choice.mode in ("auto", "required") else ()
    written: list[JsonObject] = []
    for place, tool in enumerate(conversation.tools):
        if not isinstance(tool, Tool):
            losses.append(f"tools[{place}]")
        elif not allowed or tool.name in allowed:
            written.append(_write_tool(tool))
            if tool.cache:
                point = {"type": "default", "ttl": "1h"} if tool.cache == "1h" else {"type": "default"}
                written.append({"cachePoint": point})
    return written


def _write_tool(tool: Tool) -> JsonObject:
    parameters = {"type": "object", "properties": {}} if tool.parameters is None else tool.parameters
    spec: JsonObject = {"name": tool.name, "inputSchema": {"json": parameters}}
    if tool.description:
        spec["description"] = tool.description
    if tool.strict is not None:
        spec["strict"] = tool.strict
    return {"toolSpec": spec}


def _add_format(answer_format: AnswerFormat, fields: JsonObject, losses: list[str]) -> None:
    """Bedrock takes a schema as a text, and has no word for any JSON object."""
    if answer_format.schema is None:
        losses.append("response_format")
        return
    schema: JsonObject = {"schema": _encode(answer_format.schema).decode()}
    if answer_format.name:
        schema["name"] = answer_format.name
    if answer_format.description:
        schema["description"] = answer_format.description
    fields["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}


def _add_rest(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    tier = conversation.service_tier
    if tier in SERVICE_TIERS:
        fields["serviceTier"] = {"type": SERVICE_TIERS[tier]}
    elif tier not in ("", "auto"):
        losses.append("service_tier")
    notes: JsonObject = {}
    for name, value in conversation.metadata.items():
        fits = isinstance(value, str) and len(name) <= MOST_NOTE_CHARACTERS and len(value) <= MOST_NOTE_CHARACTERS
        if fits and len(notes) < MOST_NOTES:
            notes[name] = value
        else:
            losses.append(f"metadata.{name}")
    if notes:
        fields["requestMetadata"] = notes
    losses.extend([told for name, told in _UNKNOWN if getattr(conversation, name)])
    losses.extend(conversation.extra)
