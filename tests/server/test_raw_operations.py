"""Embeddings, rerank and counts by hand: bytes that stay, models that stand in, lists of models, refusals."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from running import RunningGateway
from server.beside_chat import list_calls, run_beside_chat

COUNTING = "/v1/messages/count_tokens"


@pytest.fixture(scope="module")
def beside_chat(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_beside_chat(tmp_path_factory.mktemp("raw"), simulator) as gateway:
        yield gateway


def post(gateway: RunningGateway, path: str, body: Any, **headers: str) -> tuple[int, dict[str, str], Any]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answered, text = gateway.post(path, sent, **headers)
    return status, answered, json.loads(text)


@pytest.mark.parametrize(
    ("path", "model", "upstream", "rest"),
    [
        ("/v1/embeddings", "open-embed", "simulated-embed", b'"input" : ["\\u0041 cat"] , "dimensions":8'),
        ("/v1/embeddings", "newer-embed", "simulated-embed", b'"input":[ [5,6],[7] ]'),
        ("/v1/moderations", "open-moderation", "simulated-moderation", b'"input":[{"type":"text","text":"\\u0041"}]'),
        ("/v1/rerank", "open-rerank", "simulated-rerank", b'"query":"a" ,"documents":["b",{"text":"c"}]'),
        ("/v2/embed", "command-embed", "simulated-embed", b'"texts":["\\u0041"], "input_type":"clustering"'),
        ("/v2/rerank", "command-rerank", "simulated-rerank", b'"query":"\\u0041","documents":["b"]'),
        (COUNTING, "claude-chat", "simulated-large", b'"messages":[{"role":"user","content":"\\u0041"}]'),
    ],
)
def test_equal_formats_change_nothing_but_the_name(
    beside_chat: RunningGateway, simulator: str, path: str, model: str, upstream: str, rest: bytes
) -> None:
    frame = b'{ "model": "%b", %b }'
    headers = {"anthropic_version": "2023-06-01"} if "messages" in path else {}
    status, answered, _ = post(beside_chat, path, frame % (model.encode(), rest), **headers)
    assert status == 200, answered
    sent = hashlib.sha256(frame % (upstream.encode(), rest)).hexdigest()
    assert list_calls(simulator)[-1]["body_sha256"] == sent
    assert "x-pointsman-changes" not in answered and "x-pointsman-losses" not in answered


@pytest.mark.parametrize("path", ["/v1beta/models/google-embed:embedContent", "/v1/models/google-embed:embedContent"])
def test_gemini_bytes_stay_too(beside_chat: RunningGateway, simulator: str, path: str) -> None:
    body = b'{ "content" : {"parts":[{"text":"\\u0041"}]}, "output_dimensionality":8 }'
    status, _, answer = post(beside_chat, path, body)
    assert status == 200 and len(answer["embedding"]["values"]) == 8
    assert list_calls(simulator)[-1]["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_an_agent_embeds_with_its_model_and_no_other(beside_chat: RunningGateway) -> None:
    status, answered, _ = post(beside_chat, "/v1/embeddings", {"model": "agent:librarian", "input": "x"})
    assert status == 200 and answered["x-pointsman-model"] == "open-embed"
    decision = beside_chat.get(f"/api/v1/decisions/{answered['x-request-id']}")
    codes = {drop["model"]: drop["code"] for drop in decision["dropped"]}
    assert codes == {"other-embed": "other_vectors"}


def test_an_agent_whose_model_chats_embeds_with_the_next(beside_chat: RunningGateway) -> None:
    status, answered, _ = post(beside_chat, "/v1/embeddings", {"model": "agent:lopsided", "input": "x"})
    assert status == 200 and answered["x-pointsman-model"] == "google-embed"
    status, answered, _ = post(beside_chat, "/v1/embeddings", {"model": "command-rerank", "input": "x"})
    assert status == 400


def test_what_was_paid_is_told(beside_chat: RunningGateway) -> None:
    status, answered, answer = post(beside_chat, "/v1/embeddings", {"model": "open-embed", "input": "A cat sat"})
    assert float(answered["x-pointsman-cost-usd"]) == pytest.approx(answer["usage"]["prompt_tokens"] * 2e-6)
    status, answered, _ = post(beside_chat, "/v2/rerank", {"model": "command-rerank", "query": "a", "documents": ["b"]})
    assert status == 200 and "x-pointsman-cost-usd" not in answered
    line = beside_chat.await_request(answered["x-request-id"])
    assert line["cost_status"] == "unknown"


def test_many_ids_of_tokens_are_taken(beside_chat: RunningGateway) -> None:
    """A framework's own tokenizer sends numbers, far more of them than any other body may hold."""
    body = {"model": "open-embed", "input": [[7] * 3_000] * 50, "dimensions": 2}
    status, _, answer = post(beside_chat, "/v1/embeddings", body)
    assert status == 200 and len(answer["data"]) == 50
    status, _, answer = post(beside_chat, "/v1/embeddings", {**body, "input": [[7] * 3_000] * 200})
    assert (status, answer["error"]["code"]) == (400, "too_many_items")


