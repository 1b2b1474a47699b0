"""The official SDK against the simulator: every feature of a chat completion, plain and streamed."""

import json
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.chat import ChatCompletionChunk

from pointsman.simulator.tokens import count_tokens, split_tokens
from simulator.running_simulator import Simulation

PROMPT: list[Any] = [{"role": "user", "content": "How do I plan a trip from Paris to Lyon?"}]


def tool(name: str, **properties: object) -> Any:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


WEATHER = tool("get_weather", city={"type": "string"}, unit={"enum": ["C", "F"]})
STOCKS = tool("get_stock_price", ticker={"type": "string"}, days={"type": "integer", "minimum": 1})


def join(chunks: list[ChatCompletionChunk], index: int = 0) -> str:
    choices = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
    return "".join(choice.delta.content or "" for choice in choices)


def test_a_plain_completion(client: OpenAI, simulation: Simulation) -> None:
    raw = client.chat.completions.with_raw_response.create(model=simulation.model, messages=PROMPT)
    completion = raw.parse()
    [choice] = completion.choices
    assert completion.id.startswith("chatcmpl-")
    assert completion.object == "chat.completion"
    assert completion.model == simulation.model
    assert completion.system_fingerprint
    assert choice.finish_reason == "stop"
    assert "Lyon" in (choice.message.content or "")
    assert completion.usage is not None
    assert completion.usage.completion_tokens == count_tokens(choice.message.content or "")
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert raw.headers["x-request-id"] == simulation.list_calls()[-1]["id"]
    assert int(raw.headers["openai-processing-ms"]) >= 0


def test_a_reply_on_demand_is_said_word_for_word(client: OpenAI, simulation: Simulation) -> None:
    simulation.behave(reply='{"passed": true}')
    answer = client.chat.completions.create(model=simulation.model, messages=PROMPT, tools=[WEATHER])
    assert answer.choices[0].message.content == '{"passed": true}'
    assert answer.usage is not None and answer.usage.completion_tokens == count_tokens('{"passed": true}')


def test_a_stream_says_the_same_token_by_token(client: OpenAI, simulation: Simulation) -> None:
    plain = client.chat.completions.create(model=simulation.model, messages=PROMPT)
    chunks = list(client.chat.completions.create(model=simulation.model, messages=PROMPT, stream=True))
    content = plain.choices[0].message.content or ""
    assert join(chunks) == content
    assert [chunk.choices[0].delta.content for chunk in chunks[1:-1]] == split_tokens(content)
    assert (chunks[0].choices[0].delta.role, chunks[0].choices[0].delta.content) == ("assistant", "")
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert {chunk.usage for chunk in chunks} == {None}
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_usage_chunk_comes_only_when_asked_for(client: OpenAI, simulation: Simulation) -> None:
    asked: Any = {"include_usage": True}
    stream = client.chat.completions.create(model=simulation.model, messages=PROMPT, stream=True, stream_options=asked)
    *content, last = stream
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == len(content) - 2
    assert all(chunk.usage is None for chunk in content)


def test_the_bytes_of_a_stream(simulation: Simulation) -> None:
    received = simulation.read_raw(simulation.encode_request(stream=True, max_tokens=2))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-type: text/event-stream" in head
    assert body.count(b"data: {") == 4
    assert body.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert b'"usage"' not in body


def test_seeds_and_prompts_change_the_answer_and_nothing_else_does(client: OpenAI, simulation: Simulation) -> None:
    def ask(prompt: list[Any] = PROMPT, **fields: Any) -> str:
        completion = client.chat.completions.create(model=simulation.model, messages=prompt, **fields)
        return completion.choices[0].message.content or ""

    first = ask()
    assert ask() == first
    assert ask(temperature=0.1, user="ada") == first
    assert ask(seed=7) == ask(seed=7) != first
    assert ask([{"role": "user", "content": "How do I plan a trip from Lyon to Paris?"}]) != first


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_the_token_limit_ends_an_answer(client: OpenAI, simulation: Simulation, limit: str) -> None:
    fields: Any = {limit: 5}
    completion = client.chat.completions.create(model=simulation.model, messages=PROMPT, **fields)
    assert completion.choices[0].finish_reason == "length"
    assert count_tokens(completion.choices[0].message.content or "") == 5
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 5


