"""Attempts that failed, were repeated, overtaken, checked, replaced or cut short each have their entry."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from booked import new_marker, read_entries, read_row

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, run_gateway
from simulator.running_simulator import Simulation

DOCUMENT = """\
version: 1
providers:
  near: {{base_url: "{local}/v1"}}
  cloud: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"]}}
models:
  steady: {{provider: near, model_id: simulated-steady, price_per_1m_tokens: {price}}}
  shaky: {{provider: near, model_id: simulated-shaky, price_per_1m_tokens: {price}}}
  checker: {{provider: cloud, model_id: simulated-checker, price_per_1m_tokens: {price}}}
agents:
  alone: {{model: shaky}}
  doubled: {{model: shaky, fallback: [steady]}}
  hasty: {{model: shaky, fallback: [steady], policy: {{hedging: true}}}}
  careful: {{model: steady, fallback: [checker]}}
routing:
  attempts: 3
  rules: [{{name: quality, when: "agent == 'careful' and model.type == 'local'", action: require_cloud_verification}}]
"""
PRICE = '{input: "3", output: "15"}'
CHARGE, ANSWER = "charge", "answer"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Simulation]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield Simulation(url, "simulated-checker")


@pytest.fixture
def shaky(cloud: Simulation) -> Iterator[Simulation]:
    simulation = Simulation(cloud.url, "simulated-shaky")
    yield simulation
    simulation.behave()


@pytest.fixture(scope="module")
def gateway(cloud: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    address = urlsplit(cloud.url).netloc
    text = DOCUMENT.format(local=cloud.url, cloud=cloud.url, address=address, price=PRICE)
    with run_gateway(tmp_path_factory.mktemp("attempts"), text) as running:
        yield running


def ask(gateway: RunningGateway, agent: str, **fields: Any) -> tuple[str, int]:
    """Marker and status of a call."""
    marker = new_marker()
    body = {"model": f"agent:{agent}", "messages": [{"role": "user", "content": "Say a word."}]}
    headers = {name: fields.pop(name) for name in list(fields) if name.startswith("x_")}
    status, _, _ = gateway.post(
        "/v1/chat/completions", json.dumps(body | fields).encode(), x_pointsman_session=marker, **headers
    )
    return marker, status


def check_sum(gateway: RunningGateway, marker: str) -> None:
    """A row's cost is what those entries of it add up to that count."""
    cost_nusd = read_row(gateway, marker)[3]
    known = [entry[5] for entry in read_entries(gateway, marker) if entry[1] == CHARGE]
    assert cost_nusd == (None if None in known else sum(known))


def test_a_call_that_fails_for_good(gateway: RunningGateway, shaky: Simulation) -> None:
    shaky.behave(fault="status_400")
    marker, status = ask(gateway, "alone")
    assert status == 400 and read_row(gateway, marker)[1:3] == (400, 1)
    assert read_entries(gateway, marker) == [(1, CHARGE, "failed", "invalid_request", "none", 0)]


def test_a_call_that_is_repeated(gateway: RunningGateway, shaky: Simulation) -> None:
    shaky.behave(fault="status_500", times=1)
    marker, status = ask(gateway, "alone")
    first, second = read_entries(gateway, marker)
    assert status == 200 and first == (1, CHARGE, "failed", "upstream_error", "none", 0)
    assert second[:5] == (2, CHARGE, ANSWER, "", "actual") and second[5] > 0
    check_sum(gateway, marker)


def test_a_broken_answer_may_be_billed_and_the_next_one_is(gateway: RunningGateway, shaky: Simulation) -> None:
    shaky.behave(fault="malformed_chunk", times=1)
    marker, status = ask(gateway, "doubled")
    first, second = read_entries(gateway, marker)
    assert status == 200 and first[:4] == (1, "possibly_billed", "failed", "upstream_bad_response")
    assert first[5] > 0 and second[:5] == (2, CHARGE, ANSWER, "", "actual")
    check_sum(gateway, marker)


@pytest.mark.parametrize("stream", [False, True])
def test_a_hedge_and_whom_it_overtook(gateway: RunningGateway, shaky: Simulation, stream: bool) -> None:
    shaky.behave(fault="never_answer")
    marker, status = ask(gateway, "hasty", stream=stream)
    overtaken, answer = read_entries(gateway, marker)
    assert status == 200 and overtaken[:3] == (1, CHARGE, "replaced") and overtaken[4] == "estimated"
    assert overtaken[5] > 0 and answer[:5] == (2, CHARGE, ANSWER, "", "actual")
    check_sum(gateway, marker)


def test_an_answer_and_its_check(gateway: RunningGateway, cloud: Simulation) -> None:
    cloud.behave(reply=json.dumps({"reason": "so", "score": 0.8, "passed": True}))
    marker, status = ask(gateway, "careful")
    assert status == 200 and sorted(entry[2] for entry in read_entries(gateway, marker)) == [ANSWER, "check"]
    assert {entry[4] for entry in read_entries(gateway, marker)} == {"actual"}
    check_sum(gateway, marker)


def test_an_answer_that_its_check_replaced(gateway: RunningGateway, cloud: Simulation) -> None:
    cloud.behave(reply=json.dumps({"reason": "so", "score": 0.1, "passed": False}))
    marker, status = ask(gateway, "careful")
    assert status == 200
    assert sorted(entry[2] for entry in read_entries(gateway, marker)) == [ANSWER, "check", "replaced"]
    check_sum(gateway, marker)


def test_a_stream_that_breaks_off(gateway: RunningGateway, shaky: Simulation) -> None:
    shaky.behave(fault="cut_after_tokens", after_tokens=5)
    marker, _ = ask(gateway, "alone", stream=True)
    (entry,) = read_entries(gateway, marker)
    assert entry[:5] == (1, CHARGE, ANSWER, "upstream_stream_interrupted", "estimated") and entry[5] > 0
    check_sum(gateway, marker)


def test_a_stream_whose_client_leaves(gateway: RunningGateway, shaky: Simulation) -> None:
    shaky.behave(fault="stall_after_tokens", after_tokens=5)
    marker, address = new_marker(), urlsplit(gateway.url).netloc
    body = {"model": "agent:alone", "messages": [{"role": "user", "content": "Say a word."}], "stream": True}
    headers = {"authorization": f"Bearer {gateway.api_key}", "x-pointsman-session": marker}
    headers["content-type"] = "application/json"
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read(20)
    answer.close()
    connection.close()
    (entry,) = read_entries(gateway, marker)
    assert entry[:5] == (1, CHARGE, ANSWER, "client_disconnected", "estimated") and entry[5] > 0
    assert shaky.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_a_stream_that_is_cut_at_what_it_may_cost(gateway: RunningGateway, shaky: Simulation) -> None:
    """Its tokens are longer than those that an estimate goes by, so nobody can be sure that it will keep its limit."""
    shaky.behave(reply="incomprehensibilities " * 200, tokens_per_second=2_000)
    marker, status = ask(gateway, "alone", stream=True, max_tokens=200, x_pointsman_max_cost="0.0045")
    (entry,) = read_entries(gateway, marker)
    assert status == 200 and entry[:5] == (1, CHARGE, ANSWER, "cut_at_limit", "estimated")
    assert 0 < entry[5] <= 4_500_000
