"""The official OpenAI SDK against the simulated Responses API: plain and streamed, thoughts, state, strictness."""

import json
from typing import Any

import pytest
from openai import APIError, APIStatusError, BadRequestError, NotFoundError, OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from pointsman.simulator.tokens import count_tokens
from simulator.running_simulator import Simulation

PROMPT = "How do I plan a trip from Paris to Lyon?"
EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}
OPEN = {"type": "object"}
HIDDEN: Any = {"store": False, "include": ["reasoning.encrypted_content"]}


def tool(name: str, **properties: object) -> Any:
    closed = {"required": list(properties), "additionalProperties": False}
    parameters = {"type": "object", "properties": properties, **closed}
    return {"type": "function", "name": name, "description": name, "parameters": parameters, "strict": True}


WEATHER = tool("get_weather", city={"type": "string"}, unit={"enum": ["C", "F"]})
STOCKS = tool("get_stock_price", ticker={"type": "string"})


def strip_ids(output: list[Any]) -> list[Any]:
    """Ids and hidden thoughts differ from response to response in nothing but the ids."""
    return [{name: value for name, value in item.to_dict().items() if name != "id"} for item in output]


def ask(client: OpenAI, simulation: Simulation, prompt: Any = PROMPT, **fields: Any) -> Response:
    asked: Any = {"model": simulation.model, "input": prompt, **fields}
    plain = client.responses.create(**asked)
    Response.model_validate_json(plain.to_json(), strict=True)
    *_, last = client.responses.create(**asked, stream=True)
    assert last.type == f"response.{plain.status}"
    streamed: Response = last.response
    assert strip_ids(streamed.output) == strip_ids(plain.output)
    assert (streamed.status, streamed.usage) == (plain.status, plain.usage)
    return plain


def test_a_response(client: OpenAI, simulation: Simulation) -> None:
    response = ask(client, simulation, instructions="Be kind.", metadata={"a": "b"}, temperature=0.5)
    assert response.id.startswith("resp_")
    assert (response.status, response.instructions, response.metadata) == ("completed", "Be kind.", {"a": "b"})
    assert (response.temperature, response.top_p, response.model) == (0.5, 1.0, simulation.model)
    assert response.usage is not None
    assert response.usage.output_tokens == count_tokens(response.output_text)
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["path"], call["prompt_tokens"]) == ("/v1/responses", response.usage.input_tokens)


def test_the_same_conversation_gets_the_same_answer_as_in_chat(client: OpenAI, simulation: Simulation) -> None:
    messages: list[Any] = [{"role": "user", "content": PROMPT}]
    chat = client.chat.completions.create(model=simulation.model, messages=messages)
    response = ask(client, simulation)
    assert response.output_text == chat.choices[0].message.content
    assert response.usage is not None
    assert chat.usage is not None
    assert response.usage.total_tokens == chat.usage.total_tokens


def read_events(simulation: Simulation, **fields: object) -> list[Any]:
    """The events on the wire, each checked strictly; the name on the `event:` line is that of the data."""
    body = json.dumps({"model": simulation.model, "input": PROMPT, "stream": True, **fields}).encode()
    head = "POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
    with simulation.connect() as connection:
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        received = b""
        while data := connection.recv(65_536):
            received += data
    lines = [line for line in received.split(b"\n") if line.startswith((b"event: ", b"data: "))]
    events = []
    for name, data in zip(lines[::2], lines[1::2], strict=True):
        event = json.loads(data.removeprefix(b"data: "))
        assert name.decode() == f"event: {event['type']}"
        events.append(EVENTS.validate_python(event))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    return events


def test_the_helper_of_the_sdk_puts_a_stream_together(client: OpenAI, simulation: Simulation) -> None:
    plain = client.responses.create(model=simulation.model, input=PROMPT)
    with client.responses.stream(model=simulation.model, input=PROMPT) as stream:
        assert "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert stream.get_final_response().output_text == plain.output_text


def test_the_events_of_a_stream(simulation: Simulation) -> None:
    simulation.behave(reply="Two words")
    kinds = [event.type.removeprefix("response.") for event in read_events(simulation)]
    assert kinds == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip


def test_the_events_of_thoughts_and_calls(simulation: Simulation) -> None:
    asked = {"input": "The weather and the stock", "tools": [WEATHER, STOCKS]}
    reasoning = {"effort": "low", "summary": "auto"}
    events = read_events(simulation, **asked, reasoning=reasoning)
    items = [event.item.type for event in events if event.type == "response.output_item.done"]
    assert items == ["reasoning", "function_call", "function_call"]
    thought = "".join(event.delta for event in events if event.type == "response.reasoning_summary_text.delta")
    [whole] = [event.text for event in events if event.type == "response.reasoning_summary_text.done"]
    assert thought == whole != ""
    for call in events[-1].response.output[1:]:
        deltas = [event for event in events if event.type == "response.function_call_arguments.delta"]
        assert "".join(event.delta for event in deltas if event.item_id == call.id) == call.arguments


def test_the_token_limit(client: OpenAI, simulation: Simulation) -> None:
    response = ask(client, simulation, max_output_tokens=16)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert count_tokens(response.output_text) == 16


