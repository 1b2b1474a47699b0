"""What Cohere would refuse for its form is refused with the path of the mistake; every field we do not know stays."""

import json

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.dialects.cohere.decode_request import decode_request

HELLO = [{"role": "user", "content": "hello"}]
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def encode(**fields: object) -> bytes:
    return json.dumps({"model": "agent:a", "messages": HELLO} | fields).encode()


def messages(*entries: object) -> bytes:
    return encode(messages=list(entries))


def tools(*functions: object) -> bytes:
    return encode(tools=[{"type": "function", "function": function} for function in functions])


REFUSED = {
    "C10 messages": (encode(messages=HELLO * 10_001), "too_many_items", "messages"),
    "C10 parts": (
        messages({"role": "user", "content": [{"type": "text", "text": "x"}] * 2_049}),
        "too_many_items",
        "messages[0].content",
    ),
    "C15": (encode(model="a\nb"), "invalid_characters", "model"),
    "C37": (encode(model=None), "invalid_model", "model"),
    "C39": (encode(api_key="x"), "forbidden_parameter", "api_key"),
    "C40 missing": (b'{"model":"m"}', "invalid_messages", "messages"),
    "C40 item": (messages(1), "invalid_messages", "messages[0]"),
    "C40 role": (messages({"role": "developer", "content": "x"}), "invalid_messages", "messages[0].role"),
    "C40 role of no text": (messages({"role": [], "content": "x"}), "invalid_messages", "messages[0].role"),
    "C41 content": (messages({"role": "user", "content": 1}), "invalid_messages", "messages[0].content"),
    "C41 no content": (messages({"role": "user"}), "invalid_messages", "messages[0].content"),
    "C41 empty assistant": (messages({"role": "assistant"}), "invalid_messages", "messages[0].content"),
    "C41 part": (messages({"role": "user", "content": [1]}), "invalid_messages", "messages[0].content[0]"),
    "C41 part type": (
        messages({"role": "user", "content": [{"type": {}}]}),
        "invalid_messages",
        "messages[0].content[0].type",
    ),
    "C41 thinking of a user": (
        messages({"role": "user", "content": [{"type": "thinking", "thinking": "x"}]}),
        "invalid_messages",
        "messages[0].content[0].type",
    ),
    "C41 text": (
        messages({"role": "user", "content": [{"type": "text", "text": 1}]}),
        "invalid_messages",
        "messages[0].content[0].text",
    ),
    "C41 image": (
        messages({"role": "user", "content": [{"type": "image_url", "image_url": {"url": 5}}]}),
        "invalid_messages",
        "messages[0].content[0].image_url.url",
    ),
    "C41 document": (
        messages({"role": "tool", "tool_call_id": "a", "content": [{"type": "document", "document": {"data": 1}}]}),
        "invalid_messages",
        "messages[0].content[0].document.data",
    ),
    "C41 tool_plan": (
        messages({"role": "assistant", "content": "", "tool_plan": 1}),
        "invalid_messages",
        "messages[0].tool_plan",
    ),
    "C42": (messages({"role": "tool", "content": "x"}), "invalid_messages", "messages[0].tool_call_id"),
    "call": (messages({"role": "assistant", "tool_calls": [1]}), "invalid_messages", "messages[0].tool_calls[0]"),
    "call id": (
        messages({"role": "assistant", "tool_calls": [CALL | {"id": 1}]}),
        "invalid_messages",
        "messages[0].tool_calls[0].id",
    ),
    "call arguments": (
        messages({"role": "assistant", "tool_calls": [CALL | {"function": {"name": "f", "arguments": {}}}]}),
        "invalid_messages",
        "messages[0].tool_calls[0].function.arguments",
    ),
    "C43": (encode(stream="true"), "invalid_type", "stream"),
    "C44": (encode(max_tokens=0), "invalid_max_tokens", "max_tokens"),
    "C44 true": (encode(max_tokens=True), "invalid_max_tokens", "max_tokens"),
    "C47": (encode(temperature=-0.1), "out_of_range", "temperature"),
    "C47 p": (encode(p="1"), "out_of_range", "p"),
    "C47 k": (encode(k=501), "out_of_range", "k"),
    "C47 penalty": (encode(presence_penalty=1.5), "out_of_range", "presence_penalty"),
    "C48": (encode(stop_sequences=["x"] * 6), "invalid_stop", "stop_sequences"),
    "C48 text": (encode(stop_sequences="x"), "invalid_stop", "stop_sequences"),
    "C49 many": (encode(tools=[{}] * 129), "invalid_tools", "tools"),
    "C49 form": (encode(tools=[{"type": "function"}]), "invalid_tools", "tools[0]"),
    "C49 kind": (encode(tools=[{"type": "web", "function": {}}]), "invalid_tools", "tools[0]"),
    "C49 name": (tools({"name": "a b"}), "invalid_tools", "tools[0].function.name"),
    "C49 twice": (tools({"name": "a"}, {"name": "a"}), "invalid_tools", "tools[1].function.name"),
    "C49 parameters": (tools({"name": "a", "parameters": []}), "invalid_tools", "tools[0].function.parameters"),
    "tool_choice": (encode(tool_choice="AUTO"), "invalid_tools", "tool_choice"),
    "tool_choice of no text": (encode(tool_choice={}), "invalid_tools", "tool_choice"),
    "C50": (encode(response_format={"type": "xml"}), "invalid_response_format", "response_format.type"),
    "C50 schema": (
        encode(response_format={"type": "json_object", "json_schema": 1}),
        "invalid_response_format",
        "response_format.json_schema",
    ),
    "C55": (encode(metadata=[]), "invalid_metadata", "metadata"),
    "thinking": (encode(thinking={"type": []}), "invalid_type", "thinking.type"),
    "budget": (encode(thinking={"type": "enabled", "token_budget": 0}), "out_of_range", "thinking.token_budget"),
    "documents": (encode(documents=[1]), "invalid_type", "documents[0]"),
    "documents of no list": (encode(documents={}), "invalid_type", "documents"),
    "logprobs": (encode(logprobs=1), "invalid_type", "logprobs"),
}


@pytest.mark.parametrize(("body", "code", "param"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(body: bytes, code: str, param: str) -> None:
    with pytest.raises(ClientError) as refusal:
        decode_request(body)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, code, param)


def test_keeps_what_it_does_not_know() -> None:
    body = encode(brand_new={"a": [1]}, stream=True, max_tokens=7)
    request = decode_request(body)
    assert (request.model, request.stream, request.wants_usage, request.dialect) == ("agent:a", True, True, "cohere")
    assert (request.body, request.output_limit) == (body, 7)
    assert request.fields["brand_new"] == {"a": [1]}


def test_null_says_nothing() -> None:
    nulls = dict.fromkeys(("max_tokens", "temperature", "tools", "tool_choice", "thinking", "documents", "stream"))
    assert decode_request(encode(**nulls)).output_limit is None
