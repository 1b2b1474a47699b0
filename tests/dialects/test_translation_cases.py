"""Single cases of translation in which something once got lost, was invented, or was refused by the provider."""

import json

import msgspec
import pytest

from dialects.strict_reader import ask_simulator
from pointsman.core.chat.answer import ChatEvent, Ended, ReasoningDelta, Started, TextDelta, ToolDelta, ToolStarted
from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
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
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.growing_arguments import GrowingArguments
from pointsman.core.dialects.table import DIALECTS

MODEL = "simulated-large"
USER = Message("user", (Text("Hello."),))
CALL = ToolCall("call_1", "f", "{}")
CALLING = Message("assistant", (CALL,))
RESULT = Message("tool", (ToolResult("call_1", (Text("r"),)),))
TOOLS = (Tool("f"),)


def encode(dialect: str, *messages: Message, model: str = MODEL, **members: object) -> Draft:
    """Encode a conversation; what comes out is accepted by the strict reader of the format."""
    provider = DIALECTS[dialect].provider
    assert provider is not None
    draft = provider.encode_request(Conversation(messages, **members), False, Target(model))  # type: ignore[arg-type]
    ask_simulator(dialect, draft.fields, model, False)
    return draft


@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse", "gemini"])
def test_a_conversation_that_the_model_begins(dialect: str) -> None:
    draft = encode(dialect, CALLING, RESULT, tools=TOOLS)
    assert draft.losses == ["messages[0].role"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_conversation_of_nothing_but_instructions(dialect: str) -> None:
    draft = encode(dialect, Message("system", (Text("Be kind."),)))
    assert "Be kind." in msgspec.json.encode(draft.fields).decode()


@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse"])
def test_a_blank_last_message_does_not_make_the_one_before_a_beginning(dialect: str) -> None:
    draft = encode(dialect, USER, Message("assistant", (Text("Yes? "),)), Message("user", (Text(" "),)))
    messages = draft.fields["messages"]
    assert isinstance(messages, list) and messages[-1]["role"] == "user"
    assert draft.losses == ["messages[2].parts"]


def test_calls_after_words_of_the_same_turn_stand_in_one_content() -> None:
    draft = encode("gemini", USER, Message("assistant", (Text("Let me see."),)), CALLING, RESULT, tools=TOOLS)
    assert [content["role"] for content in draft.fields["contents"]] == ["user", "model", "user"]  # type: ignore[attr-defined]


def test_a_budget_to_think_needs_a_thought_before_open_calls() -> None:
    draft = encode("anthropic_messages", USER, CALLING, RESULT, tools=TOOLS, thinking=Thinking(budget_tokens=2_000))
    assert "thinking" not in draft.fields and draft.losses == ["thinking"]
    signed = Message("assistant", (Reasoning("Hm.", "s", "anthropic_messages"), CALL))
    provider = DIALECTS["anthropic_messages"].provider
    assert provider is not None
    conversation = Conversation((USER, signed, RESULT), tools=TOOLS, thinking=Thinking(budget_tokens=2_000))
    assert "thinking" in provider.encode_request(conversation, False, Target(MODEL)).fields
    with_effort = encode("anthropic_messages", USER, CALLING, RESULT, tools=TOOLS, thinking=Thinking("high"))
    assert with_effort.fields["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_choice_among_tools_that_got_lost(dialect: str) -> None:
    native = Native("other", "search", {})
    draft = encode(dialect, USER, tools=(native,), tool_choice=ToolChoice("required"))
    assert sorted(draft.losses) == ["tool_choice", "tools[0]"]
    assert encode(dialect, USER, tools=(native,), tool_choice=ToolChoice("auto")).losses == ["tools[0]"]


def test_cohere_takes_no_form_for_the_answer_beside_tools() -> None:
    draft = encode("cohere", USER, tools=TOOLS, answer_format=AnswerFormat())
    assert "response_format" not in draft.fields and draft.losses == ["response_format"]


def test_cohere_takes_no_message_of_the_assistant_without_a_word() -> None:
    draft = encode("cohere", USER, Message("assistant", (Text(""),)), USER)
    assert [message["role"] for message in draft.fields["messages"]] == ["user", "user"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("dialect", "sampling", "losses"),
    [
        ("openai_responses", Sampling(max_output_tokens=5), ["max_tokens"]),
        ("gemini", Sampling(presence_penalty=2, frequency_penalty=2.0, choices=9), None),
        ("gemini", Sampling(top_k=0), []),
        ("gemini", Sampling(stop=("a", "b", "c", "d", "e", "f")), ["stop"]),
        ("gemini", Sampling(top_logprobs=3), ["top_logprobs"]),
        ("gemini", Sampling(logit_bias={}), []),
        ("openai_chat", Sampling(top_logprobs=3), ["top_logprobs"]),
        ("openai_chat", Sampling(stop=("a", "b", "c", "d", "e")), ["stop"]),
    ],
)
def test_values_beyond_what_the_provider_takes(dialect: str, sampling: Sampling, losses: list[str] | None) -> None:
    told = ["n", "presence_penalty", "frequency_penalty"] if losses is None else losses
    assert encode(dialect, USER, sampling=sampling).losses == told


def test_marks_beyond_what_anthropic_takes() -> None:
    marked = Message("user", tuple([Text(str(number), "1h" if number == 5 else "5m") for number in range(6)]))
    draft = encode("anthropic_messages", marked)
    content = draft.fields["messages"][0]["content"]  # type: ignore[index]
    short = {"type": "ephemeral"}
    assert [block.get("cache_control") for block in content] == [None, None, short, short, short, short]
    assert draft.losses == ["cache_control"]


def test_marks_of_the_callers_own_tools_stay_with_the_caller() -> None:
    mark: JsonObject = {"type": "ephemeral", "ttl": "1h"}
    tools = [Native("anthropic_messages", "web_search_20250305", _search(number, mark)) for number in range(5)]
    draft = encode("anthropic_messages", USER, tools=tuple(tools))
    written = draft.fields["tools"]
    assert isinstance(written, list) and "cache_control" not in written[0]
    assert all(tool.value["cache_control"] == mark for tool in tools)  # type: ignore[index]


def _search(number: int, mark: JsonObject) -> JsonObject:
    return {"type": "web_search_20250305", "name": f"search_{number}", "cache_control": mark}


def test_ids_that_are_too_long_for_openai() -> None:
    call = ToolCall("x" * 70, "f", "{}")
    result = Message("tool", (ToolResult(call.id, (Text("r"),)),))
    draft = encode("openai_responses", USER, Message("assistant", (call,)), result, tools=TOOLS)
    ids = [item["call_id"] for item in draft.fields["input"] if "call_id" in item]  # type: ignore[attr-defined]
    assert len(set(ids)) == 1 and len(ids) == 2 and len(ids[0]) == 64


def test_documents_that_are_words_of_another_type() -> None:
    document = Media("document", "application/json", text='{"a":1}')
    message = Message("user", (document, Text("Read it.")))
    part = encode("gemini", message).fields["contents"][0]["parts"][0]  # type: ignore[index]
    assert part["inlineData"]["mimeType"] == "text/plain"
    item = encode("openai_responses", message).fields["input"][0]["content"][0]  # type: ignore[index]
    assert item["filename"] == "document.json"


def test_tiers_have_one_name_in_the_hub() -> None:
    body = b'{"contents":[{"parts":[{"text":"a"}]}],"serviceTier":"standard"}'
    gemini = DIALECTS["gemini"]
    assert gemini.client is not None
    conversation = gemini.client.read_request(decode_generate(body, "m", False))
    assert conversation.service_tier == "default"
    assert encode("gemini", USER, service_tier="default").fields["serviceTier"] == "standard"


def test_whole_numbers_of_a_bias_stay_whole() -> None:
    chat = DIALECTS["openai_chat"].client
    assert chat is not None
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}], "logit_bias": {"7": -100}})
    conversation = chat.read_request(chat.decode_request(body.encode()))
    assert msgspec.json.encode(conversation.sampling.logit_bias) == b'{"7":-100}'


