"""Embeddings, rerank and moderations of all dialects, by the official SDKs where there are any."""

import base64
import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import cohere
import httpx
import pytest
from google import genai
from google.genai import types as google
from openai import BadRequestError, OpenAI

from simulator.running_simulator import DEADLINE_S, Simulation

TEXTS = ["The cat sat on the mat", "The cat sat on the mat", "A cat sat on a mat", "Interest rates rose in spring"]
DOCUMENTS = ["Bananas are yellow", "Paris is the capital of France", "France has many trains"]


@pytest.fixture
def command(simulator_url: str) -> Iterator[cohere.ClientV2]:
    with cohere.ClientV2(api_key="none", base_url=simulator_url, timeout=DEADLINE_S) as client:
        yield client


def multiply(first: Sequence[float], second: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(first, second, strict=True))


def check_directions(vectors: Sequence[Sequence[float]]) -> None:
    """Equal texts are equal, all lengths are 1, and what shares words is nearer than what does not."""
    assert list(vectors[0]) == list(vectors[1])
    assert all(math.isclose(multiply(vector, vector), 1, rel_tol=1e-5) for vector in vectors)
    assert multiply(vectors[0], vectors[2]) > 0.4 > 0.3 > multiply(vectors[0], vectors[3])


def test_openai_embeddings(client: OpenAI, simulation: Simulation) -> None:
    answer = client.embeddings.create(model=simulation.model, input=TEXTS)
    vectors = [item.embedding for item in answer.data]
    check_directions(vectors)
    assert (len(vectors[0]), [item.index for item in answer.data]) == (1536, [0, 1, 2, 3])
    plain = client.embeddings.create(model=simulation.model, input=TEXTS[0], encoding_format="float")
    assert plain.data[0].embedding == vectors[0]
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > plain.usage.prompt_tokens
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["path"], call["prompt_tokens"]) == ("/v1/embeddings", plain.usage.prompt_tokens)


def test_openai_embeddings_of_token_ids(client: OpenAI, simulation: Simulation) -> None:
    lone = client.embeddings.create(model=simulation.model, input=[5, 6, 7], dimensions=64)
    several = client.embeddings.create(model=simulation.model, input=[[5, 6, 7], [8]], dimensions=64)
    assert lone.data[0].embedding == several.data[0].embedding
    assert (len(lone.data[0].embedding), lone.usage.prompt_tokens, several.usage.prompt_tokens) == (64, 3, 4)


@pytest.mark.parametrize("given", [[], "", ["", "x"], [["x"]], ["x", 5], [[]], [-1], "word " * 9_000])
def test_inputs_that_cannot_be_embedded(client: OpenAI, simulation: Simulation, given: Any) -> None:
    with pytest.raises(BadRequestError):
        client.embeddings.create(model=simulation.model, input=given)


def test_gemini_embeddings(simulator_url: str, simulation: Simulation) -> None:
    with genai.Client(api_key="none", http_options=google.HttpOptions(base_url=simulator_url)) as gemini:
        config = google.EmbedContentConfig(output_dimensionality=256, task_type="SEMANTIC_SIMILARITY")
        answer = gemini.models.embed_content(model=simulation.model, contents=list(TEXTS), config=config)
    vectors = [embedding.values or [] for embedding in answer.embeddings or []]
    check_directions(vectors)
    body = {"content": {"parts": [{"text": TEXTS[0]}]}, "outputDimensionality": 256}
    path = f"{simulator_url}/v1beta/models/{simulation.model}:embedContent"
    assert httpx.post(path, json=body, timeout=DEADLINE_S).json()["embedding"]["values"] == vectors[0]


