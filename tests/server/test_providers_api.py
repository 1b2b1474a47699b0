"""`/api/v1/llm/providers`: seed 003's endpoints over what is in force; providers are really asked, keys never shown."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from operating import Operator

from diagnosis.small_server import serve
from running import RunningGateway, await_value, run_gateway

KEY = "sk-planted-0123456789abcdefghij"
BASE = "/api/v1/llm/providers"
DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
  claude-like: {{base_url: {url}/v1, location: local, dialect: anthropic_messages, api_key: {{env: POINTSMAN_K}}}}
  cohere-like: {{base_url: {url}/v2, location: local, dialect: cohere, api_key: {{env: POINTSMAN_K}}}}
  keyless: {{base_url: {url}/v1, location: local, api_key: {{env: POINTSMAN_UNSET}}}}
  nobody: {{base_url: "http://127.0.0.1:9/v1", location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large}}
agents:
  writer: {{model: large}}
"""


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT.format(url=simulator), POINTSMAN_K=KEY) as running:
        yield running
        assert KEY not in json.dumps(running.log)


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def get(operator: Operator, path: str = "") -> Any:
    status, answer = operator.call("GET", BASE + path)
    assert status == 200 and KEY not in json.dumps(answer)
    return answer


def test_providers_are_listed_as_seed_003_has_them(operator: Operator, simulator: str) -> None:
    listed = {each["id"]: each for each in get(operator)}
    assert listed["nobody"] == {
        "id": "nobody",
        "name": "nobody",
        "provider_type": "custom",
        "api_base_url": "http://127.0.0.1:9/v1",
        "dialect": "openai_chat",
        "location": "local",
        "enabled": True,
        "key_set": None,
        "models": 0,
        "validated_at": None,
    }
    assert (listed["simulated"]["provider_type"], listed["claude-like"]["key_set"]) == ("simulated", True)
    assert listed["keyless"]["key_set"] is False


@pytest.mark.parametrize(
    ("name", "valid", "status", "lists", "about"),
    [
        ("simulated", True, "2xx", True, "lists 3 models"),
        ("claude-like", True, "2xx", True, "lists 3 models"),
        ("cohere-like", True, "4xx", False, "takes the key"),
        ("keyless", False, None, True, "key is not set"),
        ("nobody", False, None, True, "cannot be reached"),
    ],
)
def test_a_provider_is_validated(
    operator: Operator, name: str, valid: bool, status: str | None, lists: bool, about: str
) -> None:
    code, answer = operator.call("POST", f"{BASE}/{name}/validate")
    assert (code, answer["valid"], answer["status"], answer["lists_models"]) == (200, valid, status, lists)
    assert about in answer["message"] and answer["latency_ms"] >= 0
    remembered = next(each for each in get(operator) if each["id"] == name)
    assert remembered["validated_at"] == answer["validated_at"] and (answer["validated_at"] is not None) is valid


def test_models_are_discovered_beside_the_configured_ones(operator: Operator) -> None:
    answer = get(operator, "/simulated/models")
    assert [model["model_name"] for model in answer["models"]][:3] == [
        "simulated-large",
        "simulated-small",
        "simulated-local",
    ]
    assert answer["models"][0] | {"listed": None} == {
        "model_name": "simulated-large",
        "enabled": True,
        "configured_as": ["large"],
        "listed": None,
        "supports_tools": None,
        "supports_embeddings": True,
        "context_window": 200_000,
        "max_output_tokens": None,
    }
    assert answer["discovered_at"] is not None
    nothing = get(operator, "/nobody/models")
    assert (nothing["models"], nothing["discovered_at"]) == ([], None) and "cannot be reached" in nothing["message"]


