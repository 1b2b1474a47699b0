"""What every format says reaches Bedrock in its words, and what Bedrock has no word for is told."""

import json

import pytest

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
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
from pointsman.core.dialects.bedrock_converse.dialect import BEDROCK_CONVERSE
from pointsman.core.dialects.bedrock_converse.encode_request import encode_request
from pointsman.core.dialects.dialect import Draft, Target

CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
HELLO = Message("user", (Text("hello"),))
WEATHER = Tool("weather", "The weather.", {"type": "object"}, strict=True, cache="5m")
CALL = Message("assistant", (ToolCall("c1", "weather", '{"city":"Bern"}'),))


def encode(*messages: Message, model: str = CLAUDE, **others: object) -> Draft:
    return encode_request(Conversation(messages or (HELLO,), **others), False, Target(model))  # type: ignore[arg-type]


def test_the_path_holds_the_model() -> None:
    assert BEDROCK_CONVERSE.provider is not None
    find = BEDROCK_CONVERSE.provider.find_path
    assert find("amazon.nova-lite-v1:0", False) == "/model/amazon.nova-lite-v1%3A0/converse"
    assert find("arn:aws:bedrock:eu-west-1:1:inference-profile/x", True).endswith("%2Fx/converse-stream")


def test_messages_become_turns() -> None:
    draft = encode(
        Message("system", (Text("Be brief.", cache="1h"),)),
        Message("developer", (Text("Be kind."),)),
        HELLO,
        Message("user", (Text("again", cache="5m"), Text(""))),
        Message("assistant", (Refusal("No."), ToolCall("call/1", "weather", '{"city":"Bern"}', cache="5m"))),
        Message("tool", (ToolResult("call/1", (Text("3 °C"),), is_error=True),)),
        Message("user", (Text("And?"), ToolResult("c2", (Media("image", "image/png", data="AAAA"),))), name="ann"),
        Message("system", (Text("Late."),)),
    )
    turns = draft.fields["messages"]
    assert isinstance(turns, list)
    id = turns[1]["content"][1]["toolUse"]["toolUseId"]
    assert id.startswith("call_1-") and len(id) <= 64
    assert draft.fields["system"] == [
        {"text": "Be brief."},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"text": "Be kind."},
        {"text": "Late."},
    ]
    point = {"cachePoint": {"type": "default"}}
    assert turns == [
        {"role": "user", "content": [{"text": "hello"}, {"text": "again"}, point]},
        {
            "role": "assistant",
            "content": [
                {"text": "No."},
                {"toolUse": {"toolUseId": id, "name": "weather", "input": {"city": "Bern"}}},
                point,
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": id, "content": [{"text": "3 °C"}], "status": "error"}},
                {
                    "toolResult": {
                        "toolUseId": "c2",
                        "content": [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}],
                    }
                },
                {"text": "And?"},
            ],
        },
    ]
    assert draft.losses == ["messages[6].name", "messages[7].role", "tools"]


def test_thoughts_go_back_only_to_bedrock() -> None:
    draft = encode(
        HELLO,
        Message(
            "assistant",
            (
                Reasoning("a", "s1", "bedrock_converse"),
                Reasoning("", "aGlkZGVu", "bedrock_converse", is_hidden=True),
                Reasoning("b", "s2", "anthropic_messages"),
                Reasoning("c"),
                Text("Yes."),
            ),
        ),
    )
    assert draft.fields["messages"][1]["content"] == [  # type: ignore[index]
        {"reasoningContent": {"reasoningText": {"text": "a", "signature": "s1"}}},
        {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
        {"text": "Yes."},
    ]
    assert draft.losses == ["thinking"]


def test_media() -> None:
    draft = encode(
        Message(
            "user",
            (
                Media("image", "image/jpeg", data="AAAA", detail="low"),
                Media("image", url="s3://bucket/a.jpg"),
                Media("image", url="https://example.com/a.png"),
                Media("image", "image/svg+xml", data="AAAA"),
                Media(
                    "document", "application/pdf", data="JVBERi0=", name="my_report.v2.pdf", cites=True, context="old"
                ),
                Media("document", text="Penguins.", name="my_report.v2.pdf"),
                Media("document", text="More."),
                Media("audio", "audio/wav", data="UklG"),
                Media("video", "video/mp4", data="AAAA"),
                Media("document", file_id="f", origin="anthropic_messages"),
                Native("gemini", "executableCode", {}),
            ),
        )
    )
    named = "my-report-v2-pdf"
    assert draft.fields["messages"][0]["content"] == [  # type: ignore[index]
        {"image": {"format": "jpeg", "source": {"bytes": "AAAA"}}},
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}}}},
        {
            "document": {
                "format": "pdf",
                "source": {"bytes": "JVBERi0="},
                "name": named,
                "context": "old",
                "citations": {"enabled": True},
            }
        },
        {"document": {"format": "pdf", "source": {"bytes": "UGVuZ3VpbnMu"}, "name": f"{named}-2"}},
        {"document": {"format": "txt", "source": {"bytes": "TW9yZS4="}, "name": "document"}},
        {"audio": {"format": "wav", "source": {"bytes": "UklG"}}},
        {"video": {"format": "mp4", "source": {"bytes": "AAAA"}}},
    ]
    lost = ["parts[0].detail", "parts[2]", "parts[3]", "parts[9]", "parts[10]"]
    assert draft.losses == [f"messages[0].{path}" for path in lost]


@pytest.mark.parametrize("arguments", ["", "not json", "[1]", "null", '{"a":'])
def test_arguments_that_are_no_object_are_kept_and_told(arguments: str) -> None:
    draft = encode(HELLO, Message("assistant", (ToolCall("c", "weather", arguments),)), tools=(WEATHER,))
    assert draft.fields["messages"][1]["content"][0]["toolUse"]["input"] == {"_raw": arguments}  # type: ignore[index]
    assert draft.losses == ["messages[1].parts[0].arguments"]


