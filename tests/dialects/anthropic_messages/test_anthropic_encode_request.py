"""What an Anthropic provider is sent for a request of any format, and what is told as lost."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.dialects.anthropic_messages.encode_request import encode_request
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.call_ids import fit_call_id
from pointsman.core.dialects.dialect import Draft, Target

HELLO = (Message("user", (Text("hi"),)),)
TOOL = Tool("look", "Looks.", {"type": "object", "properties": {}})


def encode(conversation: Conversation, model: str = "claude-sonnet-4-5") -> Draft:
    return encode_request(conversation, False, Target(model))


def say(role: Role, *parts: Part | str, name: str = "") -> Message:
    return Message(role, tuple([Text(part) if isinstance(part, str) else part for part in parts]), name)


def encode_messages(*messages: Message, model: str = "m") -> tuple[object, object, list[str]]:
    draft = encode(Conversation(messages), model)
    return draft.fields.get("system"), draft.fields["messages"], draft.losses


def test_a_small_request() -> None:
    draft = encode_request(Conversation(HELLO), True, Target("m"))
    hello = {"role": "user", "content": "hi"}
    assert draft.fields == {"model": "m", "max_tokens": 4_096, "messages": [hello], "stream": True}
    assert draft.losses == []


@pytest.mark.parametrize(
    ("said", "most", "sent"), [(7, 5, 7), (None, None, 4_096), (None, 800, 800), (None, 64_000, 32_000)]
)
def test_the_limit_that_every_request_needs(said: int | None, most: int | None, sent: int) -> None:
    conversation = Conversation(HELLO, Sampling(max_output_tokens=said))
    assert encode_request(conversation, False, Target("m", most)).fields["max_tokens"] == sent


def test_what_has_no_word_here_is_told() -> None:
    sampling = Sampling(
        temperature=1.5,
        top_p=0.9,
        top_k=5,
        stop=("END", "\n"),
        seed=1,
        choices=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logit_bias={"5": 1.0},
        logprobs=True,
        top_logprobs=3,
    )
    conversation = Conversation(
        HELLO,
        sampling,
        answer_format=AnswerFormat(),
        verbosity="low",
        service_tier="flex",
        metadata={"a": "b"},
        cache_key="k",
        extra={"store": True},
        extra_dialect="openai_chat",
    )
    draft = encode(conversation)
    told = """temperature stop n seed presence_penalty frequency_penalty logit_bias logprobs top_logprobs
    response_format metadata service_tier verbosity prompt_cache_key store"""
    assert draft.losses == told.split()
    kept = {"temperature": 1, "top_p": 0.9, "top_k": 5, "stop_sequences": ["END"]}
    assert {name: draft.fields[name] for name in kept} == kept
    assert draft.fields.keys() == {"model", "max_tokens", "messages", *kept}


def test_what_says_nothing_is_no_loss() -> None:
    nothing = Sampling(choices=1, presence_penalty=0, frequency_penalty=0.0, logit_bias={}, logprobs=False)
    assert encode(Conversation(HELLO, nothing)).losses == []


def test_turns_alternate_and_results_come_first() -> None:
    call = ToolCall("call_1", "look", '{"at":"sky"}')
    system, messages, losses = encode_messages(
        say("system", "A"),
        say("developer", Text("B", cache="1h")),
        say("user", "one", name="Ada"),
        say("user", "two"),
        say("assistant", Refusal("No."), call),
        say("user", "", "  \n"),
        say("user", "three"),
        say("tool", ToolResult("call_1", (Text("blue"),), is_error=True, cache="5m")),
    )
    mark = {"type": "ephemeral", "ttl": "1h"}
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": "blue", "is_error": True}
    assert system == [{"type": "text", "text": "A"}, {"type": "text", "text": "B", "cache_control": mark}]
    assert messages == [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "No."},
                {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "sky"}},
            ],
        },
        {
            "role": "user",
            "content": [{**result, "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "three"}],
        },
    ]
    assert losses == ["messages[2].name"]


@pytest.mark.parametrize("model", ["m", "claude-opus-4-7", "claude-mythos-preview"])
def test_a_later_system_message_goes_to_the_others(model: str) -> None:
    system, messages, losses = encode_messages(say("user", "a"), say("system", "late"), say("user", "b"), model=model)
    both = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert (system, messages, losses) == ("late", [{"role": "user", "content": both}], ["messages[1].role"])


def test_a_later_system_message_stays_where_the_model_takes_it() -> None:
    talk = [say("user", "a"), say("system", "x"), say("assistant", "b"), say("user", "c"), say("developer", "y")]
    system, messages, losses = encode_messages(*talk, model="claude-opus-4-8")
    assert system is None and losses == []
    roles = [message["role"] for message in messages]  # type: ignore[attr-defined]
    assert roles == ["user", "system", "assistant", "user", "system"]
    talk = [say("user", "a"), say("assistant", "b"), say("system", "x"), say("user", "c")]
    system, messages, losses = encode_messages(*talk, model="claude-opus-5")
    assert system == "x" and losses == ["messages[2].role"]


def test_a_conversation_always_begins_with_a_user() -> None:
    assert encode_messages(say("system", "only"))[:2] == (None, [{"role": "user", "content": "only"}])
    _, messages, losses = encode_messages(say("assistant", "I begin."), say("user", "hi"))
    assert messages[0]["role"] == "user" and losses == ["messages[0].role"]  # type: ignore[index]


def test_media() -> None:
    words = base64.b64encode("Grüße".encode()).decode()
    _, messages, losses = encode_messages(
        say(
            "user",
            Media("image", data="/9j/4AAQ", detail="high"),
            Media("image", url="https://example.com/a.png", cache="5m"),
            Media("image", file_id="f", origin="openai_chat"),
            Media("document", data="JVBERi0", name="t", context="c", cites=True),
            Media("document", media_type="text/plain", data=words),
            Media("document", media_type="application/zip", data=words),
            Media("document", media_type="text/plain", data="%%%"),
            Media("document", file_id="g", origin=NAME),
            Media("audio", data="AAAA"),
            Native(NAME, "search_result", {"type": "search_result"}),
            Native("gemini", "executable_code", {}),
        )
    )
    assert messages[0]["content"] == [  # type: ignore[index]
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}},
        {
            "type": "image",
            "source": {"type": "url", "url": "https://example.com/a.png"},
            "cache_control": {"type": "ephemeral"},
        },
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0"},
            "title": "t",
            "context": "c",
            "citations": {"enabled": True},
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
        {"type": "document", "source": {"type": "file", "file_id": "g"}},
        {"type": "search_result"},
    ]
    lost = ["0].parts[0].detail", *[f"0].parts[{place}]" for place in (2, 5, 6, 8, 10)]]
    assert losses == [f"messages[{path}" for path in lost]


def test_only_own_thoughts_go_back_and_the_others_are_told_once() -> None:
    _, messages, losses = encode_messages(
        say("user", "a"),
        say(
            "assistant",
            Reasoning("own", "sig", NAME),
            Reasoning(signature="data", origin=NAME, is_hidden=True),
            Reasoning("other", "sig", "gemini"),
            Reasoning("unsigned"),
            ToolCall("t", "look", "{}", "sig", "gemini"),
        ),
    )
    assert messages[1]["content"] == [  # type: ignore[index]
        {"type": "thinking", "thinking": "own", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
        {"type": "tool_use", "id": "t", "name": "look", "input": {}},
    ]
    assert losses == ["thinking"]


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]", "nothing", '"\\ud800"', "[" * 5_000])
def test_arguments_that_are_no_object_are_sent_whole_and_told(arguments: str) -> None:
    _, messages, losses = encode_messages(say("user", "a"), say("assistant", ToolCall("t", "look", arguments)))
    assert messages[1]["content"][0]["input"] == {"INVALID_JSON": arguments}  # type: ignore[index]
    assert losses == ["messages[1].parts[0].arguments"]


@given(st.text(max_size=80), st.text(max_size=80))
def test_ids_of_calls_fit_and_stay_apart(one: str, other: str) -> None:
    written = fit_call_id(one)
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", written) and len(written) <= 64
    assert (fit_call_id(other) == written) == (one == other)
    assert fit_call_id(written) == written


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), True, {"type": "auto", "disable_parallel_tool_use": False}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), None, {"type": "any"}),
        (ToolChoice("required", ("look",)), None, {"type": "tool", "name": "look"}),
        (ToolChoice("named", ("look",)), False, {"type": "tool", "name": "look", "disable_parallel_tool_use": True}),
    ],
)
def test_tool_choices(choice: ToolChoice | None, parallel: bool | None, sent: object) -> None:
    draft = encode(Conversation(HELLO, tools=(TOOL,), tool_choice=choice, parallel_tool_calls=parallel))
    assert draft.fields.get("tool_choice") == sent and draft.losses == []


def test_tools() -> None:
    own, foreign = Native(NAME, "bash_20250124", {"type": "bash_20250124", "name": "bash"}), Native("gemini", "x", {})
    strict = Tool("other", parameters=None, strict=True, cache="1h")
    draft = encode(Conversation(HELLO, tools=(TOOL, own, foreign, strict)))
    assert draft.fields["tools"] == [
        {"name": "look", "description": "Looks.", "input_schema": TOOL.parameters},
        own.value,
        {
            "name": "other",
            "input_schema": {"type": "object", "properties": {}},
            "strict": True,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        },
    ]
    assert draft.losses == ["tools[2]"]
    narrowed = encode(Conversation(HELLO, tools=(TOOL, strict), tool_choice=ToolChoice("auto", ("look",))))
    assert [tool["name"] for tool in narrowed.fields["tools"]] == ["look"]  # type: ignore[attr-defined]
    assert encode(Conversation(HELLO, tool_choice=ToolChoice("required"))).losses == ["tool_choice"]


def test_the_form_of_the_answer_and_the_rest() -> None:
    schema: dict[str, object] = {"type": "object", "additionalProperties": False}
    form = AnswerFormat(schema, "person", "who it is", strict=False)
    draft = encode(Conversation(HELLO, answer_format=form, user="u", service_tier="default"))
    assert draft.fields["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert (draft.fields["metadata"], draft.fields["service_tier"]) == ({"user_id": "u"}, "standard_only")
    assert draft.losses == ["response_format.description"]


def test_members_whose_place_is_gone_are_told() -> None:
    extra: dict[str, object] = {"tools[0].x": 1, "messages[0].content[5].y": 2, "messages[": 3, "speed": "fast"}
    draft = encode(Conversation(HELLO, extra=extra, extra_dialect=NAME))
    assert draft.losses == ["tools[0].x", "messages[0].content[5].y", "messages["]
    assert draft.fields["speed"] == "fast" and draft.fields["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    ]
