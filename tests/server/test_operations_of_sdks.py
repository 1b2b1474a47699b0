"""The official SDKs' embeddings, rerank, moderations and counts through the running gateway to every dialect."""

import base64
import struct
from collections.abc import Iterator
from typing import Any

import anthropic
import cohere
import openai
import pytest
from google import genai
from google.genai import types as google

from running import RunningGateway
from server.beside_chat import EMBEDDING_MODELS, list_calls, run_beside_chat

TEXTS = ["A cat sat on the mat", "Interest rates rose in spring"]
DOCUMENTS = ["Bananas are yellow", "Paris is the capital of France", "France has many trains"]
DEADLINE_S = 20


@pytest.fixture(scope="module")
def beside_chat(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_beside_chat(tmp_path_factory.mktemp("beside"), simulator) as gateway:
        yield gateway


@pytest.fixture
def openai_client(beside_chat: RunningGateway) -> Iterator[openai.OpenAI]:
    url, key = f"{beside_chat.url}/v1", beside_chat.api_key
    with openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=DEADLINE_S) as client:
        yield client


@pytest.fixture
def cohere_client(beside_chat: RunningGateway) -> Iterator[cohere.ClientV2]:
    with cohere.ClientV2(api_key=beside_chat.api_key, base_url=beside_chat.url, timeout=DEADLINE_S) as client:
        yield client


@pytest.fixture
def google_client(beside_chat: RunningGateway) -> Iterator[genai.Client]:
    options = google.HttpOptions(base_url=beside_chat.url)
    with genai.Client(api_key=beside_chat.api_key, http_options=options) as client:
        yield client


@pytest.fixture
def anthropic_client(beside_chat: RunningGateway) -> Iterator[anthropic.Anthropic]:
    key, url = beside_chat.api_key, beside_chat.url
    with anthropic.Anthropic(api_key=key, base_url=url, max_retries=0, timeout=DEADLINE_S) as client:
        yield client


def embed_with_openai(client: openai.OpenAI, model: str, **fields: Any) -> list[list[float]]:
    answer = client.embeddings.create(model=model, input=TEXTS, dimensions=256, **fields)
    assert [item.index for item in answer.data] == [0, 1]
    return [item.embedding for item in answer.data]


def test_openai_gets_the_same_vectors_from_every_dialect(openai_client: openai.OpenAI) -> None:
    """The SDK asks for base64 unless it is told otherwise; the simulator has the same vectors on all surfaces."""
    wanted = embed_with_openai(openai_client, "open-embed", encoding_format="float")
    assert len(wanted[0]) == 256
    for model in EMBEDDING_MODELS:
        for fields in ({}, {"encoding_format": "float"}, {"encoding_format": "base64"}):
            vectors = embed_with_openai(openai_client, model, **fields)
            if fields.get("encoding_format") == "base64":
                vectors = [list(struct.unpack("<256f", base64.b64decode(str(vector)))) for vector in vectors]
            assert vectors == wanted, (model, fields)


@pytest.mark.parametrize("model", EMBEDDING_MODELS)
def test_openai_is_told_usage_changes_and_losses(openai_client: openai.OpenAI, simulator: str, model: str) -> None:
    raw = openai_client.embeddings.with_raw_response.create(model=model, input="A cat", user="someone")
    answer = raw.parse()
    assert answer.usage.prompt_tokens == list_calls(simulator)[-1]["prompt_tokens"] > 0
    assert raw.headers.get("x-pointsman-losses") == (None if model.startswith(("open", "newer")) else "user")
    wanted = 'input_type="search_document"' if model == "command-embed" else None
    assert raw.headers.get("x-pointsman-changes") == wanted


@pytest.mark.parametrize("model", EMBEDDING_MODELS)
def test_google_embeds_at_every_dialect(openai_client: openai.OpenAI, google_client: genai.Client, model: str) -> None:
    config = google.EmbedContentConfig(output_dimensionality=256, task_type="RETRIEVAL_DOCUMENT")
    answer = google_client.models.embed_content(model=model, contents=list(TEXTS), config=config)
    assert [each.values for each in answer.embeddings or []] == embed_with_openai(openai_client, model)


