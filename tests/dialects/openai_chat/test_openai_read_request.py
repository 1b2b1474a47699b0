"""Every member of a request is found again in the hub, and what the hub has no word for under its own path."""

import json
from collections.abc import Mapping

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Message,
    Native,
    Reasoning,
    Refusal,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.openai_chat.read_request import read_request

HELLO = {"role": "user", "content": "hello"}


def read(*messages: object, **fields: object) -> Conversation:
    body = {"model": "m", "messages": list(messages) or [HELLO]} | fields
    return read_request(decode_request(json.dumps(body).encode()))


def parts_of(message: Mapping[str, object]) -> tuple[object, ...]:
    return read(message).messages[0].parts


def test_reads_the_sampling() -> None:
    said: dict[str, object] = {"temperature": 1, "top_p": 0.5, "top_k": 40, "seed": 7, "n": 2, "stop": "x"}
    said |= {"presence_penalty": 1, "frequency_penalty": -1, "logit_bias": {"5": 1}, "logprobs": True}
    conversation = read(max_completion_tokens=9, top_logprobs=3, **said)
    assert conversation.sampling == Sampling(9, 1.0, 0.5, 40, ("x",), 7, 2, 1.0, -1.0, {"5": 1.0}, True, 3)
    assert (conversation.extra, conversation.extra_dialect) == ({}, "")


def test_keeps_what_it_has_no_word_for() -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "x", "odd": 1}], "prefix": True}
    tool = {"type": "function", "function": {"name": "f", "examples": []}, "defer": True}
    options = {"include_usage": True, "include_obfuscation": False}
    conversation = read(message, tools=[tool], prediction={"a": 1}, stream=True, stream_options=options, store=None)
    assert conversation.extra == {
        "prediction": {"a": 1},
        "stream_options": {"include_obfuscation": False},
        "messages[0].content[0].odd": 1,
        "messages[0].prefix": True,
        "tools[0].function.examples": [],
        "tools[0].defer": True,
    }
    assert conversation.extra_dialect == "openai_chat"


def test_leaves_our_own_words_out_of_the_metadata() -> None:
    assert read(metadata={"task": {"type": "x"}, "mine": "y"}).metadata == {"mine": "y"}


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({"reasoning_effort": "xhigh"}, Thinking("xhigh")),
        ({"reasoning": {"effort": "low", "exclude": True}}, Thinking("low", shows=False)),
        ({"reasoning": {"max_tokens": 2000}}, Thinking(budget_tokens=2000)),
        ({"reasoning": {"enabled": False}}, Thinking("none")),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, Thinking(budget_tokens=4096)),
        ({"thinking": {"type": "disabled"}}, Thinking(budget_tokens=0)),
        ({"thinking": {"type": "enabled"}}, None),
        ({"reasoning_effort": "default"}, None),
    ],
)
def test_reads_how_long_to_think(fields: dict[str, object], thinking: Thinking | None) -> None:
    conversation = read(**fields)
    assert conversation.thinking == thinking
    assert conversation.extra == ({} if thinking else fields)


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({"tool_choice": "required"}, ToolChoice("required")),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, ToolChoice("named", ("f",))),
        ({"function_call": {"name": "f"}}, ToolChoice("named", ("f",))),
        (
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
                }
            },
            ToolChoice("auto", ("f",)),
        ),
        ({"tool_choice": {"type": "custom", "custom": {"name": "c"}}}, None),
    ],
)
def test_reads_the_choice_of_a_tool(fields: dict[str, object], choice: ToolChoice | None) -> None:
    conversation = read(**fields)
    assert conversation.tool_choice == choice
    assert conversation.extra == ({} if choice else fields)


@pytest.mark.parametrize(
    ("wanted", "answer_format"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, AnswerFormat()),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True}},
            AnswerFormat({"a": 1}, "n", strict=True),
        ),
        ({"type": "json_schema", "json_schema": {"name": "n", "description": "d"}}, AnswerFormat({}, "n", "d")),
    ],
)
def test_reads_the_form_of_the_answer(wanted: object, answer_format: AnswerFormat | None) -> None:
    assert read(response_format=wanted).answer_format == answer_format