def test_lists_of_models_say_what_each_can_be_asked_for(beside_chat: RunningGateway) -> None:
    listed = beside_chat.get("/v1/models", key=beside_chat.api_key)["data"]
    operations = {entry["id"]: entry["operations"] for entry in listed}
    assert operations["open-embed"] == ["count_tokens", "embeddings"]
    assert operations["open-rerank"] == ["count_tokens", "rerank"]
    assert operations["open-chat"] == ["chat", "count_tokens"]
    assert operations["agent:lopsided"] == ["chat", "count_tokens", "embeddings"]
    google = beside_chat.get("/v1beta/models", key=beside_chat.api_key)["models"]
    methods = {entry["name"]: entry["supportedGenerationMethods"] for entry in google}
    assert set(methods["models/google-embed"]) == {"countTokens", "embedContent", "batchEmbedContents"}
    assert "generateContent" in methods["models/claude-chat"]


def test_a_provider_that_refuses_is_heard(beside_chat: RunningGateway) -> None:
    status, _, answer = post(beside_chat, "/v1/embeddings", {"model": "command-embed", "input": "x", "dimensions": 7})
    assert status == 400 and "output_dimension" in answer["error"]["message"]
    status, _, answer = post(
        beside_chat, "/v2/embed", {"model": "open-embed", "texts": ["x" * 90_000], "input_type": "image"}
    )
    assert status == 400 and "maximum context length" in answer["message"]


@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("/v1/embeddings", {"model": "open-embed"}, "invalid_input", "input"),
        ("/v1/embeddings", {"model": "open-embed", "input": ["x", 5]}, "invalid_input", "input[1]"),
        ("/v1/embeddings", {"model": "open-embed", "input": "x", "dimensions": 0}, "out_of_range", "dimensions"),
        ("/v1/embeddings", {"model": "open-embed", "input": "x", "api_key": "y"}, "forbidden_parameter", "api_key"),
        ("/v1/embeddings", {"model": "nobody", "input": "x"}, "model_not_found", "model"),
        ("/v1/rerank", {"model": "open-rerank", "query": "", "documents": ["x"]}, "invalid_input", "query"),
        ("/v1/moderations", {"input": [{"type": "audio"}]}, "invalid_input", "input[0]"),
        ("/v1/responses/input_tokens", {"model": "open-chat", "input": []}, "invalid_messages", "input"),
    ],
)
def test_mistakes_are_named(beside_chat: RunningGateway, path: str, body: Any, code: str, param: str) -> None:
    status, _, answer = post(beside_chat, path, body)
    assert status in (400, 404) and (answer["error"]["code"], answer["error"]["param"]) == (code, param)


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v2/rerank", "/v1/messages/count_tokens"])
def test_only_posts_are_taken(beside_chat: RunningGateway, path: str) -> None:
    answer = httpx.get(beside_chat.url + path, timeout=10)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