@pytest.mark.parametrize("created", [2**70, 1e300, -1, 253_402_300_800])
def test_a_moment_that_no_calendar_has(created: float) -> None:
    provider, gemini = DIALECTS["openai_chat"].provider, DIALECTS["gemini"].client
    assert provider is not None and gemini is not None
    body = {"created": created, "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    answer = provider.read_response(msgspec.json.encode(body))
    assert answer.created_s == 0
    asking = Asking(ChatRequest("m", False, True, b"{}", {}, "gemini"), "req-1", 1)
    assert b"createTime" not in gemini.write_response(answer, asking)


def test_an_empty_list_where_a_call_should_be() -> None:
    provider = DIALECTS["cohere"].provider
    assert provider is not None
    event = b'data: {"type":"tool-call-start","delta":{"message":{"tool_calls":[]}}}\n\n'
    assert provider.read_stream().feed(event) == []
    with pytest.raises(UpstreamFailure):
        provider.read_response(b'{"message":{"content":[[]]}}')


@pytest.mark.parametrize("client", ["anthropic_messages", "gemini"])
def test_calls_are_told_once_they_are_whole(client: str) -> None:
    side = DIALECTS[client].client
    assert side is not None
    writer = side.write_stream(Asking(ChatRequest("m", True, True, b"{}", {}, client), "req-1", 1))
    events: list[ChatEvent] = [Started("a", "m")]
    events += [ToolStarted(0, "c", "f"), ToolDelta(0, '{"a":'), TextDelta("b"), ToolDelta(0, '"cd"}')]
    written = writer.write([*events, ReasoningDelta("e"), TextDelta("f")])
    assert b"cd" in written
    assert written + writer.write([Ended()])


def test_asking_whether_arguments_are_whole_reads_them_twice_at_the_most() -> None:
    arguments = GrowingArguments()
    assert not arguments.are_whole()
    arguments.add('{"a":')
    assert not arguments.are_whole()
    arguments.add("1}")
    assert not arguments.are_whole(), "a no holds until there is twice as much"
    arguments.add("   ")
    assert arguments.are_whole() and arguments.join() == '{"a":1}   '
