"""What a provider of this format is sent: all that it can say, and a loss for each thing that it cannot."""

from typing import Any

import pytest

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Message,
    Native,
    Part,
    Reasoning,
    Refusal,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.openai_chat.encode_request import encode_request

HELLO = Message("user", (Text("hello"),))
CALL = ToolCall("c1", "f", '{"a": 1}')
RESULT = ToolResult("c1", (Text("4"),))


def encode(*messages: Message, model: str = "up", **members: Any) -> tuple[dict[str, Any], list[str]]:
    draft = encode_request(Conversation(messages or (HELLO,), **members), False, Target(model))
    return draft.fields, draft.losses


def encode_one(role: Role, *parts: Part) -> tuple[Any, list[str]]:
    fields, losses = encode(Message(role, parts))
    return fields["messages"][0]["content"], losses


def test_asks_a_stream_for_its_usage() -> None:
    draft = encode_request(Conversation((HELLO,)), True, Target("up"))
    assert draft.fields == {
        "model": "up",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert draft.losses == []


def test_writes_the_common_members() -> None:
    fields, losses = encode(
        sampling=Sampling(9, 0.5, 0.9, 40, ("x",), 7, 2, 1.0, -1.0, {"5": 1.0}, True, 3),
        tools=(Tool("f", "d", {"type": "object"}, True, "5m"), Native("gemini", "google_search", {})),
        tool_choice=ToolChoice("named", ("f",)),
        parallel_tool_calls=False,
        answer_format=AnswerFormat({"type": "object"}),
        thinking=Thinking(budget_tokens=5000, shows=True),
        verbosity="low",
        user="ada",
        service_tier="flex",
        metadata={"a": "b"},
        cache_key="k",
    )
    del fields["messages"], fields["model"]
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    assert fields == {
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["x"],
        "seed": 7,
        "n": 2,
        "presence_penalty": 1.0,
        "frequency_penalty": -1.0,
        "logit_bias": {"5": 1.0},
        "logprobs": True,
        "top_logprobs": 3,
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
        "reasoning_effort": "medium",
        "verbosity": "low",
        "user": "ada",
        "service_tier": "flex",
        "metadata": {"a": "b"},
        "prompt_cache_key": "k",
    }
    assert losses == ["top_k", "tools[0].cache", "tools[1]", "thinking.shows"]


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        (Thinking("xhigh"), "xhigh"),
        (Thinking(budget_tokens=0), "none"),
        (Thinking(budget_tokens=-1), None),
        (Thinking(budget_tokens=1_000_000), "xhigh"),
    ],
)
def test_writes_how_long_to_think_in_words(thinking: Thinking, effort: str | None) -> None:
    assert encode(thinking=thinking)[0].get("reasoning_effort") == effort


def test_tells_what_only_another_format_has() -> None:
    fields, losses = encode(extra={"store": True, "truncation": "auto"}, extra_dialect="openai_responses")
    assert fields["store"] is True and losses == ["truncation"]
    fields, losses = encode(extra={"store": True, "container": "c"}, extra_dialect="anthropic_messages")
    assert "store" not in fields and losses == ["store", "container"]


def test_writes_media_as_parts() -> None:
    content, losses = encode_one(
        "user",
        Text("see", "5m"),
        Media("image", "image/png", "AAAA", detail="low", cache="1h"),
        Media("image", file_id="f", origin="gemini"),
        Media("video", url="https://example.com/a.mp4"),
        Media("audio", "audio/ogg", "AAAA"),
        Media("document", "application/pdf", "AAAA", name="a.pdf", context="c", cites=True),
        Media("document", text="plain", name="t"),
        Media("document", url="https://example.com/a.pdf"),
        Media("document", file_id="f", origin="openai_responses"),
        Native("anthropic_messages", "search_result", {}),
    )
    assert content == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
        {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "ogg"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
        {"type": "text", "text": "plain"},
        {"type": "file", "file": {"file_id": "f"}},
    ]
    parts = "messages[0].parts"
    assert losses == [
        f"{parts}[0].cache",
        f"{parts}[1].cache",
        f"{parts}[2]",
        f"{parts}[5].context",
        f"{parts}[5].cites",
        f"{parts}[6].name",
        f"{parts}[7]",
        f"{parts}[9]",
    ]


def test_results_stand_before_the_words_of_their_message_and_images_in_them_after() -> None:
    image = Media("image", url="https://example.com/a.png")
    mixed = Message("user", (Text("so?"), ToolResult("c1", (Text("4"), image), "f", True), ToolResult("c2", ())))
    fields, losses = encode(HELLO, Message("assistant", (CALL, ToolCall("c2", "g", "{}"))), mixed)
    assert [message["role"] for message in fields["messages"]] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert fields["messages"][2:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "4", "name": "f"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]},
        {"role": "user", "content": "so?"},
    ]
    assert losses == ["messages[2].parts[1].parts[1]", "messages[2].parts[1].is_error"]


def test_unsigned_thoughts_go_back_only_while_a_tool_is_awaited() -> None:
    thinking = Message("assistant", (Reasoning("hm"), CALL))
    waiting, losses = encode(HELLO, thinking, Message("tool", (RESULT,)))
    assert waiting["messages"][1]["reasoning_content"] == "hm" and losses == []
    over, losses = encode(HELLO, thinking, Message("tool", (RESULT,)), HELLO, thinking, HELLO)
    assert "reasoning_content" not in str(over) and losses == ["thinking"]


def test_signed_thoughts_go_back_to_their_own_only() -> None:
    own = Reasoning("hm", "anthropic-claude-v1#s", "openai_chat")
    fields, losses = encode(Message("assistant", (own, Text("x"))))
    assert fields["messages"][0]["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
    ]
    other = Reasoning("hm", "s", "gemini")
    fields, losses = encode(Message("assistant", (other, Text("x"), other)))
    assert fields["messages"] == [{"role": "assistant", "content": "x"}] and losses == ["thinking"]


def test_a_thought_of_googles_goes_with_its_call_to_googles_models() -> None:
    call = Message("assistant", (ToolCall("c", "f", "{}", "sig", "gemini"),))
    fields, losses = encode(call, model="gemini-3-pro")
    assert fields["messages"][0]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "sig"}}
    assert losses == []
    fields, losses = encode(call)
    assert "extra_content" not in fields["messages"][0]["tool_calls"][0] and losses == ["thinking"]


def test_arguments_are_never_touched() -> None:
    broken = ToolCall("c", "f", '{"a": tru')
    fields, _ = encode(Message("assistant", (broken,)))
    assert fields["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": tru'}}],
        }
    ]


def test_a_message_without_parts_is_still_one() -> None:
    fields, _ = encode(Message("user", ()), Message("assistant", ()), Message("assistant", (Refusal("no"),)))
    assert fields["messages"] == [
        {"role": "user", "content": ""},
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": None, "refusal": "no"},
    ]