CHOICES = {
    "unsaid": (None, None, []),
    "auto": (ToolChoice("auto"), {"auto": {}}, []),
    "required": (ToolChoice("required"), {"any": {}}, []),
    "named": (ToolChoice("named", ("weather",)), {"tool": {"name": "weather"}}, []),
    "none": (ToolChoice("none"), None, ["tool_choice"]),
}


@pytest.mark.parametrize(("choice", "written", "losses"), CHOICES.values(), ids=CHOICES.keys())
def test_tool_choice(choice: ToolChoice | None, written: object, losses: list[str]) -> None:
    draft = encode(HELLO, CALL, tools=(WEATHER,), tool_choice=choice)
    spec = {
        "name": "weather",
        "inputSchema": {"json": {"type": "object"}},
        "description": "The weather.",
        "strict": True,
    }
    config = draft.fields["toolConfig"]
    assert isinstance(config, dict)
    assert config["tools"] == [{"toolSpec": spec}, {"cachePoint": {"type": "default"}}]
    assert (config.get("toolChoice"), draft.losses) == (written, losses)


def test_no_tools_are_named_where_none_may_be_called() -> None:
    draft = encode(tools=(WEATHER,), tool_choice=ToolChoice("none"))
    assert "toolConfig" not in draft.fields and draft.losses == []


def test_a_choice_among_some_tools_tells_of_no_others() -> None:
    draft = encode(
        tools=(WEATHER, Tool("now"), Native("gemini", "googleSearch", {})),
        tool_choice=ToolChoice("required", ("now",)),
        parallel_tool_calls=False,
    )
    assert [tool["toolSpec"]["name"] for tool in draft.fields["toolConfig"]["tools"]] == ["now"]  # type: ignore[index]
    assert draft.losses == ["tools[2]", "parallel_tool_calls"]


SAMPLING = Sampling(4_000, 0.5, 0.99, 40, ("x",))
FAMILIES = {
    "claude": (CLAUDE, {"top_k": 40, "thinking": {"type": "disabled"}}, Thinking(effort="none"), []),
    "claude thinks": (
        CLAUDE,
        {"thinking": {"type": "enabled", "budget_tokens": 3_999}},
        Thinking(effort="medium"),
        ["temperature", "top_k"],
    ),
    "claude as it likes": (
        CLAUDE,
        {"thinking": {"type": "adaptive"}},
        Thinking(budget_tokens=-1),
        ["temperature", "top_k"],
    ),
    "nova": ("us.amazon.nova-pro-v1:0", {"inferenceConfig": {"topK": 40}}, Thinking(effort="low"), ["thinking"]),
    "nova 2": (
        "us.amazon.nova-2-lite-v1:0",
        {
            "inferenceConfig": {"topK": 40},
            "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"},
        },
        Thinking(effort="xhigh"),
        [],
    ),
    "gpt": ("openai.gpt-oss-120b-1:0", {"reasoning_effort": "medium"}, Thinking(budget_tokens=5_000), ["top_k"]),
    "unknown": ("meta.llama3-3-70b-instruct-v1:0", None, Thinking(effort="low"), ["thinking", "top_k"]),
}


@pytest.mark.parametrize(("model", "own", "thinking", "losses"), FAMILIES.values(), ids=FAMILIES.keys())
def test_fields_of_a_family(model: str, own: object, thinking: Thinking, losses: list[str]) -> None:
    draft = encode(model=model, sampling=SAMPLING, thinking=thinking)
    assert (draft.fields.get("additionalModelRequestFields"), draft.losses) == (own, losses)
    assert ("additionalModelResponseFieldPaths" in draft.fields) == (model == CLAUDE)


def test_no_room_to_think() -> None:
    draft = encode(sampling=Sampling(500), thinking=Thinking(effort="high", summary="auto", shows=False))
    assert "additionalModelRequestFields" not in draft.fields
    assert draft.losses == ["thinking.shows", "thinking.summary", "thinking"]


def test_forced_calls_and_thinking_exclude_one_another() -> None:
    draft = encode(tools=(Tool("now"),), tool_choice=ToolChoice("required"), thinking=Thinking(effort="low"))
    assert "toolChoice" not in draft.fields["toolConfig"]  # type: ignore[operator]
    assert draft.losses == ["tool_choice"]


def test_everything_else() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    draft = encode(
        sampling=Sampling(temperature=1.5, choices=3, seed=1, logprobs=True, logit_bias={"1": 1.0}),
        answer_format=AnswerFormat(schema, "thing", "A thing."),
        service_tier="flex",
        metadata={"ticket": "7", "many": [1]},
        user="ann",
        verbosity="low",
        cache_key="k",
        extra={"prediction": {}},
        extra_dialect="openai_chat",
    )
    written = draft.fields["outputConfig"]["textFormat"]["structure"]["jsonSchema"]  # type: ignore[index]
    assert json.loads(written.pop("schema")) == schema
    assert written == {"name": "thing", "description": "A thing."}
    assert draft.fields["inferenceConfig"] == {"temperature": 1}
    assert draft.fields["serviceTier"] == {"type": "flex"}
    assert draft.fields["requestMetadata"] == {"ticket": "7"}
    assert draft.losses == [
        "temperature",
        "n",
        "seed",
        "logit_bias",
        "logprobs",
        "metadata.many",
        "verbosity",
        "user",
        "prompt_cache_key",
        "prediction",
    ]
    others = encode(answer_format=AnswerFormat(), service_tier="scale")
    assert others.losses == ["response_format", "service_tier"]
    assert encode(service_tier="auto").losses == []
