"""Requests of Anthropic's, Google's and Cohere's formats."""

import json

from hypothesis import strategies as st

from dialects.strategies import SCHEMA, TOOL_NAMES, Drawer, Tongue
from dialects.wire_requests import (
    LIMITS,
    METADATA,
    PENALTIES,
    SEEDS,
    SHARES,
    STOPS,
    add_members,
    draw_tools,
    has_calls,
    requests_of,
    strict_flag,
    wants_tools,
)
from pointsman.core.chat.conversation import JsonObject, Media, Message, Part, Reasoning, Text, ToolCall, ToolResult

ANTHROPIC_TONGUE = Tongue(
    "anthropic_messages",
    late=False,
    media=("image.url", "image.data", "document.data", "document.url", "document.text"),
    result_media=("image.data", "image.url", "document.text"),
    errors=True,
    thoughts=("signed", "hidden"),
    ends_with_assistant=True,
)
GEMINI_TONGUE = Tongue(
    "gemini",
    late=False,
    media=("image.url", "image.data", "document.data", "audio.data"),
    result_media=("image.data",),
    errors=True,
    thoughts=("plain", "signed"),
)
COHERE_TONGUE = Tongue(
    "cohere",
    media=("image.url", "image.data"),
    result_media=("document.text",),
    thoughts=("plain",),
    odd_arguments=True,
)


def _write_anthropic(drawer: Drawer, dialogue: tuple[Message, ...], stream: bool) -> JsonObject:
    fields: JsonObject = {"model": "agent:writer", "max_tokens": drawer.draw(LIMITS)}
    system = [part for message in dialogue if message.role == "system" for part in message.parts]
    if system:
        short = system[0].text if len(system) == 1 and isinstance(system[0], Text) and drawer.flip(2) else None
        fields["system"] = [_write_block(drawer, part) for part in system] if short is None else short
    messages: list[JsonObject] = []
    for message in dialogue:
        if message.role != "system":
            role = "assistant" if message.role == "assistant" else "user"
            _add_blocks(drawer, role, message, messages)
    fields["messages"] = messages
    if stream:
        fields["stream"] = True
    _add_thinking_or_sampling(drawer, fields)
    add_members(
        drawer,
        fields,
        (
            ("stop_sequences", st.lists(st.sampled_from(("END", "###", "é")), max_size=3)),
            ("metadata", st.sampled_from(({"user_id": "someone"}, {"agent": "writer"}, None))),
            ("service_tier", st.sampled_from(("auto", "standard_only"))),
        ),
    )
    if wants_tools(drawer, dialogue):
        _add_anthropic_tools(drawer, dialogue, fields)
    config: JsonObject = fields.get("output_config", {})  # type: ignore[assignment]
    if drawer.flip(5):
        fields["output_config"] = {**config, "format": {"type": "json_schema", "schema": SCHEMA}}
    return fields


def _add_thinking_or_sampling(drawer: Drawer, fields: JsonObject) -> None:
    thinks = (
        {"type": "enabled", "budget_tokens": 2_000},
        {"type": "enabled", "budget_tokens": 1_024, "display": "omitted"},
        {"type": "adaptive"},
        {"type": "disabled"},
    )
    if drawer.flip(4):
        fields["thinking"] = drawer.draw(st.sampled_from(thinks))
        fields["max_tokens"] = 4_000
        if fields["thinking"] == thinks[2]:
            add_members(drawer, fields, (("output_config", st.sampled_from(({"effort": "low"}, {"effort": "high"}))),))
    else:
        sampled = (("temperature", SHARES), ("top_p", SHARES), ("top_k", st.sampled_from((1, 40, 500))))
        add_members(drawer, fields, sampled)


def _add_anthropic_tools(drawer: Drawer, dialogue: tuple[Message, ...], fields: JsonObject) -> None:
    tools = [{**tool, **strict_flag(drawer)} for tool in draw_tools(drawer, "input_schema")]
    if drawer.flip(6):
        tools[-1]["cache_control"] = {"type": "ephemeral"}
    if drawer.flip(6):
        tools.append({"type": "web_search_20250305", "name": "web_search"})
    if not has_calls(dialogue) and drawer.flip(6):
        fields["tools"] = [{"type": "web_search_20250305", "name": "web_search"}]
        add_members(drawer, fields, (("tool_choice", st.just({"type": "auto"})),), 2)
        return
    fields["tools"] = tools
    alone = {"disable_parallel_tool_use": drawer.draw(st.booleans())} if drawer.flip(3) else {}
    named = {"type": "tool", "name": drawer.pick(TOOL_NAMES)}
    choices: list[JsonObject] = [{"type": "auto", **alone}, {"type": "none"}]
    thinking = fields.get("thinking")
    if not isinstance(thinking, dict) or thinking["type"] == "disabled":
        choices += [{"type": "any", **alone}, {**named, **alone}]
    add_members(drawer, fields, (("tool_choice", st.sampled_from(choices)),), 2)


