"""Whatever a body holds, a surface of Gemini, Cohere, Bedrock or OpenAI's retrieval answers it or refuses it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.simulator.behaviour import Behaviours, Pace
from pointsman.simulator.calls import CallLog
from pointsman.simulator.connection import Request
from pointsman.simulator.prompt_cache import PromptCache
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.responses_store import ResponseStore
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.steps import Head
from pointsman.simulator.surface import Workshop
from pointsman.simulator.surfaces import SURFACES

MODEL = "simulated-large"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PARTS = [{"text": "Weather?"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
GEMINI: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": PARTS},
        {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Lyon"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"output": "sunny"}}}]},
    ],
    "systemInstruction": {"parts": [{"text": "Be kind."}]},
    "tools": [{"functionDeclarations": [{"name": "weather", "parameters": SCHEMA}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
    "generationConfig": {"thinkingConfig": {"thinkingBudget": 64}, "stopSequences": ["x"], "maxOutputTokens": 90},
}
COHERE: dict[str, Any] = {
    "model": MODEL,
    "stream": True,
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {
            "role": "assistant",
            "tool_plan": "I will look.",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "document", "document": {"data": {"a": 1}}}]},
    ],
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}],
    "documents": [{"id": "d", "data": {"text": "x"}}],
    "thinking": {"type": "enabled", "token_budget": 64},
}
BEDROCK: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"text": "Weather?"}, {"cachePoint": {"type": "default"}}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "u", "name": "weather", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "u", "content": [{"json": {"a": 1}}]}}]},
    ],
    "system": [{"text": "Be kind."}],
    "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}}]},
    "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}},
}
BODIES: dict[str, dict[str, Any]] = {
    f"/v1beta/models/{MODEL}:generateContent": GEMINI,
    f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse": GEMINI,
    f"/v1beta/models/{MODEL}:countTokens": {"generateContentRequest": GEMINI},
    f"/v1beta/models/{MODEL}:batchEmbedContents": {
        "requests": [{"model": f"models/{MODEL}", "content": {"parts": [{"text": "x"}]}, "outputDimensionality": 8}]
    },
    "/v2/chat": COHERE,
    "/v2/embed": {"model": MODEL, "input_type": "search_query", "texts": ["a"], "embedding_types": ["int8", "base64"]},
    "/v2/rerank": {"model": MODEL, "query": "a b", "documents": ["a", "b"], "top_n": 1},
    f"/model/{MODEL}/converse": BEDROCK,
    f"/model/{MODEL}/converse-stream": BEDROCK,
    "/v1/embeddings": {"model": MODEL, "input": ["a", "b"], "dimensions": 8, "encoding_format": "base64"},
    "/v1/moderations": {"model": MODEL, "input": [{"type": "text", "text": "x"}]},
    "/v1/rerank": {"model": MODEL, "query": "a", "documents": ["a", {"text": "b"}], "return_documents": True},
}
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(10**30), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.sampled_from(["\ud800", "%", "STRING", MODEL, "u", "c1"]),
    st.sampled_from([[], {}, [[]], {"text": ""}, {"$ref": "#"}, {"type": "OBJECT"}, {"anyOf": [{"type": 5}]}]),
)  # fmt: skip
NESTED = b'{"a":' * 900 + b"1" + b"}" * 900
EVERY_PATH = pytest.mark.parametrize("target", BODIES)


def answer(target: str, body: bytes) -> int:
    """The status of the answer, all of which was written."""
    request = Request("POST", target, (("content-type", "application/json"),), body)
    surface = next(one for one in SURFACES if one.method == "POST" and one.path.fullmatch(request.path))
    workshop = Workshop(surface, SimulatorSettings(), Behaviours(Pace(0, 0)), PromptCache(), ResponseStore())
    try:
        script, _ = surface.answer(request, CallLog().open(request), workshop)
    except Refusal as refusal:
        script = surface.errors.refuse(refusal)
        assert surface.break_stream(refusal)
    head, *rest = list(script)
    assert isinstance(head, Head)
    assert rest
    return head.status


def list_places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a body."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*above, name)
        yield from list_places(inner, (*above, name))


@EVERY_PATH
def test_the_bodies_are_sound(target: str) -> None:
    assert answer(target, json.dumps(BODIES[target]).encode()) == 200


@EVERY_PATH
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_body_with_something_odd(target: str, data: st.DataObject) -> None:
    body = copy.deepcopy(BODIES[target])
    for place in data.draw(st.lists(st.sampled_from(list(list_places(body))), min_size=1, max_size=2)):
        parent: Any = body
        for name in place[:-1]:
            parent = parent[name] if has(parent, name) else {}
        if has(parent, place[-1]):
            parent[place[-1]] = copy.deepcopy(data.draw(ODD))
    assert answer(target, json.dumps(body).encode()) in (200, 400, 403, 404)


def has(parent: Any, name: Any) -> bool:
    if isinstance(parent, list):
        return isinstance(name, int) and name < len(parent)
    return isinstance(parent, dict) and name in parent


@EVERY_PATH
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b'{"a":1,"a":2}', b'{"a":' * 900 + b"1" + b"}" * 900]
)
def test_a_body_that_is_none(target: str, body: bytes) -> None:
    assert answer(target, body) == 400


@pytest.mark.parametrize("depth", [90, 300, 700, 900])
def test_deep_schemas_and_arguments(depth: int) -> None:
    deep: Any = {"type": "object"}
    for _ in range(depth // 2):
        deep = {"type": "object", "properties": {"a": deep}}
    gemini = copy.deepcopy(GEMINI)
    gemini["tools"][0]["functionDeclarations"][0] = {"name": "weather", "parametersJsonSchema": deep}
    gemini["contents"][1]["parts"][0]["functionCall"]["args"] = deep
    bedrock = copy.deepcopy(BEDROCK)
    bedrock["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] = deep
    assert answer(f"/v1beta/models/{MODEL}:generateContent", json.dumps(gemini).encode()) in (200, 400)
    assert answer(f"/model/{MODEL}/converse", json.dumps(bedrock).encode()) in (200, 400)
