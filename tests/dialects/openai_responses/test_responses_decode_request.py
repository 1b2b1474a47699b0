"""A Responses request is refused for what no provider could mean, with a stable code and the path of it."""

import json

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.dialects.openai_responses.decode_request import decode_request

GOOD = {"model": "gpt-5.2", "input": "Hello"}


def tool(**more: object) -> dict[str, object]:
    return {"type": "function", "name": "f", "parameters": {}, **more}


REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"model": None}, "invalid_model", "model"),
    ({"model": 3}, "invalid_model", "model"),
    ({"api_base": "https://example.com"}, "forbidden_parameter", "api_base"),
    ({"aws_region": "x"}, "forbidden_parameter", "aws_region"),
    ({"stream": 1}, "invalid_type", "stream"),
    ({"stream_options": {}}, "invalid_stream_options", "stream_options"),
    ({"stream": True, "stream_options": []}, "invalid_type", "stream_options"),
    ({"input": None}, "invalid_messages", "input"),
    ({"input": []}, "invalid_messages", "input"),
    ({"input": {"role": "user"}}, "invalid_messages", "input"),
    ({"input": ["x"]}, "invalid_messages", "input[0]"),
    ({"input": [{}]}, "invalid_messages", "input[0].type"),
    ({"input": [{"type": 3}]}, "invalid_messages", "input[0].type"),
    ({"input": [{"role": "tool", "content": "x"}]}, "invalid_messages", "input[0].role"),
    ({"input": [{"role": ["user"], "content": "x"}]}, "invalid_messages", "input[0].role"),
    ({"input": [{"role": "user", "content": None}]}, "invalid_messages", "input[0].content"),
    ({"input": [{"role": "user", "content": [3]}]}, "invalid_messages", "input[0].content[0]"),
    ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "invalid_messages", "input[0].content[0].type"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": 1}]}]},
        "invalid_messages",
        "input[0].content[0].text",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "invalid_messages",
        "input[0].content[0]",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {"url": "x"}}]}]},
        "invalid_messages",
        "input[0].content[0].image_url",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f", "filename": 3}]}]},
        "invalid_messages",
        "input[0].content[0].filename",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "x"}}]}]},
        "invalid_messages",
        "input[0].content[0].input_audio",
    ),
    (
        {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}]},
        "invalid_messages",
        "input[0].arguments",
    ),
    ({"input": [{"type": "function_call", "name": "f", "arguments": ""}]}, "invalid_messages", "input[0].call_id"),
    ({"input": [{"type": "function_call_output", "output": "x"}]}, "invalid_messages", "input[0].call_id"),
    (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": 3}]},
        "invalid_messages",
        "input[0].output",
    ),
    ({"input": [{"type": "reasoning", "summary": "x"}]}, "invalid_messages", "input[0].summary"),
    ({"input": [{"type": "reasoning", "summary": [{}]}]}, "invalid_messages", "input[0].summary[0].text"),
    (
        {"input": [{"type": "reasoning", "summary": [], "encrypted_content": 3}]},
        "invalid_messages",
        "input[0].encrypted_content",
    ),
    ({"input": [{"role": "user", "content": "x"}] * 10_001}, "too_many_items", "input"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "x"}] * 2_049}]},
        "too_many_items",
        "input[0]",
    ),
    ({"instructions": ["x"]}, "invalid_type", "instructions"),
    ({"max_output_tokens": 0}, "invalid_max_tokens", "max_output_tokens"),
    ({"max_output_tokens": True}, "invalid_max_tokens", "max_output_tokens"),
    ({"temperature": 2.5}, "out_of_range", "temperature"),
    ({"temperature": "1"}, "out_of_range", "temperature"),
    ({"top_p": -1}, "out_of_range", "top_p"),
    ({"top_logprobs": 21}, "out_of_range", "top_logprobs"),
    ({"parallel_tool_calls": "no"}, "invalid_type", "parallel_tool_calls"),
    ({"store": 1}, "invalid_type", "store"),
    ({"metadata": []}, "invalid_metadata", "metadata"),
    ({"user": 3}, "invalid_type", "user"),
    ({"user": "u" * 257}, "invalid_metadata", "user"),
    ({"include": "x"}, "invalid_type", "include"),
    ({"reasoning": "high"}, "invalid_type", "reasoning"),
    ({"reasoning": {"effort": "huge"}}, "invalid_value", "reasoning.effort"),
    ({"reasoning": {"summary": ["auto"]}}, "invalid_value", "reasoning.summary"),
    ({"text": []}, "invalid_type", "text"),
    ({"text": {"verbosity": "loud"}}, "invalid_value", "text.verbosity"),
    ({"text": {"format": {"type": "xml"}}}, "invalid_value", "text.format.type"),
    ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "invalid_type", "text.format.schema"),
    ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "invalid_type", "text.format.name"),
    ({"tools": {}}, "invalid_tools", "tools"),
    ({"tools": [{"name": "f"}]}, "invalid_tools", "tools[0]"),
    ({"tools": [tool(name="a b")]}, "invalid_tools", "tools[0].name"),
    ({"tools": [tool(), tool()]}, "invalid_tools", "tools[1].name"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "invalid_tools", "tools[0].name"),
    ({"tools": [tool(parameters="x")]}, "invalid_tools", "tools[0].parameters"),
    ({"tools": [tool(strict="yes")]}, "invalid_tools", "tools[0].strict"),
    ({"tools": [tool(name=f"f{place}") for place in range(129)]}, "invalid_tools", "tools"),
    ({"tool_choice": "any"}, "invalid_value", "tool_choice"),
    ({"tool_choice": ["auto"]}, "invalid_type", "tool_choice"),
    ({"tool_choice": {"type": "function"}}, "invalid_type", "tool_choice.name"),
    ({"tool_choice": {"type": "allowed_tools", "mode": "none", "tools": []}}, "invalid_value", "tool_choice.mode"),
    ({"tool_choice": {"type": "allowed_tools", "mode": "auto"}}, "invalid_type", "tool_choice.tools"),
    (
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function"}]}},
        "invalid_type",
        "tool_choice.tools[0].name",
    ),
    ({"previous_response_id": 3}, "invalid_type", "previous_response_id"),
]


