"""A Gemini client's request: read in either spelling, calls and results matched, and what is wrong named by path."""

import json
from typing import Any

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import (
    Conversation,
    JsonObject,
    Media,
    Message,
    Native,
    Reasoning,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.dialect import GEMINI
from pointsman.core.dialects.gemini.read_request import read_request
from pointsman.core.dialects.gemini.schemas import read_schema

HI: list[Any] = [{"role": "user", "parts": [{"text": "hi"}]}]


def read(fields: dict[str, Any], model: str = "agent:helper") -> Conversation:
    return read_request(decode_generate(json.dumps(fields).encode(), model, False))


def read_contents(*contents: dict[str, Any]) -> tuple[Message, ...]:
    return read({"contents": list(contents)}).messages


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def test_both_spellings_mean_the_same() -> None:
    camel = {
        "contents": [user({"inlineData": {"mimeType": "image/png", "data": "aGk="}})],
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "generationConfig": {"maxOutputTokens": 5, "topK": 3, "thinkingConfig": {"thinkingBudget": 1}},
        "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "safetySettings": [],
    }
    snake = {
        "contents": [user({"inline_data": {"mime_type": "image/png", "data": "aGk="}})],
        "system_instruction": {"parts": {"text": "be brief"}},
        "generation_config": {"max_output_tokens": 5, "top_k": 3.0, "thinking_config": {"thinking_budget": 1}},
        "tools": {"function_declarations": {"name": "f", "parameters_json_schema": {"type": "object"}}},
        "tool_config": {"function_calling_config": {"mode": "any", "allowed_function_names": ["f"]}},
        "safety_settings": [],
    }
    assert read(camel) == read(snake)
    assert read(camel).tool_choice == ToolChoice("named", ("f",))
    assert decode_generate(json.dumps(snake).encode(), "m", True).output_limit == 5


def test_model_and_streaming_come_from_the_url() -> None:
    request = decode_generate(json.dumps({"contents": HI}).encode(), "agent:helper", True)
    assert (request.model, request.stream, request.wants_usage, request.dialect) == (
        "agent:helper",
        True,
        True,
        "gemini",
    )
    assert GEMINI.client is not None
    with pytest.raises(ClientError) as caught:
        GEMINI.client.decode_request(b"{}")
    assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_results_find_their_calls_by_id_by_name_and_by_order() -> None:
    messages = read_contents(
        user({"text": "go"}),
        model(
            {"functionCall": {"name": "a", "args": {"n": 1}}},
            {"functionCall": {"name": "b"}},
            {"functionCall": {"name": "a", "args": {"n": 2}}},
            {"functionCall": {"id": "call_0", "name": "c"}},
        ),
        user(
            {"functionResponse": {"name": "b", "response": {"output": "B"}}},
            {"functionResponse": {"name": "a", "response": {"error": "A1"}}},
            {"functionResponse": {"id": "call_0", "name": "c", "response": {"x": 1}}},
            {"functionResponse": {"name": "a"}},
        ),
    )
    calls = [part for part in messages[1].parts if isinstance(part, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [
        ("a", '{"n":1}'),
        ("b", "{}"),
        ("a", '{"n":2}'),
        ("c", "{}"),
    ]
    results = [part for part in messages[2].parts if isinstance(part, ToolResult)]
    assert messages[2].role == "tool"
    by_id = {call.id: call.arguments + call.name for call in calls}
    assert [by_id[result.call_id] for result in results[:2]] == ["{}b", '{"n":1}a']
    assert (results[0].parts, results[1].is_error) == ((Text("B"),), True)
    assert results[2].call_id == "call_0" and results[2].parts == (Text('{"x":1}'),)


def test_the_same_request_gives_the_same_ids() -> None:
    contents = [user({"text": "go"}), model(*[{"functionCall": {"name": "f"}} for _ in range(3)])]
    ids = [part.id for part in read_contents(*contents)[1].parts if isinstance(part, ToolCall)]
    assert ids == ["call_0", "call_1", "call_2"]


def test_signatures_keep_their_places() -> None:
    parts = read_contents(
        model(
            {"text": "part one, ", "thought": True},
            {"text": "part two", "thought": True, "thoughtSignature": "AAAA"},
            {"text": "said", "thoughtSignature": "BBBB"},
            {"functionCall": {"id": "1", "name": "f"}, "thoughtSignature": "CCCC"},
        )
    )[0].parts
    assert parts == (
        Reasoning("part one, part two", "AAAA", "gemini"),
        Text("said"),
        Reasoning("", "BBBB", "gemini"),
        ToolCall("1", "f", "{}", "CCCC", "gemini"),
    )


def test_parts_that_only_gemini_has_stay_whole() -> None:
    parts = read_contents(
        user(
            {"fileData": {"fileUri": "https://youtu.be/x"}, "videoMetadata": {"fps": 1}},
            {"fileData": {"fileUri": "gs://bucket/x.pdf", "mimeType": "application/pdf"}},
            {"toolResponse": {"id": "x"}},
        )
    )[0].parts
    assert parts == (
        Native("gemini", "fileData", {"fileData": {"fileUri": "https://youtu.be/x"}, "videoMetadata": {"fps": 1}}),
        Media("document", "application/pdf", file_id="gs://bucket/x.pdf", origin="gemini"),
        Native("gemini", "toolResponse", {"toolResponse": {"id": "x"}}),
    )


def test_own_words_stay_here_and_labels_go_on() -> None:
    conversation = read({"contents": HI, "metadata": {"task": "x", "team": "a"}, "labels": {"user": "u"}})
    assert conversation.metadata == {"user": "u", "team": "a"}


def test_what_only_gemini_knows_is_kept_under_its_path() -> None:
    declared = {"name": "f", "behavior": "BLOCKING"}
    conversation = read(
        {
            "contents": HI,
            "cachedContent": "cachedContents/1",
            "generationConfig": {"speechConfig": {"a": 1}, "responseMimeType": "text/x.enum"},
            "tools": [{"functionDeclarations": [declared], "googleSearch": {}}],
        }
    )
    assert set(conversation.extra) == {
        "cachedContent",
        "generationConfig.speechConfig",
        "generationConfig.responseMimeType",
        "tools[0].functionDeclarations[0].behavior",
    }
    assert conversation.tools[1] == Native("gemini", "googleSearch", {"googleSearch": {}})


def test_geminis_schemas_become_json_schema() -> None:
    own: JsonObject = {
        "type": "OBJECT",
        "properties": {
            "type": {"type": "STRING", "nullable": True, "enum": ["a"]},
            "several": {"any_of": [{"type": "INTEGER"}, {"type": "TYPE_UNSPECIFIED"}], "nullable": True},
            "list": {"type": "ARRAY", "items": {"type": "NUMBER", "example": 1}, "min_items": "2"},
        },
        "required": ["type"],
        "property_ordering": ["list", "type"],
    }
    assert read_schema(own) == {
        "type": "object",
        "properties": {
            "type": {"type": ["string", "null"], "enum": ["a", None]},
            "several": {"anyOf": [{"type": "integer"}, {}, {"type": "null"}]},
            "list": {"type": "array", "items": {"type": "number", "examples": [1]}, "minItems": 2},
        },
        "required": ["type"],
        "propertyOrdering": ["list", "type"],
    }
    full: JsonObject = {
        "type": "object",
        "properties": {"a": {"type": ["string", "null"]}},
        "$defs": {"x": {"type": "null"}},
    }
    assert read_schema(full) == full


def config(**members: Any) -> dict[str, Any]:
    return {"contents": HI, "generationConfig": members}


def declared(**members: Any) -> dict[str, Any]:
    return {"contents": HI, "tools": [{"functionDeclarations": [members]}]}


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({}, "invalid_messages", "contents"),
        ({"contents": []}, "invalid_messages", "contents"),
        ({"contents": "hi"}, "invalid_messages", "contents"),
        ({"contents": ["hi"]}, "invalid_messages", "contents[0]"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "invalid_messages", "contents[0].role"),
        ({"contents": [{"role": [], "parts": [{"text": "x"}]}]}, "invalid_messages", "contents[0].role"),
        ({"contents": [user()]}, "invalid_messages", "contents[0].parts"),
        ({"contents": [user({})]}, "invalid_messages", "contents[0].parts[0]"),
        ({"contents": [user({"text": 1})]}, "invalid_messages", "contents[0].parts[0].text"),
        ({"contents": [user({"thought": True})]}, "invalid_messages", "contents[0].parts[0]"),
        (
            {"contents": [user({"text": "", "thoughtSignature": 1})]},
            "invalid_type",
            "contents[0].parts[0].thoughtSignature",
        ),
        ({"contents": [user({"inlineData": []})]}, "invalid_type", "contents[0].parts[0].inlineData"),
        ({"contents": [user({"inlineData": {"data": 1}})]}, "invalid_type", "contents[0].parts[0].inlineData.data"),
        ({"contents": [user({"fileData": {}})]}, "invalid_messages", "contents[0].parts[0].fileData.fileUri"),
        ({"contents": [model({"functionCall": {}})]}, "invalid_messages", "contents[0].parts[0].functionCall.name"),
        (
            {"contents": [model({"functionCall": {"name": "f", "args": []}})]},
            "invalid_type",
            "contents[0].parts[0].functionCall.args",
        ),
        ({"contents": HI, "systemInstruction": "be"}, "invalid_messages", "systemInstruction"),
        ({"contents": HI, "safetySettings": [], "safety_settings": []}, "conflicting_parameters", "safetySettings"),
        ({"contents": HI, "base_url": "x"}, "forbidden_parameter", "base_url"),
        ({"contents": HI, "generationConfig": []}, "invalid_type", "generationConfig"),
        (config(temperature="1"), "out_of_range", "generationConfig.temperature"),
        (config(topP=1.5), "out_of_range", "generationConfig.topP"),
        (config(topK=1.5), "out_of_range", "generationConfig.topK"),
        (config(maxOutputTokens=0), "invalid_max_tokens", "generationConfig.maxOutputTokens"),
        (config(candidateCount=True), "invalid_n", "generationConfig.candidateCount"),
        (config(stopSequences=[""]), "invalid_stop", "generationConfig.stopSequences"),
        (config(responseLogprobs=1), "invalid_type", "generationConfig.responseLogprobs"),
        (config(responseMimeType=1), "invalid_type", "generationConfig.responseMimeType"),
        (config(responseSchema="x"), "invalid_type", "generationConfig.responseSchema"),
        (config(responseSchema={}, responseJsonSchema={}), "conflicting_parameters", "generationConfig.responseSchema"),
        (config(thinkingConfig=1), "invalid_type", "generationConfig.thinkingConfig"),
        (
            config(thinkingConfig={"thinkingLevel": "LOUD"}),
            "invalid_type",
            "generationConfig.thinkingConfig.thinkingLevel",
        ),
        (
            config(thinkingConfig={"thinkingLevel": "LOW", "thinkingBudget": 1}),
            "conflicting_parameters",
            "generationConfig.thinkingConfig.thinkingBudget",
        ),
        ({"contents": HI, "tools": ["x"]}, "invalid_tools", "tools[0]"),
        (declared(name="1f"), "invalid_tools", "tools[0].functionDeclarations[0].name"),
        (declared(name="f", parameters=[]), "invalid_tools", "tools[0].functionDeclarations[0].parameters"),
        ({"contents": HI, "toolConfig": "x"}, "invalid_type", "toolConfig"),
        (
            {"contents": HI, "toolConfig": {"functionCallingConfig": {"mode": "LOUD"}}},
            "invalid_type",
            "toolConfig.functionCallingConfig.mode",
        ),
        ({"contents": HI, "labels": []}, "invalid_metadata", "labels"),
        ({"contents": HI, "serviceTier": 1}, "invalid_type", "serviceTier"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(fields: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(ClientError) as caught:
        read(fields)
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, code, param)


@pytest.mark.parametrize("name", ["", "x" * 257, "a\nb"])
def test_a_model_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ClientError) as caught:
        read({"contents": HI}, name)
    assert caught.value.param == "model"