def test_stop_sequences_end_an_answer_and_are_not_said(client: OpenAI, simulation: Simulation) -> None:
    whole = client.chat.completions.create(model=simulation.model, messages=PROMPT).choices[0].message.content or ""
    stop = whole[40:44]
    stopped = client.chat.completions.create(model=simulation.model, messages=PROMPT, stop=["\u2603", stop])
    assert stopped.choices[0].message.content == whole[: whole.index(stop)]
    assert stopped.choices[0].finish_reason == "stop"


def test_several_choices(client: OpenAI, simulation: Simulation) -> None:
    plain = client.chat.completions.create(model=simulation.model, messages=PROMPT, n=3)
    said = [choice.message.content for choice in plain.choices]
    assert len(set(said)) == 3
    assert plain.usage is not None
    assert plain.usage.completion_tokens == sum(count_tokens(text or "") for text in said)
    chunks = list(client.chat.completions.create(model=simulation.model, messages=PROMPT, n=3, stream=True))
    assert [join(chunks, index) for index in range(3)] == said
    assert sum(choice.finish_reason == "stop" for chunk in chunks for choice in chunk.choices) == 3


def test_logprobs(client: OpenAI, simulation: Simulation) -> None:
    completion = client.chat.completions.create(
        model=simulation.model, messages=PROMPT, logprobs=True, top_logprobs=3, max_tokens=4
    )
    logprobs = completion.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert "".join(entry.token for entry in logprobs.content) == completion.choices[0].message.content
    assert all(entry.logprob <= 0 and bytes(entry.bytes or []).decode() == entry.token for entry in logprobs.content)
    for entry in logprobs.content:
        assert entry.top_logprobs[0].token == entry.token
        assert len({top.token for top in entry.top_logprobs}) == 3


def test_reasoning_is_counted_and_not_shown(client: OpenAI, simulation: Simulation) -> None:
    completion = client.chat.completions.create(model=simulation.model, messages=PROMPT, reasoning_effort="high")
    assert completion.usage is not None
    assert completion.usage.completion_tokens_details is not None
    reasoning_tokens = completion.usage.completion_tokens_details.reasoning_tokens or 0
    assert 384 <= reasoning_tokens <= 640
    said = count_tokens(completion.choices[0].message.content or "")
    assert completion.usage.completion_tokens == reasoning_tokens + said
    thought_only = client.chat.completions.create(
        model=simulation.model, messages=PROMPT, reasoning_effort="high", max_completion_tokens=100
    )
    assert (thought_only.choices[0].message.content, thought_only.choices[0].finish_reason) == ("", "length")


def test_json_object(client: OpenAI, simulation: Simulation) -> None:
    completion = client.chat.completions.create(
        model=simulation.model, messages=PROMPT, response_format={"type": "json_object"}
    )
    assert set(json.loads(completion.choices[0].message.content or "")) == {"topic", "points", "confidence"}


def test_json_schema(client: OpenAI, simulation: Simulation) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "nights": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["city", "nights"],
        "additionalProperties": False,
    }
    asked: Any = {"type": "json_schema", "json_schema": {"name": "trip", "schema": schema, "strict": True}}
    completion = client.chat.completions.create(model=simulation.model, messages=PROMPT, response_format=asked)
    made = json.loads(completion.choices[0].message.content or "")
    assert made["city"] in ("Paris", "Lyon")
    assert made["nights"] in range(1, 10)


