"""A second model in the real program: it checks a local answer, or answers beside a model that has fallen silent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, run_gateway
from simulator.running_simulator import Simulation

DOCUMENT = """\
providers:
  cloud: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"]}}
  near: {{base_url: "{local}/v1"}}
models:
  big: {{provider: cloud, model_id: simulated-checker, price_per_1m_tokens: {{input: "3", output: "15"}}}}
  own: {{provider: near, model_id: simulated-own}}
  other: {{provider: near, model_id: simulated-other}}
agents:
  careful: {{model: own, fallback: [big]}}
  private: {{model: own, policy: {{privacy: high}}}}
  hasty: {{model: other, fallback: [own], policy: {{hedging: true}}}}
routing:
  attempts: 3
  rules: [{{name: quality, when: "agent == 'careful' and model.type == 'local'", action: require_cloud_verification}}]
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Simulation]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield Simulation(url, "simulated-checker")


@pytest.fixture(scope="module")
def house(cloud: Simulation, simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    text = DOCUMENT.format(cloud=cloud.url, address=urlsplit(cloud.url).netloc, local=simulator)
    with run_gateway(tmp_path_factory.mktemp("second"), text) as gateway:
        yield gateway


def verdict(passed: bool) -> str:
    return json.dumps({"reason": "so", "score": 0.8, "passed": passed})


def settle(house: RunningGateway, headers: dict[str, str]) -> dict[str, Any]:
    return house.await_request(headers["x-request-id"])


def test_a_passed_answer_is_the_local_one(house: RunningGateway, cloud: Simulation) -> None:
    cloud.behave(reply=verdict(True))
    before = len(cloud.list_calls())
    status, headers, body = house.chat("agent:careful")
    asked = json.loads(cloud.list_calls()[-1]["body"])
    assert (status, headers["x-pointsman-model"]) == (200, "own")
    assert headers["x-pointsman-verification"] == "passed; model=big"
    assert len(cloud.list_calls()) == before + 1
    said = json.loads(body)["choices"][0]["message"]["content"]
    assert json.dumps(said)[1:-1] in asked["messages"][1]["content"]
    assert float(headers["x-pointsman-cost-usd"]) > 0, "the check is charged"
    assert settle(house, headers)["attempts"] == 2


def test_in_place_of_a_failed_one_the_cloud_answers(house: RunningGateway, cloud: Simulation) -> None:
    cloud.behave(reply=verdict(False))
    status, headers, body = house.chat("agent:careful")
    assert (status, headers["x-pointsman-model"]) == (200, "big")
    assert headers["x-pointsman-verification"] == "failed; model=big"
    assert json.loads(body)["model"] == "simulated-checker"
    line = settle(house, headers)
    assert (line["model"], line["attempts"], line["cost_usd"]) == ("big", 3, headers["x-pointsman-cost-usd"])


def test_a_checker_that_is_down_holds_nothing_up(house: RunningGateway, cloud: Simulation) -> None:
    cloud.behave(fault="status_503")
    status, headers, _ = house.chat("agent:careful")
    assert (status, headers["x-pointsman-model"]) == (200, "own")
    assert headers["x-pointsman-verification"] == "skipped; upstream_overloaded"


def test_what_must_stay_is_not_shown_to_the_cloud(house: RunningGateway, cloud: Simulation) -> None:
    before = len(cloud.list_calls())
    assert house.chat("agent:private")[0] == 200
    assert len(cloud.list_calls()) == before


@pytest.mark.parametrize("stream", [False, True])
def test_a_silent_model_is_overtaken_and_hung_up_on(house: RunningGateway, simulator: str, stream: bool) -> None:
    silent = Simulation(simulator, "simulated-other")
    silent.behave(fault="never_answer")
    status, headers, body = house.chat("agent:hasty", stream=stream)
    assert (status, headers["x-pointsman-model"], headers["x-pointsman-attempts"]) == (200, "own", "2")
    assert headers["x-pointsman-degraded"] == "fallback" and b"error" not in body[:20]
    assert silent.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"
    silent.behave()


def test_a_lone_model_is_asked_again(house: RunningGateway, simulator: str, tmp_path: Path) -> None:
    shaky = Simulation(simulator, "simulated-other")
    shaky.behave(fault="status_500", times=1)
    before = len(shaky.list_calls())
    status, headers, _ = house.chat("other")
    assert (status, headers["x-pointsman-attempts"], len(shaky.list_calls()) - before) == (200, "2", 2)
    assert "x-pointsman-degraded" not in headers
    shaky.behave()
