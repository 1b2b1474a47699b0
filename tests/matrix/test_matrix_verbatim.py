"""Where client and provider speak alike, bytes pass as they are, but for the model's name."""

import hashlib
import json
import re
from typing import Any

import httpx
import pytest

from matrix.world import SPEAKERS, World

USER = {"role": "user", "content": "How do I get to Lyon?"}
_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{22,32}|\b\d{10}\b|\d{4}-\d\d-\d\dT[\d:.]+Z")
"""Ids and times."""

BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {"messages": [USER], "seed": 7, "temperature": 0.1, "stream_options": {"include_usage": True}},
    "openai_responses": {"input": "How do I plan a trip?", "store": False, "temperature": 0.1},
    "anthropic_messages": {"messages": [USER], "max_tokens": 600, "temperature": 0.1},
    "gemini": {"contents": [{"parts": [{"text": "How do I plan a trip?"}]}], "generationConfig": {"temperature": 0.1}},
    "cohere": {"messages": [USER], "seed": 7, "temperature": 0.1},
}
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "cohere": "/v2/chat",
}


def write_body(dialect: str, model: str, *, stream: bool) -> bytes:
    """A body with odd spacing, which writing it anew would lose."""
    fields = dict(BODIES[dialect])
    if not stream:
        fields.pop("stream_options", None)
    text = json.dumps(fields, indent=3).rstrip("}").rstrip()
    if dialect != "gemini":
        text += f' ,\n "model" :  "{model}",\t"stream": {str(stream).lower()}'
    return (text + "\n }\n").encode()


def find_path(dialect: str, model: str, *, stream: bool) -> str:
    if dialect != "gemini":
        return PATHS[dialect]
    return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", SPEAKERS)
def test_bytes_pass_as_they_are(world: World, dialect: str, stream: bool) -> None:
    before = world.count_calls()
    told, straight = (
        httpx.post(
            f"{url}{find_path(dialect, model, stream=stream)}",
            content=write_body(dialect, model, stream=stream),
            headers={"authorization": f"Bearer {world.gateway.api_key}", "anthropic-version": "2023-06-01"}
            | {"content-type": "application/json"},
            timeout=10,
        )
        for url, model in ((world.gateway.url, dialect), (world.simulator, "simulated-large"))
    )
    assert (told.status_code, straight.status_code) == (200, 200), told.text + straight.text
    expected = hashlib.sha256(write_body(dialect, "simulated-large", stream=stream)).hexdigest()
    assert [call["body_sha256"] for call in world.list_calls(before)] == [expected, expected]
    assert mask_ids(told.text) == mask_ids(straight.text)
    assert told.headers["content-type"] == straight.headers["content-type"]
    assert "x-pointsman-losses" not in told.headers


def mask_ids(text: str) -> str:
    """The answer without ids and times, which no two answers share; every other byte stays."""
    return _RANDOM.sub("*", text)
