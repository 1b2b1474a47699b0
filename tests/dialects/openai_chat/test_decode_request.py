"""What no provider could mean is refused with the path of the mistake; every field we do not know stays."""

import json

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.dialects.openai_chat.decode_request import decode_request

HELLO = [{"role": "user", "content": "hello"}]


def encode(**fields: object) -> bytes:
    return json.dumps({"model": "agent:a", "messages": HELLO} | fields).encode()


def messages(*entries: object) -> bytes:
    return encode(messages=list(entries))


REFUSED = {
    "C10 messages": (encode(messages=HELLO * 10_001), "too_many_items", "messages"),
    "C10 parts": (
        messages({"role": "user", "content": [{"type": "text", "text": "x"}] * 2_049}),
        "too_many_items",
        "messages[0].content",
    ),
    "C15 model with a control character": (encode(model="a\nb"), "invalid_characters", "model"),
    "C15 model with a bidi override": (encode(model="a\u202eb"), "invalid_characters", "model"),
    "C37 missing": (b'{"messages":[{"role":"user","content":"x"}]}', "invalid_model", "model"),
    "C37 null": (encode(model=None), "invalid_model", "model"),
    "C37 number": (encode(model=4), "invalid_model", "model"),
    "C37 empty": (encode(model=""), "invalid_model", "model"),
    "C37 long": (encode(model="x" * 257), "invalid_model", "model"),
    "C39 api_base": (encode(api_base="http://x"), "forbidden_parameter", "api_base"),
    "C39 base_url": (encode(base_url="http://x"), "forbidden_parameter", "base_url"),
    "C39 api_key": (encode(api_key="x"), "forbidden_parameter", "api_key"),
    "C39 extra_headers": (encode(extra_headers={}), "forbidden_parameter", "extra_headers"),
    "C39 custom_llm_provider": (encode(custom_llm_provider="x"), "forbidden_parameter", "custom_llm_provider"),
    "C39 aws": (encode(aws_secret_access_key="x"), "forbidden_parameter", "aws_secret_access_key"),
    "C39 vertex": (encode(vertex_project="x"), "forbidden_parameter", "vertex_project"),
    "C40 missing": (b'{"model":"m"}', "invalid_messages", "messages"),
    "C40 empty": (messages(), "invalid_messages", "messages"),
    "C40 not a list": (encode(messages={}), "invalid_messages", "messages"),
    "C40 item": (messages("x"), "invalid_messages", "messages[0]"),
    "C40 role": (messages(*HELLO, {"role": "god", "content": "x"}), "invalid_messages", "messages[1].role"),
    "C40 no role": (messages({"content": "x"}), "invalid_messages", "messages[0].role"),
    "C41 null": (messages({"role": "user", "content": None}), "invalid_messages", "messages[0].content"),
    "C41 missing": (messages({"role": "assistant"}), "invalid_messages", "messages[0].content"),
    "C41 number": (messages({"role": "user", "content": 1}), "invalid_messages", "messages[0].content"),
    "C41 part": (messages({"role": "user", "content": [1]}), "invalid_messages", "messages[0].content[0]"),
    "C41 part type": (
        messages({"role": "user", "content": [{"type": "smell", "smell": 1}]}),
        "invalid_messages",
        "messages[0].content[0].type",
    ),
    "C41 text part without text": (
        messages({"role": "user", "content": [{"type": "text"}]}),
        "invalid_messages",
        "messages[0].content[0].text",
    ),
    "C43 stream as text": (encode(stream="true"), "invalid_type", "stream"),
    "C43 stream as number": (encode(stream=1), "invalid_type", "stream"),
    "C53 stream_options alone": (encode(stream_options={}), "invalid_stream_options", "stream_options"),
}


@pytest.mark.parametrize(("body", "code", "param"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(body: bytes, code: str, param: str) -> None:
    with pytest.raises(ClientError) as refusal:
        decode_request(body)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, code, param)


def test_keeps_what_it_does_not_know() -> None:
    body = encode(brand_new={"a": [1]}, stream=True, stream_options={"include_usage": True, "x": 1})
    request = decode_request(body)
    assert (request.model, request.stream, request.wants_usage) == ("agent:a", True, True)
    assert request.body == body
    assert request.fields["brand_new"] == {"a": [1]}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "assistant", "tool_calls": [{"id": "1"}]},
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "tool", "tool_call_id": "1", "content": ""},
        {"role": "developer", "content": [{"type": "text", "text": ""}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]},
    ],
)
def test_accepts(message: dict[str, object]) -> None:
    assert decode_request(messages(message)).model == "agent:a"
