"""The official Google SDK against the simulator: content, plain and streamed, and everything it carries."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors
from google.genai import types as google

from pointsman.simulator.tokens import count_tokens
from simulator.running_simulator import DEADLINE_S, Simulation

PROMPT = "How do I plan a trip from Paris to Lyon?"
WEATHER = google.FunctionDeclaration(
    name="get_weather",
    description="Weather of a city",
    parameters=google.Schema(
        type=google.Type.OBJECT,
        properties={
            "city": google.Schema(type=google.Type.STRING),
            "days": google.Schema(type=google.Type.ARRAY, items=google.Schema(type=google.Type.INTEGER), min_items=2),
        },
        required=["city", "days"],
    ),
)
STOCKS = google.FunctionDeclaration(
    name="get_stock_price", parameters_json_schema={"type": "object", "properties": {"ticker": {"type": "string"}}}
)
TOOLS: list[Any] = [google.Tool(function_declarations=[WEATHER, STOCKS])]
NO_LOOP = google.AutomaticFunctionCallingConfig(disable=True)
THINKING = google.ThinkingConfig(include_thoughts=True, thinking_budget=512)


@pytest.fixture
def gemini(simulator_url: str) -> Iterator[genai.Client]:
    options = google.HttpOptions(base_url=simulator_url, timeout=round(DEADLINE_S * 1000))
    with genai.Client(api_key="none", http_options=options) as client:
        yield client


def ask(gemini: genai.Client, simulation: Simulation, contents: Any = PROMPT, **fields: Any) -> Any:
    """The plain answer, once the streamed one has been found to say the same."""
    config = google.GenerateContentConfig(automatic_function_calling=NO_LOOP, **fields)
    plain = gemini.models.generate_content(model=simulation.model, contents=contents, config=config)
    chunks = list(gemini.models.generate_content_stream(model=simulation.model, contents=contents, config=config))
    assert read(chunks) == read([plain])
    assert chunks[-1].usage_metadata == plain.usage_metadata
    assert {chunk.response_id for chunk in chunks} == {chunks[0].response_id}
    return plain


def read(chunks: list[Any]) -> dict[int, list[Any]]:
    """What each candidate thinks, says, calls, signs, and why it ends."""
    told: dict[int, list[Any]] = {}
    for candidate in (candidate for chunk in chunks for candidate in chunk.candidates or []):
        says = told.setdefault(candidate.index or 0, ["", "", [], None, None])
        for part in (candidate.content and candidate.content.parts) or []:
            if part.function_call is None:
                says[0 if part.thought else 1] += part.text or ""
            else:
                says[2].append((part.function_call.name, part.function_call.args))
            says[3] = part.thought_signature or says[3]
        says[4] = candidate.finish_reason or says[4]
    return told


def refused(gemini: genai.Client, simulation: Simulation, contents: Any, **fields: Any) -> Any:
    config = google.GenerateContentConfig(automatic_function_calling=NO_LOOP, **fields)
    with pytest.raises(errors.ClientError) as caught:
        gemini.models.generate_content(model=simulation.model, contents=contents, config=config)
    return caught.value


def test_an_answer(gemini: genai.Client, simulation: Simulation) -> None:
    answer = ask(gemini, simulation, system_instruction="Be kind.", temperature=0.2, seed=7, top_k=5, top_p=0.5)
    assert "Lyon" in answer.text
    assert answer.candidates[0].finish_reason == google.FinishReason.STOP
    assert answer.model_version == simulation.model
    assert answer.usage_metadata.candidates_token_count == count_tokens(answer.text)
    call = simulation.await_call(lambda call: call["ended"])
    assert call["path"] == f"/v1beta/models/{simulation.model}:streamGenerateContent?alt=sse"
    assert (call["stream"], call["prompt_tokens"]) == (True, answer.usage_metadata.prompt_token_count)
    assert call["completion_tokens"] == answer.usage_metadata.candidates_token_count


def test_parallel_calls_and_their_results(gemini: genai.Client, simulation: Simulation) -> None:
    asked = "Weather in Lyon and the stock price, please"
    answer = ask(gemini, simulation, asked, tools=TOOLS, thinking_config=THINKING)
    calls = answer.function_calls
    assert [call.name for call in calls] == ["get_weather", "get_stock_price"]
    assert len(calls[0].args["days"]) >= 2
    signed = [part.thought_signature is not None for part in answer.candidates[0].content.parts if part.function_call]
    assert signed == [True, False]
    results = [google.Part.from_function_response(name=call.name, response={"result": call.name}) for call in calls]
    turns = [google.UserContent(asked), answer.candidates[0].content, google.UserContent(results)]
    assert "get_stock_price" in ask(gemini, simulation, turns, tools=TOOLS, thinking_config=THINKING).text


def test_a_signature_must_come_back_with_what_it_signs(gemini: genai.Client, simulation: Simulation) -> None:
    answer = ask(gemini, simulation, thinking_config=THINKING)
    said = answer.candidates[0].content
    assert [part.thought for part in said.parts] == [True, None]
    turns = [google.UserContent(PROMPT), said, google.UserContent("And then?")]
    assert ask(gemini, simulation, turns).text
    said.parts[1].text += "!"
    assert "thoughtSignature" in refused(gemini, simulation, turns).message
    said.parts[1].thought_signature = b"skip_thought_signature_validator"
    assert ask(gemini, simulation, turns).text


def test_thoughts_are_counted_where_they_are_not_shown(gemini: genai.Client, simulation: Simulation) -> None:
    answer = ask(gemini, simulation, thinking_config=google.ThinkingConfig(thinking_level=google.ThinkingLevel.LOW))
    usage = answer.usage_metadata
    assert usage.thoughts_token_count > 0
    counted = usage.prompt_token_count + usage.candidates_token_count + usage.thoughts_token_count
    assert usage.total_token_count == counted
    assert not any(part.thought for part in answer.candidates[0].content.parts)


@pytest.mark.parametrize(
    ("mode", "allowed", "called"),
    [("NONE", None, []), ("ANY", ["get_stock_price"], ["get_stock_price"]), ("AUTO", None, ["get_weather"])],
)
def test_how_functions_may_be_called(
    gemini: genai.Client, simulation: Simulation, mode: Any, allowed: list[str] | None, called: list[str]
) -> None:
    calling = google.FunctionCallingConfig(mode=mode, allowed_function_names=allowed)
    answer = ask(
        gemini, simulation, "The weather?", tools=TOOLS, tool_config=google.ToolConfig(function_calling_config=calling)
    )
    assert [call.name for call in answer.function_calls or []] == called


def test_structured_answers(gemini: genai.Client, simulation: Simulation) -> None:
    schema = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}, "days": {"type": "INTEGER"}}}
    answer = ask(gemini, simulation, response_mime_type="application/json", response_schema=schema)
    assert {type(value) for value in answer.parsed.values()} == {str, int}
    plain = {"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"]}
    answer = ask(gemini, simulation, response_mime_type="application/json", response_json_schema=plain)
    assert answer.text == '{"n":7}'
    colours = {"type": "STRING", "enum": ["red", "blue"]}
    answer = ask(gemini, simulation, response_mime_type="text/x.enum", response_schema=colours)
    assert answer.text in ("red", "blue")


def test_several_candidates_limits_and_stops(gemini: genai.Client, simulation: Simulation) -> None:
    answer = ask(gemini, simulation, candidate_count=3, max_output_tokens=4)
    assert [candidate.finish_reason for candidate in answer.candidates] == [google.FinishReason.MAX_TOKENS] * 3
    assert answer.usage_metadata.candidates_token_count == 12
    answer = ask(gemini, simulation, "Reply with exactly: one two three", stop_sequences=["two"])
    assert (answer.text, answer.candidates[0].finish_reason) == ("one ", google.FinishReason.STOP)


def test_log_probabilities(gemini: genai.Client, simulation: Simulation) -> None:
    plain = ask(gemini, simulation, response_logprobs=True, logprobs=3)
    result = plain.candidates[0].logprobs_result
    assert "".join(chosen.token for chosen in result.chosen_candidates) == plain.text
    assert {len(top.candidates) for top in result.top_candidates} == {3}
    assert plain.candidates[0].avg_logprobs < 0


def test_refusals(gemini: genai.Client, simulation: Simulation) -> None:
    answer = ask(gemini, simulation, "Please refuse this")
    assert answer.candidates[0].finish_reason == google.FinishReason.SAFETY
    assert answer.text is None
    answer = ask(gemini, simulation, "Please refuse this at once")
    assert answer.candidates is None
    assert answer.prompt_feedback.block_reason == google.BlockedReason.PROHIBITED_CONTENT


def test_a_kept_prompt_is_counted_as_cached(gemini: genai.Client, simulation: Simulation) -> None:
    fresh = ask(gemini, simulation).usage_metadata
    kept = ask(gemini, simulation, cached_content="cachedContents/simulated-manual").usage_metadata
    assert kept.cached_content_token_count == kept.prompt_token_count - fresh.prompt_token_count
    assert simulation.await_call(lambda call: call["ended"])["cache_read_tokens"] == kept.cached_content_token_count
    assert refused(gemini, simulation, PROMPT, cached_content="cachedContents/lost").code == 403


def test_attachments_cost(gemini: genai.Client, simulation: Simulation) -> None:
    image = google.Part.from_bytes(data=bytes(range(256)), mime_type="image/png")
    film = google.Part.from_uri(file_uri="gs://films/lyon.mp4", mime_type="video/mp4")
    costs = [
        ask(gemini, simulation, [*parts, PROMPT]).usage_metadata.prompt_token_count for parts in ((), (image, film))
    ]
    assert costs[1] - costs[0] > 1_000


def test_tokens_are_counted_as_they_are_charged(gemini: genai.Client, simulation: Simulation) -> None:
    counted = gemini.models.count_tokens(model=simulation.model, contents=PROMPT)
    assert counted.total_tokens == ask(gemini, simulation).usage_metadata.prompt_token_count


def test_models(gemini: genai.Client) -> None:
    models = list(gemini.models.list())
    assert "models/simulated-large" in {model.name for model in models}
    assert all("generateContent" in (model.supported_actions or []) for model in models)
    assert gemini.models.get(model="simulated-small").input_token_limit == 128_000


def test_vertex_paths_serve_the_same(simulation: Simulation) -> None:
    path = f"/v1/projects/p/locations/l/publishers/google/models/{simulation.model}:generateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}
    answers = [
        httpx.post(f"{simulation.url}{place}", json=body, timeout=DEADLINE_S).json()["candidates"]
        for place in (path, f"/v1beta/models/{simulation.model}:generateContent")
    ]
    assert answers[0] == answers[1]


def test_a_stream_without_server_sent_events_is_refused(simulation: Simulation) -> None:
    path = f"/v1beta/models/{simulation.model}:streamGenerateContent"
    body = {"contents": [{"parts": [{"text": PROMPT}]}]}
    assert httpx.post(f"{simulation.url}{path}", json=body, timeout=DEADLINE_S).json()["error"]["code"] == 400
    answer = httpx.post(f"{simulation.url}{path}?alt=sse", json=body, timeout=DEADLINE_S)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content.endswith(b"}\r\n\r\n")


def test_both_alphabets_of_base64(simulation: Simulation) -> None:
    data = base64.urlsafe_b64encode(b"\xff\xfe\xfd" * 9).decode()
    path = f"{simulation.url}/v1beta/models/{simulation.model}:generateContent"
    for sent, status in ((data, 200), ("?" + data, 400)):
        parts = [{"inline_data": {"mime_type": "image/png", "data": sent}}, {"text": PROMPT}]
        assert httpx.post(path, json={"contents": [{"parts": parts}]}, timeout=DEADLINE_S).status_code == status
