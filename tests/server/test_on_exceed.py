"""What happens to requests beyond a budget, all five ways, through the real gateway; and holds that let in no more."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from clouded import count_calls
from operating import Operator

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, await_value, run_gateway

DOCUMENT = """\
version: 1
providers:
  cloud: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"]}}
  near: {{base_url: "{near}/v1"}}
models:
  dear: {{provider: cloud, model_id: simulated-large, price_per_1m_tokens: {{input: "3", output: "1000000"}}}}
  cheap: {{provider: cloud, model_id: simulated-small, price_per_1m_tokens: {{input: "0.01", output: "0.01"}}}}
  own: {{provider: near, model_id: simulated-small, price_per_1m_tokens: {{input: "0", output: "0"}}}}
agents:
  writer:
    model: dear
    fallback: [cheap]
    local_alternative: own
    budget_mode: cheap
"""
ONE_TOKEN = {"max_tokens": 1}


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """A simulator of its own, so that the calls it has seen can be counted."""
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def run(cloud: str, simulator: str, tmp_path: Path) -> Any:
    """Start a gateway with more of the document."""

    def start(more: str, **environ: str) -> Any:
        text = DOCUMENT.format(cloud=cloud, address=urlsplit(cloud).netloc, near=simulator)
        return run_gateway(tmp_path, text + more, **environ)

    return start


def budget(limit: str, on_exceed: str, scope: str = "total") -> str:
    return f'budgets: [{{scope: "{scope}", window: day, limit: "{limit}", on_exceed: {on_exceed}}}]\n'


def ask(gateway: RunningGateway, model: str = "agent:writer", **fields: Any) -> tuple[int, dict[str, str], Any]:
    """One call whose answer has one token: with `dear` it costs a dollar and a little."""
    status, headers, body = gateway.chat(model, **(ONE_TOKEN | fields))
    return status, {name.lower(): value for name, value in headers.items()}, json.loads(body)


def read_budget(gateway: RunningGateway) -> dict[str, Any]:
    (row,) = gateway.get("/api/v1/budgets")["budgets"]
    return dict(row)


def test_deny_refuses_until_the_window_ends(run: Any) -> None:
    with run(budget("1.5", "deny")) as gateway:
        assert ask(gateway)[0] == 200
        before = datetime.now(UTC)
        status, headers, answer = ask(gateway)
        assert (status, answer["error"]["code"]) == (429, "budget_exceeded")
        assert answer["error"]["param"] == "budget:total/day"
        assert 'The budget "total per day" has $' in answer["error"]["message"]
        assert headers["x-should-retry"] == "false"
        midnight_s = 86_400 - before.hour * 3_600 - before.minute * 60 - before.second
        assert midnight_s - 60 <= int(headers["retry-after"]) <= midnight_s
        row = read_budget(gateway)
        assert (row["state"], row["held_usd"]) == ("near" if Decimal(row["used"]) >= Decimal("0.8") else "ok", "0")
        assert Decimal(row["left_usd"]) == Decimal(row["limit_usd"]) - Decimal(row["spent_usd"])
        metrics = gateway.get("/metrics")
        assert 'pointsman_requests_denied_total{reason="budget_exceeded"} 1.0' in metrics


def test_a_month_that_ends_far_away_names_no_time(run: Any) -> None:
    text = 'budgets: [{scope: total, window: rolling_month, limit: "0.5"}]\n'
    with run(text) as gateway:
        status, headers, answer = ask(gateway, "dear")
        assert (status, answer["error"]["code"]) == (429, "budget_exceeded")
        assert "retry-after" not in headers


def test_local_only_goes_on_at_home_and_says_so(run: Any) -> None:
    with run(budget("1.5", "local_only")) as gateway:
        assert ask(gateway)[1]["x-pointsman-model"] == "dear"
        status, headers, _ = ask(gateway, max_tokens=2)
        # There is still room for the cheap one; what is left is too little for the dear one.
        assert (status, headers["x-pointsman-model"]) == (200, "cheap")
        assert headers["x-pointsman-degraded"]


def test_local_only_leaves_nothing_but_local_models_once_it_is_used_up(run: Any) -> None:
    nothing = budget("0", "local_only").replace("}]", ", confirm_zero: true}]")
    with run(nothing) as gateway:
        status, headers, _ = ask(gateway)
        assert (status, headers["x-pointsman-model"]) == (200, "own")
        assert headers["x-pointsman-degraded"]
        status, _, answer = ask(gateway, "dear")
        assert (status, answer["error"]["code"]) == (429, "budget_exceeded")


def test_budget_mode_takes_the_saving_model_from_four_fifths_on(run: Any) -> None:
    with run(budget("2.4", "budget_mode")) as gateway:
        answered = [ask(gateway)[1]["x-pointsman-model"] for _ in range(4)]
    # After one call 42 % are spent, after two 83 %.
    assert answered == ["dear", "dear", "cheap", "cheap"]


def test_cheaper_takes_the_cheapest_that_fits_once_it_is_used_up(run: Any) -> None:
    with run(budget("1.5", "cheaper")) as gateway:
        answered = [ask(gateway)[1]["x-pointsman-model"] for _ in range(4)]
        # It is soft: the second call goes beyond the limit, and then the cheapest model answers.
        assert answered[:2] == ["dear", "dear"] and set(answered[2:]) <= {"cheap", "own"}
        assert read_budget(gateway)["state"] == "over"


def test_alert_refuses_nothing_and_warns(run: Any) -> None:
    with run(budget("1.5", "alert")) as gateway:
        # By name, because who has a model for saving is given it from four fifths on, whatever the budget does.
        assert [ask(gateway, "dear")[0] for _ in range(3)] == [200] * 3
        line = gateway.await_log("budget_warning")
        assert (line["level"], line["code"]) == ("warning", "budget_threshold_warnings")

        def find_all() -> list[dict[str, Any]] | None:
            alerts = gateway.get("/api/v1/alerts")["alerts"]
            return alerts if len(alerts) == 4 and all(one["told_at"] for one in alerts) else None

        alerts = await_value(find_all)
        assert sorted(one["share"] for one in alerts) == ["0.5", "0.8", "0.95", "1"]
        assert {one["on_exceed"] for one in alerts} == {"alert"}


def test_of_twenty_at_once_as_many_go_out_as_there_is_room_for(run: Any, cloud: str) -> None:
    before = count_calls(cloud)
    # The worst case of one is a dollar and the prompt's few millionths; there is room for five.
    with run(budget("5.5", "deny")) as gateway, ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: ask(gateway, "dear"), range(20)))
        assert Counter(status for status, _, _ in answers) == {200: 5, 429: 15}
        assert {answer["error"]["code"] for status, _, answer in answers if status == 429} == {"budget_exceeded"}
        row = read_budget(gateway)
        assert row["held_usd"] == "0" and Decimal("5") < Decimal(row["spent_usd"]) < Decimal("5.5")
    assert count_calls(cloud) - before == 5


def test_what_one_request_may_cost_by_its_header_and_by_its_key(run: Any) -> None:
    with run("") as gateway, Operator(gateway) as operator:
        body = json.dumps({"model": "dear", "messages": [{"role": "user", "content": "x"}], **ONE_TOKEN}).encode()
        status, _, text = gateway.post("/v1/chat/completions", body, x_pointsman_max_cost="0.5")
        assert (status, json.loads(text)["error"]["code"]) == (400, "max_cost_exceeded")
        assert gateway.post("/v1/chat/completions", body, x_pointsman_max_cost="1.5")[0] == 200
        made = operator.call("POST", "/api/v1/keys", {"name": "small", "max_cost_per_request": "0.5"})
        assert made[0] == 201
        capped = {"authorization": f"Bearer {made[1]['key']}"}
        status, _, text = gateway.post("/v1/chat/completions", body, **capped)
        assert (status, json.loads(text)["error"]["code"]) == (400, "max_cost_exceeded")
        # A header may ask for less than the key allows, never for more.
        assert gateway.post("/v1/chat/completions", body, x_pointsman_max_cost="1.5", **capped)[0] == 400


def test_answers_say_what_is_left_of_the_rates(run: Any) -> None:
    text = 'limits: [{scope: "agent:writer", requests_per_minute: 12, tokens_per_minute: 60000}]\n'
    with run(text) as gateway:
        status, headers, _ = ask(gateway)
        assert (status, headers["x-ratelimit-limit-requests"], headers["x-ratelimit-limit-tokens"]) == (
            200,
            "12",
            "60000",
        )
        # Of twelve a minute two may come at once.
        assert headers["x-ratelimit-remaining-requests"] == "1"
        assert 59_000 < int(headers["x-ratelimit-remaining-tokens"]) < 60_000
        assert headers["x-ratelimit-reset-requests"].endswith("s")
        assert ask(gateway)[0] == 200
        status, headers, answer = ask(gateway)
        assert (status, answer["error"]["code"]) == (429, "rate_limit_exceeded")
        assert answer["error"]["param"] == "limit:agent/writer/minute"
        assert headers["x-ratelimit-remaining-requests"] == "0"
        assert 1 <= int(headers["retry-after"]) <= 5
        assert "x-should-retry" not in headers
        # Nothing applies to a model that is asked for by name.
        assert "x-ratelimit-limit-requests" not in ask(gateway, "dear")[1]
