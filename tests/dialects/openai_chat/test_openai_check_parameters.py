"""Parameters that no server could take are refused with their code and path; whatever is usual passes."""

import json

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.dialects.openai_chat.decode_request import decode_request

HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "look_up"}}
PNG = "data:image/png;base64,iVBORw0KGgo="


def encode(**fields: object) -> bytes:
    return json.dumps({"model": "agent:a", "messages": HELLO} | fields).encode()


def with_image(url: object) -> bytes:
    part = {"type": "image_url", "image_url": {"url": url}}
    return encode(messages=[{"role": "user", "content": [part]}])


REFUSED = {
    "C44 zero": (encode(max_tokens=0), "invalid_max_tokens", "max_tokens"),
    "C44 negative": (encode(max_completion_tokens=-1), "invalid_max_tokens", "max_completion_tokens"),
    "C44 fraction": (encode(max_tokens=1.5), "invalid_max_tokens", "max_tokens"),
    "C44 true": (encode(max_tokens=True), "invalid_max_tokens", "max_tokens"),
    "C44 text": (encode(max_tokens="100"), "invalid_max_tokens", "max_tokens"),
    "C45": (encode(max_tokens=5, max_completion_tokens=6), "conflicting_parameters", "max_tokens"),
    "C46 zero": (encode(n=0), "invalid_n", "n"),
    "C46 many": (encode(n=129), "invalid_n", "n"),
    "C46 true": (encode(n=True), "invalid_n", "n"),
    "C47 temperature": (encode(temperature=2.1), "out_of_range", "temperature"),
    "C47 text": (encode(temperature="1"), "out_of_range", "temperature"),
    "C47 true": (encode(top_p=True), "out_of_range", "top_p"),
    "C47 top_p": (encode(top_p=-0.1), "out_of_range", "top_p"),
    "C47 penalty": (encode(presence_penalty=3), "out_of_range", "presence_penalty"),
    "C47 seed": (encode(seed=1.5), "out_of_range", "seed"),
    "C47 top_logprobs": (encode(top_logprobs=21), "out_of_range", "top_logprobs"),
    "C48 many": (encode(stop=["a", "b", "c", "d", "e"]), "invalid_stop", "stop"),
    "C48 empty": (encode(stop=""), "invalid_stop", "stop"),
    "C48 nested": (encode(stop=[["a"]]), "invalid_stop", "stop"),
    "C49 many": (encode(tools=[TOOL] * 129), "invalid_tools", "tools"),
    "C49 name": (
        encode(tools=[{"type": "function", "function": {"name": "a b"}}]),
        "invalid_tools",
        "tools[0].function.name",
    ),
    "C49 line end": (encode(functions=[{"name": "a\n"}]), "invalid_tools", "functions[0].name"),
    "C49 twice": (encode(tools=[TOOL, TOOL]), "invalid_tools", "tools[1].function.name"),
    "C49 no type": (encode(tools=[{"function": {"name": "a"}}]), "invalid_tools", "tools[0]"),
    "C49 no function": (encode(tools=[{"type": "function"}]), "invalid_tools", "tools[0].function"),
    "C50 type": (encode(response_format="json"), "invalid_response_format", "response_format"),
    "C51 digits": (encode(logit_bias={"²": 1}), "invalid_logit_bias", "logit_bias.²"),
    "C51 text": (encode(logit_bias={"5": "1"}), "invalid_logit_bias", "logit_bias.5"),
    "C51 many": (encode(logit_bias={str(n): 1 for n in range(1_025)}), "invalid_logit_bias", "logit_bias"),
    "C52 file": (with_image("file:///etc/passwd"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 private": (with_image("http://10.0.0.1/a.png"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 spelt": (with_image("http://2130706433/"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 query": (with_image("http://127.0.0.1?a.b"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 hex": (with_image("https://0x7f00000a/"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 six": (with_image("https://u@[::1]:80/"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 here": (with_image("https://localhost:80/"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 svg": (with_image("data:image/svg+xml;base64,AAAA"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 page": (with_image("data:text/html;base64,AAAA"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 broken": (with_image(PNG + "AAA=A"), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 number": (with_image(5), "invalid_image_url", "messages[0].content[0].image_url"),
    "C52 video": (
        encode(
            messages=[{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "http://[fd00::1]/"}}]}]
        ),
        "invalid_image_url",
        "messages[0].content[0].video_url",
    ),
    "C55 pairs": (encode(metadata={str(n): "x" for n in range(17)}), "invalid_metadata", "metadata"),
    "C55 long": (encode(metadata={"a": "x" * 513}), "invalid_metadata", "metadata.a"),
    "C55 list": (encode(metadata=[]), "invalid_metadata", "metadata"),
    "C55 user": (encode(user="x" * 257), "invalid_metadata", "user"),
    "flag": (encode(parallel_tool_calls="yes"), "invalid_type", "parallel_tool_calls"),
}


@pytest.mark.parametrize(("body", "code", "param"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(body: bytes, code: str, param: str) -> None:
    with pytest.raises(ClientError) as refusal:
        decode_request(body)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, code, param)


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 5, "max_completion_tokens": 5, "temperature": 2, "top_p": 0, "n": 128},
        {"max_tokens": None, "max_completion_tokens": 5, "stop": None, "tools": None, "metadata": None},
        {"stop": ["a", "b", "c", "d"], "logit_bias": {"50256": -100}, "seed": -(2**63), "top_logprobs": 0},
        {"tools": [TOOL, {"type": "custom", "custom": {"name": "look_up"}}, {"type": "web_search"}]},
        {"metadata": {"task": {"type": "review"}, "tags": ["a"]}, "user": "x" * 256},
        {"response_format": {"type": "structural_tag"}, "chat_template_kwargs": {"a": 1}},
    ],
)
def test_lets_pass(fields: dict[str, object]) -> None:
    assert decode_request(encode(**fields)).fields.items() >= fields.items()


@pytest.mark.parametrize(
    "url",
    [PNG, "https://example.com/a.png?x=1", "http://8.8.8.8/a.png", "gs://bucket/a.png", "https://a.example:8443/"],
)
def test_lets_images_pass(url: str) -> None:
    assert decode_request(with_image(url)).model == "agent:a"
