"""Every word of a Responses request is found in the hub, or beside it under its path."""

import json

import pytest

from pointsman.core.chat.answer import ChatAnswer, Choice
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Media,
    Message,
    Native,
    Reasoning,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.openai_responses.decode_request import decode_request
from pointsman.core.dialects.openai_responses.dialect import OPENAI_RESPONSES
from pointsman.core.dialects.openai_responses.encode_request import encode_request
from pointsman.core.dialects.openai_responses.read_request import read_request
from pointsman.core.dialects.openai_responses.state import refuse_state
from pointsman.core.dialects.openai_responses.write_response import write_response
from pointsman.core.dialects.passage import open_passage


def decode(**fields: object) -> ChatRequest:
    return decode_request(json.dumps({"model": "m", "input": "Hi", **fields}).encode())


def read(**fields: object) -> Conversation:
    return read_request(decode(**fields))


def test_what_the_model_says_in_a_row_is_one_turn() -> None:
    conversation = read(
        instructions="Be kind.",
        input=[
            {"role": "user", "content": "Go."},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"role": "assistant", "content": "Looking."},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x": 1.0}'},
            {"type": "function_call", "call_id": "b", "name": "g", "arguments": ""},
            {"type": "function_call_output", "call_id": "a", "output": "1"},
            {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "2"}]},
            {"role": "developer", "content": "Hurry."},
        ],
    )
    assert conversation.messages == (
        Message("system", (Text("Be kind."),)),
        Message("user", (Text("Go."),)),
        Message(
            "assistant",
            (
                Reasoning("Hm.", id="rs_1"),
                Text("Looking."),
                ToolCall("a", "f", '{"x": 1.0}'),
                ToolCall("b", "g", "{}"),
            ),
        ),
        Message("tool", (ToolResult("a", (Text("1"),)), ToolResult("b", (Text("2"),)))),
        Message("developer", (Text("Hurry."),)),
    )


def test_parts_of_every_kind() -> None:
    conversation = read(
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
                    {"type": "input_text", "text": "y", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
                    {"type": "input_image", "image_url": "data:image/jpeg;base64,QUJD", "detail": "low"},
                    {"type": "input_image", "file_id": "file-1"},
                    {"type": "input_file", "file_data": "QUJD", "filename": "a.pdf"},
                    {"type": "input_file", "file_url": "https://example.com/a.pdf"},
                    {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
                    {"type": "input_dream", "dream": 1},
                ],
            },
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        ]
    )
    assert conversation.messages[0].parts == (
        Text("x", "5m"),
        Text("y", "1h"),
        Media("image", "image/jpeg", "QUJD", detail="low"),
        Media("image", file_id="file-1", origin="openai_responses"),
        Media("document", data="QUJD", name="a.pdf"),
        Media("document", url="https://example.com/a.pdf"),
        Media("audio", "audio/mpeg", "QUJD"),
        Native("openai_responses", "input_dream", {"type": "input_dream", "dream": 1}),
    )
    assert conversation.messages[1] == Message("assistant", (Refusal("No."),))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("none", ToolChoice("none")),
        ({"type": "function", "name": "f"}, ToolChoice("named", ("f",))),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
            ToolChoice("required", ("f",)),
        ),
        ({"type": "file_search"}, None),
    ],
)
def test_choices_of_tools(choice: object, expected: ToolChoice | None) -> None:
    conversation = read(tool_choice=choice)
    assert conversation.tool_choice == expected
    assert ("tool_choice" in conversation.extra) is (expected is None)


def test_settings() -> None:
    schema: JsonObject = {"type": "object"}
    conversation = read(
        tools=[{"type": "function", "name": "f", "strict": True, "defer_loading": True}, {"type": "local_shell"}],
        text={"format": {"type": "json_schema", "name": "n", "schema": schema}, "verbosity": "low"},
        reasoning={"effort": "max", "summary": "concise"},
        metadata={"team": "a", "task": "b"},
        safety_identifier="u1",
        prompt_cache_key="k",
        service_tier="flex",
    )
    assert conversation.tools == (
        Tool("f", strict=True),
        Native("openai_responses", "local_shell", {"type": "local_shell"}),
    )
    assert conversation.answer_format == AnswerFormat(schema, "n")
    assert conversation.thinking == Thinking("xhigh", shows=True, summary="concise")
    assert (conversation.metadata, conversation.user, conversation.cache_key) == ({"team": "a"}, "u1", "k")
    assert (conversation.verbosity, conversation.service_tier) == ("low", "flex")
    assert conversation.extra == {"tools[0].defer_loading": True, "reasoning.effort": "max"}


