"""Official SDKs in this process: their requests go to an engine over httpx, and no socket of ours is opened."""

import asyncio
from typing import cast

import cohere
import httpx
import httpx2
import openai
import pytest
from anthropic import Anthropic
from door import QUESTION, Door
from openai import AsyncOpenAI, OpenAI

from pointsman.library import httpx_transport
from pointsman.library.engine import Engine
from pointsman.library.httpx2_transport import AsyncPointsmanTransport, PointsmanTransport

BASE = "http://pointsman/v1"


def build_client(engine: Engine, generation: str) -> httpx2.Client:
    if generation == "httpx":
        return cast(httpx2.Client, httpx.Client(transport=httpx_transport.PointsmanTransport(engine)))
    return httpx2.Client(transport=PointsmanTransport(engine))


@pytest.mark.parametrize("generation", ["httpx", "httpx2"])
def test_the_openai_sdk_runs_in_process(engine: Engine, generation: str) -> None:
    with OpenAI(http_client=build_client(engine, generation), base_url=BASE, api_key="pm_local") as sdk:
        answer = sdk.chat.completions.with_raw_response.create(model="agent:writer", messages=QUESTION)  # type: ignore[arg-type]
        assert answer.headers["x-pointsman-model"] == "small" and answer.parse().choices[0].message.content
        chunks = list(sdk.chat.completions.create(model="agent:writer", messages=QUESTION, stream=True))  # type: ignore[arg-type]
        assert len(chunks) > 2
        assert "agent:writer" in [model.id for model in sdk.models.list()]
        with pytest.raises(openai.NotFoundError):
            sdk.chat.completions.create(model="nobody", messages=QUESTION)  # type: ignore[arg-type]


def test_the_async_openai_sdk_runs_in_process(engine: Engine, door: Door) -> None:
    async def use() -> None:
        client = httpx2.AsyncClient(transport=AsyncPointsmanTransport(engine))
        async with AsyncOpenAI(http_client=client, base_url=BASE, api_key="pm_local", max_retries=0) as sdk:
            answer = await sdk.chat.completions.create(model="agent:writer", messages=QUESTION)  # type: ignore[arg-type]
            assert answer.choices[0].message.content
            stream = await sdk.chat.completions.create(model="agent:writer", messages=QUESTION, stream=True)  # type: ignore[arg-type]
            assert len([chunk async for chunk in stream]) > 2
            door.simulation.behave(latency_ms=60_000)
            asked = asyncio.create_task(
                sdk.chat.completions.create(model="agent:writer", messages=QUESTION)  # type: ignore[arg-type]
            )
            await asyncio.to_thread(door.simulation.await_call, lambda call: call["ended"] is None)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked

    asyncio.run(use())
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_an_sdks_own_time_limit_holds(engine: Engine, door: Door) -> None:
    door.simulation.behave(latency_ms=60_000)
    with (
        httpx2.Client(transport=PointsmanTransport(engine)) as client,
        OpenAI(http_client=client, base_url=BASE, api_key="pm_local", max_retries=0, timeout=0.2) as sdk,
        pytest.raises(openai.APITimeoutError),
    ):
        sdk.chat.completions.create(model="agent:writer", messages=QUESTION)  # type: ignore[arg-type]


def test_the_anthropic_sdk_runs_in_process(engine: Engine) -> None:
    with Anthropic(
        http_client=httpx2.Client(transport=PointsmanTransport(engine)),
        base_url="http://pointsman",
        api_key="pm_local",
    ) as sdk:
        message = sdk.messages.create(model="agent:writer", max_tokens=100, messages=QUESTION)  # type: ignore[arg-type]
        assert message.content[0].type == "text"
        with sdk.messages.stream(model="agent:writer", max_tokens=100, messages=QUESTION) as stream:  # type: ignore[arg-type]
            assert len("".join(stream.text_stream)) > 2


def test_a_key_of_an_sdk_goes_nowhere(engine: Engine, door: Door) -> None:
    with OpenAI(
        http_client=httpx2.Client(transport=PointsmanTransport(engine)), base_url=BASE, api_key="sk-somebody-elses"
    ) as sdk:
        sdk.chat.completions.create(model="agent:writer", messages=QUESTION)  # type: ignore[arg-type]
    assert "sk-somebody-elses" not in str(door.simulation.list_calls())


def test_the_cohere_sdk_runs_in_process(engine: Engine) -> None:
    with httpx.Client(transport=httpx_transport.PointsmanTransport(engine)) as transport:
        sdk = cohere.ClientV2(api_key="pm_local", base_url="http://pointsman", httpx_client=transport)
        answer = sdk.chat(model="agent:writer", messages=QUESTION)  # type: ignore[arg-type]
    assert answer.message.content and answer.finish_reason == "COMPLETE"
