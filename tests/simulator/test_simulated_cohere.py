"""The official Cohere SDK against the simulator: chat, plain and streamed, and everything it carries."""

import json
from collections.abc import Iterator
from typing import Any

import cohere
import pytest

from pointsman.simulator.tokens import count_tokens
from simulator.running_simulator import DEADLINE_S, Simulation

PROMPT: list[Any] = [{"role": "user", "content": "How do I plan a trip from Paris to Lyon?"}]


def tool(name: str, **properties: object) -> Any:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


TOOLS = [tool("get_weather", city={"type": "string"}), tool("get_stock_price", ticker={"type": "string"})]


@pytest.fixture
def command(simulator_url: str) -> Iterator[cohere.ClientV2]:
    with cohere.ClientV2(api_key="none", base_url=simulator_url, timeout=DEADLINE_S) as client:
        yield client


def ask(command: cohere.ClientV2, simulation: Simulation, messages: Any = PROMPT, **fields: Any) -> Any:
    """The plain answer, once the streamed one has been found to say the same."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    plain = command.chat(model=simulation.model, messages=messages, **fields)
    events: list[Any] = list(command.chat_stream(model=simulation.model, messages=messages, **fields))
    assert (events[0].type, events[-1].type) == ("message-start", "message-end")
    assert read_events(events) == read_message(plain.message)
    assert events[-1].delta.finish_reason == plain.finish_reason
    assert events[-1].delta.usage == plain.usage
    return plain


def read_message(message: Any) -> dict[str, str]:
    told = {part.type: getattr(part, part.type) for part in message.content or []}
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or []]
    return {**told, "plan": message.tool_plan or "", "calls": json.dumps(calls)}


def read_events(events: list[Any]) -> dict[str, str]:
    told: dict[str, str] = {}
    calls: list[list[str]] = []
    plan, opened = "", []
    for event in events:
        match event.type:
            case "content-start":
                opened.append(event.index)
                told[event.delta.message.content.type] = ""
            case "content-delta":
                for kind in told:
                    told[kind] += getattr(event.delta.message.content, kind) or ""
            case "tool-plan-delta":
                plan += event.delta.message.tool_plan
            case "tool-call-start":
                call = event.delta.message.tool_calls
                calls.append([call.id, call.function.name, call.function.arguments])
            case "tool-call-delta":
                calls[event.index][2] += event.delta.message.tool_calls.function.arguments
    assert opened == list(range(len(opened)))
    return {**told, "plan": plan, "calls": json.dumps(calls)}


def test_an_answer(command: cohere.ClientV2, simulation: Simulation) -> None:
    answer = ask(command, simulation, temperature=0.3, seed=5, k=10, p=0.9, safety_mode="STRICT")
    text = answer.message.content[0].text
    assert "Lyon" in text
    assert answer.finish_reason == "COMPLETE"
    assert answer.usage.tokens.output_tokens == count_tokens(text)
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["path"], call["stream"], call["prompt_tokens"]) == ("/v2/chat", True, answer.usage.tokens.input_tokens)
    assert call["completion_tokens"] == answer.usage.tokens.output_tokens


def test_parallel_calls_and_their_results(command: cohere.ClientV2, simulation: Simulation) -> None:
    asked = "Weather in Lyon and the stock price, please"
    answer = ask(command, simulation, asked, tools=TOOLS, strict_tools=True)
    assert answer.finish_reason == "TOOL_CALL"
    assert [call.function.name for call in answer.message.tool_calls] == ["get_weather", "get_stock_price"]
    assert all(json.loads(call.function.arguments) for call in answer.message.tool_calls)
    results = [
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": [{"type": "document", "document": {"data": {"sky": "blue"}}}],
        }
        for call in answer.message.tool_calls
    ]
    told = ask(command, simulation, [{"role": "user", "content": asked}, answer.message, *results], tools=TOOLS)
    assert "blue" in told.message.content[0].text


def test_whether_tools_are_called(command: cohere.ClientV2, simulation: Simulation) -> None:
    assert ask(command, simulation, "The weather?", tools=TOOLS, tool_choice="NONE").message.tool_calls is None
    assert len(ask(command, simulation, "Hello", tools=TOOLS, tool_choice="REQUIRED").message.tool_calls) == 1


def test_thoughts(command: cohere.ClientV2, simulation: Simulation) -> None:
    answer = ask(command, simulation, thinking={"type": "enabled", "token_budget": 400})
    assert [part.type for part in answer.message.content] == ["thinking", "text"]
    said = count_tokens(answer.message.content[1].text)
    call = simulation.await_call(lambda call: call["ended"])
    assert answer.usage.tokens.output_tokens == call["completion_tokens"] == call["reasoning_tokens"] + said
    assert ask(command, simulation, [*PROMPT, answer.message, *PROMPT]).message.content


@pytest.mark.parametrize("name", ["json_schema", "schema"])
def test_structured_answers(simulation: Simulation, command: cohere.ClientV2, name: str) -> None:
    schema = {"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"]}
    answer = ask(command, simulation, response_format={"type": "json_object", name: schema})
    assert answer.message.content[0].text == '{"n":7}'


def test_limits_stops_and_log_probabilities(command: cohere.ClientV2, simulation: Simulation) -> None:
    answer = ask(command, simulation, max_tokens=4, logprobs=True)
    assert (answer.finish_reason, answer.usage.tokens.output_tokens) == ("MAX_TOKENS", 4)
    assert "".join(item.text for item in answer.logprobs) == answer.message.content[0].text
    assert ask(command, simulation, "Weather of Lyon", tools=TOOLS, max_tokens=6).finish_reason == "MAX_TOKENS"
    answer = ask(command, simulation, "Reply with exactly: one two three", stop_sequences=["two"])
    assert (answer.message.content[0].text, answer.finish_reason) == ("one ", "STOP_SEQUENCE")


def test_documents_are_cited(command: cohere.ClientV2, simulation: Simulation) -> None:
    documents: Any = [{"id": "guide", "data": {"text": "Trains run hourly."}}, "Lyon is in France."]
    answer = ask(command, simulation, documents=documents)
    cited = answer.message.citations[0]
    assert cited.text == answer.message.content[0].text[cited.start : cited.end]
    assert cited.sources[0].id == "guide"
    options: Any = {"mode": "OFF"}
    assert ask(command, simulation, documents=documents, citation_options=options).message.citations is None


def test_refusals_and_images(command: cohere.ClientV2, simulation: Simulation) -> None:
    answer = ask(command, simulation, "Please refuse this")
    assert "can't help" in answer.message.content[0].text
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
    shown: Any = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]}]
    assert ask(command, simulation, shown).usage.tokens.input_tokens > 85


def test_a_model_that_does_not_exist(command: cohere.ClientV2) -> None:
    with pytest.raises(cohere.NotFoundError) as caught:
        command.chat(model="command-none", messages=PROMPT)
    assert set(caught.value.body) == {"id", "message"}
