"""What an Anthropic request means in the hub."""

import json

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Message,
    Native,
    Reasoning,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.dialects.anthropic_messages.decode_request import decode_request
from pointsman.core.dialects.anthropic_messages.read_request import read_request
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.anthropic_messages.write_response import write_call_signature


def read(**members: object) -> Conversation:
    fields = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}], **members}
    return read_request(decode_request(json.dumps(fields).encode()))


def read_blocks(*blocks: object, role: str = "user") -> Message:
    return read(messages=[{"role": role, "content": list(blocks)}]).messages[0]


def test_a_system_prompt_is_the_first_message() -> None:
    conversation = read(system=[{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}])
    assert conversation.messages == (
        Message("system", (Text("Be kind.", cache="5m"),)),
        Message("user", (Text("hi"),)),
    )
    assert read(system="").messages == (Message("user", (Text("hi"),)),)


@pytest.mark.parametrize(
    ("members", "thinking"),
    [
        ({}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 2_000}}, Thinking(budget_tokens=2_000)),
        ({"thinking": {"type": "disabled"}}, Thinking(budget_tokens=0)),
        ({"thinking": {"type": "adaptive"}}, Thinking(budget_tokens=-1)),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, Thinking(budget_tokens=-1, shows=False)),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, Thinking("low")),
        ({"output_config": {"effort": "xhigh"}}, Thinking("xhigh")),
        ({"thinking": {"type": "between_tools"}}, None),
    ],
)
def test_how_long_to_think(members: dict[str, object], thinking: Thinking | None) -> None:
    assert read(**members).thinking == thinking


def test_what_only_anthropic_says_stays_by_its_path() -> None:
    conversation = read(
        output_config={"effort": "max", "task_budget": 5},
        thinking={"type": "between_tools"},
        service_tier="flexible",
        speed="fast",
        tools=[{"name": "a", "input_schema": {}, "defer_loading": True}],
        messages=[{"role": "user", "content": [{"type": "text", "text": "x", "citations": [{"type": "y"}]}]}],
    )
    assert conversation.extra_dialect == NAME
    assert conversation.extra == {
        "output_config.effort": "max",
        "output_config.task_budget": 5,
        "thinking": {"type": "between_tools"},
        "service_tier": "flexible",
        "speed": "fast",
        "tools[0].defer_loading": True,
        "messages[0].content[0].citations": [{"type": "y"}],
    }
    assert conversation.thinking == Thinking("xhigh")


def test_an_answer_sent_back_as_the_sdk_had_it_is_nothing_special() -> None:
    text = {"type": "text", "text": "x", "citations": None}
    call = {"type": "tool_use", "id": "t", "name": "a", "input": {}, "caller": {"type": "direct"}}
    conversation = read(messages=[{"role": "assistant", "content": [text, call]}])
    assert conversation.extra == {} and conversation.messages[0].parts == (Text("x"), ToolCall("t", "a", "{}"))


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ({"type": "auto"}, (ToolChoice("auto"), None)),
        ({"type": "any", "disable_parallel_tool_use": True}, (ToolChoice("required"), False)),
        ({"type": "tool", "name": "a", "disable_parallel_tool_use": False}, (ToolChoice("named", ("a",)), True)),
        ({"type": "none"}, (ToolChoice("none"), None)),
    ],
)
def test_tool_choices(choice: object, wanted: tuple[ToolChoice, bool | None]) -> None:
    conversation = read(tool_choice=choice)
    assert (conversation.tool_choice, conversation.parallel_tool_calls) == wanted


def test_tools_and_the_form_of_the_answer() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    schema: dict[str, object] = {"type": "object"}
    plain = {"name": "a", "description": "b", "input_schema": schema, "strict": True}
    form = {"type": "json_schema", "schema": schema}
    for members in ({"output_config": {"format": form}}, {"output_format": form}):
        conversation = read(tools=[plain, search], **members)
        assert conversation.tools == (Tool("a", "b", schema, True), Native(NAME, "web_search_20250305", search))
        assert conversation.answer_format == AnswerFormat(schema)


def test_own_words_stay_here_and_the_user_is_known() -> None:
    conversation = read(metadata={"user_id": "u", "agent": "clerk", "privacy": "high", "colour": "red"})
    assert (conversation.user, conversation.metadata) == ("u", {"colour": "red"})


