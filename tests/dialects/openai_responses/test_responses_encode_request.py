"""A request for a Responses provider says all that the format can say, and names the rest."""

import pytest

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Media,
    Message,
    Native,
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
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.openai_responses.encode_request import encode_request

HELLO = Message("user", (Text("Hi"),))


def encode(*messages: Message, **more: object) -> tuple[JsonObject, list[str]]:
    conversation = Conversation(messages or (HELLO,), **more)  # type: ignore[arg-type]
    draft = encode_request(conversation, False, Target("up"))
    return draft.fields, draft.losses


def test_nothing_is_kept_at_the_provider() -> None:
    assert encode() == (
        {"model": "up", "store": False, "input": [{"type": "message", "role": "user", "content": "Hi"}]},
        [],
    )


def test_a_stream_is_asked_for() -> None:
    assert encode_request(Conversation((HELLO,)), True, Target("up")).fields["stream"] is True


def test_the_first_system_prompt_is_the_instructions() -> None:
    first, later = Message("system", (Text("A"),)), Message("system", (Text("B"),))
    fields, _ = encode(first, HELLO, later)
    assert fields["instructions"] == "A"
    assert fields["input"] == [
        {"type": "message", "role": "user", "content": "Hi"},
        {"type": "message", "role": "system", "content": "B"},
    ]
    fields, _ = encode(Message("system", (Text("A"), Text("B"))), HELLO)
    assert "instructions" not in fields


def test_a_turn_keeps_its_order() -> None:
    turn = Message(
        "assistant",
        (
            Text("One."),
            Refusal("No."),
            Reasoning("", "enc", "openai_responses", is_hidden=True, id="rs_1"),
            ToolCall("a", "f", '{"x" : 1}'),
            Text("Two."),
        ),
    )
    results = Message("user", (ToolResult("a", (Text("1"),)), Text("Go on.")))
    fields, losses = encode(turn, results)
    assert losses == []
    assert fields["include"] == ["reasoning.encrypted_content"]
    assert fields["input"] == [
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "One.", "annotations": []},
                {"type": "refusal", "refusal": "No."},
            ],
        },
        {"type": "reasoning", "summary": [], "encrypted_content": "enc", "id": "rs_1"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x" : 1}'},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Two.", "annotations": []}],
        },
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go on."}]},
    ]


def test_thoughts_of_others_are_left_out_and_told_once() -> None:
    thoughts = (
        Reasoning("x", "sig", "anthropic_messages"),
        Reasoning("y"),
        ToolCall("a", "f", "{}", "sig", "gemini"),
    )
    fields, losses = encode(Message("assistant", thoughts))
    assert losses == ["thinking"]
    assert fields["input"] == [{"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}]
    assert "include" not in fields


def test_media() -> None:
    fields, losses = encode(
        Message(
            "user",
            (
                Media("image", "image/webp", "QUJD", detail="high"),
                Media("image", file_id="f", origin="openai_responses"),
                Media("image", file_id="f", origin="anthropic_messages"),
                Media("document", text="Hello", name="a.txt", context="c", cites=True),
                Media("document", "application/pdf", "QUJD"),
                Media("document", url="https://example.com/x.pdf", cache="5m"),
                Media("audio", "audio/wav", "QUJD"),
                Media("video", url="https://example.com/x.mp4"),
                Native("gemini", "executable_code", {}),
            ),
        )
    )
    assert fields["input"] == [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": "data:image/webp;base64,QUJD", "detail": "high"},
                {"type": "input_image", "file_id": "f"},
                {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,SGVsbG8="},
                {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,QUJD"},
                {"type": "input_file", "file_url": "https://example.com/x.pdf"},
            ],
        }
    ]
    path = "messages[0].parts"
    assert losses == [
        f"{path}[2]",
        f"{path}[3].context",
        f"{path}[3].cites",
        f"{path}[5].cache",
        f"{path}[6]",
        f"{path}[7]",
        f"{path}[8]",
    ]


@pytest.mark.parametrize("model", ["gpt-5.6", "openai/gpt-5.6-mini", "gpt-6", "gpt-5.12-2027-01-01"])
def test_marks_of_the_cache_go_to_models_that_take_them(model: str) -> None:
    parts = (Text("a", "5m"), Text("b", "1h"), Media("image", url="https://example.com/x.png", cache="5m"))
    turns = (Message("user", parts), Message("assistant", (Text("c", "5m"),)))
    draft = encode_request(Conversation(turns), False, Target(model))
    content = draft.fields["input"][0]["content"]  # type: ignore[index]
    assert [part["prompt_cache_breakpoint"] for part in content] == [
        {"mode": "explicit"},
        {"mode": "explicit", "ttl": "12h"},
        {"mode": "explicit"},
    ]
    assert draft.losses == ["messages[1].parts[0].cache"]


@pytest.mark.parametrize("model", ["gpt-5.2", "gpt-4o", "gpt-41x", "o3", "my-deployment", "gpt-5"])
def test_other_models_remember_without_marks(model: str) -> None:
    draft = encode_request(Conversation((Message("user", (Text("a", "5m"),)),)), False, Target(model))
    assert draft.fields["input"] == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]}
    ]
    assert draft.losses == ["messages[0].parts[0].cache"]