def test_cohere_embeddings_in_every_form(command: cohere.ClientV2, simulation: Simulation) -> None:
    forms: Any = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    answer = command.embed(
        model=simulation.model, texts=TEXTS, input_type="search_document", embedding_types=forms, output_dimension=256
    )
    made: Any = answer.embeddings
    check_directions(made.float_)
    assert struct.unpack("<256f", base64.b64decode(made.base64[0])) == tuple(made.float_[0])
    assert {len(made.int8[0]), len(made.uint8[0])} == {256}
    assert max(abs(value) for value in made.int8[0]) in (127, 128)
    assert [value + 128 for value in made.binary[0]] == made.ubinary[0]
    assert f"{made.ubinary[0][0]:08b}"[0] == str(int(made.float_[0][0] > 0))
    assert answer.meta is not None and answer.meta.billed_units is not None
    assert answer.meta.billed_units.input_tokens == simulation.list_calls()[-1]["prompt_tokens"]


def test_cohere_embeds_images(command: cohere.ClientV2, simulation: Simulation) -> None:
    image: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    inputs: Any = [{"content": [{"type": "text", "text": "A cat"}, image]}]
    answer = command.embed(model=simulation.model, inputs=inputs, input_type="search_document")
    assert len((answer.embeddings.float_ or [])[0]) == 1536
    assert answer.meta is not None and answer.meta.billed_units is not None
    assert answer.meta.billed_units.images == 1
    with pytest.raises(cohere.BadRequestError, match="exactly one"):
        command.embed(model=simulation.model, inputs=inputs, texts=["x"], input_type="search_query")


def test_cohere_rerank(command: cohere.ClientV2, simulation: Simulation) -> None:
    answer = command.rerank(model=simulation.model, query="capital of France", documents=DOCUMENTS, top_n=2)
    assert [result.index for result in answer.results] == [1, 2]
    assert 1 >= answer.results[0].relevance_score > answer.results[1].relevance_score > 0
    assert answer.meta is not None and answer.meta.billed_units is not None
    assert answer.meta.billed_units.search_units == 1


def test_rerank_of_compatible_servers(simulation: Simulation) -> None:
    asked = {
        "model": simulation.model,
        "query": "capital of France",
        "documents": [{"text": DOCUMENTS[0]}, *DOCUMENTS[1:]],
    }
    path = f"{simulation.url}/v1/rerank"
    answer = httpx.post(path, json={**asked, "return_documents": True}, timeout=DEADLINE_S).json()
    assert [result["index"] for result in answer["results"]] == [1, 2, 0]
    assert answer["results"][0]["document"] == {"text": DOCUMENTS[1]}
    assert answer["usage"]["total_tokens"] == simulation.list_calls()[-1]["prompt_tokens"] > 0
    short = httpx.post(path, json={**asked, "top_n": 1}, timeout=DEADLINE_S).json()
    assert [set(result) for result in short["results"]] == [{"index", "relevance_score"}]


def test_moderations(client: OpenAI, simulation: Simulation) -> None:
    answer = client.moderations.create(model=simulation.model, input=["What a fine day", "I will attack you"])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].categories.violence
    assert not answer.results[1].categories.hate
    assert answer.results[1].category_scores.violence > 0.5
    image: Any = {"type": "image_url", "image_url": {"url": "https://example.com/day.png"}}
    parts: Any = [{"type": "text", "text": "A fine day"}, image]
    seen = client.moderations.create(model=simulation.model, input=parts).results
    assert [result.category_applied_input_types.violence for result in seen] == [["text", "image"]]
    assert client.moderations.create(input="What a fine day").model == "simulated-moderation"


def test_faults_strike_here_too(client: OpenAI, simulation: Simulation) -> None:
    simulation.behave(fault="status_400", times=1)
    with pytest.raises(BadRequestError):
        client.embeddings.create(model=simulation.model, input="x")
    simulation.behave(fault="no_usage", times=1)
    body = {"model": simulation.model, "input": "x"}
    answer = httpx.post(f"{simulation.url}/v1/embeddings", json=body, timeout=DEADLINE_S).json()
    assert set(answer) == {"object", "data", "model"}