def test_a_model_is_added_by_hand_and_answers_at_once(operator: Operator, gateway: RunningGateway) -> None:
    body = {
        "model_name": "simulated-by-hand",
        "supports_tools": True,
        "supports_embeddings": False,
        "context_window": 4_096,
    }
    status, added = operator.call("POST", f"{BASE}/simulated/models", body)
    assert status == 201 and added["configured_as"] == ["simulated-by-hand"]
    kept = {name: added[name] for name in body}
    assert kept == body and added["enabled"]
    status, headers, _ = gateway.chat("simulated-by-hand")
    assert (status, headers["x-pointsman-revision"]) == (200, added["revision"])
    origin = operator.read("/explain?path=models.simulated-by-hand.context_window")
    assert (origin["layer"], origin["value"]) == ("stored", 4_096)
    listed = get(operator, "/simulated/models")["models"]
    assert "simulated-by-hand" in {name for model in listed for name in model["configured_as"]}
    again = operator.call("POST", f"{BASE}/simulated/models", body)
    assert (again[0], again[1]["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    ("fields", "tools", "embeddings"),
    [({}, None, True), ({"supports_tools": False}, False, True), ({"supports_embeddings": True}, None, True)],
)
def test_what_is_not_said_is_left_open(
    operator: Operator, fields: dict[str, Any], tools: bool | None, embeddings: bool
) -> None:
    name = f"simulated-{len(json.dumps(fields))}"
    status, added = operator.call("POST", f"{BASE}/simulated/models", {"model_name": name} | fields)
    assert (status, added["supports_tools"], added["supports_embeddings"]) == (201, tools, embeddings)


def call_with(gateway: RunningGateway, if_match: str, name: str) -> tuple[int, str | None, Any]:
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=30)
    headers = {"authorization": f"Bearer {gateway.admin_key}", "content-type": "application/json", "if-match": if_match}
    try:
        connection.request("POST", f"{BASE}/simulated/models", json.dumps({"model_name": name}), headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["etag"], json.loads(answer.read())
    finally:
        connection.close()


def test_if_match_is_honoured_when_it_is_sent(operator: Operator, gateway: RunningGateway) -> None:
    number = operator.read()["number"]
    status, etag, added = call_with(gateway, f'"{number}"', "simulated-matched")
    assert (status, etag, added["number"]) == (201, f'"{number + 1}"', number + 1)
    status, _, refused = call_with(gateway, f'"{number}"', "simulated-late")
    assert (status, refused["code"]) == (412, "stale_revision") and str(number + 1) in refused["detail"]
    assert call_with(gateway, "*", "simulated-any")[0] == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_field"),
        ({"model_name": ""}, "invalid_value"),
        ({"model_name": "x" * 128}, "invalid_value"),
        ({"model_name": 5}, "invalid_value"),
        ({"model_name": "x", "supports_tools": "yes"}, "invalid_value"),
        ({"model_name": "x", "context_window": 0}, "invalid_value"),
        ({"model_name": "x", "context_window": True}, "invalid_value"),
        ({"model_name": "x", "api_key": "y"}, "unknown_field"),
    ],
)
def test_a_body_that_cannot_be_is_refused_with_its_place(operator: Operator, body: Any, code: str) -> None:
    before = operator.read()["number"]
    status, refused = operator.call("POST", f"{BASE}/simulated/models", body)
    assert (status, refused["code"]) == (422, "invalid_request") and code in {one["code"] for one in refused["errors"]}
    assert operator.read()["number"] == before


@pytest.mark.parametrize("name", ["agent:x", "auto", "a b", "../x"])
def test_a_name_that_no_model_may_have_is_refused(operator: Operator, name: str) -> None:
    status, refused = operator.call("POST", f"{BASE}/simulated/models", {"model_name": name})
    assert (status, refused["code"]) == (422, "configuration_refused")


@pytest.mark.parametrize(("method", "path"), [("POST", "/validate"), ("GET", "/models"), ("POST", "/models")])
def test_an_unknown_provider_is_not_found(operator: Operator, method: str, path: str) -> None:
    body = {"model_name": "x"} if (method, path) == ("POST", "/models") else None
    status, answer = operator.call(method, f"{BASE}/simulatd{path}", body)
    assert (status, answer["code"]) == (404, "not_found") and 'Did you mean "simulated"?' in answer["detail"]


def test_an_answer_of_a_provider_is_never_shown(gateway: RunningGateway, operator: Operator) -> None:
    told = "what a provider says"
    with serve({"GET /v1/models": (500, told), "POST /v1/chat/completions": (500, told)}) as server:
        provider = {"base_url": f"http://127.0.0.1:{server.port}/v1", "location": "local"}
        assert operator.change({"providers": {"talker": provider}})[0] == 201
        status, answer = operator.call("POST", f"{BASE}/talker/validate")
        assert (status, answer["valid"], answer["status"]) == (200, False, "5xx") and told not in json.dumps(answer)
        # Asking for models within moments of that takes the same answer; validating asks anew.
        get(operator, "/talker/models")
        assert len(server.asked) == 1
        operator.call("POST", f"{BASE}/talker/validate")
        assert len(server.asked) == 2


def test_nothing_of_it_opens_without_the_admin_key(gateway: RunningGateway) -> None:
    for method, path in (("GET", ""), ("POST", "/simulated/validate"), ("GET", "/simulated/models")):
        connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=30)
        connection.request(method, BASE + path, headers={"authorization": f"Bearer {gateway.api_key}"})
        assert connection.getresponse().status == 401
        connection.close()


def test_newer_prices_are_taken_with_the_next_reload(
    gateway: RunningGateway, operator: Operator, tmp_path: Path
) -> None:

    models = {"simulated": [{"id": "simulated-large", "prices": [[None, 10**9, 10**9, 10**9]]}]}
    source = tmp_path / "prices.json"
    # Of the day of the package's own lists; what is brought counts before those.
    source.write_text(json.dumps({"source": "dear", "date": "2026-11-21", "providers": models}))
    environ = os.environ | {"POINTSMAN_HOME": str(gateway.home)}

    def refresh(*words: str) -> None:
        command = [sys.executable, "-m", "pointsman.cli.main", "models", "refresh", *words]
        subprocess.run(command, env=environ, cwd=tmp_path, check=True, timeout=60, capture_output=True)

    def price() -> str:
        listed = gateway.get("/v1/models", key=gateway.api_key)["data"]
        return str(next(model for model in listed if model["id"] == "large")["price_per_1m_tokens"]["input"])

    before, revision = price(), operator.read()["revision"]
    refresh(str(source))
    assert price() == before
    assert operator.call("POST", "/api/v1/configuration/reload", {"force": False})[0] == 200
    assert await_value(lambda: price() == "1" or None) and before != "1"
    assert operator.read()["revision"] != revision
    refresh("--drop")
    assert operator.call("POST", "/api/v1/configuration/reload", {"force": False})[0] == 200
    assert await_value(lambda: price() == before or None)
    assert operator.read()["revision"] == revision