@pytest.mark.parametrize(
    ("prompt", "fields", "called"),
    [
        ("The weather in Lyon and the stock of ACME, please", {}, ["get_weather", "get_stock_price"]),
        ("The weather and the stock", {"parallel_tool_calls": False}, ["get_weather"]),
        ("Tell me a story", {"tool_choice": "required"}, ["get_weather"]),
        ("Tell me a story", {"tool_choice": {"type": "function", "name": "get_stock_price"}}, ["get_stock_price"]),
        ("What is the weather?", {"tool_choice": "none"}, []),
        (
            "The weather and the stock",
            {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"name": "get_stock_price"}]}},
            ["get_stock_price"],
        ),
    ],
)  # fmt: skip
def test_tools(client: OpenAI, simulation: Simulation, prompt: str, fields: Any, called: list[str]) -> None:
    response = ask(client, simulation, prompt, tools=[WEATHER, STOCKS, {"type": "web_search"}], **fields)
    calls = [item for item in response.output if item.type == "function_call"]
    assert [call.name for call in calls] == called
    assert all(json.loads(call.arguments) for call in calls)


def test_thoughts_come_sealed_and_must_come_back_unaltered(client: OpenAI, simulation: Simulation) -> None:
    asked: Any = {"tools": [WEATHER], "reasoning": {"effort": "low", "summary": "auto"}, **HIDDEN}
    called = ask(client, simulation, "What is the weather in Lyon?", **asked)
    thought, call = (item.to_dict() for item in called.output)
    assert called.usage is not None
    assert called.usage.output_tokens_details.reasoning_tokens == count_tokens(str(thought["summary"][0]["text"]))
    question: Any = {"role": "user", "content": "What is the weather in Lyon?"}
    result: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "17 degrees"}
    assert "17 degrees" in ask(client, simulation, [question, thought, call, result], **asked).output_text
    bare = {**thought, "summary": []}
    assert "17 degrees" in ask(client, simulation, [question, bare, call, result], **asked).output_text
    for altered in ({"encrypted_content": "AAAA"}, {"summary": [{"type": "summary_text", "text": "No."}]}):
        with pytest.raises(BadRequestError):
            ask(client, simulation, [question, {**thought, **altered}, call, result], **asked)
    with pytest.raises(NotFoundError, match="not persisted"):
        ask(client, simulation, [question, {**thought, "encrypted_content": None}, call, result], **asked)
    with pytest.raises(BadRequestError, match="required following item"):
        ask(client, simulation, [question, thought], **asked)


def test_stored_responses_go_on(client: OpenAI, simulation: Simulation) -> None:
    first = client.responses.create(model=simulation.model, input=PROMPT, reasoning={"effort": "low"})
    assert first.usage is not None
    second = ask(client, simulation, "And back?", previous_response_id=first.id)
    assert second.usage is not None
    assert second.usage.input_tokens > first.usage.input_tokens + count_tokens(first.output_text)
    reference: Any = {"type": "item_reference", "id": first.output[-1].id}
    ask(client, simulation, [{"role": "user", "content": PROMPT}, reference, {"role": "user", "content": "So?"}])
    with pytest.raises(APIStatusError, match="not found"):
        ask(client, simulation, "Go on", previous_response_id="resp_0")
    with pytest.raises(NotFoundError, match="not found"):
        ask(client, simulation, [{"type": "item_reference", "id": "msg_0"}])


def test_structured_output(client: OpenAI, simulation: Simulation) -> None:
    schema = {"type": "object", "properties": {"nights": {"type": "integer", "minimum": 1, "maximum": 9}}}
    form = {"format": {"type": "json_schema", "name": "trip", "schema": schema}}
    assert json.loads(ask(client, simulation, text=form).output_text)["nights"] in range(1, 10)


def test_a_refusal_and_logprobs(client: OpenAI, simulation: Simulation) -> None:
    [refused] = ask(client, simulation, "Please refuse to plan this").output
    assert refused.type == "message"
    assert refused.content[0].type == "refusal"
    [rated] = ask(client, simulation, include=["message.output_text.logprobs"], top_logprobs=2).output
    assert rated.type == "message"
    assert rated.content[0].type == "output_text"
    assert "".join(entry.token for entry in rated.content[0].logprobs or []) == rated.content[0].text


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"max_tokens": 5}, "max_tokens"),
        ({"max_output_tokens": 5}, "max_output_tokens"),
        ({"input": [{"role": "user", "content": [{"type": "text"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "assistant", "content": [{"type": "input_text"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": "a", "name": "b"}]}, "input[0].name"),
        ({"input": [{"role": "tool", "content": "a"}]}, "input[0].role"),
        ({"input": [{**CALL, "id": "call_1"}]}, "input[0].id"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "1"}]}, "input"),
        ({"input": [CALL]}, "input"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "name": "f", "strict": True, "parameters": OPEN}]}, "tools[0].parameters"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "tool_choice"),
        ({"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "text.format.json_schema"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
        ({"stream_options": {"include_usage": True}, "stream": True}, "stream_options.include_usage"),
        ({"background": True}, "background"),
        ({"input": ""}, "input"),
    ],
)  # fmt: skip
def test_the_field_at_fault_is_named(client: OpenAI, simulation: Simulation, fields: Any, param: str) -> None:
    body = {"model": simulation.model, "input": PROMPT, **fields}
    with pytest.raises(BadRequestError) as refused:
        client.post("/responses", body=body, cast_to=object)
    assert refused.value.param == param


def test_an_error_inside_a_stream(client: OpenAI, simulation: Simulation) -> None:
    simulation.behave(fault="error_event_after_content")
    deltas = 0
    with pytest.raises(APIError, match="had an error"):
        for event in client.responses.create(model=simulation.model, input=PROMPT, stream=True):
            deltas += event.type == "response.output_text.delta"
            if event.type == "error":
                raise APIError(event.message, None, body=None)  # type: ignore[arg-type]
    assert deltas == 3
