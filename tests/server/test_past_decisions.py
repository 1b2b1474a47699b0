"""Decisions about real calls can be read back and made again: the same comes out, also after changes and a restart."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from operating import Operator

from pointsman.core.chat.money import format_usd
from running import RunningGateway, await_value, run_gateway, start_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
  broken: {{base_url: http://127.0.0.1:9/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large, price_per_1m_tokens: {{input: "3", output: "15"}}}}
  small: {{provider: simulated, model_id: simulated-small, price_per_1m_tokens: {{input: 0.150, output: "0.60"}}}}
  unreachable: {{provider: broken, model_id: nothing}}
agents:
  writer: {{model: large, fallback: [small], rules: [{{when: task.complexity < 4, use: small}}]}}
  resilient: {{model: unreachable, fallback: [small]}}
  open: {{model: large, fallback: [small]}}
retention: {{decisions: {kept}}}
"""


@pytest.fixture
def gateway(simulator: str, tmp_path: Path) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator, kept="2d")) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def ask(gateway: RunningGateway, model: str = "agent:writer", **headers: str) -> str:
    """The request id on the answer to a call."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "the secret recipe"}]}).encode()
    _, fields, _ = gateway.post("/v1/chat/completions", body, **headers)
    return next(value for name, value in fields.items() if name.lower() == "x-request-id")


def ask_hard(gateway: RunningGateway) -> str:
    return ask(gateway, x_pointsman_task='{"complexity": 9}')


def read(operator: Operator, request_id: str) -> Any:
    status, answer = operator.call("GET", f"/api/v1/decisions/{request_id}")
    assert status == 200, answer
    return answer


def test_a_call_can_be_read_back_with_all_that_it_was_decided_by(gateway: RunningGateway, operator: Operator) -> None:
    request_id = ask(gateway, x_pointsman_task='{"complexity": 2}', x_pointsman_user="ada", x_pointsman_tags="nightly")
    answer = read(operator, request_id)
    recorded = answer["recorded"]
    assert answer["replayed"] == {"identical": True}
    assert (answer["model"], answer["decided_by"]["kind"], recorded["model"]) == ("small", "rule", "small")
    assert (
        recorded["facts"]["given"] | {"task.complexity": 2, "user": "ada", "tags": ["nightly"]}
        == (recorded["facts"]["given"])
    )
    assert recorded["outcome"] == {
        "model": "small",
        "attempts": 1,
        "status": 200,
        "failure": None,
        "degraded": "",
        "verification": None,
        "input_tokens": answer["recorded"]["outcome"]["input_tokens"],
        "output_tokens": answer["recorded"]["outcome"]["output_tokens"],
        "cost_usd": answer["recorded"]["outcome"]["cost_usd"],
        "cost_status": "actual",
    }
    assert (recorded["request_id"], recorded["agent"], recorded["attempts"]) == (
        request_id,
        "writer",
        ["small", "large"],
    )
    assert recorded["revision"] == answer["revision"]
    assert {"fact": "task.complexity", "from": 2, "to": 4, "model": "large"} in answer["flips"]


def test_a_short_request_is_told_with_what_it_really_cost(gateway: RunningGateway, operator: Operator) -> None:
    answer = read(operator, ask(gateway, "agent:open"))
    outcome = answer["recorded"]["outcome"]
    assert "tokens" not in answer["recorded"]["facts"]
    tokens = {"input": outcome["input_tokens"], "output": outcome["output_tokens"]}
    assert 0 < tokens["input"] < 50 and 0 < tokens["output"] < 500
    assert (answer["estimated_tokens"], answer["size_assumed"]) == (tokens, False)
    exact = format_usd(tokens["input"] * 3_000 + tokens["output"] * 15_000)
    assert (outcome["cost_usd"], outcome["cost_status"]) == (exact, "actual")
    assert answer["estimated_cost_usd"] == {"low": exact, "expected": exact, "high": exact}
    other = answer["attempts"][1]["estimated_cost_usd"]["expected"]
    assert other == format_usd(tokens["input"] * 150 + tokens["output"] * 600)
    listed = operator.call("GET", "/api/v1/decisions?limit=1")[1]["decisions"][0]
    assert listed["outcome"] == outcome


def test_a_refused_request_has_a_size_that_is_assumed(gateway: RunningGateway, operator: Operator) -> None:
    refused = read(operator, ask(gateway, "agent:nobody"))
    outcome = refused["recorded"]["outcome"]
    assert (refused["size_assumed"], outcome["input_tokens"]) == (True, None)
    assert (outcome["cost_usd"], outcome["cost_status"]) == ("0", "none")


def test_a_fallback_and_a_refusal_are_on_record_too(gateway: RunningGateway, operator: Operator) -> None:
    fell_back = read(operator, ask(gateway, "agent:resilient"))
    assert fell_back["recorded"]["model"] == fell_back["model"] == "unreachable"
    outcome = fell_back["recorded"]["outcome"]
    assert (outcome["model"], outcome["attempts"], outcome["degraded"]) == ("small", 2, "fallback")
    # Two calls went out, so what they used together says nothing of how long the request was.
    assert outcome["input_tokens"] > 0 and fell_back["size_assumed"]
    refused = read(operator, ask(gateway, "agent:nobody"))
    assert refused["recorded"]["refused"] == refused["refused"]["code"] == "model_not_found"
    assert refused["recorded"]["outcome"]["status"] == 404
    assert [fell_back["replayed"], refused["replayed"]] == [{"identical": True}] * 2


def test_the_callers_own_id_finds_it_as_well(gateway: RunningGateway, operator: Operator) -> None:
    assert ask(gateway, x_request_id="mine-1") == "mine-1"
    recorded = read(operator, "mine-1")["recorded"]
    assert recorded["shown_id"] == "mine-1" != recorded["request_id"]
    assert read(operator, recorded["request_id"])["recorded"] == recorded


def test_it_replays_as_it_was_whatever_has_changed_since(gateway: RunningGateway, operator: Operator) -> None:
    asked = {"at first": ask_hard(gateway)}
    override = {"model_id": "small", "reason": "an outage", "author": "anna"}
    made = operator.call("POST", "/api/agents/writer/model", override)[1]
    asked["overridden"] = ask_hard(gateway)
    operator.call("DELETE", f"/api/v1/overrides/{made['id']}")
    assert operator.change({"agents": {"writer": {"model": "unreachable"}}})[0] == 201
    asked["changed"] = ask_hard(gateway)
    assert operator.call("POST", "/api/routing/strategy", {"strategy": "cost_optimized", "reason": "a test"})[0] == 201
    asked["by strategy"] = ask_hard(gateway)
    told = {case: read(operator, request_id) for case, request_id in asked.items()}
    assert all(each["replayed"] == {"identical": True} for each in told.values()), told
    assert {case: each["decided_by"]["kind"] for case, each in told.items()} == {
        "at first": "agent",
        "overridden": "override",
        "changed": "agent",
        "by strategy": "strategy",
    }
    assert f"override {made['id']} by anna: an outage" in told["overridden"]["decided_by"]["text"]
    assert len({each["revision"] for each in told.values()}) == 4


def test_it_replays_after_a_restart(simulator: str, tmp_path: Path) -> None:
    document = DOCUMENT.format(url=simulator, kept="2d")
    with run_gateway(tmp_path, document, OPENAI_API_KEY="sk-one") as first, Operator(first) as operator:
        request_id = ask(first, x_pointsman_task='{"complexity": 3}')
        before = read(operator, request_id)
    first.config.write_text(document.replace("complexity < 4", "complexity < 2"))
    with start_gateway(first.config, first.home) as again, Operator(again) as operator:
        after = read(operator, request_id)
        assert read(operator, ask(again, x_pointsman_task='{"complexity": 3}'))["model"] == "large"
    assert after == before
    assert after["replayed"] == {"identical": True}


def test_the_newest_are_listed_page_by_page(gateway: RunningGateway, operator: Operator) -> None:
    asked = [ask(gateway, "agent:writer" if number % 3 else "agent:resilient") for number in range(7)]
    read(operator, asked[-1])

    def list_all(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        before = ""
        while True:
            page = operator.call("GET", f"/api/v1/decisions?limit=2{query}{before}")[1]
            found += page["decisions"]
            if page["next"] is None:
                return found
            before = f"&before={page['next']}"

    assert [each["request_id"] for each in list_all("")] == asked[::-1]
    resilient = list_all("&agent=resilient")
    assert [each["request_id"] for each in resilient] == [asked[6], asked[3], asked[0]]
    assert {(each["agent"], each["model"], each["outcome"]["model"]) for each in resilient} == {
        ("resilient", "unreachable", "small")
    }


def test_what_is_not_on_record_says_how_long_it_would_be(gateway: RunningGateway, operator: Operator) -> None:
    status, problem = operator.call("GET", "/api/v1/decisions/req_none")
    assert (status, problem["code"]) == (404, "not_found")
    assert "kept for 2d (retention.decisions)" in problem["detail"]
    assert operator.call("GET", "/api/v1/decisions?limit=0")[0] == 422
    assert gateway.post("/api/v1/decisions:explain", b"{}")[0] == 401


def test_nothing_of_what_was_said_is_kept(gateway: RunningGateway, operator: Operator) -> None:
    read(operator, ask(gateway))
    with closing(sqlite3.connect(gateway.home / "pointsman.db")) as connection:
        kept = connection.execute("SELECT content FROM decisions").fetchall()
        columns = connection.execute("SELECT * FROM decisions").fetchall()
    assert len(kept) == 1
    assert b"recipe" not in kept[0][0] and "recipe" not in str(columns)


def test_a_key_that_is_sent_by_mistake_is_not_kept(gateway: RunningGateway, operator: Operator) -> None:
    key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD"
    as_model = ask(gateway, key)
    as_user = ask(gateway, x_pointsman_user=key, x_pointsman_tags=f"nightly,{key}", x_request_id=key)
    assert as_user == key
    refused = read(operator, as_model)
    assert "looks like a key" in refused["recorded"]["facts"]["target"]
    assert "left out of the record" in refused["replayed"]["reason"]
    newest = operator.call("GET", "/api/v1/decisions?limit=1")[1]["decisions"][0]
    told = read(operator, newest["request_id"])
    assert told["replayed"] == {"identical": True}
    with closing(sqlite3.connect(gateway.home / "pointsman.db")) as connection:
        rows = connection.execute("SELECT * FROM decisions").fetchall()
    assert len(rows) == 2 and key not in str(rows)


def test_what_is_older_than_it_is_kept_is_gone(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator, kept="1s")) as gateway, Operator(gateway) as operator:
        request_id = ask(gateway)
        gone = await_value(lambda: operator.call("GET", f"/api/v1/decisions/{request_id}")[0] == 404 or None)
    assert gone


def test_the_command_line_tells_of_a_past_call(gateway: RunningGateway) -> None:
    request_id = ask(gateway, x_pointsman_task='{"complexity": 2}')
    environ = os.environ | {"POINTSMAN_URL": gateway.url, "POINTSMAN_ADMIN_KEY": gateway.admin_key}
    command = [sys.executable, "-m", "pointsman.cli.main", "explain", "--request-id", request_id]
    told = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Recorded: it went to small; a replay comes to the same.\nIt took ")
    as_json = subprocess.run([*command, "--json"], env=environ, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(as_json.stdout)["replayed"] == {"identical": True}
