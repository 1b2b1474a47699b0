"""Providers are really asked: a simulator, servers that refuse, silence, and clouds only when that is asked for."""

import json
import socket
from collections.abc import Iterator

import pytest
from examining import Site
from small_server import serve

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from pointsman.upstream import discovery

KEY = "sk-planted-0123456789abcdefghij"
MODELS = json.dumps({"object": "list", "data": [{"id": "small:latest", "object": "model"}]})


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


def write_house(site: Site, port: int, more: str = "") -> None:
    site.write(
        f"providers: {{house: {{base_url: 'http://127.0.0.1:{port}/v1'{more}}}}}\n"
        "models: {small: {provider: house}, large: {provider: house}}\nagents: {writer: {model: small}}\n"
    )


def test_a_local_provider_is_asked_for_its_models(site: Site, simulator: str) -> None:
    document = "providers: {simulated: {}}\nmodels: {simulated-small: {provider: simulated}}\n"
    site.write(document)
    site.environ["POINTSMAN_SIMULATOR_URL"] = f"{simulator}/v1"
    assert site.examine()["provider simulated"].message == f"{simulator} answers and lists 3 models"
    site.write(document.replace("simulated-small", "simulated-smal"))
    found = site.examine()["provider simulated"]
    assert found.status == "warning"
    assert 'does not list "simulated-smal"' in found.message


def test_a_tag_that_nobody_writes_is_no_difference(site: Site) -> None:
    with serve({"GET /v1/models": (200, MODELS)}) as server:
        write_house(site, server.port)
        found = site.examine()["provider house"]
    assert found.message.endswith('does not list "large"')


def test_a_provider_that_nothing_listens_for_is_wrong(site: Site) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        write_house(site, closed.getsockname()[1])
        found = site.examine()["provider house"]
    assert found.status == "wrong"
    assert found.next == "start its server, or correct its base URL"


def test_a_provider_that_says_nothing_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "PROBE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_house(site, silent.getsockname()[1])
        found = site.examine()["provider house"]
    assert found.status == "wrong"
    assert "no answer within 0.2 s" in found.message


def test_a_key_that_is_refused_is_named_by_its_variable(site: Site) -> None:
    site.environ["POINTSMAN_HOUSE_KEY"] = KEY
    refused = {"GET /v1/models": (401, "{}"), "POST /v1/chat/completions": (401, f'"{KEY} is wrong"')}
    with serve(refused) as server:
        write_house(site, server.port, ", api_key: {env: POINTSMAN_HOUSE_KEY}")
        found = site.examine()["provider house"]
    assert found.status == "wrong"
    assert "the key in POINTSMAN_HOUSE_KEY is refused (HTTP 401)" in found.message
    assert server.presented == [f"Bearer {KEY}"] * 2


def test_a_key_that_only_the_list_of_models_refuses_is_good(site: Site) -> None:
    site.environ["POINTSMAN_HOUSE_KEY"] = KEY
    with serve({"GET /v1/models": (401, "{}"), "POST /v1/chat/completions": (400, "{}")}) as server:
        write_house(site, server.port, ", api_key: {env: POINTSMAN_HOUSE_KEY}")
        found = site.examine()["provider house"]
    assert (found.status, "takes the key" in found.message) == ("good", True)


@pytest.mark.parametrize(
    ("status", "body", "judged"),
    [(401, "{}", "wrong"), (404, "{}", "good"), (500, "{}", "warning"), (302, "", "warning"), (200, "<html>", "good")],
)
def test_an_answer_is_judged_by_its_status(site: Site, status: int, body: str, judged: str) -> None:
    with serve({"GET /v1/models": (status, body)}) as server:
        write_house(site, server.port)
        assert site.examine().status_of("provider house") == judged


def test_a_cloud_is_called_only_when_that_is_asked_for(site: Site) -> None:
    with serve({"GET /v1/models": (200, MODELS)}) as server:
        write_house(site, server.port, f", location: cloud, allow_private: ['127.0.0.1:{server.port}']")
        found = site.examine()
        assert found["providers"].message == "not called: house"
        assert server.asked == []
        assert site.examine(online=True).status_of("provider house") == "good"
        assert server.asked == ["GET /v1/models"]


def test_without_its_key_a_provider_is_only_connected_to(site: Site) -> None:
    with serve({}) as server:
        write_house(site, server.port, ", api_key: {env: POINTSMAN_HOUSE_KEY}")
        assert "takes connections" in site.examine()["provider house"].message
    assert server.asked == []
