"""The official Anthropic SDK against the simulator: messages, plain and streamed, and everything they carry."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import Anthropic, APIStatusError, BadRequestError, NotFoundError
from anthropic.types import Message

from pointsman.simulator.tokens import count_tokens
from simulator.running_simulator import DEADLINE_S, Simulation

PROMPT: list[Any] = [{"role": "user", "content": "How do I plan a trip from Paris to Lyon?"}]
ONE_AT_A_TIME = {"type": "auto", "disable_parallel_tool_use": True}
THINKING: Any = {"type": "enabled", "budget_tokens": 1024}


def tool(name: str, **properties: object) -> Any:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": name, "input_schema": schema}


WEATHER = tool("get_weather", city={"type": "string"}, unit={"enum": ["C", "F"]})
STOCKS = tool("get_stock_price", ticker={"type": "string"})


@pytest.fixture
def claude(simulator_url: str) -> Iterator[Anthropic]:
    with Anthropic(base_url=simulator_url, api_key="none", max_retries=0, timeout=DEADLINE_S) as client:
        yield client


def ask(claude: Anthropic, simulation: Simulation, prompt: Any = PROMPT, **fields: Any) -> Message:
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    asked: Any = {"model": simulation.model, "max_tokens": 2_000, "messages": messages, **fields}
    plain = claude.messages.create(**asked)
    Message.model_validate_json(plain.model_dump_json(), strict=True)
    with claude.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    assert [block.to_dict() for block in streamed.content] == [block.to_dict() for block in plain.content]
    assert (streamed.stop_reason, streamed.stop_sequence) == (plain.stop_reason, plain.stop_sequence)
    assert streamed.usage.output_tokens == plain.usage.output_tokens
    return plain


def read_text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_message(claude: Anthropic, simulation: Simulation) -> None:
    message = ask(claude, simulation)
    assert message.id.startswith("msg_")
    assert (message.type, message.role, message.model) == ("message", "assistant", simulation.model)
    assert "Lyon" in read_text(message)
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens == count_tokens(read_text(message))
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["path"], call["prompt_tokens"], call["stream"]) == ("/v1/messages", message.usage.input_tokens, True)


def test_the_same_conversation_gets_the_same_answer_as_in_chat(
    claude: Anthropic, client: Any, simulation: Simulation
) -> None:
    chat = client.chat.completions.create(model=simulation.model, messages=PROMPT)
    message = ask(claude, simulation)
    assert read_text(message) == chat.choices[0].message.content
    assert (message.usage.input_tokens, message.usage.output_tokens) == (
        chat.usage.prompt_tokens,
        chat.usage.completion_tokens,
    )


def test_the_events_of_a_stream(claude: Anthropic, simulation: Simulation) -> None:
    asked: Any = {"model": simulation.model, "max_tokens": 2, "messages": PROMPT, "stream": True}
    kinds = [event.type for event in claude.messages.create(**asked)]
    block = ["content_block_start", *["content_block_delta"] * 2, "content_block_stop"]
    assert kinds == ["message_start", *block, "message_delta", "message_stop"]


def test_limits_and_stop_sequences(claude: Anthropic, simulation: Simulation) -> None:
    assert ask(claude, simulation, max_tokens=5).stop_reason == "max_tokens"
    whole = read_text(ask(claude, simulation))
    stopped = ask(claude, simulation, stop_sequences=["\u2603", whole[40:44]])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", whole[40:44])
    assert read_text(stopped) == whole[: whole.index(whole[40:44])]


@pytest.mark.parametrize(
    ("prompt", "fields", "called"),
    [
        ("What is the weather in Lyon?", {}, ["get_weather"]),
        ("The weather in Lyon and the stock of ACME, please", {}, ["get_weather", "get_stock_price"]),
        ("The weather and the stock", {"tool_choice": ONE_AT_A_TIME}, ["get_weather"]),
        ("Tell me a story", {}, []),
        ("Tell me a story", {"tool_choice": {"type": "any"}}, ["get_weather"]),
        ("Tell me a story", {"tool_choice": {"type": "tool", "name": "get_stock_price"}}, ["get_stock_price"]),
        ("What is the weather?", {"tool_choice": {"type": "none"}}, []),
    ],
)  # fmt: skip
def test_tools(claude: Anthropic, simulation: Simulation, prompt: str, fields: Any, called: list[str]) -> None:
    message = ask(claude, simulation, prompt, tools=[WEATHER, STOCKS], **fields)
    uses = [block for block in message.content if block.type == "tool_use"]
    assert [use.name for use in uses] == called
    assert message.stop_reason == ("tool_use" if called else "end_turn")
    for use in uses:
        assert set(use.input) == ({"city", "unit"} if use.name == "get_weather" else {"ticker"})


def test_a_tool_result_is_answered_in_words(claude: Anthropic, simulation: Simulation) -> None:
    question: list[Any] = [{"role": "user", "content": "What is the weather in Lyon?"}]
    called = ask(claude, simulation, question, tools=[WEATHER])
    [use] = [block for block in called.content if block.type == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": use.id, "content": [{"type": "text", "text": "17 degrees"}]}
    messages = [
        *question,
        {"role": "assistant", "content": [block.to_dict() for block in called.content]},
        {"role": "user", "content": [result]},
    ]
    assert "17 degrees" in read_text(ask(claude, simulation, messages, tools=[WEATHER]))


def test_structured_output(claude: Anthropic, simulation: Simulation) -> None:
    schema: Any = {"type": "object", "properties": {"nights": {"type": "integer", "minimum": 1, "maximum": 9}}}
    form = {"format": {"type": "json_schema", "schema": schema}}
    with pytest.raises(BadRequestError, match="additionalProperties"):
        ask(claude, simulation, output_config=form)
    schema["additionalProperties"] = False
    assert json.loads(read_text(ask(claude, simulation, output_config=form)))["nights"] in range(1, 10)


def test_thoughts_come_signed_and_must_come_back_unaltered(claude: Anthropic, simulation: Simulation) -> None:
    thought = ask(claude, simulation, thinking=THINKING)
    first, second = thought.content
    assert (first.type, second.type) == ("thinking", "text")
    details = thought.usage.output_tokens_details
    assert details is not None
    assert details.thinking_tokens == count_tokens(first.thinking)
    again: Any = [{"role": "user", "content": "And back?"}]
    given_back: list[Any] = [block.to_dict() for block in thought.content]
    ask(claude, simulation, [*PROMPT, {"role": "assistant", "content": given_back}, *again], thinking=THINKING)
    for altered in ({"thinking": first.thinking + "."}, {"signature": first.signature[::-1]}, {"signature": "é"}):
        wrong = [{**given_back[0], **altered}, given_back[1]]
        with pytest.raises(BadRequestError, match="signature"):
            ask(claude, simulation, [*PROMPT, {"role": "assistant", "content": wrong}, *again])


def test_hidden_thoughts(claude: Anthropic, simulation: Simulation) -> None:
    prompt = "Please redact this plan for Lyon"
    hidden = ask(claude, simulation, prompt, thinking=THINKING)
    assert hidden.content[0].type == "redacted_thinking"
    messages = [
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": [hidden.content[0].to_dict(), {"type": "text", "text": "Yes."}]},
        {"role": "user", "content": "Go on"},
    ]
    ask(claude, simulation, messages, thinking=THINKING)
    messages[1]["content"] = [{"type": "redacted_thinking", "data": "AAAA"}, {"type": "text", "text": "Yes."}]
    with pytest.raises(BadRequestError, match=r"messages\.1\.content\.0\.data"):
        ask(claude, simulation, messages, thinking=THINKING)
    omitted = ask(claude, simulation, thinking={"type": "adaptive", "display": "omitted"})
    assert omitted.content[0].type == "thinking"
    assert omitted.content[0].thinking == ""
    assert omitted.usage.output_tokens > count_tokens(read_text(omitted))


def test_a_refusal(claude: Anthropic, simulation: Simulation) -> None:
    refused = ask(claude, simulation, "Please refuse to plan this")
    assert refused.stop_reason == "refusal"
    assert refused.stop_details is not None


def test_marked_prompts_are_written_and_then_read(claude: Anthropic, simulation: Simulation) -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    system = [{"type": "text", "text": "You plan trips through the south of France. " * 20, **hour}]
    asked: Any = {"model": simulation.model, "max_tokens": 9, "system": system, "tools": [WEATHER]}

    def count(text: str) -> tuple[int, int, int, int]:
        content = [{"type": "text", "text": text, **mark}, {"type": "text", "text": "Shortly."}]
        usage = claude.messages.create(**asked, messages=[{"role": "user", "content": content}]).usage
        assert usage.cache_creation is not None
        written = usage.cache_creation_input_tokens or 0
        kept_1h = usage.cache_creation.ephemeral_1h_input_tokens
        assert usage.cache_creation.ephemeral_5m_input_tokens + kept_1h == written
        return usage.input_tokens, written, usage.cache_read_input_tokens or 0, kept_1h

    first, again, other = count("Lyon for a week"), count("Lyon for a week"), count("Nice for two weeks")
    assert first[1] > first[3] > 100
    assert first[2] == 0
    assert again == (first[0], 0, first[1], 0)
    assert other[2] == first[3]
    assert 0 < other[1] < 20
    call = simulation.list_calls()[-1]
    assert (call["cache_read_tokens"], call["cache_write_tokens"]) == (other[2], other[1])
    assert call["prompt_tokens"] == sum(other[:3])


def test_tokens_are_counted_as_they_are_billed(claude: Anthropic, simulation: Simulation) -> None:
    asked: Any = {"model": simulation.model, "messages": PROMPT, "system": "Be kind.", "tools": [WEATHER]}
    counted = claude.messages.count_tokens(**asked).input_tokens
    assert counted == claude.messages.create(**asked, max_tokens=1).usage.input_tokens


def test_images_and_documents(claude: Anthropic, simulation: Simulation) -> None:
    content: list[Any] = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Lyon"}, "title": "a"},
        {"type": "text", "text": "What is this?"},
    ]
    assert ask(claude, simulation, [{"role": "user", "content": content}]).usage.input_tokens > 2 * 765 + 250
    content[0]["source"]["data"] = "not base64"
    with pytest.raises(BadRequestError, match=r"messages\.0\.content\.0\.source\.data"):
        ask(claude, simulation, [{"role": "user", "content": content}])


def test_models(claude: Anthropic) -> None:
    assert [model.id for model in claude.models.list()] == ["simulated-large", "simulated-small", "simulated-local"]
    assert [model.id for model in claude.models.list(limit=1)][-1] == "simulated-local"
    assert claude.models.retrieve("simulated-any").type == "model"
    with pytest.raises(NotFoundError) as missing:
        claude.models.retrieve("claude-unknown")
    assert missing.value.type == "not_found_error"


def test_a_prompt_larger_than_the_window(claude: Anthropic) -> None:
    messages: list[Any] = [{"role": "user", "content": "one two " * 17_000}]
    with pytest.raises(BadRequestError, match=r"prompt is too long: \d+ tokens > 32000 maximum"):
        claude.messages.create(model="simulated-local", max_tokens=9, messages=messages)


@pytest.mark.parametrize("fault", ["status_429", "status_529", "status_500"])
def test_errors_have_their_shape(claude: Anthropic, simulation: Simulation, fault: str) -> None:
    simulation.behave(fault=fault)
    with pytest.raises(APIStatusError) as refused:
        ask(claude, simulation)
    kinds = {"status_429": "rate_limit_error", "status_529": "overloaded_error", "status_500": "api_error"}
    assert refused.value.type == kinds[fault]
    assert refused.value.response.headers["request-id"] == simulation.list_calls()[-1]["id"]
