"""A gateway with one model in the cloud and one at home, and an operator of it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from operating import Operator

from running import RunningGateway, run_gateway

DOCUMENT = """\
version: 1
providers:
  cloud: {{base_url: "{cloud}/v1", location: cloud, allow_private: ["{address}"]}}
  near: {{base_url: "{near}/v1"}}
models:
  big: {{provider: cloud, model_id: simulated-large}}
  own: {{provider: near, model_id: simulated-small}}
  resting: {{provider: near, model_id: simulated-small, enabled: false}}
agents:
  open: {{model: big, fallback: [own]}}
  stranded: {{model: big}}
  sealed: {{model: own, policy: {{privacy: high}}}}
"""


@contextmanager
def run_clouded(
    folder: Path, cloud: str, near: str, more: str = "", without: str = ":none:"
) -> Iterator[tuple[RunningGateway, Operator]]:
    """Start it with more of the document, and without the lines that hold a word."""
    lines = (line for line in DOCUMENT.splitlines(keepends=True) if without not in line)
    text = "".join(lines).format(cloud=cloud, address=urlsplit(cloud).netloc, near=near) + more
    with run_gateway(folder, text) as gateway, Operator(gateway) as operator:
        yield gateway, operator


def ask(gateway: RunningGateway, model: str, metadata: dict[str, str] | None = None, **headers: str) -> str:
    """The model that answered, or the code of the refusal."""
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "Say a word."}]}
    if metadata:
        body["metadata"] = metadata
    status, answered, text = gateway.post("/v1/chat/completions", json.dumps(body).encode(), **headers)
    return answered["x-pointsman-model"] if status == 200 else str(json.loads(text)["error"]["code"])


def list_overrides(operator: Operator, query: str = "") -> list[dict[str, Any]]:
    """The overrides that count, or with `?ended=true` those that do no more."""
    status, answer = operator.call("GET", f"/api/v1/overrides{query}")
    assert status == 200, answer
    return list(answer["overrides"])


def count_calls(cloud: str) -> int:
    """The calls that reached the simulator that stands for the cloud."""
    with urllib.request.urlopen(f"{cloud}/simulator/calls", timeout=5) as answer:
        return len(json.loads(answer.read())["calls"])
