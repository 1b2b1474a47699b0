"""What calls beside chat cost, and that private data in them is found."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from scripted import PRICES, Answer, Conversation, ScriptedUpstream

from explaining import compile_yaml
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.config.snapshot import Agent, Deployment, Model, Snapshot
from pointsman.core.dialects.dialect import ClientSide
from pointsman.core.dialects.openai_chat.dialect import OPENAI_CHAT
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Call, Relay
from pointsman.relay.learn import learn_facts
from pointsman.relay.serve import serve
from pointsman.server.routes import ROUTES, find_route

JSON = ((b"content-type", b"application/json"),)
OPERATIONS = frozenset({"chat", "embeddings", "rerank", "moderations"})
FREE = PriceTable(0, 0, 0, "test")


def make_model(name: str, prices: PriceTable | None, dialect: str = "openai_chat") -> Model:
    base = "http://127.0.0.1:1/v1"
    deployment = Deployment(f"p/{name}", "p", name, "up", dialect, base, "local", clearance="high")
    counts = {"count_tokens"} if dialect == "anthropic_messages" else set()
    return Model(name, deployment, prices, operations=OPERATIONS | counts)  # type: ignore[arg-type]


SNAPSHOT = Snapshot(
    "0123456789ab",
    "production",
    {
        "priced": make_model("priced", PRICES),
        "free": make_model("free", FREE),
        "unpriced": make_model("unpriced", None),
        "claude": make_model("claude", PRICES, "anthropic_messages"),
    },
    {"keen": Agent("keen", "priced", caches=True)},
)


@dataclass
class Door(Conversation):
    """A call at any path."""

    def come_in(self, path: str, body: dict[str, Any]) -> Outcome:
        route = ROUTES[path.encode()]
        call = Call("req_1", route.client, route.decode, json.dumps(body).encode(), "key_1", (), 0, 99.5, "shown-1")
        relay = Relay(self.upstream, self.outcomes.append, lambda: self.now_s, gate=self.gate, hedging=self.hedging)
        asyncio.run(serve(relay, self.snapshot, call, self.client))
        return self.outcomes[-1]


def call(path: str, body: dict[str, Any], *answers: dict[str, Any]) -> tuple[Outcome, Door]:
    script = [Answer([json.dumps(answer).encode()], headers=JSON) for answer in answers]
    door = Door(ScriptedUpstream(list(script)), snapshot=SNAPSHOT)
    return door.come_in(path, body), door


EMBED = {"input": "Hello there"}
VECTORS = {"data": [{"index": 0, "embedding": [1.5] * 1_000}], "model": "up"}
RANK = {"query": "q", "documents": ["a", "b"]}
RANKS = {"results": [{"index": 0, "relevance_score": 0.5}], "meta": {"billed_units": {"search_units": 1}}}
COUNT = {"messages": [{"role": "user", "content": "How long is this?"}]}


def test_embeddings_cost_their_prompt_as_reported() -> None:
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    outcome, door = call("/v1/embeddings", EMBED | {"model": "priced"}, VECTORS | {"usage": usage})
    assert (outcome.usage, outcome.cost_nusd, outcome.cost_status) == (Usage(5, 0), 5_000, "actual")
    assert json.loads(door.client.body) == VECTORS | {"usage": usage}
    assert door.client.headers[b"x-pointsman-cost-usd"] == b"0.000005"


def test_vectors_are_no_tokens_of_an_answer_where_usage_is_estimated() -> None:
    outcome, _ = call("/v1/embeddings", EMBED | {"model": "priced"}, VECTORS)
    assert outcome.cost_status == "estimated" and outcome.usage is not None
    assert 0 < outcome.usage.input_tokens < 30 and outcome.usage.output_tokens == 0


@pytest.mark.parametrize(
    ("model", "cost"), [("priced", (None, "unknown")), ("unpriced", (None, "unknown")), ("free", (0, "actual"))]
)
def test_searches_are_not_taken_for_tokens(model: str, cost: tuple[int | None, str]) -> None:
    outcome, door = call("/v1/rerank", RANK | {"model": model}, RANKS)
    assert outcome.usage == Usage(0, 0, further=FurtherCounts(searches=1))
    assert (outcome.cost_nusd, outcome.cost_status) == cost
    assert (b"x-pointsman-cost-usd" in door.client.headers) is (cost[0] is not None)


def test_rerank_that_reports_tokens_costs_them() -> None:
    ranks = {"results": RANKS["results"], "usage": {"total_tokens": 9}}
    outcome, _ = call("/v1/rerank", RANK | {"model": "priced"}, ranks)
    assert (outcome.usage, outcome.cost_nusd) == (Usage(9, 0), 9_000)


def test_counting_costs_nothing_at_a_provider() -> None:
    outcome, door = call("/v1/messages/count_tokens", COUNT | {"model": "claude"}, {"input_tokens": 11})
    assert (outcome.cost_nusd, outcome.cost_status, outcome.attempts) == (0, "none", 1)
    assert json.loads(door.client.body) == {"input_tokens": 11}
    assert b"x-pointsman-estimated" not in door.client.headers


def test_an_estimate_asks_nobody() -> None:
    outcome, door = call("/v1/messages/count_tokens", COUNT | {"model": "priced"})
    assert not door.upstream.called
    assert (outcome.cost_nusd, outcome.cost_status, outcome.attempts, outcome.model) == (0, "none", 0, "priced")
    assert 5 < json.loads(door.client.body)["input_tokens"] < 30
    assert door.client.headers[b"x-pointsman-estimated"] == b"tokens"


def test_a_stream_in_place_of_vectors_is_a_bad_answer() -> None:
    script = [Answer([b"data: {}\n\n"], headers=((b"content-type", b"text/event-stream"),))]
    door = Door(ScriptedUpstream(list(script)), snapshot=SNAPSHOT)
    outcome = door.come_in("/v1/embeddings", EMBED | {"model": "priced"})
    assert (outcome.status, outcome.failure) == (502, "upstream_bad_response")


def test_the_same_texts_may_get_the_same_vectors_again() -> None:
    door = Door(ScriptedUpstream([Answer([json.dumps(VECTORS).encode()], headers=JSON)]), snapshot=SNAPSHOT)
    route = ROUTES[b"/v1/embeddings"]
    body = json.dumps(EMBED | {"model": "agent:keen"}).encode()
    relay = Relay(door.upstream, door.outcomes.append, lambda: 100.0)
    for told in (b"miss", b"hit"):
        door.client = type(door.client)()
        one = Call("req_1", route.client, route.decode, body, "key_1", (), 0, 99.5, "shown-1")
        asyncio.run(serve(relay, SNAPSHOT, one, door.client))
        assert door.client.headers[b"x-pointsman-cache"] == told and json.loads(door.client.body) == VECTORS


SEARCHED = compile_yaml("""\
version: 1
providers: {near: {base_url: "http://127.0.0.1:9/v1"}}
models: {own: {provider: near}}
privacy: {detect: always, deadline: 60s}
""")
MAIL = "ada@example.org"
TEXT = {"type": "text", "text": "A"}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
HALVES = [{"type": "text", "text": "4111 1111"}, {"type": "text", "text": " 1111 1111"}]

PRIVATE: dict[str, tuple[str, dict[str, Any]]] = {
    "a text to embed": ("/v1/embeddings", {"model": "own", "input": ["Hello", f"To {MAIL}"]}),
    "ids of tokens": ("/v1/embeddings", {"model": "own", "input": [[1, 2], [3]]}),
    "a query": ("/v1/rerank", {"model": "own", "query": MAIL, "documents": ["a"]}),
    "a document": ("/v2/rerank", {"model": "own", "query": "q", "documents": ["a", MAIL]}),
    "a document's title": ("/v1/rerank", {"model": "own", "query": "q", "documents": [{"text": "a", "title": MAIL}]}),
    "a text to judge": ("/v1/moderations", {"model": "own", "input": MAIL}),
    "a part to judge": ("/v1/moderations", {"model": "own", "input": HALVES}),
    "a picture to judge": ("/v1/moderations", {"model": "own", "input": [TEXT, PICTURE]}),
    "a picture to embed": (
        "/v2/embed",
        {"model": "own", "images": ["data:image/png;base64,AAAA"], "input_type": "image"},
    ),
    "parts to embed": ("/v2/embed", {"model": "own", "inputs": [{"content": HALVES}], "input_type": "search_query"}),
    "a content": ("/v1beta/models/own:embedContent", {"content": {"parts": [{"text": MAIL}]}}),
    "parts of a content": (
        "/v1beta/models/own:embedContent",
        {"content": {"parts": [{"text": "4111 1111"}, {"text": " 1111 1111"}]}},
    ),
    "a picture in a content": (
        "/v1beta/models/own:batchEmbedContents",
        {"requests": [{"content": {"parts": [{"inline_data": {"mime_type": "image/png", "data": "AAAA"}}]}}]},
    ),
    "a message to count": (
        "/v1/messages/count_tokens",
        {"model": "own", "messages": [{"role": "user", "content": MAIL}]},
    ),
    "a wrapped content to count": (
        "/v1beta/models/own:countTokens",
        {"generateContentRequest": {"contents": [{"parts": [{"text": MAIL}]}]}},
    ),
    "an input to count": ("/v1/responses/input_tokens", {"model": "own", "input": MAIL}),
}
HARMLESS: dict[str, tuple[str, dict[str, Any]]] = {
    "texts": ("/v1/embeddings", {"model": "own", "input": ["4111 1111", " 1111 1111"], "dimensions": 3}),
    "documents": ("/v1/rerank", {"model": "own", "query": "q", "documents": ["a", {"text": "b"}]}),
    "judged": ("/v1/moderations", {"model": "own", "input": ["a", "b"]}),
    "parts": ("/v2/embed", {"model": "own", "inputs": [{"content": [TEXT]}], "input_type": "search_query"}),
    "content": ("/v1beta/models/own:embedContent", {"content": {"parts": [{"text": "a"}, {"text": "b"}]}}),
    "counted": ("/v1beta/models/own:countTokens", {"contents": [{"parts": [{"text": "a"}]}]}),
}


def find_door(path: str) -> tuple[ClientSide, Callable[[bytes], ChatRequest]]:
    route = ROUTES.get(path.encode()) or find_route(path.encode(), b"")
    assert route is not None, path
    return route.client, route.decode


def learn(path: str, body: dict[str, Any]) -> Facts:
    client, decode = find_door(path)
    raw = json.dumps(body).encode()
    call = Call("req_1", client, decode, raw, "key_1", (), 0, 0.0, "shown-1")
    relay = Relay(ScriptedUpstream([]), lambda outcome: None, lambda: 0.0)
    return asyncio.run(learn_facts(relay, SEARCHED, call, decode(raw)))


@pytest.mark.parametrize(("path", "body"), PRIVATE.values(), ids=PRIVATE)
def test_what_is_private_is_found_wherever_it_stands(path: str, body: dict[str, Any]) -> None:
    assert learn(path, body).label == "high"


@pytest.mark.parametrize(("path", "body"), HARMLESS.values(), ids=HARMLESS)
def test_what_is_not_private_is_not_taken_for_it(path: str, body: dict[str, Any]) -> None:
    assert learn(path, body).label == "low"


def test_errors_have_the_shape_of_whoever_asks() -> None:
    for path, shape in (("/v1/rerank", "error"), ("/v2/rerank", "message"), ("/v1/messages/count_tokens", "type")):
        outcome, door = call(path, {"model": "priced"})
        assert outcome.status == 400 and shape in json.loads(door.client.body)
    assert find_door("/v1/embeddings")[0] is OPENAI_CHAT.client
