"""A gateway in front of one simulator that plays a provider of each dialect, with models for what is no chat."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from running import RunningGateway, run_gateway

DOCUMENT = """\
version: 1
providers:
  open: {{base_url: {url}/v1, dialect: openai_chat}}
  newer: {{base_url: {url}/v1, dialect: openai_responses}}
  claudes: {{base_url: {url}/v1, dialect: anthropic_messages}}
  googles: {{base_url: {url}/v1beta, dialect: gemini}}
  command: {{base_url: {url}/v2, dialect: cohere}}
models:
  open-embed: {{provider: open, model_id: simulated-embed, price_per_1m_tokens: {{input: "2", output: "0"}}}}
  newer-embed: {{provider: newer, model_id: simulated-embed}}
  google-embed: {{provider: googles, model_id: simulated-embed}}
  command-embed: {{provider: command, model_id: simulated-embed}}
  other-embed: {{provider: open, model_id: other-embed}}
  open-rerank: {{provider: open, model_id: simulated-rerank}}
  command-rerank: {{provider: command, model_id: simulated-rerank, price_per_1m_tokens: {{input: "1", output: "1"}}}}
  open-moderation: {{provider: open, model_id: simulated-moderation}}
  newer-moderation: {{provider: newer, model_id: simulated-moderation}}
  open-chat: {{provider: open, model_id: simulated-large, capabilities: [coding]}}
  claude-chat: {{provider: claudes, model_id: simulated-large}}
  google-chat: {{provider: googles, model_id: simulated-large}}
routing: {{aliases: {{omni-moderation-latest: open-moderation}}}}
agents:
  librarian: {{model: open-embed, fallback: [command-embed, other-embed]}}
  lopsided: {{model: open-chat, fallback: [google-embed]}}
"""

EMBEDDING_MODELS = ("open-embed", "newer-embed", "google-embed", "command-embed")


@contextmanager
def run_beside_chat(folder: Path, simulator: str) -> Iterator[RunningGateway]:
    """The gateway, on a document of its own."""
    with run_gateway(folder, DOCUMENT.format(url=simulator)) as gateway:
        yield gateway


def list_calls(simulator: str) -> list[dict[str, Any]]:
    """What the simulator was asked so far."""
    calls: list[dict[str, Any]] = httpx.get(f"{simulator}/simulator/calls", timeout=10).json()["calls"]
    return calls
