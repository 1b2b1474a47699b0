"""A conversation of any client, as Gemini's providers get it: each thing in its place, and what has none is named."""

from typing import Any

import pytest
from google.genai import types

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Effort,
    Media,
    Message,
    Native,
    Part,
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
from pointsman.core.dialects.dialect import Draft, Target
from pointsman.core.dialects.gemini.encode_request import encode_request
from pointsman.core.dialects.gemini.paths import find_path

HI = Message("user", (Text("hi"),))


def encode(*messages: Message, model: str = "gemini-2.5-flash", **others: Any) -> Draft:
    return encode_request(Conversation(messages or (HI,), **others), False, Target(model))


def contents_of(draft: Draft) -> list[Any]:
    contents = draft.fields["contents"]
    assert isinstance(contents, list)
    for content in contents:
        types.Content.model_validate(content)
    return contents


def said_by_model(*parts: Part, model: str = "gemini-2.5-flash") -> tuple[list[Any], list[str]]:
    draft = encode(HI, Message("assistant", parts), model=model)
    contents = contents_of(draft)
    return (contents[1]["parts"] if len(contents) > 1 else []), draft.losses


def test_leading_instructions_stand_apart_and_later_ones_become_the_users() -> None:
    system, later = Message("system", (Text("a"),)), Message("system", (Text("c"),))
    draft = encode(system, Message("developer", (Text("b"),)), HI, later)
    assert draft.fields["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert contents_of(draft)[1] == {"role": "user", "parts": [{"text": "c"}]}
    assert draft.losses == ["messages[3].role"]


def test_instructions_alone_still_make_a_content() -> None:
    draft = encode(Message("system", (Text("a"),)), Message("system", (Text("b"),)))
    assert (draft.fields["systemInstruction"], len(contents_of(draft))) == ({"parts": [{"text": "a"}]}, 1)
    assert draft.losses == ["messages[1].role"]


def test_calls_made_at_once_and_their_results_share_a_content() -> None:
    draft = encode(
        HI,
        Message("assistant", (Text("now"), ToolCall("1", "a", '{"x": 1}'))),
        Message("assistant", (ToolCall("2", "b", ""),)),
        Message("tool", (ToolResult("1", (Text("one"), Text("more"))),)),
        Message("tool", (ToolResult("2", (Text("bad"),), is_error=True),)),
        Message("tool", (ToolResult("9", (Text("?"),)),)),
        HI,
    )
    contents = contents_of(draft)
    assert [content["role"] for content in contents] == ["user", "model", "user", "user"]
    assert contents[1]["parts"] == [
        {"text": "now"},
        {"functionCall": {"id": "1", "name": "a", "args": {"x": 1}}},
        {"functionCall": {"id": "2", "name": "b", "args": {}}},
    ]
    assert contents[2]["parts"] == [
        {"functionResponse": {"id": "1", "name": "a", "response": {"output": "one\nmore"}}},
        {"functionResponse": {"id": "2", "name": "b", "response": {"error": "bad"}}},
        {"functionResponse": {"id": "9", "name": "9", "response": {"output": "?"}}},
    ]
    assert draft.losses == []


def test_arguments_that_are_no_object_are_kept_and_told() -> None:
    parts, losses = said_by_model(ToolCall("1", "a", '{"x": '))
    assert parts[0]["functionCall"]["args"] == {"_raw": '{"x": '}
    assert losses == ["messages[1].parts[0].arguments"]


def test_images_of_results_stand_where_the_model_takes_them() -> None:
    image = Media("image", "image/png", data="aGk=")
    result = Message(
        "tool", (ToolResult("1", (Text("see"), image), name="look"), ToolResult("2", (Text("b"),), name="look"))
    )
    inline = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    older = contents_of(encode(result))[0]["parts"]
    assert [next(iter(part)) for part in older] == ["functionResponse", "functionResponse", "inlineData"]
    newer = contents_of(encode(result, model="gemini-3-pro-preview"))[0]["parts"]
    assert newer[0]["functionResponse"]["parts"] == [inline] and len(newer) == 2


def test_media_of_every_kind() -> None:
    draft = encode(
        Message(
            "user",
            (
                Media("image", data="/9j/AA=="),
                Media("image", url="https://example.com/a.png", detail="high"),
                Media("document", text="héllo", name="a.txt"),
                Media("document", "application/pdf", file_id="gs://b/c.pdf", origin="gemini"),
                Media("document", file_id="file-1", origin="openai_chat"),
                Text("x", cache="5m"),
                Native("anthropic", "search_result", {}),
            ),
            name="bob",
        )
    )
    assert contents_of(draft)[0]["parts"] == [
        {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/AA=="}},
        {"fileData": {"fileUri": "https://example.com/a.png"}},
        {"inlineData": {"mimeType": "text/plain", "data": "aMOpbGxv"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/c.pdf"}},
        {"text": "x"},
    ]
    assert draft.losses == [
        "messages[0].name",
        "messages[0].parts[1].detail",
        "messages[0].parts[2].name",
        "messages[0].parts[4]",
        "messages[0].parts[5].cache",
        "messages[0].parts[6]",
    ]


def test_only_geminis_own_thoughts_are_signed() -> None:
    foreign = Reasoning("hm", "SIGN", "anthropic")
    parts, losses = said_by_model(foreign, Reasoning("", "X", "openai_responses", True), Reasoning("open"), Text("a"))
    assert parts == [{"text": "open", "thought": True}, {"text": "a"}]
    assert losses == ["thinking"]
    parts, losses = said_by_model(Reasoning("hm", "SIGN", "gemini"), Text("a"), Reasoning("", "ENDS", "gemini"))
    assert parts == [
        {"text": "hm", "thought": True, "thoughtSignature": "SIGN"},
        {"text": "a", "thoughtSignature": "ENDS"},
    ]
    assert losses == []


def test_a_signature_right_before_a_call_is_the_calls() -> None:
    parts, _ = said_by_model(
        Reasoning("hm"), Reasoning("", "SIGN", "gemini"), ToolCall("1", "a", "{}"), ToolCall("2", "a", "{}")
    )
    assert [part.get("thoughtSignature") for part in parts] == [None, "SIGN", None]


@pytest.mark.parametrize(
    ("model", "signed"),
    [
        ("gemini-3-pro-preview", True),
        ("models/gemini-3.1-flash", True),
        ("publishers/google/models/gemini-3-flash", True),
        ("gemini-2.5-pro", False),
        ("gemini-flash-latest", False),
    ],
)
def test_calls_of_other_models_say_so_where_signatures_are_demanded(model: str, signed: bool) -> None:
    calls = (ToolCall("1", "a", "{}", "theirs", "openai_chat"), ToolCall("2", "a", "{}"))
    parts, losses = said_by_model(*calls, model=model)
    stands_in = "skip_thought_signature_validator" if signed else None
    assert [part.get("thoughtSignature") for part in parts] == [stands_in, None]
    assert losses == []
    parts, _ = said_by_model(ToolCall("1", "a", "{}", "ours", "gemini"), ToolCall("2", "a", "{}"), model=model)
    assert [part.get("thoughtSignature") for part in parts] == ["ours", None]


@pytest.mark.parametrize(
    ("model", "effort", "expected", "losses"),
    [
        ("gemini-3-pro-preview", "low", {"thinkingLevel": "LOW"}, []),
        ("gemini-3-pro-preview", "xhigh", {"thinkingLevel": "HIGH"}, ["reasoning_effort"]),
        ("gemini-3-flash", "none", {"thinkingLevel": "MINIMAL"}, ["reasoning_effort"]),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}, []),
        ("gemini-2.5-flash", "xhigh", {"thinkingBudget": 24576}, []),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}, ["reasoning_effort"]),
        ("gemini-2.5-pro", "xhigh", {"thinkingBudget": 32768}, []),
        ("gemini-2.5-flash-lite", "minimal", {"thinkingBudget": 1024}, []),
    ],
)
def test_how_long_to_think(model: str, effort: Effort, expected: object, losses: list[str]) -> None:
    draft = encode(model=model, thinking=Thinking(effort))
    assert (draft.fields["generationConfig"], draft.losses) == ({"thinkingConfig": expected}, losses)


