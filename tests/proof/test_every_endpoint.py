"""Whatever is posted has one usage row, and an entry for each call that the provider was asked, at its price."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from asked_endpoints import BODIES, STREAMED, list_unasked, write_document
from booked import new_marker, read_entries, read_row

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, await_value, run_gateway


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("endpoints"), write_document(simulator)) as running:
        yield running


def ask(gateway: RunningGateway, path: str, body: dict[str, Any]) -> tuple[str, int]:
    """The marker of a call, and its status."""
    marker = new_marker()
    headers = {"x_pointsman_session": marker, "anthropic_version": "2023-06-01"}
    status, _, text = gateway.post(path, json.dumps(body).encode(), **headers)
    assert status == 200, text
    return marker, status


def list_calls(simulator: str, after: int = 0) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = httpx.get(f"{simulator}/simulator/calls?after={after}", timeout=10).json()["calls"]
    return calls


def list_ended(simulator: str, after: int) -> list[dict[str, Any]]:
    """The calls behind one, once none of them runs any more."""

    def look() -> list[dict[str, Any]] | None:
        calls = list_calls(simulator, after)
        return calls if all(call["ended"] for call in calls) else None

    calls: list[dict[str, Any]] = await_value(look)
    return calls


def bill(call: dict[str, Any]) -> int:
    """Whole nano-dollars, for each token costs some."""
    return int(call["prompt_tokens"]) * 3_000 + int(call["completion_tokens"]) * 15_000


def test_everything_that_may_be_posted_is_asked_here() -> None:
    assert list_unasked() == set()


@pytest.mark.parametrize(
    ("path", "body"),
    [*BODIES.items(), *((path, BODIES[path] | {"stream": True}) for path in STREAMED)],
    ids=[*BODIES, *(f"{path} as a stream" for path in STREAMED)],
)
def test_each_endpoint_is_accounted(gateway: RunningGateway, simulator: str, path: str, body: dict[str, Any]) -> None:
    last = max((call["sequence"] for call in list_calls(simulator)), default=0)
    marker, status = ask(gateway, path, body)
    operation, stored_status, attempts, cost_nusd, cost_status = read_row(gateway, marker)
    calls = list_ended(simulator, last)
    entries = read_entries(gateway, marker)
    assert (stored_status, attempts) == (status, len(calls))
    assert [entry[:4] for entry in entries] == [(place + 1, "charge", "answer", "") for place in range(len(calls))]
    if operation == "count_tokens":
        assert cost_nusd == 0 and {entry[4:] for entry in entries} <= {("none", 0)}
        return
    assert len(calls) == 1
    if operation == "rerank" and "/v2/" in path:
        # Billed by the search, of which this model has no price: unknown is not nothing.
        assert (cost_nusd, cost_status) == (None, "unknown") == entries[0][:3:-1]
        return
    if operation == "moderations":
        # Its provider reports no usage.
        assert cost_status == "estimated" and cost_nusd >= bill(calls[0]) > 0
        return
    assert (cost_nusd, cost_status) == (bill(calls[0]), "actual")
    assert entries[0][4:] == ("actual", bill(calls[0]))
