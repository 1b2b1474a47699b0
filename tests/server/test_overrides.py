"""Overrides count above everything written, end by themselves, and survive a restart until then."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from operating import Operator
from test_changes import DOCUMENT, answering_model

from running import RunningGateway, await_value, run_gateway, start_gateway


@pytest.fixture
def gateway(simulator: str, tmp_path: Path) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def override(operator: Operator, model: str = "small", **fields: str) -> dict[str, str]:
    body = {"model_id": model, "reason": "an outage", "author": "anna"} | fields
    status, answer = operator.call("POST", "/api/agents/writer/model", body)
    assert status == 201, answer
    return dict(answer)


def test_an_override_counts_until_its_time_has_come(gateway: RunningGateway, operator: Operator) -> None:
    operator.change({"agents": {"writer": {"description": "stored"}}})
    made = override(operator, duration="1s")
    assert answering_model(gateway) == "small"
    found = operator.read("/explain?path=agents.writer.model")
    assert (found["layer"], found["author"], found["reason"]) == ("override", "anna", "an outage")
    assert found["expires_at"] == made["expires_at"]
    await_value(lambda: True if answering_model(gateway) == "large" else None)
    assert operator.call("GET", "/api/v1/overrides")[1] == {"overrides": []}


def test_an_override_can_be_cancelled_and_replaced(gateway: RunningGateway, operator: Operator) -> None:
    override(operator)
    second = override(operator, "large", duration="2h")
    (listed,) = operator.call("GET", "/api/v1/overrides")[1]["overrides"]
    assert listed["id"] == second["id"] and answering_model(gateway) == "large"
    override(operator, "small", duration="2h")
    (listed,) = operator.call("GET", "/api/v1/overrides")[1]["overrides"]
    assert operator.call("DELETE", f"/api/v1/overrides/{listed['id']}")[0] == 204
    assert operator.call("DELETE", f"/api/v1/overrides/{listed['id']}")[0] == 404
    assert answering_model(gateway) == "large"


def test_an_override_survives_a_restart(gateway: RunningGateway, operator: Operator) -> None:
    override(operator, duration="1h")
    gateway.kill()
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator_again:
        assert answering_model(again) == "small"
        assert len(operator_again.call("GET", "/api/v1/overrides")[1]["overrides"]) == 1


def test_an_override_for_an_agent_that_goes_ends_with_it(gateway: RunningGateway, operator: Operator) -> None:
    override(operator)
    text = gateway.config.read_text()
    gateway.config.write_text("".join(line for line in text.splitlines(keepends=True) if "writer:" not in line))
    await_value(lambda: True if gateway.chat("agent:writer")[0] == 404 else None)
    assert operator.call("GET", "/api/v1/overrides")[1]["overrides"] == []


@pytest.mark.parametrize(
    ("agent", "body", "status"),
    [
        ("wirter", {"model_id": "small"}, 404),
        ("writer", {"model_id": "smal"}, 422),
        ("writer", {"model_id": "small", "duration": "2 hours"}, 422),
        ("writer", {"model_id": "small", "duration": "9000d"}, 422),
        ("writer", {"model_id": "small", "spend": 0}, 422),
        ("writer", {"model_id": "small", "reason": "\u202e"}, 422),
        ("writer", {"model_id": "small", "author": "anna\u2028"}, 422),
        ("writer", {}, 422),
        ("%ff", {"model_id": "small"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(operator: Operator, agent: str, body: dict[str, str], status: int) -> None:
    found, answer = operator.call("POST", f"/api/agents/{agent}/model", body)
    assert found == status, answer
    assert operator.call("GET", "/api/v1/overrides")[1] == {"overrides": []}


def test_what_was_meant_is_said_and_nothing_else(operator: Operator) -> None:
    status, answer = operator.call("POST", "/api/agents/writer/model", {"model_id": "smalll"})
    assert status == 422 and answer["detail"].endswith('unknown model "smalll"; did you mean "small"?')
    (error,) = answer["errors"]
    assert (error["path"], error["severity"], error["suggestion"]) == ("agents.writer.model", "error", "small")


@pytest.mark.parametrize("query", ["reason=%00", "reason=%e2%80%ae", "reason=a%0ab", "author=%07", "author="])
def test_who_cancels_says_so_in_characters_that_can_be_seen(operator: Operator, query: str) -> None:
    made = override(operator)
    status, answer = operator.call("DELETE", f"/api/v1/overrides/{made['id']}?{query}")
    assert (status, answer["code"]) == (422, "invalid_request")
    assert len(operator.call("GET", "/api/v1/overrides")[1]["overrides"]) == 1


def test_an_override_may_name_a_model_that_is_a_fallback_already(gateway: RunningGateway, operator: Operator) -> None:
    operator.change({"agents": {"writer": {"fallback": ["small"]}}})
    override(operator, "small")
    assert answering_model(gateway) == "small"


def test_explain_tells_what_the_running_gateway_would_do(gateway: RunningGateway, operator: Operator) -> None:
    made = override(operator, duration="2h")
    environ = os.environ | {"POINTSMAN_HOME": str(gateway.home)}
    command = [sys.executable, "-m", "pointsman.cli.main", "explain", "--agent", "writer", "--json"]
    told = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=True)
    answer = json.loads(told.stdout)
    assert (answer["model"], answer["decided_by"]["kind"]) == ("small", "override")
    assert made["id"] in answer["decided_by"]["text"] and "an outage" in answer["decided_by"]["text"]
    assert answer["revision"] == operator.read()["revision"]


def test_every_answer_says_which_revision_it_belongs_to(gateway: RunningGateway, operator: Operator) -> None:
    revision = operator.read()["revision"]
    for path in ("/v1/models", "/health", "/nowhere", "/api/v1/configuration"):
        request = urllib.request.Request(gateway.url + path)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                headers = answer.headers
        except urllib.error.HTTPError as error:
            with error:
                headers = error.headers
        assert headers["x-pointsman-revision"] == revision, path