def test_whether_thoughts_are_shown() -> None:
    shown = encode(thinking=Thinking(budget_tokens=-1, shows=True)).fields["generationConfig"]
    assert shown == {"thinkingConfig": {"thinkingBudget": -1, "includeThoughts": True}}
    summed_up = encode(thinking=Thinking(summary="auto")).fields["generationConfig"]
    assert summed_up == {"thinkingConfig": {"includeThoughts": True}}
    assert "generationConfig" not in encode(thinking=Thinking()).fields


def test_tools_and_their_choice() -> None:
    draft = encode(
        tools=(
            Tool("a", "does a", {"type": "object"}, strict=True),
            Tool("b", cache="5m"),
            Native("gemini", "googleSearch", {"googleSearch": {}}),
            Native("anthropic", "web_search", {}),
        ),
        tool_choice=ToolChoice("auto", ("a",)),
        parallel_tool_calls=False,
    )
    assert draft.fields["tools"] == [
        {
            "functionDeclarations": [
                {"name": "a", "description": "does a", "parametersJsonSchema": {"type": "object"}},
                {"name": "b"},
            ]
        },
        {"googleSearch": {}},
    ]
    assert draft.fields["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["a"]}}
    assert draft.losses == ["tools[0].strict", "tools[1].cache", "tools[3]", "parallel_tool_calls"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none", ("a",)), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", ("a",)), {"mode": "ANY", "allowedFunctionNames": ["a"]}),
        (ToolChoice("required", ("a", "b")), {"mode": "ANY", "allowedFunctionNames": ["a", "b"]}),
    ],
)
def test_choices_of_tools(choice: ToolChoice, expected: object) -> None:
    tools = (Tool("a"), Tool("b"))
    assert encode(tools=tools, tool_choice=choice).fields["toolConfig"] == {"functionCallingConfig": expected}


