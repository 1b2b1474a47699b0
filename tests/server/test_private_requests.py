"""10,000 private requests of seed 001's agents, while everything goes wrong: not a byte reaches the cloud."""

import http.client
import itertools
import json
import random
import socket
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, run_gateway

REQUESTS = 10_000
AT_ONCE = 8
FAULTS = (
    "status_429",
    "status_500",
    "status_503",
    "refuse_before_headers",
    "garbage_bytes",
    "headers_then_close",
    "cut_after_tokens",
    "error_event_before_content",
    "malformed_chunk",
)
DOCUMENT = """\
version: 1
providers:
  anthropic: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"], api_key: {{env: POINTSMAN_C}}}}
  openai: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"], api_key: {{env: POINTSMAN_C}}}}
  local: {{base_url: "{local}/v1", timeouts: {{first_byte: 1s, idle: 1s}}}}
models:
  claude-3-opus: {{provider: anthropic, price_per_1m_tokens: {{input: "15", output: "75"}}}}
  gpt-4-turbo: {{provider: openai, price_per_1m_tokens: {{input: "10", output: "30"}}}}
  llama-3-70b: {{provider: local, model_id: simulated-large}}
  deepseek-coder-33b: {{provider: local, model_id: simulated-small}}
agents:
  cto_agent:
    model: claude-3-opus
    fallback: [gpt-4-turbo]
    local_alternative: llama-3-70b
    rules:
      - {{when: "task.privacy_level == 'high'", use: llama-3-70b}}
      - {{when: task.complexity > 8, use: claude-3-opus}}
      - {{when: cost_limit_reached, use: llama-3-70b}}
  backend_agent:
    model: deepseek-coder-33b
    fallback: [claude-3-opus]
    budget_mode: llama-3-70b
    rules:
      - {{when: "task.type == 'code_generation'", use: deepseek-coder-33b}}
      - {{when: task.complexity > 6, use: claude-3-opus}}
      - {{when: budget_mode == true, use: llama-3-70b}}
  frontend_agent:
    model: gpt-4-turbo
    fallback: [claude-3-opus]
    local_alternative: llama-3-70b
    rules:
      - {{when: task.involves_ui_design, use: gpt-4-turbo}}
      - {{when: "task.privacy_level == 'high'", use: llama-3-70b}}
  cloud_only_agent: {{model: claude-3-opus, fallback: [gpt-4-turbo]}}
  sealed_agent: {{model: claude-3-opus, local_alternative: llama-3-70b, policy: {{privacy: high}}}}
routing:
  rules:
    - {{name: rate_limit_protection, when: model.rate_limit_approaching, action: switch_to_fallback}}
    - {{name: privacy_enforcement, when: data.contains_pii, action: force_local_model}}
    - {{name: quality_assurance, when: "task.critical and model.type == 'local'", action: require_cloud_verification}}
  tiers: [[claude-3-opus, gpt-4-turbo], [deepseek-coder-33b], [llama-3-70b]]
  fallback_strategy: maximum_resilience
"""
MODELS = ("simulated-large", "simulated-small")
AGENTS = ("cto_agent", "backend_agent", "frontend_agent", "cloud_only_agent")
FINDS = (
    "Write to jane.roe@example.org about it.",
    "The card is 4111 1111 1111 1111.",
    "Please pay to DE89 3704 0044 0532 0130 00.",
    "Her social security number is 219-09-9998.",
    "The key is sk-ant-api03-" + "A7f9Kq2LmX4vB8nR" * 4,
)


class Tap:
    """Stands where the cloud is, and counts what comes."""

    def __init__(self) -> None:
        self.connections = 0
        self.received = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self.connections += 1
                client.settimeout(1)
                self.received += len(client.recv(65_536))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def tap() -> Iterator[Tap]:
    tap = Tap()
    listening = threading.Thread(target=tap.listen)
    listening.start()
    yield tap
    tap.close()
    listening.join(10)