@pytest.mark.parametrize(("change", "code", "param"), REFUSED, ids=[f"{code}-{param}" for _, code, param in REFUSED])
def test_what_has_no_meaning_is_refused(change: dict[str, object], code: str, param: str) -> None:
    with pytest.raises(ClientError) as refusal:
        decode_request(json.dumps({**GOOD, **change}).encode())
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, code, param)


def test_a_request_is_told_apart() -> None:
    body = b'{"model":"agent:writer","stream":true,"max_output_tokens":50,"input":"Hi","future":{"a":1}}'
    request = decode_request(body)
    assert (request.model, request.stream, request.wants_usage) == ("agent:writer", True, True)
    assert (request.dialect, request.operation, request.output_limit) == ("openai_responses", "chat", 50)
    assert request.body == body and request.fields["future"] == {"a": 1}


@pytest.mark.parametrize("state", ["previous_response_id", "conversation", "prompt"])
def test_a_kept_conversation_needs_no_input(state: str) -> None:
    fields: dict[str, object] = {"model": "m", state: "resp_1" if state == "previous_response_id" else {"id": "x"}}
    assert decode_request(json.dumps(fields).encode()).fields == fields


def test_null_says_nothing() -> None:
    body = {**GOOD, "temperature": None, "tools": None, "text": {"format": None}, "reasoning": {"effort": None}}
    assert decode_request(json.dumps(body).encode()).output_limit is None


def test_an_answer_is_waited_for() -> None:
    assert decode_request(json.dumps({**GOOD, "background": False}).encode()).fields["background"] is False
    with pytest.raises(ClientError) as refusal:
        decode_request(json.dumps({**GOOD, "background": True}).encode())
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, "forbidden_parameter", "background")
