"""Three views of the same numbers, exact to the nano-dollar, and they survive both a stop and a kill."""

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import PriceTable, cost_nusd
from running import RunningGateway, await_value, run_gateway, start_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large, price_per_1m_tokens: {{input: "3", output: "15"}}}}
agents:
  orchestrator: {{model: large}}
"""
LARGE = PriceTable(3_000_000_000, 15_000_000_000, 3_000_000_000, "test")


def make_calls(gateway: RunningGateway) -> tuple[int, int, int]:
    """Five calls as an agent; their input tokens, output tokens and cost."""
    usages = []
    for number in range(5):
        stream = number % 2 == 1
        fields = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        status, _, text = gateway.chat(max_tokens=7 + number, **fields)
        assert status == 200
        lines = [line[6:] for line in text.splitlines() if line.startswith(b"data: {")] if stream else [text]
        reported = json.loads(lines[-1])["usage"]
        usages.append(Usage(reported["prompt_tokens"], reported["completion_tokens"]))
    return (
        sum(usage.input_tokens for usage in usages),
        sum(usage.output_tokens for usage in usages),
        sum(cost_nusd(usage, LARGE) for usage in usages),
    )


def read_metrics(gateway: RunningGateway) -> dict[tuple[str, str], float]:
    samples = (
        sample for family in text_string_to_metric_families(gateway.get("/metrics")) for sample in family.samples
    )
    return {
        (sample.name, sample.labels.get("type", "")): sample.value
        for sample in samples
        if sample.labels.get("agent") == "orchestrator" and "le" not in sample.labels and "outcome" not in sample.labels
    }


def check_numbers(gateway: RunningGateway, calls: int, expected: tuple[int, int, int]) -> None:
    input_tokens, output_tokens, cost = expected
    row = await_value(lambda: _row_with(gateway, calls))
    assert (row["input_tokens"], row["output_tokens"]) == (input_tokens, output_tokens)
    assert Decimal(row["cost_usd"]) * 10**9 == cost
    report = gateway.get("/metrics/tokens")
    agent = report["per_agent"]["orchestrator"]
    assert (agent["prompt_tokens"], agent["completion_tokens"]) == (input_tokens, output_tokens)
    assert report["totals"] == {
        "total_tokens": input_tokens + output_tokens,
        "total_cost": cost / 10**9,
        "total_calls": calls,
        "unknown_cost_calls": 0,
    }
    metrics = read_metrics(gateway)
    assert metrics["llm_tokens_total", "prompt"] == input_tokens
    assert metrics["llm_tokens_total", "completion"] == output_tokens
    assert metrics["llm_cost_usd_total", ""] == cost / 10**9
    assert metrics["llm_latency_seconds_count", ""] == calls


def _row_with(gateway: RunningGateway, calls: int) -> dict[str, object] | None:
    rows = gateway.get("/api/v1/usage")["rows"]
    return rows[0] if rows and rows[0]["calls"] == calls else None


def test_all_views_agree_and_survive_a_restart(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway:
        first = make_calls(gateway)
        check_numbers(gateway, 5, first)
        api_key = gateway.api_key
    with start_gateway(gateway.config, gateway.home) as gateway:
        assert gateway.api_key == api_key
        check_numbers(gateway, 5, first)
        second = make_calls(gateway)
        together = tuple(sum(pair) for pair in zip(first, second, strict=True))
        check_numbers(gateway, 10, together)  # type: ignore[arg-type]


def test_a_kill_loses_no_row_that_was_written(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway:
        expected = make_calls(gateway)
        await_value(lambda: _row_with(gateway, 5))
        gateway.kill()
    with start_gateway(gateway.config, gateway.home) as gateway:
        check_numbers(gateway, 5, expected)


def test_a_local_model_without_a_price_is_free(simulator: str, tmp_path: Path) -> None:
    document = DOCUMENT.format(url=simulator).replace(', price_per_1m_tokens: {input: "3", output: "15"}', "")
    document = document.replace("model_id: simulated-large", "model_id: simulated-unpriced")
    with run_gateway(tmp_path, document) as gateway:
        _, headers, _ = gateway.chat()
        assert headers["x-pointsman-cost-usd"] == "0"
        row = await_value(lambda: _row_with(gateway, 1))
        assert (row["cost_usd"], row["unknown_cost_calls"]) == ("0", 0)


def test_no_key_is_stored_as_it_is(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway:
        gateway.chat()
        await_value(lambda: _row_with(gateway, 1))
        files = [path for path in gateway.home.rglob("*") if path.is_file() and path.name != "demo.env"]
        assert files and all(gateway.api_key.encode() not in path.read_bytes() for path in files)
        assert (gateway.home / "demo.env").stat().st_mode & 0o777 == 0o600
        with sqlite3.connect(f"file:{gateway.home / 'pointsman.db'}?mode=ro", uri=True) as database:
            (mode,) = database.execute("pragma journal_mode").fetchone()
        database.close()
        assert mode == "wal"
    assert all(gateway.api_key not in json.dumps(line) for line in gateway.log)


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz"])
def test_health_says_nothing_but_its_status(gateway: RunningGateway, path: str) -> None:
    assert gateway.get(path) == {"status": "ok"}
