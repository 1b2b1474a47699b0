"""Requests of OpenAI's two formats."""

from hypothesis import strategies as st

from dialects.strategies import SCHEMA, TOOL_NAMES, Drawer, Tongue
from dialects.wire_requests import (
    LIMITS,
    METADATA,
    PENALTIES,
    SEEDS,
    SHARES,
    STOPS,
    USERS,
    add_members,
    draw_tools,
    has_calls,
    requests_of,
    strict_flag,
    wants_tools,
)
from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

CHAT_TONGUE = Tongue(
    "openai_chat",
    roles=("system", "developer"),
    media=("image.url", "image.data", "document.data", "audio.data"),
    thoughts=("plain",),
    refusals=True,
    odd_arguments=True,
    ends_with_assistant=True,
    is_loose=True,
)
RESPONSES_TONGUE = Tongue(
    "openai_responses",
    roles=("system", "developer"),
    media=("image.url", "image.data", "document.data", "document.url"),
    result_media=("image.data", "image.url"),
    thoughts=("signed", "hidden"),
    refusals=True,
    odd_arguments=True,
    is_loose=True,
)
_EFFORTS = st.sampled_from(("none", "minimal", "low", "medium", "high", "xhigh"))
_TIERS = st.sampled_from(("auto", "default", "flex", "priority"))
_TEMPERATURES = st.sampled_from((0, 0.7, 1, 1.5, 2.0))
_MARK = {"type": "ephemeral"}


def _write_chat(drawer: Drawer, dialogue: tuple[Message, ...], stream: bool) -> JsonObject:
    fields: JsonObject = {"model": "agent:writer"}
    fields["messages"] = [_write_message(drawer, message) for message in dialogue]
    if stream:
        fields["stream"] = True
        fields["stream_options"] = {"include_usage": drawer.draw(st.booleans())}
    add_members(
        drawer,
        fields,
        (
            ("temperature", _TEMPERATURES),
            ("top_p", SHARES),
            (drawer.pick(("max_tokens", "max_completion_tokens")), LIMITS),
            ("stop", STOPS | st.sampled_from(("END", None))),
            ("seed", SEEDS | st.none()),
            ("presence_penalty", PENALTIES),
            ("frequency_penalty", PENALTIES),
            ("n", st.sampled_from((1, 2, 8))),
            ("logit_bias", st.sampled_from(({}, {"17": -100, "18": 3}))),
            ("reasoning_effort", _EFFORTS),
            ("verbosity", st.sampled_from(("low", "high"))),
            ("user", USERS),
            ("metadata", METADATA),
            ("service_tier", _TIERS),
            ("prompt_cache_key", st.just("key")),
            ("store", st.booleans()),
        ),
    )
    if drawer.flip(5):
        fields["logprobs"] = True
        add_members(drawer, fields, (("top_logprobs", st.integers(0, 20)),), 2)
    if wants_tools(drawer, dialogue):
        _add_chat_tools(drawer, fields)
    _add_format(drawer, fields)
    return fields


def _add_chat_tools(drawer: Drawer, fields: JsonObject) -> None:
    functions = draw_tools(drawer, "parameters")
    tools: list[JsonObject] = [{"type": "function", "function": {**tool, **strict_flag(drawer)}} for tool in functions]
    if drawer.flip(6):
        tools[-1]["cache_control"] = _MARK
    fields["tools"] = tools
    name = drawer.pick(TOOL_NAMES)
    named = {"type": "function", "function": {"name": name}}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": drawer.pick(("auto", "required")), "tools": [named]}}
    add_members(drawer, fields, (("tool_choice", st.sampled_from(("auto", "none", "required", named, allowed))),), 2)
    add_members(drawer, fields, (("parallel_tool_calls", st.booleans()),), 3)