def test_reads_media() -> None:
    content = [
        {"type": "image_url", "image_url": {"url": "data:image/PNG;base64,AAAA", "detail": "low"}},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "file", "file": {"file_data": "JVBERi0xLjQ=", "filename": "a"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,AAAA"}},
        {"type": "file", "file": {"file_data": "https://example.com/a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}, "cache_control": {"type": "ephemeral"}},
    ]
    assert parts_of({"role": "user", "content": content}) == (
        Media("image", "image/png", "AAAA", detail="low"),
        Media("image", url="https://example.com/a.png"),
        Media("audio", "audio/mpeg", "AAAA"),
        Media("document", "application/pdf", "JVBERi0xLjQ=", name="a"),
        Media("document", "text/plain", "AAAA"),
        Media("document", url="https://example.com/a.pdf"),
        Media("document", file_id="file-1", origin="openai_chat", cache="5m"),
    )


def test_reads_cache_marks_wherever_clients_put_them() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    system = {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": mark}]}
    user = {"role": "user", "content": "b", "cache_control": {"type": "ephemeral"}}
    tool = {"role": "tool", "tool_call_id": "c", "content": "d", "cache_control": mark}
    tools = [
        {"type": "function", "function": {"name": "f"}, "cache_control": mark},
        {"type": "function", "function": {"name": "g", "cache_control": {"type": "ephemeral"}}},
    ]
    conversation = read(system, user, tool, tools=tools)
    assert [message.parts for message in conversation.messages] == [
        (Text("a", "1h"),),
        (Text("b", "5m"),),
        (ToolResult("c", (Text("d"),), cache="1h"),),
    ]
    assert conversation.tools == (Tool("f", cache="1h"), Tool("g", cache="5m"))
    assert conversation.extra == {}


def test_reads_an_assistant_message_in_the_order_of_a_model() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{ }"}},
        {"type": "function", "function": {"name": "g"}},
        {"id": "c", "type": "custom", "custom": {"name": "c", "input": "x"}},
    ]
    message = {"role": "assistant", "content": "", "refusal": "no", "reasoning_content": "hm", "tool_calls": calls}
    assert parts_of(message) == (
        Reasoning("hm"),
        Refusal("no"),
        ToolCall("a", "f", "{ }"),
        ToolCall("call_0_1", "g", "{}"),
        Native("openai_chat", "custom_tool_call", calls[2]),
    )
    assert parts_of({"role": "assistant", "tool_calls": calls[:1]}) == (ToolCall("a", "f", "{ }"),)


def test_a_thought_of_another_formats_provider_is_its_own_again() -> None:
    details = [
        {
            "type": "reasoning.text",
            "text": "hm",
            "signature": wrap_signature("s#1", "anthropic_messages", "openai_chat"),
        },
        {"type": "reasoning.encrypted", "data": wrap_signature("e", "gemini", "openai_chat"), "id": "r"},
        {"type": "reasoning.text", "text": "own", "signature": "o", "format": "anthropic-claude-v1"},
    ]
    signature = {"google": {"thought_signature": wrap_signature("t", "bedrock_converse", "gemini")}}
    calls = [
        {"id": "a", "function": {"name": "f", "arguments": "{}"}, "extra_content": signature},
        {"id": "b", "function": {"name": "f"}, "extra_content": {"google": {"thought_signature": "g"}}},
    ]
    message = {"role": "assistant", "reasoning_content": "hm", "reasoning_details": details, "tool_calls": calls}
    assert parts_of(message) == (
        Reasoning("hm", "s#1", "anthropic_messages"),
        Reasoning("", "e", "gemini", is_hidden=True, id="r"),
        Reasoning("own", "anthropic-claude-v1#o", "openai_chat"),
        ToolCall("a", "f", "{}", "t", "bedrock_converse"),
        ToolCall("b", "f", "{}", "g", "gemini"),
    )


def test_reads_the_older_form_of_tools() -> None:
    call = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    result = {"role": "function", "name": "f", "content": "4"}
    conversation = read(HELLO, call, result, functions=[{"name": "f", "parameters": {"type": "object"}}])
    assert conversation.tools == (Tool("f", parameters={"type": "object"}),)
    assert conversation.parallel_tool_calls is False
    assert conversation.messages[1:] == (
        Message("assistant", (ToolCall("call_1_0", "f", "{}"),)),
        Message("tool", (ToolResult("call_1_0", (Text("4"),), "f"),)),
    )


CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
REFUSED: dict[str, tuple[object, str]] = {
    "no id of the call": ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
    "name": ({"role": "user", "content": "x", "name": 5}, "messages[0].name"),
    "calls": ({"role": "assistant", "tool_calls": "x"}, "messages[0].tool_calls"),
    "call": ({"role": "assistant", "tool_calls": [CALL, 5]}, "messages[0].tool_calls[1]"),
    "arguments": (
        {"role": "assistant", "tool_calls": [CALL | {"function": {"name": "f", "arguments": {"a": 1}}}]},
        "messages[0].tool_calls[0].function.arguments",
    ),
    "function's name": (
        {"role": "assistant", "tool_calls": [CALL | {"function": {"name": 5}}]},
        "messages[0].tool_calls[0].function.name",
    ),
    "details": (
        {"role": "assistant", "content": "x", "reasoning_details": [{"text": 5}]},
        "messages[0].reasoning_details[0].text",
    ),
    "refusal": ({"role": "assistant", "content": "x", "refusal": 5}, "messages[0].refusal"),
    "audio": (
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": 5}}]},
        "messages[0].content[0].input_audio.data",
    ),
    "file": ({"role": "user", "content": [{"type": "file", "file": {}}]}, "messages[0].content[0].file.file_data"),
    "cache": (
        {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": "1h"}]},
        "messages[0].content[0].cache_control",
    ),
}


@pytest.mark.parametrize(("message", "param"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_messages(message: object, param: str) -> None:
    with pytest.raises(ClientError) as refusal:
        read(message)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, "invalid_messages", param)


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"top_k": "x"}, "invalid_type", "top_k"),
        ({"user": 5}, "invalid_type", "user"),
        ({"verbosity": 5}, "invalid_type", "verbosity"),
        ({"reasoning_effort": 5}, "invalid_type", "reasoning_effort"),
        ({"tool_choice": "maybe"}, "invalid_tools", "tool_choice"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": 5}}]},
            "invalid_type",
            "tools[0].function.parameters",
        ),
        (
            {"response_format": {"type": "json_schema"}},
            "invalid_response_format",
            "response_format.json_schema",
        ),
    ],
)
def test_refuses_parameters(fields: dict[str, object], code: str, param: str) -> None:
    with pytest.raises(ClientError) as refusal:
        read(**fields)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, code, param)
