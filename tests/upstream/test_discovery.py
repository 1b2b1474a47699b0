"""Providers asked for their models: every dialect of the simulator, pages to their end, and hostile lists in bounds."""

import asyncio
import json
import socket
from dataclasses import replace

import pytest

from diagnosis.small_server import serve
from pointsman.core.config.snapshot import Deployment
from pointsman.core.dialects.anthropic_messages import models
from pointsman.core.dialects.table import DIALECTS
from pointsman.upstream import discovery
from pointsman.upstream.discovery import Probe, Reply, ask_all

SIMULATED = ("simulated-large", "simulated-small", "simulated-local")


def deploy(base_url: str, dialect: str = "openai_chat", **more: object) -> Deployment:
    headers = (("anthropic-version", "2023-06-01"),) if dialect == "anthropic_messages" else ()
    auth = {"anthropic_messages": "x-api-key", "gemini": "x-goog-api-key"}.get(dialect, "bearer")
    fields = {"headers": headers, "auth": auth, "credential": "env:POINTSMAN_K"} | more
    return Deployment("p/m", "p", "m", "simulated-large", dialect, base_url, "local", **fields)  # type: ignore[arg-type]


def ask(deployment: Deployment, key: str | None = "sk-simulated-0123456789", wait_s: float = 5) -> Reply:
    (reply,) = asyncio.run(ask_all([Probe(deployment, key)], wait_s))
    return reply


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        ("openai_chat", "/v1"),
        ("openai_responses", "/v1"),
        ("anthropic_messages", "/v1"),
        ("gemini", "/v1beta"),
    ],
)
def test_a_list_is_read_in_the_dialect_of_its_provider(simulator_url: str, dialect: str, path: str) -> None:
    reply = ask(deploy(simulator_url + path, dialect))
    assert (reply.fault, reply.status, reply.models, reply.is_good) == ("", 200, SIMULATED, True)
    assert reply.lists_models and not reply.to_chat


@pytest.mark.parametrize(("dialect", "path"), [("cohere", "/v2"), ("bedrock_converse", "")])
def test_where_there_is_no_list_a_chat_is_refused(simulator_url: str, dialect: str, path: str) -> None:
    reply = ask(deploy(simulator_url + path, dialect))
    assert (reply.fault, reply.models, reply.is_good, reply.to_chat) == ("", None, True, True)
    assert not reply.lists_models and reply.status is not None and 400 <= reply.status < 500


@pytest.mark.parametrize("page", [1, 2, 3])
def test_anthropics_pages_are_read_to_the_last_one(
    simulator_url: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:

    dialect = DIALECTS["anthropic_messages"]
    assert dialect.provider is not None
    short = f"/models?limit={page}"
    monkeypatch.setattr(models, "MODELS_PATH", short)
    side = replace(dialect.provider, models_path=short)
    monkeypatch.setitem(DIALECTS, "anthropic_messages", replace(dialect, provider=side))
    assert ask(deploy(f"{simulator_url}/v1", "anthropic_messages")).models == SIMULATED


def test_geminis_pages_are_read_by_their_tokens() -> None:
    pages = {
        "GET /v1beta/models?pageSize=1000": '{"models": [{"name": "models/a"}], "nextPageToken": "b&c/"}',
        "GET /v1beta/models?pageSize=1000&pageToken=b%26c%2F": '{"models": [{"name": "b"}, {"name": "models/a"}]}',
    }
    with serve({path: (200, body) for path, body in pages.items()}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1beta", "gemini"))
    assert reply.models == ("a", "b") and server.asked == list(pages)


def test_a_list_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    page = json.dumps({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    paths = ["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=a"]
    with serve({f"GET {path}": (200, page) for path in paths}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1", "anthropic_messages"))
    assert reply.models == ("a",) and len(server.asked) == discovery.MOST_PAGES
    many = json.dumps({"data": [{"id": f"m-{number}"} for number in range(12_000)]})
    with serve({"GET /v1/models": (200, many)}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1"))
    assert reply.models is not None and len(reply.models) == discovery.MOST_MODELS
    monkeypatch.setattr(discovery, "MOST_LIST_BYTES", 1_000)
    with serve({"GET /v1/models": (200, many)}) as server:
        assert ask(deploy(f"http://127.0.0.1:{server.port}/v1")).fault


def test_a_page_that_fails_leaves_no_half_of_a_list() -> None:
    page = json.dumps({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    with serve({"GET /v1/models?limit=1000": (200, page)}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1", "anthropic_messages"))
    assert (reply.status, reply.models, reply.is_good) == (404, None, False)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "null", '{"data": 5}', '{"data": [5]}', '{"data": [{"id": 5}]}', "[" * 50_000, "\xff", "<html>"],
)
def test_what_is_no_list_breaks_nothing_and_is_not_believed(body: str) -> None:
    for dialect in ("openai_chat", "openai_responses", "anthropic_messages", "gemini"):
        paths = ("/v1/models", "/v1/models?limit=1000", "/v1/models?pageSize=1000")
        with serve({f"GET {path}": (200, body) for path in paths}) as server:
            reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1", dialect))
        assert not reply.models
        assert reply.is_good is (reply.models is not None)
        assert not reply.is_good or body.startswith(("[]", "{"))


def test_ids_that_nobody_should_see_are_left_out() -> None:
    ids = ["good", "", "x" * 257, "line\nbreak", "turn\u202eed", "good"]
    body = json.dumps({"data": [{"id": id} for id in ids], "has_more": False})
    with serve({"GET /v1/models?limit=1000": (200, body)}) as server:
        assert ask(deploy(f"http://127.0.0.1:{server.port}/v1", "anthropic_messages")).models == ("good",)


@pytest.mark.parametrize("status", [200, 204, 301, 404, 500])
def test_an_answer_without_a_list_is_not_good(status: int) -> None:
    with serve({"GET /v1/models": (status, "{}")}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1"))
    assert (reply.status, reply.is_good, reply.models) == (status, False, None)


@pytest.mark.parametrize(
    ("status", "good"), [(400, True), (422, True), (200, False), (429, False), (401, False), (404, False), (503, False)]
)
def test_a_key_is_tried_with_a_chat_where_the_list_refuses_it(status: int, good: bool) -> None:
    with serve({"GET /v1/models": (401, "{}"), "POST /v1/chat/completions": (status, "{}")}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1"))
    assert (reply.status, reply.is_good, reply.to_chat) == (status, good, True)


def test_a_key_that_is_missing_is_not_made_up() -> None:
    with serve({}) as server:
        reply = ask(deploy(f"http://127.0.0.1:{server.port}/v1"), None)
    assert (reply.status, reply.is_good, server.asked) == (None, False, [])


def test_where_nobody_may_call_nobody_calls() -> None:
    forbidden = deploy("http://169.254.169.254/v1")
    assert "must not have" in ask(forbidden).fault
    cloud = Deployment("p/m", "p", "m", "m", "openai_chat", "http://127.0.0.1:9/v1", "cloud")
    assert "must not have" in ask(cloud, None).fault
    assert ask(deploy("")).fault == discovery.UNREACHED


def test_a_provider_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reply = ask(deploy(f"http://127.0.0.1:{silent.getsockname()[1]}/v1"), wait_s=0.2)
    assert reply.fault == "no answer within 0.2 s" and not reply.is_good