def _add_blocks(drawer: Drawer, role: str, message: Message, messages: list[JsonObject]) -> None:
    """A turn; results of calls made at once stand in one."""
    said = [part for part in message.parts if part != Text("")]
    blocks = [_write_block(drawer, part) for part in said]
    if not blocks:
        return
    only = said[0]
    if len(blocks) == 1 and isinstance(only, Text) and drawer.flip(2):
        messages.append({"role": role, "content": only.text})
    elif message.role == "tool" and messages[-1]["role"] == "user":
        messages[-1]["content"] += blocks  # type: ignore[operator]
    else:
        messages.append({"role": role, "content": blocks})


def _write_block(drawer: Drawer, part: Part) -> JsonObject:
    block: JsonObject
    if isinstance(part, Reasoning):
        if part.is_hidden:
            return {"type": "redacted_thinking", "data": part.signature}
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    if isinstance(part, ToolCall):
        block = {"type": "tool_use", "id": part.id, "name": part.name, "input": json.loads(part.arguments)}
    elif isinstance(part, ToolResult):
        block = {"type": "tool_result", "tool_use_id": part.call_id}
        said = [one for one in part.parts if one != Text("")]
        inner = [_write_block(drawer, one) for one in said]
        only = said[0] if said else None
        is_short = len(inner) == 1 and isinstance(only, Text) and drawer.flip(2)
        block["content"] = only.text if is_short and isinstance(only, Text) else inner
        if part.is_error:
            block["is_error"] = True
    elif isinstance(part, Media):
        block = _write_media(part)
    else:
        assert isinstance(part, Text)
        block = {"type": "text", "text": part.text}
    return block


def _write_media(media: Media) -> JsonObject:
    if media.url:
        return {"type": media.kind, "source": {"type": "url", "url": media.url}}
    if media.text:
        return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": media.text}}
    block: JsonObject = {"type": media.kind}
    block["source"] = {"type": "base64", "media_type": media.media_type, "data": media.data}
    if media.name:
        block["title"] = media.name
    return block


def _write_gemini(drawer: Drawer, dialogue: tuple[Message, ...], stream: bool) -> JsonObject:
    snake = drawer.flip(3)
    system = [part for message in dialogue if message.role == "system" for part in message.parts]
    fields: JsonObject = {}
    if system:
        fields["systemInstruction"] = {"parts": [_write_gemini_part(drawer, part) for part in system]}
    contents: list[JsonObject] = []
    for message in dialogue:
        if message.role == "system":
            continue
        parts = [_write_gemini_part(drawer, part) for part in message.parts]
        if message.role == "tool" and "functionResponse" in contents[-1]["parts"][-1]:  # type: ignore[index]
            contents[-1]["parts"] += parts  # type: ignore[operator]
        else:
            contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})
    fields["contents"] = contents
    _add_config(drawer, fields)
    if wants_tools(drawer, dialogue):
        _add_gemini_tools(drawer, fields)
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    add_members(
        drawer,
        fields,
        (
            ("safetySettings", st.just(safety)),
            ("serviceTier", st.sampled_from(("standard", "flex"))),
            ("metadata", st.just({"agent": "writer"})),
        ),
        6,
    )
    return {_snake(name): value for name, value in fields.items()} if snake else fields


def _snake(name: str) -> str:
    return "".join([f"_{letter.lower()}" if letter.isupper() else letter for letter in name])


def _add_config(drawer: Drawer, fields: JsonObject) -> None:
    config: JsonObject = {}
    thinks = ({"thinkingBudget": 0}, {"thinkingBudget": -1, "includeThoughts": True}, {"thinkingLevel": "HIGH"})
    add_members(
        drawer,
        config,
        (
            ("temperature", st.sampled_from((0, 0.7, 1.5, 2))),
            ("topP", SHARES),
            ("topK", st.sampled_from((1, 40, 40.0))),
            ("maxOutputTokens", LIMITS),
            ("stopSequences", STOPS),
            ("seed", SEEDS),
            ("candidateCount", st.sampled_from((1, 2, 8))),
            ("presencePenalty", PENALTIES),
            ("frequencyPenalty", PENALTIES.filter(lambda value: value < 2)),
            ("thinkingConfig", st.sampled_from(thinks)),
        ),
        6,
    )
    if drawer.flip(6):
        config["responseLogprobs"] = True
        add_members(drawer, config, (("logprobs", st.integers(0, 20)),), 2)
    if drawer.flip(6):
        config["responseMimeType"] = "application/json"
        add_members(drawer, config, (("responseJsonSchema", st.just(SCHEMA)),), 2)
    if config:
        fields["generationConfig"] = config


