"""With a key demanded, Gemini, Cohere, Bedrock and OpenAI's embeddings each want it shown in their own way."""

from collections.abc import Iterator

import httpx
import pytest

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from simulator.running_simulator import DEADLINE_S

KEY = "let-me-in"
MODEL = "simulated-large"
CONTENTS = {"contents": [{"parts": [{"text": "Hello"}]}]}
CONVERSE = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/bedrock/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date, Signature={'0a' * 32}"
)
MOMENT = "20261121T183000Z"
BEARER = {"authorization": f"Bearer {KEY}"}

PLACES = {
    "gemini": (f"/v1beta/models/{MODEL}:generateContent", CONTENTS),
    "vertex": (f"/v1/projects/p/locations/l/publishers/google/models/{MODEL}:generateContent", CONTENTS),
    "cohere": ("/v2/chat", {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}),
    "embeddings": ("/v1/embeddings", {"model": MODEL, "input": "Hello"}),
    "bedrock": (f"/model/{MODEL}/converse", CONVERSE),
}


@pytest.fixture(scope="module")
def locked_url() -> Iterator[str]:
    settings = SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0, api_key=KEY)
    with SimulatorProcess(settings) as url:
        yield url


@pytest.mark.parametrize(
    ("place", "headers", "status"),
    [
        ("gemini", {"x-goog-api-key": KEY}, 200),
        ("gemini", {"x-goog-api-key": "wrong"}, 401),
        ("gemini", BEARER, 401),
        ("vertex", BEARER, 200),
        ("vertex", {}, 401),
        ("cohere", BEARER, 200),
        ("cohere", {"x-api-key": KEY}, 401),
        ("embeddings", BEARER, 200),
        ("embeddings", {}, 401),
        ("bedrock", BEARER, 200),
        ("bedrock", {"authorization": "Bearer wrong"}, 401),
        ("bedrock", {"authorization": SIGNED, "x-amz-date": MOMENT}, 200),
        ("bedrock", {"authorization": SIGNED}, 401),
        ("bedrock", {"authorization": SIGNED, "x-amz-date": "20261122T183000Z"}, 401),
        ("bedrock", {"authorization": SIGNED, "x-amz-date": "20261121"}, 401),
        ("bedrock", {"authorization": SIGNED.replace("host;", ""), "x-amz-date": MOMENT}, 401),
        ("bedrock", {"authorization": SIGNED.replace("0a", "zz"), "x-amz-date": MOMENT}, 401),
        (
            "bedrock",
            {"authorization": SIGNED.replace("host;", "host;x-amz-a;"), "x-amz-date": MOMENT},
            401,
        ),
        ("bedrock", {}, 401),
    ],
)
def test_the_key(locked_url: str, place: str, headers: dict[str, str], status: int) -> None:
    path, body = PLACES[place]
    answer = httpx.post(f"{locked_url}{path}", json=body, headers=headers, timeout=DEADLINE_S)
    assert answer.status_code == status, answer.text
    assert KEY not in answer.text
