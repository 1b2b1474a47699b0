"""Budgets, limits and alerts as operators see them: by API, command line and webhook; and the budgets of seed 004."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from operating import Operator
from typer.testing import CliRunner

from pointsman.cli.main import build_app
from running import RunningGateway, await_value, run_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large, price_per_1m_tokens: {{input: "0", output: "1000000"}}}}
agents:
  writer: {{model: large, parameters: {{max_tokens: 1}}}}
budgets:
  - {{name: all of it, scope: total, window: day, limit: "10", time_zone: Europe/Berlin}}
  - {{scope: "user:*", window: month, limit: "2", on_exceed: alert, alert_at: [50%]}}
limits:
  - {{scope: "agent:writer", requests_per_minute: 600, concurrent: 4}}
"""


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One in which ada has spent two dollars and bob one, and a key and a team have budgets."""
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT.format(url=simulator)) as running:
        with Operator(running) as operator:
            assert operator.call("POST", "/api/v1/teams", {"id": "red", "budgets": ["$7/week"]})[0] == 201
            made = operator.call("POST", "/api/v1/keys", {"name": "k", "budgets": ["$9/day Asia/Tokyo"]})
            assert made[0] == 201
        for user in ("ada", "ada", "bob"):
            body = json.dumps({"model": "agent:writer", "messages": [{"role": "user", "content": "x"}]})
            status, _, text = running.post("/v1/chat/completions", body.encode(), x_pointsman_user=user)
            assert status == 200, text
        await_value(lambda: True if len(list_budgets(running)) == 5 else None)
        yield running


def list_budgets(gateway: RunningGateway, query: str = "") -> dict[str, dict[str, Any]]:
    return {row["scope"]: row for row in gateway.get(f"/api/v1/budgets{query}")["budgets"]}


def test_a_budget_has_all_that_there_is_to_know(gateway: RunningGateway) -> None:
    row = list_budgets(gateway)["total"]
    window, forecast = row.pop("window"), row.pop("forecast_usd")
    assert row == {
        "name": "all of it",
        "scope": "total",
        "limit_usd": "10",
        "spent_usd": "3",
        "held_usd": "0",
        "unknown_usd": "0",
        "left_usd": "7",
        "used": "0.3",
        "state": "ok",
        "on_exceed": "deny",
        "alert_at": ["0.5", "0.8", "0.95", "1"],
        "stands_in": "budgets[0]",
    }
    assert window["kind"] == "day" and window["time_zone"] == "Europe/Berlin"
    assert window["start"][10:] in ("T00:00:00+01:00", "T00:00:00+02:00") and window["end"][10:19] == "T00:00:00"
    assert forecast is None or float(forecast) >= 3


def test_budgets_of_users_keys_and_teams_have_rows_of_their_own(gateway: RunningGateway) -> None:
    rows = list_budgets(gateway)
    key = next(scope for scope in rows if scope.startswith("key:"))
    assert rows.keys() == {"total", "user:ada", "user:bob", "team:red", key}
    assert [rows[scope]["stands_in"] for scope in ("user:ada", "team:red", key)] == ["budgets[1]", "team:red", key]
    assert (rows["user:ada"]["state"], rows["user:bob"]["state"]) == ("used_up", "ok")
    assert rows[key]["window"]["time_zone"] == "Asia/Tokyo" and rows["team:red"]["limit_usd"] == "7"


def test_filters_and_pages(gateway: RunningGateway) -> None:
    assert list_budgets(gateway, "?scope=user").keys() == {"user:ada", "user:bob"}
    assert list_budgets(gateway, "?scope=user:ada").keys() == {"user:ada"}
    assert list_budgets(gateway, "?state=used_up").keys() == {"user:ada"}
    assert list_budgets(gateway, "?name=all%20of%20it").keys() == {"total"}
    seen: list[str] = []
    cursor: int | None = 0
    while cursor is not None:
        page = gateway.get(f"/api/v1/budgets?limit=2&cursor={cursor}")
        seen += [row["scope"] for row in page["budgets"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("query", ["state=fine", "limit=0", "limit=x", "cursor=-1", "scope=", "limit=5000"])
def test_what_cannot_be_asked_is_said(gateway: RunningGateway, query: str) -> None:
    with Operator(gateway) as operator:
        status, answer = operator.call("GET", f"/api/v1/budgets?{query}")
        assert (status, answer["code"]) == (422, "invalid_request")


def test_limits_have_rows(gateway: RunningGateway) -> None:
    (row,) = gateway.get("/api/v1/limits")["limits"]
    # Ten a second come back, up to a hundred at once.
    assert 97 <= row["requests_per_minute"].pop("left") <= 100
    assert row == {
        "name": "agent:writer",
        "scope": "agent:writer",
        "requests_per_minute": {"limit": 600},
        "tokens_per_minute": None,
        "concurrent": {"limit": 4, "used": 0, "left": 4},
        "stands_in": "limits[0]",
    }


def test_alerts_are_listed_and_acknowledged_once(gateway: RunningGateway) -> None:
    def find() -> list[dict[str, Any]] | None:
        return [one for one in gateway.get("/api/v1/alerts")["alerts"] if one["told_at"]] or None

    # Ada has passed half of her two dollars, and bob has come to exactly half of his.
    await_value(lambda: True if len(find() or ()) == 2 else None)
    alerts = {one["scope"]: one for one in gateway.get("/api/v1/alerts")["alerts"]}
    assert alerts.keys() == {"user:ada", "user:bob"}
    with Operator(gateway) as operator:
        path = f"/api/v1/alerts/{alerts['user:ada']['id']}/acknowledge"
        status, seen = operator.call("POST", path, {"author": "ada", "reason": "fine"})
        assert (status, seen["acknowledged_by"]) == (200, "ada")
        assert operator.call("POST", path, {"author": "bob"})[1]["acknowledged_by"] == "ada"
        for unknown in ("0", "99999", "x", "9" * 40, "-1"):
            assert operator.call("POST", f"/api/v1/alerts/{unknown}/acknowledge", {})[0] == 404
        assert operator.call("GET", "/api/v1/alerts?state=open")[1]["alerts"][0]["scope"] == "user:bob"
        assert operator.call("GET", "/api/v1/alerts?limit=1")[1]["next"] is not None
        assert operator.call("GET", "/api/v1/audit")[1]["entries"][0]["action"] == "acknowledge"


def run_command(gateway: RunningGateway, *words: str) -> Any:
    environ = {
        "POINTSMAN_HOME": str(gateway.home),
        "COLUMNS": "200",
        "POINTSMAN_URL": None,
        "POINTSMAN_ADMIN_KEY": None,
    }
    return CliRunner().invoke(build_app(words[0]), [*words], env=environ)


def test_the_command_line_shows_them(gateway: RunningGateway) -> None:
    table = run_command(gateway, "budgets")
    assert table.exit_code == 0, table.output
    lines = table.stdout.splitlines()
    assert lines[0].split()[:6] == ["budget", "scope", "window", "spent", "held", "left"]
    (mine,) = (line for line in lines if line.startswith("all of it"))
    assert "$3" in mine and "30.0%" in mine and " ok " in mine
    assert json.loads(run_command(gateway, "budgets", "--state", "used_up", "--json").stdout)["budgets"]
    shown = run_command(gateway, "budgets", "show", "all of it").stdout
    assert "spent      $3 of $10 (30.0%, ok)" in shown and "stands in  budgets[0]" in shown
    missing = run_command(gateway, "budgets", "show", "nothing")
    assert missing.exit_code == 1 and "pointsman budgets" in missing.stderr
    assert run_command(gateway, "budgets", "--state", "odd").exit_code == 1
    alerts = json.loads(run_command(gateway, "alerts", "--all", "--json").stdout)["alerts"]
    assert run_command(gateway, "alerts", "acknowledge", str(alerts[0]["id"])).exit_code == 0
    assert run_command(gateway, "alerts", "acknowledge", "99999").exit_code == 1


class Hook(BaseHTTPRequestHandler):
    """Takes what it is told from the second time on."""

    told: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.told.append((self.path, body))
        self.send_response(503 if len(self.told) == 1 else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Nobody reads it."""