def _add_gemini_tools(drawer: Drawer, fields: JsonObject) -> None:
    tools: list[JsonObject] = [{"functionDeclarations": draw_tools(drawer, "parametersJsonSchema")}]
    if drawer.flip(6):
        tools.append({"googleSearch": {}})
    fields["tools"] = tools
    names = list(TOOL_NAMES[:2])
    choices = ({"mode": "AUTO"}, {"mode": "NONE"}, {"mode": "ANY"}, {"mode": "ANY", "allowedFunctionNames": names})
    calling = drawer.draw(st.sampled_from((None, *choices, {"mode": "VALIDATED", "allowedFunctionNames": names[:1]})))
    if calling is not None:
        fields["toolConfig"] = {"functionCallingConfig": calling}


def _write_gemini_part(drawer: Drawer, part: Part) -> JsonObject:
    if isinstance(part, Reasoning):
        signed = {"thoughtSignature": part.signature} if part.signature else {}
        return {"text": part.text, "thought": True, **signed}
    if isinstance(part, ToolCall):
        return {"functionCall": {"id": part.id, "name": part.name, "args": json.loads(part.arguments)}}
    if isinstance(part, ToolResult):
        texts = [one.text for one in part.parts if isinstance(one, Text)]
        said = {"error" if part.is_error else "output": "\n".join(texts)}
        response: JsonObject = {"id": part.call_id, "name": part.name, "response": said}
        if media := [_write_gemini_part(drawer, one) for one in part.parts if isinstance(one, Media)]:
            response["parts"] = media
        return {"functionResponse": response}
    if isinstance(part, Media):
        if part.url:
            return {"fileData": {"mimeType": "image/png", "fileUri": part.url}}
        return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
    assert isinstance(part, Text)
    return {"text": part.text}


def _write_cohere(drawer: Drawer, dialogue: tuple[Message, ...], stream: bool) -> JsonObject:
    fields: JsonObject = {"model": "agent:writer"}
    fields["messages"] = [_write_cohere_message(drawer, message) for message in dialogue]
    if stream:
        fields["stream"] = True
    add_members(
        drawer,
        fields,
        (
            ("temperature", SHARES),
            ("p", st.sampled_from((0.01, 0.5, 0.99))),
            ("k", st.sampled_from((0, 40, 500))),
            ("max_tokens", LIMITS),
            ("seed", SEEDS),
            ("stop_sequences", STOPS),
            ("presence_penalty", st.sampled_from((0.0, 0.5))),
            ("frequency_penalty", st.sampled_from((0.0, 0.5))),
            ("logprobs", st.booleans()),
            ("thinking", st.sampled_from(({"type": "disabled"}, {"type": "enabled", "token_budget": 2_000}))),
            ("metadata", METADATA),
            ("citation_options", st.just({"mode": "FAST"})),
        ),
        5,
    )
    if wants_tools(drawer, dialogue):
        fields["tools"] = [{"type": "function", "function": tool} for tool in draw_tools(drawer, "parameters")]
        choices = st.sampled_from(("REQUIRED", "NONE"))
        add_members(drawer, fields, (("tool_choice", choices), ("strict_tools", st.booleans())), 4)
    else:
        schema = {"type": "json_object", drawer.pick(("json_schema", "schema")): SCHEMA}
        forms = st.sampled_from(({"type": "text"}, {"type": "json_object"}, schema))
        add_members(drawer, fields, (("response_format", forms),))
        if "response_format" not in fields and drawer.flip(4):
            fields["documents"] = [drawer.words(), {"data": {"text": drawer.words(), "title": "t"}, "id": "d-1"}]
    return fields


def _write_cohere_message(drawer: Drawer, message: Message) -> JsonObject:
    if message.role == "tool":
        result = message.parts[0]
        assert isinstance(result, ToolResult)
        parts: list[JsonObject] = [_write_cohere_part(part) for part in result.parts]
        return {"role": "tool", "tool_call_id": result.call_id, "content": parts}
    written: JsonObject = {"role": message.role}
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    said = [part for part in message.parts if not isinstance(part, ToolCall)]
    if calls and said and isinstance(plan := said[0], Reasoning):
        written["tool_plan"] = plan.text
        del said[0]
    if calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    only = said[0] if len(said) == 1 else None
    if isinstance(only, Text) and drawer.flip(2):
        written["content"] = only.text
    elif said:
        written["content"] = [_write_cohere_part(part) for part in said]
    return written


def _write_cohere_part(part: Part) -> JsonObject:
    if isinstance(part, Reasoning):
        return {"type": "thinking", "thinking": part.text}
    if isinstance(part, Media):
        if part.text:
            return {"type": "document", "document": {"data": {"text": part.text}}}
        return {"type": "image_url", "image_url": {"url": part.url or f"data:image/png;base64,{part.data}"}}
    assert isinstance(part, Text)
    return {"type": "text", "text": part.text}


ANTHROPIC_REQUESTS = requests_of(ANTHROPIC_TONGUE, _write_anthropic)
GEMINI_REQUESTS = requests_of(GEMINI_TONGUE, _write_gemini)
COHERE_REQUESTS = requests_of(COHERE_TONGUE, _write_cohere)