def test_everything_else_a_request_says() -> None:
    draft = encode(
        sampling=Sampling(9, 0.5, 0.9, 3, ("a",), 1, 2, 0.1, 0.2, {"1": 1.0}, True, 4),
        answer_format=AnswerFormat({"type": "object"}, "person", "Who it is", True),
        service_tier="default",
        user="u",
        verbosity="low",
        metadata={"a": "b"},
        cache_key="k",
        extra={"logprobs_mode": 1},
        extra_dialect="openai_chat",
    )
    config = draft.fields["generationConfig"]
    assert config == {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 3,
        "seed": 1,
        "candidateCount": 2,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 4,
        "stopSequences": ["a"],
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "title": "person", "description": "Who it is"},
    }
    types.GenerationConfig.model_validate(config)
    assert draft.fields["serviceTier"] == "standard"
    assert draft.losses == ["logit_bias", "metadata", "verbosity", "user", "prompt_cache_key", "logprobs_mode"]


def test_refusals_stay_as_words() -> None:
    assert said_by_model(Refusal("no")) == ([{"text": "no"}], ["messages[1].parts[0].refusal"])


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("gemini-2.5-flash", False, "/models/gemini-2.5-flash:generateContent"),
        ("gemini-2.5-flash", True, "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        ("models/gemini-2.5-flash", False, "/models/gemini-2.5-flash:generateContent"),
        ("tunedModels/mine-1", False, "/tunedModels/mine-1:generateContent"),
        ("gemini-1.5@001", False, "/models/gemini-1.5@001:generateContent"),
        ("a?b#c d", False, "/models/a%3Fb%23c%20d:generateContent"),
    ],
)
def test_paths(model: str, stream: bool, path: str) -> None:
    assert find_path(model, stream) == path
