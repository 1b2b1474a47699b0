"""What is refused of an Anthropic client's request, with which code and where; and what is taken."""

import json

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.dialects.anthropic_messages.decode_request import decode_request, read_count_tokens_request

HELLO: list[object] = [{"role": "user", "content": "hi"}]
SCHEMA: dict[str, object] = {"type": "object", "properties": {}}


def body(**members: object) -> bytes:
    fields = {"model": "agent:clerk", "max_tokens": 10, "messages": HELLO, **members}
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def refusal(raw: bytes) -> tuple[int, str, str | None]:
    with pytest.raises(ClientError) as caught:
        decode_request(raw)
    return caught.value.status, caught.value.code, caught.value.param


def test_a_request_is_read_and_kept_as_it_came() -> None:
    raw = body(stream=True, brand_new={"a": 1})
    request = decode_request(raw)
    assert (request.model, request.stream, request.wants_usage) == ("agent:clerk", True, True)
    assert (request.dialect, request.operation, request.output_limit) == ("anthropic_messages", "chat", 10)
    assert request.body == raw and request.fields["brand_new"] == {"a": 1}


def test_counting_tokens_needs_no_limit() -> None:
    request = read_count_tokens_request(body(max_tokens=...))
    assert (request.operation, request.stream, request.output_limit) == ("count_tokens", False, None)
    with pytest.raises(ClientError, match="max_tokens is missing"):
        decode_request(body(max_tokens=...))


@pytest.mark.parametrize(
    ("members", "code", "param"),
    [
        ({"model": ...}, "invalid_model", "model"),
        ({"model": 5}, "invalid_model", "model"),
        ({"model": "a\u202eb"}, "invalid_characters", "model"),
        ({"api_key": "x"}, "forbidden_parameter", "api_key"),
        ({"aws_region": "x"}, "forbidden_parameter", "aws_region"),
        ({"stream": "true"}, "invalid_type", "stream"),
        ({"stream": 1}, "invalid_type", "stream"),
        ({"max_tokens": ...}, "invalid_max_tokens", "max_tokens"),
        ({"max_tokens": 0}, "invalid_max_tokens", "max_tokens"),
        ({"max_tokens": True}, "invalid_max_tokens", "max_tokens"),
        ({"max_tokens": "100"}, "invalid_max_tokens", "max_tokens"),
        ({"max_tokens": 1.5}, "invalid_max_tokens", "max_tokens"),
        ({"messages": ...}, "invalid_messages", "messages"),
        ({"messages": []}, "invalid_messages", "messages"),
        ({"messages": {}}, "invalid_messages", "messages"),
        ({"messages": ["hi"]}, "invalid_messages", "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "invalid_messages", "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "invalid_messages", "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "invalid_messages", "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "invalid_messages", "messages[0].content"),
        ({"messages": [{"role": "user", "content": [1] * 2_049}]}, "too_many_items", "messages[0].content"),
        ({"messages": HELLO * 10_001}, "too_many_items", "messages"),
        ({"system": 5}, "invalid_type", "system"),
        ({"system": ["x"]}, "invalid_type", "system[0]"),
        ({"system": [{"type": "image"}]}, "invalid_type", "system[0].type"),
        ({"system": [{"type": "text"}]}, "invalid_type", "system[0].text"),
        ({"temperature": 1.1}, "out_of_range", "temperature"),
        ({"temperature": "0"}, "out_of_range", "temperature"),
        ({"temperature": True}, "out_of_range", "temperature"),
        ({"top_p": -0.1}, "out_of_range", "top_p"),
        ({"top_k": 1.5}, "out_of_range", "top_k"),
        ({"stop_sequences": "END"}, "invalid_stop", "stop_sequences"),
        ({"stop_sequences": [""]}, "invalid_stop", "stop_sequences"),
        ({"stop_sequences": [["a"]]}, "invalid_stop", "stop_sequences"),
        ({"tools": {}}, "invalid_tools", "tools"),
        ({"tools": [5]}, "invalid_tools", "tools[0]"),
        ({"tools": [{"name": "a b", "input_schema": SCHEMA}]}, "invalid_tools", "tools[0].name"),
        ({"tools": [{"name": "a", "input_schema": "x"}]}, "invalid_tools", "tools[0].input_schema"),
        ({"tools": [{"name": "a", "input_schema": SCHEMA, "strict": "yes"}]}, "invalid_tools", "tools[0].strict"),
        ({"tools": [{"type": 5, "name": "a"}]}, "invalid_tools", "tools[0]"),
        ({"tools": [{"type": "bash_20250124", "name": ["a"]}]}, "invalid_tools", "tools[0]"),
        ({"tools": [{"name": "a", "input_schema": SCHEMA}] * 2}, "invalid_tools", "tools[1]"),
        ({"tool_choice": "auto"}, "invalid_tools", "tool_choice"),
        ({"tool_choice": {"type": "required"}}, "invalid_tools", "tool_choice"),
        ({"tool_choice": {"type": "tool"}}, "invalid_tools", "tool_choice.name"),
        (
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": 1}},
            "invalid_type",
            "tool_choice.disable_parallel_tool_use",
        ),
        ({"thinking": True}, "invalid_type", "thinking"),
        ({"thinking": {}}, "invalid_type", "thinking.type"),
        ({"thinking": {"type": "enabled"}}, "out_of_range", "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1_023}}, "out_of_range", "thinking.budget_tokens"),
        ({"metadata": []}, "invalid_metadata", "metadata"),
        ({"metadata": {"user_id": 5}}, "invalid_type", "metadata.user_id"),
        ({"metadata": {"user_id": "x" * 513}}, "invalid_metadata", "metadata.user_id"),
        ({"metadata": {"user_id": "a\nb"}}, "invalid_characters", "metadata.user_id"),
        ({"metadata": {str(number): "" for number in range(17)}}, "invalid_metadata", "metadata"),
        ({"service_tier": 1}, "invalid_type", "service_tier"),
        ({"output_config": "low"}, "invalid_type", "output_config"),
        ({"output_config": {"effort": 3}}, "invalid_type", "output_config.effort"),
        ({"output_config": {"format": {"type": "json_object"}}}, "invalid_response_format", "output_config.format"),
        ({"output_format": {"type": "json_schema"}}, "invalid_response_format", "output_format"),
    ],
)
def test_what_anthropic_refuses_is_refused(members: dict[str, object], code: str, param: str) -> None:
    assert refusal(body(**members)) == (400, code, param)


@pytest.mark.parametrize(
    "members",
    [
        {"temperature": None, "system": None, "tools": None, "thinking": None, "metadata": None},
        {"system": [{"type": "text", "text": "x"}], "metadata": {"user_id": None}},
        {"tools": [{"type": "mcp_toolset", "mcp_server_name": "a"}, {"type": "mcp_toolset", "mcp_server_name": "b"}]},
        {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]},
        {"tools": [{"name": "x" * 128, "input_schema": {}, "type": "custom"}]},
        {"output_config": {"effort": "max", "task_budget": {"type": "tokens"}}},
    ],
)
def test_what_anthropic_takes_is_taken(members: dict[str, object]) -> None:
    assert decode_request(body(**members)).model == "agent:clerk"