def _add_format(drawer: Drawer, fields: JsonObject) -> None:
    holder: JsonObject = {"name": "answer", "schema": SCHEMA, **strict_flag(drawer)}
    if drawer.flip(2):
        holder["description"] = "What is wanted."
    forms = ({"type": "text"}, {"type": "json_object"}, {"type": "json_schema", "json_schema": holder})
    add_members(drawer, fields, (("response_format", st.sampled_from(forms)),), 4)


def _write_message(drawer: Drawer, message: Message) -> JsonObject:
    if message.role == "tool":
        result = message.parts[0]
        assert isinstance(result, ToolResult)
        return {"role": "tool", "tool_call_id": result.call_id, "content": _write_content(drawer, list(result.parts))}
    written: JsonObject = {"role": message.role}
    if message.role == "assistant":
        _write_assistant(drawer, message, written)
        return written
    written["content"] = _write_content(drawer, list(message.parts))
    if message.role == "user" and drawer.flip(10):
        written["name"] = "alice"
    return written


def _write_assistant(drawer: Drawer, message: Message, written: JsonObject) -> None:
    texts: list[Part] = [part for part in message.parts if isinstance(part, Text)]
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    written["content"] = _write_content(drawer, texts) if texts else None
    for part in message.parts:
        if isinstance(part, Reasoning):
            written["reasoning_content"] = part.text
        elif isinstance(part, Refusal):
            written["refusal"] = part.text
    if calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]


def _write_content(drawer: Drawer, parts: list[Part]) -> object:
    if len(parts) == 1 and isinstance(parts[0], Text) and drawer.flip(2):
        return parts[0].text
    written = [_write_part(part) for part in parts]
    if drawer.flip(10):
        written[-1]["cache_control"] = _MARK
    return written


