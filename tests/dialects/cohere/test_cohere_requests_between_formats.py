"""What other formats say reaches Cohere in its words, and what Cohere has no word for is told."""

import json

import pytest

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Message,
    Native,
    Reasoning,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.dialects.cohere.decode_request import decode_request
from pointsman.core.dialects.cohere.encode_request import encode_request
from pointsman.core.dialects.cohere.read_request import read_request
from pointsman.core.dialects.dialect import Draft, Target

HELLO = Message("user", (Text("hello"),))
WEATHER = Tool("weather", "The weather.", {"type": "object"})
NOTES = Tool("notes")


def encode(*messages: Message, **others: object) -> Draft:
    return encode_request(Conversation(messages or (HELLO,), **others), False, Target("command-a"))  # type: ignore[arg-type]


def test_roles_and_results_become_messages_of_their_own() -> None:
    draft = encode(
        Message("developer", (Text("Be brief."),)),
        Message("assistant", (Reasoning("I look."), ToolCall("c1", "weather", '{"a": 1 }'))),
        Message("user", (ToolResult("c1", (Text("3 °C"),), is_error=True), Text("Go on.", cache="5m")), name="ann"),
    )
    assert draft.fields["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "assistant",
            "tool_plan": "I look.",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"a": 1 }'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "3 °C"},
        {"role": "user", "content": "Go on."},
    ]
    assert draft.losses == ["messages[2].name", "messages[2].parts[0].is_error", "messages[2].parts[1].cache"]


def test_two_thoughts_before_calls_are_a_thought_and_a_plan() -> None:
    message = Message("assistant", (Reasoning("Hm."), Reasoning("I look."), ToolCall("c1", "f", "{}")))
    written = encode(HELLO, message).fields["messages"][1]  # type: ignore[index]
    assert (written["content"], written["tool_plan"]) == ([{"type": "thinking", "thinking": "Hm."}], "I look.")
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}, written]}).encode()
    assert read_request(decode_request(body)).messages[1] == message


def test_signed_thoughts_of_others_are_left_out_and_told_once() -> None:
    message = Message(
        "assistant",
        (
            Reasoning("a", "sig", "anthropic_messages"),
            Reasoning(signature="x", origin="anthropic_messages", is_hidden=True),
            ToolCall("c", "f", "{}", "sig", "gemini"),
        ),
    )
    draft = encode(HELLO, message)
    assert draft.losses == ["thinking"]
    assert "sig" not in json.dumps(draft.fields)


def test_media() -> None:
    draft = encode(
        Message(
            "user",
            (
                Media("image", "image/png", data="AAAA", detail="high"),
                Media("image", url="https://example.com/a.png"),
                Media("image", file_id="f1", origin="openai_responses"),
                Media("document", "application/pdf", data="JVBERi0="),
                Media("document", "text/plain", text="Penguins swim.", name="Birds", context="old"),
                Native("gemini", "executableCode", {}),
            ),
        )
    )
    assert draft.fields["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "high"}},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            ],
        }
    ]
    assert draft.fields["documents"] == [{"data": {"text": "Penguins swim.", "title": "Birds"}}]
    lost = ["parts[2]", "parts[3]", "parts[4].context", "parts[5]"]
    assert draft.losses == [f"messages[0].{path}" for path in lost]


def test_documents_are_text_where_the_answer_has_a_form() -> None:
    draft = encode(
        Message("user", (Media("document", text="Penguins swim.", name="Birds"), Text("Sum up."))),
        answer_format=AnswerFormat({"type": "object"}, "sum"),
    )
    assert "documents" not in draft.fields
    assert draft.fields["response_format"] == {"type": "json_object", "json_schema": {"type": "object"}}
    assert [part["text"] for part in draft.fields["messages"][0]["content"]] == ["Penguins swim.", "Sum up."]  # type: ignore[index]
    assert draft.losses == ["messages[0].parts[0].name"]


CHOICES = {
    "auto": (ToolChoice("auto"), ["weather", "notes"], None),
    "none": (ToolChoice("none"), ["weather", "notes"], "NONE"),
    "required": (ToolChoice("required"), ["weather", "notes"], "REQUIRED"),
    "named": (ToolChoice("named", ("notes",)), ["notes"], "REQUIRED"),
    "some": (ToolChoice("auto", ("notes",)), ["notes"], None),
    "one of some": (ToolChoice("required", ("weather",)), ["weather"], "REQUIRED"),
}