def test_media() -> None:
    file = {"type": "file", "file_id": "f"}
    source = {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    mixed = {"type": "document", "source": {"type": "content", "content": [{"type": "image"}]}}
    message = read_blocks(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
        {"type": "image", "source": file, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}, "title": "t"},
        {"type": "document", "source": source, "citations": {"enabled": True}},
        {"type": "document", "source": file, "context": "c"},
        mixed,
        {"type": "hologram", "x": 1},
    )
    assert message.parts == (
        Media("image", media_type="image/png", data="iVBO"),
        Media("image", file_id="f", origin=NAME, cache="1h"),
        Media("document", media_type="text/plain", text="words", name="t"),
        Media("document", media_type="text/plain", text="a\nb", cites=True),
        Media("document", file_id="f", origin=NAME, context="c"),
        Native(NAME, "document", mixed),
        Native(NAME, "hologram", {"type": "hologram", "x": 1}),
    )


def test_thoughts_and_their_signatures() -> None:
    foreign = wrap_signature("sig", "gemini", NAME)
    message = read_blocks(
        {"type": "thinking", "thinking": "a", "signature": "own"},
        {"type": "thinking", "thinking": "b", "signature": foreign},
        {"type": "thinking", "thinking": "c", "signature": ""},
        {"type": "redacted_thinking", "data": "secret"},
        write_call_signature("call-sig", "gemini"),
        {"type": "tool_use", "id": "t", "name": "a", "input": {"x": [1, 2.5, None]}},
        role="assistant",
    )
    assert message.parts == (
        Reasoning("a", "own", NAME),
        Reasoning("b", "sig", "gemini"),
        Reasoning("c"),
        Reasoning(signature="secret", origin=NAME, is_hidden=True),
        ToolCall("t", "a", '{"x":[1,2.5,null]}', "call-sig", "gemini"),
    )


def test_results_of_tools() -> None:
    message = read_blocks(
        {"type": "tool_result", "tool_use_id": "a"},
        {"type": "tool_result", "tool_use_id": "b", "content": "done", "is_error": True},
        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "x"}]},
    )
    assert message.parts == (
        ToolResult("a", ()),
        ToolResult("b", (Text("done"),), is_error=True),
        ToolResult("c", (Text("x"),)),
    )


@pytest.mark.parametrize(
    ("block", "role", "path"),
    [
        (5, "user", "messages[0].content[0]"),
        ({"type": ["text"]}, "user", "messages[0].content[0].type"),
        ({"type": "text"}, "user", "messages[0].content[0].text"),
        ({"type": "text", "text": "x", "cache_control": 5}, "user", "messages[0].content[0].cache_control"),
        (
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": ["5m"]}},
            "user",
            "messages[0].content[0].cache_control.ttl",
        ),
        ({"type": "image"}, "user", "messages[0].content[0].source"),
        ({"type": "image", "source": {"type": 5}}, "user", "messages[0].content[0].source.type"),
        ({"type": "image", "source": {"type": "url"}}, "user", "messages[0].content[0].source.url"),
        ({"type": "document", "source": {"type": "text"}}, "user", "messages[0].content[0].source.data"),
        ({"type": "tool_use", "id": "t", "name": "a", "input": "{}"}, "assistant", "messages[0].content[0].input"),
        ({"type": "tool_use", "name": "a", "input": {}}, "assistant", "messages[0].content[0].id"),
        ({"type": "tool_use", "id": "t", "name": "a", "input": {}}, "user", "messages[0].content"),
        ({"type": "tool_result", "tool_use_id": "t"}, "assistant", "messages[0].content"),
        ({"type": "tool_result", "tool_use_id": 5}, "user", "messages[0].content[0].tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "t", "content": 5}, "user", "messages[0].content[0].content"),
        ({"type": "tool_result", "tool_use_id": "t", "is_error": "y"}, "user", "messages[0].content[0].is_error"),
        ({"type": "thinking", "thinking": None}, "assistant", "messages[0].content[0].thinking"),
        ({"type": "redacted_thinking"}, "assistant", "messages[0].content[0].data"),
    ],
)
def test_a_block_that_is_not_what_it_says_is_refused_with_its_path(block: object, role: str, path: str) -> None:
    with pytest.raises(ClientError) as caught:
        read_blocks(block, role=role)
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "invalid_messages", path)