def write_request(number: int) -> tuple[dict[str, str], dict[str, Any]]:
    """One private request: who asks, and by which way it is private, differ from one to the next."""
    dice = random.Random(number)
    agent = dice.choice(AGENTS)
    text, headers, metadata = "Tell me something.", {}, {}
    task: dict[str, object] = {"complexity": dice.randint(1, 10), "critical": dice.random() < 0.5}
    if dice.random() < 0.3:
        task |= {"involves_ui_design": True, "type": "code_generation"}
    match number % 6:
        case 0:
            headers["x-pointsman-privacy"] = "high"
        case 1:
            task["privacy_level"] = "high"
        case 2:
            text = f"{text} {dice.choice(FINDS)}"
        case 3:
            metadata["privacy"] = "high"
        case 4:
            agent = "sealed_agent"
        case _:
            metadata["task"] = json.dumps({"privacy_level": "high"})
            task = {}
    if task:
        headers["x-pointsman-task"] = json.dumps(task)
    if dice.random() < 0.2:
        headers["x-pointsman-task-id"] = "forced-to-the-cloud"
    # The agent stands in the model or beside a model asked for by name; what is private counts either way.
    by_name = dice.random() < 0.2
    if by_name:
        headers["x-pointsman-agent"] = agent
    model = dice.choice(("claude-3-opus", "llama-3-70b", "gpt-4-turbo")) if by_name else f"agent:{agent}"
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": dice.random() < 0.4}
    return headers, body | ({"metadata": metadata} if metadata else {})


def send_all(gateway: RunningGateway, numbers: range) -> Counter[str]:
    """How the requests ended, each by its model or its error."""
    endings: Counter[str] = Counter()
    url = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
    for number in numbers:
        headers, body = write_request(number)
        headers |= {"authorization": f"Bearer {gateway.api_key}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body).encode(), headers)
        with connection.getresponse() as answer:
            text = answer.read()
            endings[answer.headers["x-pointsman-model"] or json.loads(text)["error"]["code"]] += 1
    connection.close()
    return endings


@contextmanager
def break_things(simulator: str) -> Iterator[None]:
    """Give the local models one fault after the other, each for a few calls."""
    over = threading.Event()

    def strike() -> None:
        for fault, model in zip(itertools.cycle(FAULTS), itertools.cycle(MODELS), strict=False):
            body = json.dumps({"model": model, "fault": fault, "times": 5}).encode()
            urllib.request.urlopen(
                urllib.request.Request(f"{simulator}/simulator/behaviour", body, method="PUT")
            ).close()
            if over.wait(0.05):
                return

    striking = threading.Thread(target=strike)
    striking.start()
    yield
    over.set()
    striking.join(10)


def test_ten_thousand_private_requests_under_faults(tap: Tap, tmp_path: Path) -> None:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as local:
        text = DOCUMENT.format(cloud=f"http://{tap.address}", address=tap.address, local=local)
        with run_gateway(tmp_path, text, POINTSMAN_C="k") as gateway, ThreadPoolExecutor(AT_ONCE) as callers:
            admin = {"authorization": f"Bearer {gateway.admin_key}"}
            forced = json.dumps({"force_model": "claude-3-opus", "reason": "a try"}).encode()
            assert gateway.post("/api/tasks/forced-to-the-cloud/routing", forced, **admin)[0] == 201
            switched = json.dumps({"model_id": "gpt-4-turbo", "reason": "a try"}).encode()
            assert gateway.post("/api/agents/backend_agent/model", switched, **admin)[0] == 201
            with break_things(local):
                share = REQUESTS // AT_ONCE
                runs = [callers.submit(send_all, gateway, range(at * share, (at + 1) * share)) for at in range(AT_ONCE)]
                endings = sum((run.result() for run in runs), Counter[str]())
            assert (tap.connections, tap.received) == (0, 0)
            assert endings.total() == REQUESTS
            # Most were answered by local models, those that could have gone to the cloud only were refused.
            assert endings["llama-3-70b"] > REQUESTS // 4 and endings["privacy_unavailable"] > 0
            assert not {"claude-3-opus", "gpt-4-turbo"} & set(endings)
            # The tap would have noticed: a request that is not private goes there.
            gateway.chat("agent:cloud_only_agent")
            assert tap.connections > 0 and tap.received > 0