@pytest.mark.parametrize(
    ("prompt", "fields", "called"),
    [
        ("What is the weather in Lyon?", {}, ["get_weather"]),
        ("Call get_stock_price for ACME", {}, ["get_stock_price"]),
        ("The weather in Lyon and the stock of ACME, please", {}, ["get_weather", "get_stock_price"]),
        ("The weather and the stock, please", {"parallel_tool_calls": False}, ["get_weather"]),
        ("Tell me a story", {}, []),
        ("Tell me a story", {"tool_choice": "required"}, ["get_weather"]),
        ("What is the weather?", {"tool_choice": "none"}, []),
        (
            "Tell me a story",
            {"tool_choice": {"type": "function", "function": {"name": "get_stock_price"}}},
            ["get_stock_price"],
        ),
        (
            "The weather and the stock, please",
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [STOCKS]},
                }
            },
            ["get_stock_price"],
        ),
    ],
)
def test_tools_are_called_when_needed(
    client: OpenAI, simulation: Simulation, prompt: str, fields: Any, called: list[str]
) -> None:
    messages: list[Any] = [{"role": "user", "content": prompt}]
    asked: Any = {"model": simulation.model, "messages": messages, "tools": [WEATHER, STOCKS], **fields}
    [choice] = client.chat.completions.create(**asked).choices
    calls: list[Any] = list(choice.message.tool_calls or [])
    assert [call.function.name for call in calls] == called
    assert choice.finish_reason == ("tool_calls" if called else "stop")
    assert (choice.message.content is None) == bool(called)
    for call in calls:
        arguments = json.loads(call.function.arguments)
        assert set(arguments) == ({"city", "unit"} if call.function.name == "get_weather" else {"ticker", "days"})


def test_tool_calls_stream_in_fragments(client: OpenAI, simulation: Simulation) -> None:
    messages: list[Any] = [{"role": "user", "content": "The weather in Lyon and the stock of ACME, please"}]
    asked: Any = {"model": simulation.model, "messages": messages, "tools": [WEATHER, STOCKS]}
    plain = client.chat.completions.create(**asked)
    usage: Any = {"include_usage": True}
    with client.chat.completions.stream(**asked, stream_options=usage) as stream:
        streamed = stream.get_final_completion()
    expected: list[Any] = list(plain.choices[0].message.tool_calls or [])
    received: list[Any] = list(streamed.choices[0].message.tool_calls or [])
    assert [(call.id, call.function.name, call.function.arguments) for call in received] == [
        (call.id, call.function.name, call.function.arguments) for call in expected
    ]
    assert streamed.usage == plain.usage


def test_a_tool_result_is_answered_in_words(client: OpenAI, simulation: Simulation) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Lyon"}'}}
    messages: list[Any] = [
        {"role": "user", "content": "What is the weather in Lyon?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "17 degrees"},
    ]
    completion = client.chat.completions.create(model=simulation.model, messages=messages, tools=[WEATHER])
    assert "17 degrees" in (completion.choices[0].message.content or "")


def test_prompt_tokens_count_messages_tools_and_images(client: OpenAI, simulation: Simulation) -> None:
    def count(messages: list[Any], **fields: Any) -> int:
        completion = client.chat.completions.create(model=simulation.model, messages=messages, max_tokens=1, **fields)
        assert completion.usage is not None
        return completion.usage.prompt_tokens

    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
    alone = count([{"role": "user", "content": "Hello there"}])
    assert alone == 3 + 3 + 1 + 2
    assert (
        count([{"role": "system", "content": "Hello there"}, {"role": "user", "content": "Hello there"}]) == 2 * 6 + 3
    )
    assert count([{"role": "user", "content": [{"type": "text", "text": "Hello there"}, image]}]) == alone + 85
    assert count([{"role": "user", "content": "Hello there"}], tools=[WEATHER]) > alone + 20


def test_models(client: OpenAI) -> None:
    listed = [model.id for model in client.models.list()]
    assert listed == ["simulated-large", "simulated-small", "simulated-local"]
    assert client.models.retrieve("simulated-anything").id == "simulated-anything"
    with pytest.raises(NotFoundError) as missing:
        client.models.retrieve("gpt-unknown")
    assert missing.value.code == "model_not_found"
    with pytest.raises(NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-unknown", messages=PROMPT)
    assert unknown.value.code == "model_not_found"


def test_a_prompt_larger_than_the_window(client: OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "one two " * 17_000}]
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(model="simulated-local", messages=messages)
    assert refused.value.code == "context_length_exceeded"