def _write_part(part: Part) -> JsonObject:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    assert isinstance(part, Media)
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": part.url or f"data:image/png;base64,{part.data}"}}
    if part.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": part.data, "format": "wav"}}
    return {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{part.data}", "filename": part.name}}


def _write_responses(drawer: Drawer, dialogue: tuple[Message, ...], stream: bool) -> JsonObject:
    fields: JsonObject = {"model": "agent:writer"}
    items: list[JsonObject] = []
    for place, message in enumerate(dialogue):
        only = message.parts[0]
        is_first = place == 0 and message.role == "system" and len(message.parts) == 1 and isinstance(only, Text)
        if is_first and isinstance(only, Text) and drawer.flip(2):
            fields["instructions"] = only.text
        else:
            items += _write_items(drawer, message)
    only = dialogue[-1].parts[0]
    is_short = len(items) == 1 and len(dialogue[-1].parts) == 1 and isinstance(only, Text) and drawer.flip(2)
    fields["input"] = only.text if is_short and isinstance(only, Text) else items
    if stream:
        fields["stream"] = True
    summary = st.fixed_dictionaries({"effort": _EFFORTS}, optional={"summary": st.sampled_from(("auto", "detailed"))})
    add_members(
        drawer,
        fields,
        (
            ("temperature", _TEMPERATURES),
            ("top_p", SHARES),
            ("max_output_tokens", LIMITS),
            ("reasoning", summary),
            ("user", USERS),
            ("safety_identifier", st.just("someone")),
            ("metadata", METADATA),
            ("service_tier", _TIERS),
            ("prompt_cache_key", st.just("key")),
            ("store", st.booleans()),
            ("truncation", st.sampled_from(("auto", "disabled"))),
            ("max_tool_calls", st.just(3)),
        ),
    )
    if drawer.flip(5):
        fields["include"] = ["message.output_text.logprobs"]
        add_members(drawer, fields, (("top_logprobs", st.integers(0, 20)),), 2)
    if wants_tools(drawer, dialogue):
        _add_responses_tools(drawer, dialogue, fields)
    _add_text_settings(drawer, fields)
    return fields


def _add_responses_tools(drawer: Drawer, dialogue: tuple[Message, ...], fields: JsonObject) -> None:
    tools = [{"type": "function", **tool, **strict_flag(drawer)} for tool in draw_tools(drawer, "parameters")]
    if drawer.flip(6):
        tools.append({"type": "web_search"})
    if not has_calls(dialogue) and drawer.flip(6):
        fields["tools"] = [{"type": "web_search"}]
        add_members(drawer, fields, (("tool_choice", st.sampled_from(("auto", "required"))),), 2)
        add_members(drawer, fields, (("parallel_tool_calls", st.booleans()),), 3)
        return
    fields["tools"] = tools
    named = {"type": "function", "name": drawer.pick(TOOL_NAMES)}
    allowed = {"type": "allowed_tools", "mode": drawer.pick(("auto", "required")), "tools": [named]}
    add_members(drawer, fields, (("tool_choice", st.sampled_from(("auto", "none", "required", named, allowed))),), 2)
    add_members(drawer, fields, (("parallel_tool_calls", st.booleans()),), 3)


def _add_text_settings(drawer: Drawer, fields: JsonObject) -> None:
    schema: JsonObject = {"type": "json_schema", "name": "answer", "schema": SCHEMA, **strict_flag(drawer)}
    if drawer.flip(2):
        schema["description"] = "What is wanted."
    text: JsonObject = {}
    add_members(
        drawer,
        text,
        (
            ("format", st.sampled_from(({"type": "text"}, {"type": "json_object"}, schema))),
            ("verbosity", st.sampled_from(("low", "high"))),
        ),
        5,
    )
    if text:
        fields["text"] = text


def _write_items(drawer: Drawer, message: Message) -> list[JsonObject]:
    items: list[JsonObject] = []
    said: list[JsonObject] = []
    for part in message.parts:
        if isinstance(part, Reasoning):
            summary = [] if part.is_hidden else [{"type": "summary_text", "text": part.text}]
            head: JsonObject = {"type": "reasoning", "id": part.id}
            items.append({**head, "summary": summary, "encrypted_content": part.signature})
        elif isinstance(part, ToolCall):
            call = {"call_id": part.id, "name": part.name, "arguments": part.arguments}
            items.append({"type": "function_call", **call})
        elif isinstance(part, ToolResult):
            output = _write_input(drawer, list(part.parts))
            items.append({"type": "function_call_output", "call_id": part.call_id, "output": output})
        elif message.role == "assistant":
            is_refusal = isinstance(part, Refusal)
            assert isinstance(part, Text | Refusal)
            name = "refusal" if is_refusal else "text"
            said.append({"type": "refusal" if is_refusal else "output_text", name: part.text})
    if said:
        place = 1 if items and items[0]["type"] == "reasoning" else 0
        items.insert(place, {"type": "message", "role": "assistant", "content": said})
    if message.role not in ("assistant", "tool"):
        head = {"type": "message"} if drawer.flip(2) else {}
        items.append({**head, "role": message.role, "content": _write_input(drawer, list(message.parts))})
    return items


def _write_input(drawer: Drawer, parts: list[Part]) -> object:
    if len(parts) == 1 and isinstance(parts[0], Text) and drawer.flip(2):
        return parts[0].text
    written = [_write_input_part(part) for part in parts]
    if drawer.flip(12):
        written[-1]["prompt_cache_breakpoint"] = {"mode": "explicit"}
    return written


def _write_input_part(part: Part) -> JsonObject:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    assert isinstance(part, Media)
    if part.kind == "image":
        return {"type": "input_image", "image_url": part.url or f"data:image/png;base64,{part.data}", "detail": "auto"}
    if part.url:
        return {"type": "input_file", "file_url": part.url}
    data = f"data:application/pdf;base64,{part.data}"
    return {"type": "input_file", "file_data": data, "filename": part.name}


CHAT_REQUESTS = requests_of(CHAT_TONGUE, _write_chat)
RESPONSES_REQUESTS = requests_of(RESPONSES_TONGUE, _write_responses)
