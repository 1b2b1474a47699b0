"""Whole answers, both ways; what is written, the official SDK reads strictly."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from pointsman.core.chat.answer import ChatAnswer, Choice, FinishReason, TokenLogprob
from pointsman.core.chat.conversation import Media, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_chat.models import read_models
from pointsman.core.dialects.openai_chat.read_response import read_response
from pointsman.core.dialects.openai_chat.usage import read_usage, write_usage
from pointsman.core.dialects.openai_chat.write_response import write_response


def asking(**fields: object) -> Asking:
    return Asking(ChatRequest("agent:a", False, False, b"{}", fields), "req-1", 1_790_000_000)


def write(*choices: Choice, **members: Any) -> dict[str, Any]:
    body = write_response(ChatAnswer("", "", choices, **members), asking())
    ChatCompletion.model_validate_json(body, strict=True)
    written: dict[str, Any] = json.loads(body)
    return written


def test_fills_in_what_the_provider_does_not_say() -> None:
    assert write(Choice((Text("x"), Text("y")), "stop")) == {
        "id": "req-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "agent:a",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "xy", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
    }


def test_writes_all_that_a_choice_can_hold() -> None:
    parts = (
        Reasoning("hm", "s", "anthropic_messages"),
        Reasoning("", "e", "anthropic_messages", is_hidden=True),
        Text("x"),
        ToolCall("c", "f", "{}", "t", "gemini"),
        Media("image", "image/png", "AAAA"),
        Media("image", url="https://example.com/a.png"),
        Media("audio", "audio/wav", "AAAA"),
        Native("anthropic_messages", "server_tool_use", {}),
    )
    top = (TokenLogprob("x", -0.5), TokenLogprob("y", -1.5, (121,)))
    written = write(
        Choice(parts, "tool_calls", "END", (TokenLogprob("x", -0.5, None, top),)), usage=Usage(9, 5, 2, 1, 3)
    )
    message = written["choices"][0]["message"]
    assert message["reasoning_content"] == "hm"
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "signature": "pointsman.anthropic_messages.s", "index": 0},
        {"type": "reasoning.encrypted", "data": "pointsman.anthropic_messages.e", "index": 1},
    ]
    assert message["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "t"}}
    assert [image["image_url"]["url"] for image in message["images"]] == [
        "data:image/png;base64,AAAA",
        "https://example.com/a.png",
    ]
    assert message["audio"]["data"] == "AAAA"
    assert written["choices"][0]["stop_reason"] == "END"
    assert [top["token"] for top in written["choices"][0]["logprobs"]["content"][0]["top_logprobs"]] == ["x", "y"]
    assert written["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


@pytest.mark.parametrize(
    ("finish", "parts", "written"),
    [
        ("stop", (), "stop"),
        ("length", (), "length"),
        ("tool_calls", (ToolCall("c", "f", "{}"),), "tool_calls"),
        ("content_filter", (), "content_filter"),
        ("refusal", (), "content_filter"),
        ("refusal", (Refusal("no"),), "stop"),
        ("pause", (), "length"),
    ],
)
def test_writes_why_it_ended(finish: FinishReason, parts: tuple[Any, ...], written: str) -> None:
    assert write(Choice(parts, finish))["choices"][0]["finish_reason"] == written


def test_a_client_of_functions_gets_one_call_in_the_older_form() -> None:
    answer = ChatAnswer("i", "m", (Choice((ToolCall("c", "f", "{}"),), "tool_calls"),))
    body = write_response(answer, asking(functions=[{"name": "f"}]))
    ChatCompletion.model_validate_json(body, strict=True)
    choice = json.loads(body)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    assert choice["finish_reason"] == "function_call" and "tool_calls" not in choice["message"]


def read_choice(message: object, finish: str | None = "stop", **choice: object) -> Choice:
    body = {"choices": [{"message": message, "finish_reason": finish, **choice}]}
    return read_response(json.dumps(body).encode()).choices[0]


@pytest.mark.parametrize(
    ("finish", "message", "read"),
    [
        ("stop", {"content": "x"}, "stop"),
        ("eos", {"content": "x"}, "stop"),
        ("function_call", {"function_call": {"name": "f"}}, "tool_calls"),
        ("stop", {"tool_calls": [{"id": "c", "function": {"name": "f"}}]}, "tool_calls"),
        ("length", {"tool_calls": [{"id": "c", "function": {"name": "f"}}]}, "length"),
        ("stop", {"refusal": "no"}, "refusal"),
        ("insufficient_system_resource", {"content": "x"}, "length"),
        (None, {"content": "x"}, None),
    ],
)
def test_reads_why_it_ended(finish: str | None, message: object, read: str | None) -> None:
    assert read_choice(message, finish).finish == read


def test_reads_loose_forms() -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    assert read_choice({"content": None, "reasoning": "hm", "tool_calls": [call]}).parts == (
        Reasoning("hm"),
        ToolCall("call_0_0", "f", '{"a":1}'),
    )
    signed = {"reasoning_content": "hm", "reasoning_details": [{"type": "reasoning.text", "signature": "s"}]}
    assert read_choice(signed).parts == (Reasoning("hm", "s", "openai_chat"),)
    hidden = {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.encrypted", "data": "e", "id": "r"}]}
    assert read_choice(hidden).parts == (Reasoning("hm"), Reasoning("", "e", "openai_chat", True, "r"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureKind.BAD_RESPONSE),
        (b"<html>", FailureKind.BAD_RESPONSE),
        (b"[]", FailureKind.BAD_RESPONSE),
        (b"{}", FailureKind.BAD_RESPONSE),
        (b'{"choices":null}', FailureKind.BAD_RESPONSE),
        (b'{"choices":[5]}', FailureKind.BAD_RESPONSE),
        (b'{"choices":[{"message":{"content":5}}]}', FailureKind.BAD_RESPONSE),
        (b'{"error":{"code":"rate_limit_exceeded"}}', FailureKind.RATE_LIMITED),
        (b'{"choices":[{"error":{"code":502,"message":"x"}}]}', FailureKind.SERVER_ERROR),
    ],
)
def test_what_is_no_answer_is_a_failure(body: bytes, kind: FailureKind) -> None:
    with pytest.raises(UpstreamFailure) as failure:
        read_response(body)
    assert failure.value.kind is kind and failure.value.sent


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4}, Usage(9, 5, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": 3}, Usage(9, 5, 3)),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cache_creation_tokens": 3}},
            Usage(9, 5, cache_write_tokens=3),
        ),
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 351,
                "completion_tokens_details": {"reasoning_tokens": 310},
            },
            Usage(32, 319, 0, 310),
        ),
        ({"prompt_tokens": 9}, Usage(9, 0)),
        ({"prompt_tokens": -1, "completion_tokens": 5}, None),
        ({"prompt_tokens": 9.0, "completion_tokens": 5}, None),
        (5, None),
    ],
)
def test_reads_what_was_used(reported: object, usage: Usage | None) -> None:
    assert read_usage(reported) == usage


def test_what_was_used_comes_back_as_it_was() -> None:
    usage = Usage(100, 50, 20, 30, 10)
    assert read_usage(write_usage(usage)) == usage


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"object":"list","data":[{"id":"a"},{"id":"b"},{"id":"a"},{"id":null}]}', ["a", "b"]),
        (b'[{"id":"a"}]', ["a"]),
        (b'{"data":[]}', []),
    ],
)
def test_reads_lists_of_models(body: bytes, ids: list[str]) -> None:
    assert read_models(body) == ids


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data":5}', b'"a"', b'{"data":[{"id":5}]}', b"\xff"])
def test_what_is_no_list_of_models_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match="list of models"):
        read_models(body)
