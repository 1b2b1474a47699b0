"""Reads a Bedrock Converse request back into the hub, as no client's side does; from Amazon's pages alone."""

import json

from msgspec.structs import replace

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Media,
    Message,
    Part,
    Reasoning,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

_IMAGES = {"jpeg": "image/jpeg", "png": "image/png"}
_DOCUMENTS = {"pdf": "application/pdf", "txt": "text/plain"}


def read_converse(fields: dict) -> Conversation:  # type: ignore[type-arg]
    """The body as a conversation; of the model's own fields what is known of them."""
    messages = []
    if fields.get("system"):
        messages.append(Message("system", tuple(_read_blocks(fields["system"]))))
    messages += [Message(message["role"], tuple(_read_blocks(message["content"]))) for message in fields["messages"]]
    config = fields.get("inferenceConfig", {})
    sampling = Sampling(
        max_output_tokens=config.get("maxTokens"),
        temperature=config.get("temperature"),
        top_p=config.get("topP"),
        top_k=_read_top_k(fields.get("additionalModelRequestFields", {})),
        stop=tuple(config.get("stopSequences", ())),
    )
    tools = fields.get("toolConfig", {})
    return Conversation(
        tuple(messages),
        sampling,
        tuple([_read_tool(tool["toolSpec"]) for tool in tools.get("tools", ()) if "toolSpec" in tool]),
        _read_choice(tools.get("toolChoice")),
        answer_format=_read_format(fields.get("outputConfig")),
        thinking=_read_thinking(fields.get("additionalModelRequestFields", {})),
        service_tier=fields.get("serviceTier", {}).get("type", ""),
        metadata=fields.get("requestMetadata", {}),
    )


def _read_blocks(blocks: list[dict]) -> list[Part]:  # type: ignore[type-arg]
    parts: list[Part] = []
    for block in blocks:
        if "cachePoint" in block:
            parts[-1] = replace(parts[-1], cache=block["cachePoint"].get("ttl", "5m"))
        else:
            parts.append(_read_block(block))
    return parts


def _read_block(block: dict) -> Part:  # type: ignore[type-arg]
    match block:
        case {"text": text}:
            return Text(text)
        case {"toolUse": use}:
            return ToolCall(use["toolUseId"], use["name"], json.dumps(use["input"]))
        case {"toolResult": result}:
            is_error = result.get("status") == "error"
            return ToolResult(result["toolUseId"], tuple(_read_blocks(result["content"])), is_error=is_error)
        case {"reasoningContent": {"reasoningText": thought}}:
            return Reasoning(thought["text"], thought["signature"], "bedrock_converse")
        case {"reasoningContent": {"redactedContent": hidden}}:
            return Reasoning("", hidden, "bedrock_converse", is_hidden=True)
        case {"image": image}:
            return Media("image", _IMAGES[image["format"]], data=image["source"]["bytes"])
        case {"document": document}:
            return Media("document", _DOCUMENTS[document["format"]], data=document["source"]["bytes"])
        case {"audio": audio}:
            return Media("audio", f"audio/{audio['format']}", data=audio["source"]["bytes"])
    raise AssertionError(f"a block that nobody should write: {block}")


def _read_tool(spec: dict) -> Tool:  # type: ignore[type-arg]
    return Tool(spec["name"], spec.get("description", ""), spec["inputSchema"]["json"], spec.get("strict"))


def _read_choice(choice: JsonObject | None) -> ToolChoice | None:
    match choice:
        case {"auto": {}}:
            return ToolChoice("auto")
        case {"any": {}}:
            return ToolChoice("required")
        case {"tool": {"name": str(name)}}:
            return ToolChoice("named", (name,))
    return None


def _read_format(config: JsonObject | None) -> AnswerFormat | None:
    match config:
        case {"textFormat": {"structure": {"jsonSchema": {"schema": str(schema), **said}}}}:
            return AnswerFormat(json.loads(schema), str(said.get("name", "")), str(said.get("description", "")))
    return None


def _read_top_k(own: JsonObject) -> int | None:
    match own:
        case {"top_k": int(most)} | {"inferenceConfig": {"topK": int(most)}}:
            return most
    return None


def _read_thinking(own: JsonObject) -> Thinking | None:
    match own:
        case {"thinking": {"budget_tokens": int(budget)}}:
            return Thinking(budget_tokens=budget)
        case {"thinking": {"type": "disabled"}} | {"reasoningConfig": {"type": "disabled"}}:
            return Thinking(budget_tokens=0)
        case {"thinking": _} | {"reasoningConfig": _} | {"reasoning_effort": _}:
            return Thinking(budget_tokens=-1)
    return None