@pytest.mark.parametrize(("choice", "names", "word"), CHOICES.values(), ids=CHOICES.keys())
def test_tool_choice(choice: ToolChoice, names: list[str], word: str | None) -> None:
    draft = encode(tools=(WEATHER, NOTES), tool_choice=choice)
    assert [tool["function"]["name"] for tool in draft.fields["tools"]] == names  # type: ignore[index,attr-defined]
    assert draft.fields.get("tool_choice") == word
    assert draft.losses == []


def test_tools_say_strict_all_together_or_not_at_all() -> None:
    strict = Tool("a", strict=True)
    assert encode(tools=(strict,)).fields["strict_tools"] is True
    assert encode(tools=(Tool("a", strict=False),)).fields["strict_tools"] is False
    mixed = encode(tools=(strict, NOTES, Native("gemini", "googleSearch", {}), Tool("b", cache="1h")))
    assert "strict_tools" not in mixed.fields
    assert mixed.losses == ["tools[2]", "tools[3].cache", "tools.strict"]


def test_sampling_stays_within_what_cohere_takes() -> None:
    sampling = Sampling(
        max_output_tokens=50,
        temperature=0.5,
        top_p=1.0,
        top_k=900,
        presence_penalty=-1.0,
        frequency_penalty=0.5,
        seed=3,
        stop=("a", "b", "c", "d", "e", "f"),
        choices=2,
        logprobs=True,
        top_logprobs=4,
        logit_bias={"1": 1.0},
    )
    draft = encode(sampling=sampling)
    del draft.fields["messages"]
    assert draft.fields == {
        "model": "command-a",
        "max_tokens": 50,
        "temperature": 0.5,
        "p": 0.99,
        "k": 500,
        "seed": 3,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.5,
        "logprobs": True,
        "stop_sequences": ["a", "b", "c", "d", "e"],
    }
    assert draft.losses == ["top_p", "top_k", "presence_penalty", "stop", "n", "logit_bias", "top_logprobs"]


THINKING = {
    "off": (Thinking(budget_tokens=0), {"type": "disabled"}, []),
    "none": (Thinking(effort="none"), {"type": "disabled"}, []),
    "left to the model": (Thinking(budget_tokens=-1), {"type": "enabled"}, []),
    "low": (Thinking(effort="low"), {"type": "enabled", "token_budget": 2048}, []),
    "hidden": (
        Thinking(budget_tokens=100, shows=False, summary="auto"),
        {"type": "enabled", "token_budget": 100},
        ["thinking.shows", "thinking.summary"],
    ),
    "nothing said": (Thinking(shows=True), None, []),
}


@pytest.mark.parametrize(("thinking", "written", "losses"), THINKING.values(), ids=THINKING.keys())
def test_thinking(thinking: Thinking, written: object, losses: list[str]) -> None:
    draft = encode(thinking=thinking)
    assert (draft.fields.get("thinking"), draft.losses) == (written, losses)


def test_what_cohere_has_no_word_for_is_told() -> None:
    draft = encode(
        tools=(NOTES,),
        parallel_tool_calls=False,
        verbosity="low",
        user="ann",
        service_tier="flex",
        metadata={"ticket": "7"},
        cache_key="k",
        extra={"prediction": {}},
        extra_dialect="openai_chat",
    )
    assert draft.losses == [
        "parallel_tool_calls",
        "verbosity",
        "user",
        "service_tier",
        "prompt_cache_key",
        "metadata.ticket",
        "prediction",
    ]


def test_own_words_in_the_metadata_stay_here() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "metadata": {"agent": "a", "ticket": "7"}}
    assert read_request(decode_request(json.dumps(body).encode())).metadata == {"ticket": "7"}


def test_a_signature_comes_back_from_a_client_as_it_went() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "pointsman.gemini.c2ln"}
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [thought]}]
    conversation = read_request(decode_request(json.dumps({"model": "m", "messages": messages}).encode()))
    assert conversation.messages[1].parts == (Reasoning("Hm.", "c2ln", "gemini"),)
