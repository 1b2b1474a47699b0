"""Calls to providers called `litellm/NAME`, as the tests of several modules make them."""

import asyncio
import json
import zlib
from collections.abc import Coroutine
from typing import Any

import pytest

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Deadlines, Deployment
from pointsman.upstream.long_tail.answer import LongTailAnswer
from pointsman.upstream.long_tail.carrier import LongTail
from simulator.running_simulator import Simulation
from upstream.scripted_provider import Keys

CANARY = "canary-of-the-long-tail"
KEYS = Keys(KEY=CANARY)
PATH = "/chat/completions"
NAMES = ("openai", "hosted_vllm")
"""One that LiteLLM reaches through OpenAI's SDK, and one through connections of its own."""

QUIET = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic"),
]
"""LiteLLM's own; ours are errors as everywhere."""


def simulate(url: str, node_id: str) -> Simulation:
    """A simulator with a model of the test's own."""
    return Simulation(url, f"simulated-{zlib.crc32(node_id.encode()):08x}")


def deploy(base_url: str, name: str = "openai", model: str = "m", **fields: Any) -> Deployment:
    usual: dict[str, Any] = {
        "location": "local",
        "credential": "env:KEY",
        "deadlines": Deadlines(connect_ms=5_000, first_byte_ms=20_000, idle_ms=20_000, total_ms=40_000),
    }
    return Deployment(
        id=f"litellm/{name}/{model}",
        provider=f"litellm/{name}",
        model="ours",
        upstream_model=model,
        dialect="openai_chat",
        base_url=base_url,
        **usual | fields,
    )


def place(simulation: Simulation, name: str = "openai", **fields: Any) -> Deployment:
    return deploy(f"{simulation.url}/v1", name, simulation.model, **fields)


def body(**fields: object) -> bytes:
    return json.dumps({"model": "ours", "messages": [{"role": "user", "content": "Hello"}], **fields}).encode()


async def call(tail: LongTail, deployment: Deployment, **fields: object) -> LongTailAnswer:
    async with asyncio.timeout(60):
        return await tail.carry(deployment, PATH, body(**fields), stream=bool(fields.get("stream")))


def ask(tail: LongTail, deployment: Deployment, **fields: object) -> tuple[LongTailAnswer, bytes]:
    async def run() -> tuple[LongTailAnswer, bytes]:
        answer = await call(tail, deployment, **fields)
        return answer, await answer.read_all()

    return asyncio.run(run())


def fail(work: Coroutine[Any, Any, object]) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        asyncio.run(work)
    return caught.value


def fail_to_ask(tail: LongTail, deployment: Deployment, **fields: object) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        ask(tail, deployment, **fields)
    return caught.value


def read_stream(data: bytes) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in data.decode().split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]