@pytest.mark.parametrize("model", EMBEDDING_MODELS)
def test_cohere_embeds_at_every_dialect(
    openai_client: openai.OpenAI, cohere_client: cohere.ClientV2, model: str
) -> None:
    kinds: Any = ["float", "base64"]
    answer = cohere_client.embed(
        model=model, texts=TEXTS, input_type="search_document", output_dimension=256, embedding_types=kinds
    )
    assert answer.embeddings.float_ == embed_with_openai(openai_client, model)
    packed = (answer.embeddings.base64 or [])[0]
    assert list(struct.unpack("<256f", base64.b64decode(packed))) == answer.embeddings.float_[0]
    assert answer.meta is not None and answer.meta.billed_units is not None
    assert answer.meta.billed_units.input_tokens


@pytest.mark.parametrize("model", ["open-rerank", "command-rerank"])
def test_cohere_reranks_at_every_dialect(cohere_client: cohere.ClientV2, model: str) -> None:
    answer = cohere_client.rerank(model=model, query="capital of France", documents=DOCUMENTS, top_n=2)
    assert [result.index for result in answer.results] == [1, 2]
    assert answer.results[0].relevance_score > answer.results[1].relevance_score
    assert answer.id


@pytest.mark.parametrize("model", ["open-moderation", "newer-moderation"])
def test_moderations(openai_client: openai.OpenAI, model: str) -> None:
    answer = openai_client.moderations.create(model=model, input=["What a fine day", "I will attack you"])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.model == "simulated-moderation"


def test_moderations_without_a_model_go_to_that_of_the_usual_name(openai_client: openai.OpenAI) -> None:
    raw = openai_client.moderations.with_raw_response.create(input="I will attack you")
    assert raw.parse().results[0].flagged
    assert raw.headers["x-pointsman-model"] == "open-moderation"


MESSAGES: Any = [{"role": "user", "content": "How many tokens are these words?"}]
TOOLS: Any = [{"name": "add", "description": "Adds.", "input_schema": {"type": "object", "properties": {}}}]


@pytest.mark.parametrize("model", ["claude-chat", "google-chat", "open-chat"])
def test_anthropic_counts_at_every_dialect(anthropic_client: anthropic.Anthropic, simulator: str, model: str) -> None:
    before = len(list_calls(simulator))
    raw = anthropic_client.messages.with_raw_response.count_tokens(
        model=model, messages=MESSAGES, system="Be brief.", tools=TOOLS
    )
    assert 10 < raw.parse().input_tokens < 200
    is_estimate = model == "open-chat"
    assert raw.headers.get("x-pointsman-estimated") == ("tokens" if is_estimate else None)
    assert (len(list_calls(simulator)) == before) is is_estimate


@pytest.mark.parametrize("model", ["claude-chat", "google-chat", "open-chat"])
def test_google_counts_at_every_dialect(google_client: genai.Client, model: str) -> None:
    answer = google_client.models.count_tokens(model=model, contents="How many tokens are these words?")
    assert 5 < (answer.total_tokens or 0) < 50


@pytest.mark.parametrize("model", ["claude-chat", "google-chat", "open-chat"])
def test_openai_counts_at_every_dialect(openai_client: openai.OpenAI, model: str) -> None:
    answer = openai_client.responses.input_tokens.count(model=model, input="How many tokens are these words?")
    assert 5 < answer.input_tokens < 50


def test_what_a_model_cannot_be_asked_for_is_refused_in_the_format_of_the_client(
    openai_client: openai.OpenAI, cohere_client: cohere.ClientV2, google_client: genai.Client
) -> None:
    with pytest.raises(openai.BadRequestError, match="can be asked for embeddings") as refused:
        openai_client.embeddings.create(model="open-chat", input="x")
    assert refused.value.code == "unsupported_by_model"
    with pytest.raises(openai.BadRequestError, match="can be asked for chat"):
        openai_client.chat.completions.create(model="open-embed", messages=MESSAGES)
    with pytest.raises(cohere.BadRequestError, match="can be asked for rerank"):
        cohere_client.rerank(model="google-chat", query="x", documents=["y"])
    with pytest.raises(genai.errors.ClientError, match="can be asked for embeddings"):
        google_client.models.embed_content(model="claude-chat", contents="x")
