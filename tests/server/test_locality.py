"""What must stay local never reaches a cloud model, however it is asked for."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, await_value, run_gateway

DOCUMENT = """\
providers:
  cloud: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"]}}
  near: {{base_url: "{local}/v1"}}
models:
  big: {{provider: cloud, model_id: simulated-large}}
  own: {{provider: near, model_id: simulated-small}}
agents:
  private: {{model: big, local_alternative: own, policy: {{privacy: high}}}}
  open: {{model: big, fallback: [own]}}
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


def count_calls(cloud: str) -> int:
    with urllib.request.urlopen(f"{cloud}/simulator/calls", timeout=5) as answer:
        return len(json.loads(answer.read())["calls"])


def ask_as(gateway: RunningGateway, model: str, agent: str) -> tuple[int, str]:
    body = {"model": model, "messages": [{"role": "user", "content": "Say a word."}]}
    status, _, text = gateway.post("/v1/chat/completions", json.dumps(body).encode(), x_pointsman_agent=agent)
    return status, json.loads(text).get("error", {}).get("code", "")


def test_private_requests_go_to_local_models_only(cloud: str, simulator: str, tmp_path: Path) -> None:
    text = DOCUMENT.format(cloud=cloud, address=urlsplit(cloud).netloc, local=simulator)
    with run_gateway(tmp_path, text) as gateway:
        status, headers, _ = gateway.chat("agent:private")
        assert (status, headers["x-pointsman-model"]) == (200, "own")
        assert ask_as(gateway, "big", "private") == (503, "privacy_unavailable")
        assert count_calls(cloud) == 0
        assert gateway.chat("agent:open")[1]["x-pointsman-model"] == "big"
        assert ask_as(gateway, "big", "open")[0] == 200
        calls = count_calls(cloud)
        assert calls == 2
        gateway.config.write_text(f"{text}routing: {{force_local_models: true}}\n")
        await_value(lambda: True if gateway.chat("agent:open")[1]["x-pointsman-model"] == "own" else None)
        calls = count_calls(cloud)
        assert gateway.chat("agent:open")[0] == 200
        assert gateway.chat("big")[0] == 503
        assert count_calls(cloud) == calls
