"""Every command on docs/budgets.md works as it stands there, against a gateway that runs the page's document."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from pointsman.cli.main import build_app
from running import RunningGateway, await_value, run_gateway

PAGE = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text(encoding="utf-8")
DOCUMENT = PAGE.partition("```yaml\n")[2].partition("```")[0]
BLOCKS = [block.partition("```")[0] for block in PAGE.split("```sh\n")[1:]]
COMMANDS = [line.partition("  #")[0].strip() for block in BLOCKS for line in block.splitlines()]


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One that runs the page's document, with the simulator in OpenAI's place, and has an alert to see."""
    address = urlsplit(simulator).netloc
    there = f'openai: {{base_url: "{simulator}/v1", location: cloud, allow_private: ["{address}"]}}'
    model = "{provider: openai, model_id: simulated-small, price_per_1m_tokens: {input: 0, output: 9000000}}"
    document = DOCUMENT.replace("openai: {}", there).replace("{provider: openai}", model)
    assert document.count("simulated-small") == 2
    environ = {"POINTSMAN_ALERTS_URL": "http://127.0.0.1:9/", "OPENAI_API_KEY": "sk-none"}
    with run_gateway(tmp_path_factory.mktemp("gateway"), document, **environ) as running:
        body = {"model": "gpt-4o", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
        for _ in range(2):
            answer = running.post("/v1/chat/completions", json.dumps(body).encode(), x_pointsman_user="ada")
            assert answer[0] == 200, answer
        await_value(lambda: running.get("/api/v1/alerts")["alerts"] or None)
        yield running


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_works(gateway: RunningGateway, command: str) -> None:
    alert_id = str(gateway.get("/api/v1/alerts")["alerts"][0]["id"])
    words = [alert_id if word == "12" else word for word in shlex.split(command)[1:]]
    environ = {
        "POINTSMAN_HOME": str(gateway.home),
        "COLUMNS": "200",
        "POINTSMAN_URL": None,
        "POINTSMAN_ADMIN_KEY": None,
    }
    answer = CliRunner().invoke(build_app(words[0]), words, env=environ)
    assert answer.exit_code == 0, answer.output
    assert (answer.stdout or answer.stderr).strip()


def test_there_are_commands_on_the_page() -> None:
    assert len(COMMANDS) > 5


def test_all_budgets_and_limits_of_the_page_are_in_force(gateway: RunningGateway) -> None:
    budgets = {row["name"]: row["on_exceed"] for row in gateway.get("/api/v1/budgets")["budgets"]}
    assert budgets == {
        "the company": "deny",
        "provider:openai per day": "deny",
        "user:* per week": "cheaper",
        "agent:writer per rolling_hour": "budget_mode",
    }
    assert [row["scope"] for row in gateway.get("/api/v1/limits")["limits"]] == ["team:alpha"]