def test_results_of_tools() -> None:
    image = Media("image", url="https://example.com/x.png")
    fields, losses = encode(
        Message(
            "tool",
            (
                ToolResult("a", ()),
                ToolResult("b", (Text("Oops"),), is_error=True),
                ToolResult("c", (Text("See"), image, Media("audio", data="QUJD"))),
            ),
        )
    )
    assert [item["output"] for item in fields["input"]] == [  # type: ignore[attr-defined]
        "",
        "Oops",
        [
            {"type": "input_text", "text": "See"},
            {"type": "input_image", "image_url": "https://example.com/x.png"},
        ],
    ]
    assert losses == ["messages[0].parts[1].is_error", "messages[0].parts[2].parts[2]"]


def test_what_only_chats_have_is_lost() -> None:
    sampling = Sampling(
        max_output_tokens=90,
        temperature=0.5,
        top_k=3,
        stop=("x",),
        seed=1,
        choices=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logit_bias={"1": 2.0},
        logprobs=True,
        top_logprobs=3,
    )
    fields, losses = encode(sampling=sampling)
    assert sorted(losses) == ["frequency_penalty", "logit_bias", "n", "presence_penalty", "seed", "stop", "top_k"]
    assert (fields["max_output_tokens"], fields["temperature"], fields["top_logprobs"]) == (90, 0.5, 3)
    assert fields["include"] == ["message.output_text.logprobs"]
    assert encode(sampling=Sampling(choices=1, logprobs=False))[1] == []


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none", ("f",)), "none"),
        (ToolChoice("named", ("f",)), {"type": "function", "name": "f"}),
        (
            ToolChoice("required", ("f",)),
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_choices_of_tools(choice: ToolChoice, expected: object) -> None:
    assert encode(tools=(Tool("f"),), tool_choice=choice)[0]["tool_choice"] == expected
    fields, losses = encode(tools=(Native("gemini", "search", {}),), tool_choice=choice)
    assert "tool_choice" not in fields and ("tool_choice" in losses) == (choice.mode in ("required", "named"))


def test_tools_are_strict_only_where_it_was_said() -> None:
    tools = (Tool("f", "d", {"type": "object"}), Tool("g", strict=True, cache="5m"), Native("gemini", "search", {}))
    fields, losses = encode(tools=tools, parallel_tool_calls=False)
    assert fields["tools"] == [
        {"type": "function", "name": "f", "parameters": {"type": "object"}, "description": "d", "strict": False},
        {"type": "function", "name": "g", "parameters": None, "strict": True},
    ]
    assert losses == ["tools[1].cache", "tools[2]"]
    assert fields["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("thinking", "reasoning", "includes"),
    [
        (Thinking(effort="high"), {"effort": "high"}, True),
        (Thinking(effort="none"), {"effort": "none"}, False),
        (Thinking(budget_tokens=0), {"effort": "none"}, False),
        (Thinking(budget_tokens=5000, shows=True), {"effort": "medium", "summary": "auto"}, True),
        (Thinking(budget_tokens=-1), None, True),
        (Thinking(effort="low", summary="detailed"), {"effort": "low", "summary": "detailed"}, True),
    ],
)
def test_thinking(thinking: Thinking, reasoning: object, includes: bool) -> None:
    fields, losses = encode(thinking=thinking)
    assert fields.get("reasoning") == reasoning
    assert fields.get("include", []) == (["reasoning.encrypted_content"] if includes else [])
    assert losses == []


def test_settings() -> None:
    fields, losses = encode(
        answer_format=AnswerFormat({"type": "object"}, description="d", strict=True),
        verbosity="low",
        user="u",
        service_tier="flex",
        metadata={"a": "b"},
        cache_key="k",
    )
    schema = {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "description": "d", "strict": True}
    assert fields["text"] == {"format": schema, "verbosity": "low"}
    assert (fields["user"], fields["service_tier"], fields["prompt_cache_key"]) == ("u", "flex", "k")
    assert fields["metadata"] == {"a": "b"} and losses == []
    assert encode(answer_format=AnswerFormat())[0]["text"] == {"format": {"type": "json_object"}}


def test_members_of_one_format_only() -> None:
    extra: JsonObject = {"max_tool_calls": 2, "reasoning.effort": "max", "include": ["x"], "input[0].phase": "p"}
    own = {"extra": extra, "extra_dialect": "openai_responses", "thinking": Thinking(effort="xhigh")}
    fields, losses = encode(**own)
    assert (fields["max_tool_calls"], fields["reasoning"]) == (2, {"effort": "max"})
    assert fields["include"] == ["reasoning.encrypted_content", "x"]
    assert losses == ["input[0].phase"]
    fields, losses = encode(extra={"prediction": {}}, extra_dialect="openai_chat")
    assert "prediction" not in fields and losses == ["prediction"]
    assert encode(Message("user", (Text("x"),), name="Ann"))[1] == ["messages[0].name"]
