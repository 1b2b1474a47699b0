"""The official OpenAI SDK against the running gateway; only `base_url` and `api_key` are changed."""

from collections.abc import Iterator

import openai
import pytest

from running import RunningGateway

MESSAGES = [{"role": "user", "content": "Write two sentences about trains."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.api_key, max_retries=0) as client:
        yield client


def test_plain(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="agent:orchestrator", messages=MESSAGES)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage and answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_stream(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="large", messages=MESSAGES, seed=7)
    chunks = list(client.chat.completions.create(model="large", messages=MESSAGES, seed=7, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert all(chunk.choices for chunk in chunks), "the usage chunk was not asked for"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_stream_with_usage(client: openai.OpenAI) -> None:
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="large", messages=MESSAGES, stream=True, stream_options=options))
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens > 0 and not chunks[-1].choices


@pytest.mark.parametrize("stream", [False, True])
def test_tools_pass_through(client: openai.OpenAI, stream: bool) -> None:
    answer = client.chat.completions.create(
        model="agent:orchestrator",
        messages=[{"role": "user", "content": "How is the weather in Paris?"}],
        tools=[WEATHER],
        tool_choice="required",
        stream=stream,
    )
    if stream:
        calls = [call for chunk in answer for choice in chunk.choices for call in choice.delta.tool_calls or ()]
        name, arguments = calls[0].function.name, "".join(call.function.arguments or "" for call in calls)
    else:
        call = answer.choices[0].message.tool_calls[0]
        name, arguments = call.function.name, call.function.arguments
    assert name == "get_weather" and "city" in arguments


def test_structured_output_passes_through(client: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    answer = client.chat.completions.create(
        model="large",
        messages=MESSAGES,
        response_format={"type": "json_schema", "json_schema": {"name": "number", "schema": schema}},
    )
    assert answer.choices[0].message.content and '"n"' in answer.choices[0].message.content


def test_response_headers(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="agent:orchestrator", messages=MESSAGES, extra_headers={"x-request-id": "mine-1"}
    )
    assert raw.headers["x-request-id"] == "mine-1"
    assert raw.headers["x-pointsman-model"] == "large"
    assert raw.headers["x-pointsman-attempts"] == "1"
    assert raw.headers["x-pointsman-changes"] == "temperature=0.3, max_tokens=2000"
    assert raw.headers["cache-control"] == "private, no-store"
    assert float(raw.headers["x-pointsman-cost-usd"]) > 0
    assert len(raw.headers["x-pointsman-revision"]) == 12


def test_models(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"agent:orchestrator", "large", "small"} <= names
    assert client.models.retrieve("agent:orchestrator").id == "agent:orchestrator"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")


def test_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refusal:
        client.chat.completions.create(model="agent:nobody", messages=MESSAGES)
    assert refusal.value.code == "model_not_found" and refusal.value.param == "model"
    assert refusal.value.body["request_id"] == refusal.value.response.headers["x-request-id"]


def test_wrong_key_is_refused(gateway: RunningGateway) -> None:
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="pm_wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as refusal,
    ):
        stranger.models.list()
    assert refusal.value.code == "invalid_api_key"


def test_the_fallback_answers_when_the_first_model_cannot(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="agent:resilient", messages=MESSAGES)
    assert raw.headers["x-pointsman-model"] == "small"
    assert raw.headers["x-pointsman-attempts"] == "2"
    assert raw.headers["x-pointsman-degraded"] == "fallback"


def test_no_provider_left_is_a_bad_gateway(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as failure:
        client.chat.completions.create(model="agent:doomed", messages=MESSAGES)
    assert failure.value.status_code == 502 and failure.value.code == "upstream_unreachable"


def test_the_providers_own_words_reach_the_client_for_its_own_mistake(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(model="large", messages=MESSAGES, temperature=9)
    assert refusal.value.param == "temperature" and "temperature" in refusal.value.message