@contextmanager
def run_hook() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    told: list[tuple[str, dict[str, Any]]] = []
    server = HTTPServer(("127.0.0.1", 0), type("OneHook", (Hook,), {"told": told}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_a_webhook_is_told_until_it_takes_it_and_no_log_shows_its_url(simulator: str, tmp_path: Path) -> None:
    document = DOCUMENT.format(url=simulator) + "alerts: {webhook: {env: POINTSMAN_ALERTS_URL}}\n"
    with run_hook() as (url, told):
        address = f"{url}/hooks/s3cret?token=t0ken"
        with run_gateway(tmp_path, document, POINTSMAN_ALERTS_URL=address) as running:
            body = b'{"model": "agent:writer", "messages": [{"role": "user", "content": "x"}]}'
            assert running.post("/v1/chat/completions", body, x_pointsman_user="ada")[0] == 200

            def find() -> dict[str, Any] | None:
                (alert,) = running.get("/api/v1/alerts")["alerts"] or [{"told_at": None}]
                return alert if alert["told_at"] else None

            alert = await_value(find, 30.0)
            assert alert["tries"] == 2
            (path, first), (_, second) = told
            assert path == "/hooks/s3cret?token=t0ken"
            assert first == second and first["text"] == first["message"] == alert["message"]
            assert (first["scope"], first["share"], first["limit_usd"]) == ("user:ada", "0.5", "2")
            lines = json.dumps(running.log)
            assert "it answered 503" in lines
            assert "s3cret" not in lines and "t0ken" not in lines
            assert sum(line.get("event") == "budget_warning" for line in running.log) == 1


SEED_004 = """\
cost_controls:
  daily_budgets:
    openai: "$500"
    anthropic: "$300"
    google: "$200"
    cohere: "$100"

  monthly_limits:
    total_budget: "$15,000"
    provider_caps:
      openai: "$8,000"
      anthropic: "$4,000"
      google: "$2,000"
      cohere: "$1,000"

  cost_optimization_strategies:
    - "cache_similar_requests"
    - "batch_processing_when_possible"
    - "use_cheaper_models_for_simple_tasks"
    - "implement_request_deduplication"
"""
BUDGETS_OF_SEED_004 = {
    ("provider:openai", "day", "500"),
    ("provider:anthropic", "day", "300"),
    ("provider:google", "day", "200"),
    ("provider:cohere", "day", "100"),
    ("total", "month", "15000"),
    ("provider:openai", "month", "8000"),
    ("provider:anthropic", "month", "4000"),
    ("provider:google", "month", "2000"),
    ("provider:cohere", "month", "1000"),
}


@pytest.mark.parametrize("is_imported", [False, True])
def test_the_budgets_of_seed_004_are_in_force_as_they_stand(tmp_path: Path, is_imported: bool) -> None:
    document = SEED_004
    if is_imported:
        written, read = tmp_path / "written.yaml", tmp_path / "llm.yaml"
        read.write_text(SEED_004)
        answer = CliRunner().invoke(build_app("import"), ["import", "sections", str(read), "--output", str(written)])
        assert answer.exit_code == 0, answer.output
        document = written.read_text()
    keys = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "COHERE_API_KEY"), "sk-none")
    with run_gateway(tmp_path, document, **keys) as running:
        answer = run_command(running, "budgets", "--json")
        assert answer.exit_code == 0, answer.output
        rows = json.loads(answer.stdout)["budgets"]
        assert {(row["scope"], row["window"]["kind"], row["limit_usd"]) for row in rows} == BUDGETS_OF_SEED_004
        assert {(row["on_exceed"], row["state"], row["spent_usd"]) for row in rows} == {("deny", "ok", "0")}
        assert "provider:openai per month" in run_command(running, "budgets").stdout