def test_what_only_this_format_has_is_kept_under_its_path() -> None:
    conversation = read(
        input=[
            {
                "role": "assistant",
                "phase": "commentary",
                "id": "msg_1",
                "status": "completed",
                "content": [{"type": "output_text", "text": "x", "annotations": [{"type": "file_path"}]}],
            },
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}", "namespace": "n"},
        ],
        store=True,
        truncation="auto",
        include=["reasoning.encrypted_content", "file_search_call.results"],
        future=1,
        nothing=None,
    )
    assert conversation.extra_dialect == "openai_responses"
    assert conversation.extra == {
        "input[0].content[0].annotations": [{"type": "file_path"}],
        "input[0].phase": "commentary",
        "input[1]": {"type": "reasoning", "id": "rs_1", "summary": []},
        "input[2].namespace": "n",
        "include": ["file_search_call.results"],
        "store": True,
        "truncation": "auto",
        "future": 1,
    }


def test_what_every_provider_does_anyway_is_no_loss() -> None:
    fields = {"store": False, "background": False, "truncation": "disabled", "stream": True}
    assert read(**fields, stream_options={"include_obfuscation": False}).extra == {}


def test_items_of_the_providers_own_tools_stay_as_they_are() -> None:
    call, output = {"type": "shell_call", "call_id": "c"}, {"type": "shell_call_output", "call_id": "c"}
    conversation = read(input=[{"role": "user", "content": "Go."}, call, output])
    assert [message.role for message in conversation.messages] == ["user", "assistant", "user"]
    draft = encode_request(conversation, False, Target("m"))
    assert draft.fields["input"] == [{"type": "message", "role": "user", "content": "Go."}, call, output]
    assert draft.losses == []


STATES: list[tuple[dict[str, object], str]] = [
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"prompt": {"id": "p"}}, "prompt"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ({"input": [{"role": "user", "content": "x"}, {"id": "msg_1"}]}, "input[1]"),
]


@pytest.mark.parametrize(("fields", "param"), STATES, ids=[param for _, param in STATES])
def test_state_goes_to_no_other_format_and_stays_in_its_own(fields: dict[str, object], param: str) -> None:
    request = decode(**fields)
    asking = Asking(request, "r", 1)
    with pytest.raises(ClientError) as refusal:
        open_passage(request, "openai_chat", Target("m"), asking)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, "state_not_portable", param)
    assert "Responses API" in refusal.value.message
    kept = json.loads(open_passage(request, "openai_responses", Target("up"), asking).encoded.body)
    assert kept == {**request.fields, "model": "up"}


def test_a_request_without_state_may_go_anywhere() -> None:
    refuse_state(decode(background=False, previous_response_id=None, input=[{"role": "user", "content": "x"}]))


def test_signatures_of_other_providers_come_back_unharmed() -> None:
    parts = (
        Reasoning("Thought.", "c2ln", "anthropic_messages"),
        Reasoning("", "cmVk", "anthropic_messages", is_hidden=True),
        Reasoning("", "b21p", "anthropic_messages"),
        ToolCall("call_1", "f", "{}", "Z2Vt", "gemini"),
        ToolCall("call_2", "g", "{}"),
    )
    answer = ChatAnswer("msg_1", "claude", (Choice(parts, "tool_calls"),))
    written = json.loads(write_response(answer, Asking(decode(), "r1", 1)))
    items = [{"role": "user", "content": "Hi"}, *written["output"]]
    again = read(input=items).messages[1].parts
    assert [msg for msg in again if isinstance(msg, ToolCall)] == list(parts[3:])
    thoughts = [part for part in again if isinstance(part, Reasoning)]
    assert [(part.text, part.signature, part.origin, part.is_hidden) for part in thoughts] == [
        (part.text, part.signature, part.origin, part.is_hidden) for part in parts if isinstance(part, Reasoning)
    ]


def test_the_dialect_knows_its_paths() -> None:
    provider = OPENAI_RESPONSES.provider
    assert provider is not None and provider.read_models is not None
    assert provider.find_path("m", True) == "/responses"
    assert provider.read_models(b'{"object":"list","data":[{"id":"a"},{"id":"b"}]}') == ["a", "b"]
    for body in (b"[]", b'{"data":[{}]}', b"x"):
        with pytest.raises(ValueError, match="no list of models"):
            provider.read_models(body)
