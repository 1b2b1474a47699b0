"""Providers called `litellm/NAME`: what LiteLLM may not be told, where it may not go, and what it is needed for."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from pointsman.upstream.client import HttpUpstream
from pointsman.upstream.long_tail.carrier import LongTail
from pointsman.upstream.upstreams import Upstreams
from running import run_gateway
from simulator.running_simulator import Simulation
from upstream.scripted_provider import Keys, Peer, ScriptedProvider
from upstream.tail_calls import CANARY, KEYS, NAMES, PATH, QUIET, ask, body, call, deploy, fail, fail_to_ask, place

pytestmark = QUIET


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"api_base": "https://elsewhere.example"}, "`api_base`"),
        ({"api_key": "sk-other"}, "`api_key`"),
        ({"mock_response": "made up"}, "`mock_response`"),
        ({"fallbacks": ["gpt-4o"]}, "`fallbacks`"),
        ({"tools": [{"type": "mcp", "server_url": "http://10.0.0.1"}]}, "functions"),
    ],
)
def test_a_client_gives_litellm_no_orders(
    tail: LongTail, simulation: Simulation, fields: dict[str, object], said: str
) -> None:
    failure = fail_to_ask(tail, place(simulation), **fields)
    assert (failure.kind, failure.sent) == (FailureKind.UNTRANSLATABLE, False)
    assert failure.shown is not None
    assert said in failure.shown.message
    assert simulation.list_calls() == []


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}},
        {"type": "image_url", "image_url": {"url": "gs://bucket/image.png"}},
        {"type": "image_url", "image_url": "https://elsewhere.example/image.png"},
        {"type": "file", "file": {"file_id": "https://elsewhere.example/paper.pdf"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "file_id": "file-1"}},
        {"type": "video_url", "video_url": {"url": "https://elsewhere.example/film.mp4"}},
        {"type": ["image_url"]},
        {},
    ],
)
def test_media_are_never_fetched(tail: LongTail, simulation: Simulation, part: dict[str, object]) -> None:
    failure = fail_to_ask(tail, place(simulation), messages=[{"role": "user", "content": [part]}])
    assert failure.kind is FailureKind.UNTRANSLATABLE
    assert simulation.list_calls() == []


def test_images_in_the_request_go_along(tail: LongTail, simulation: Simulation) -> None:
    pixel = (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAAB"
        "JRU5ErkJggg=="
    )
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": pixel}}]
    answer, _ = ask(tail, place(simulation), messages=[{"role": "user", "content": content}])
    assert answer.status == 200
    assert pixel in simulation.list_calls()[0]["body"]


def test_what_a_provider_does_not_support_is_said_and_not_dropped(tail: LongTail) -> None:
    deployment = deploy("http://127.0.0.1:9", "replicate", "meta/llama")
    failure = fail_to_ask(tail, deployment, logit_bias={"1": 1})
    assert failure.kind is FailureKind.UNTRANSLATABLE
    assert failure.shown is not None
    assert "logit_bias" in failure.shown.message
    assert "quirk" in failure.shown.message


@pytest.mark.parametrize("name", NAMES)
def test_without_a_key_none_of_the_environment_is_taken(
    tail: LongTail, simulation: Simulation, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "HOSTED_VLLM_API_KEY"):
        monkeypatch.setenv(variable, "sk-of-the-environment")
    failure = fail_to_ask(tail, place(simulation, name, location="cloud", credential=None))
    assert (failure.kind, failure.sent) == (FailureKind.CREDENTIAL_MISSING, False)

    async def run() -> bytes:
        seen: list[bytes] = []

        async def script(peer: Peer) -> None:
            seen.append((await peer.request())[0])
            await peer.send(b"HTTP/1.1 400 No\r\ncontent-length: 2\r\n\r\n{}")

        async with ScriptedProvider(script) as provider:
            keyless = deploy(f"http://127.0.0.1:{provider.port}/v1", name, credential=None)
            assert (await call(tail, keyless)).status == 400
        return seen[0]

    head = asyncio.run(run()).lower()
    assert b"sk-of-the-environment" not in head
    assert b"authorization: bearer none" in head


def test_the_key_of_the_configuration_is_the_one_that_is_sent(tail: LongTail, simulation: Simulation) -> None:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0, api_key=CANARY)) as url:
        assert ask(tail, deploy(f"{url}/v1", model=simulation.model))[0].status == 200
        other = deploy(f"{url}/v1", model=simulation.model, headers=(("x-team", "blue"),), credential="env:OTHER")
        failure = fail_to_ask(tail, other)
        assert failure.kind is FailureKind.CREDENTIAL_MISSING


def test_keys_that_are_no_keys_are_not_sent(simulation: Simulation) -> None:
    for value in (
        "two\nlines",
        '{"private_key": "x"}',
        "ABCDABCDABCDABCDABCD:0123456789012345678901234567890123456789",
    ):
        carrier = LongTail(Keys(KEY=value))
        failure = fail_to_ask(carrier, place(simulation))
        assert failure.kind is FailureKind.CREDENTIAL_MISSING
        assert value not in str(failure)


def test_headers_of_provider_and_call_go_along(tail: LongTail, simulation: Simulation) -> None:
    deployment = place(simulation, headers=(("x-team", "blue"),))

    async def run() -> None:
        answer = await tail.carry(deployment, PATH, body(), stream=False, headers=[(b"openai-beta", b"x=v1")])
        await answer.read_all()

    asyncio.run(run())
    sent = dict(simulation.list_calls()[0]["headers"])
    assert (sent["x-team"], sent["openai-beta"]) == ("blue", "x=v1")


@pytest.mark.parametrize("name", NAMES)
def test_the_guard_holds_for_what_litellm_connects_to(
    tail: LongTail, simulation: Simulation, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A name of the cloud that leads to this machine, or is called what this machine is called.
    for url in (f"{simulation.url}/v1", f"http://localhost:{simulation.port}/v1"):
        failure = fail_to_ask(tail, deploy(url, name, simulation.model, location="cloud"))
        assert (failure.kind, failure.sent) == (FailureKind.ADDRESS_FORBIDDEN, False)
    # The same address, where the configuration allows it by name.
    allowed = (f"127.0.0.1:{simulation.port}",)
    answer, _ = ask(tail, place(simulation, name, location="cloud", allowed_addresses=allowed))
    assert answer.status == 200
    assert len(simulation.list_calls()) == 1


def test_variables_do_not_lead_litellm_into_the_private_network(
    tail: LongTail, simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", f"{simulation.url}/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{simulation.url}/v1")
    monkeypatch.setenv("GROQ_API_BASE", f"{simulation.url}/v1")
    for name in ("openai", "groq"):
        failure = fail_to_ask(tail, deploy("", name, simulation.model, location="cloud"))
        assert failure.kind is FailureKind.ADDRESS_FORBIDDEN
    assert simulation.list_calls() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_redirect_to_another_server_leads_nowhere(tail: LongTail, name: str) -> None:
    async def run() -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

        async with ScriptedProvider(script) as elsewhere:

            async def send_away(peer: Peer) -> None:
                await peer.request()
                place = f"http://127.0.0.1:{elsewhere.port}/v1/chat/completions"
                await peer.send(f"HTTP/1.1 307 Away\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode())

            async with ScriptedProvider(send_away) as provider:
                with pytest.raises(UpstreamFailure) as caught:
                    await call(tail, deploy(f"http://127.0.0.1:{provider.port}/v1", name))
            assert caught.value.kind is FailureKind.ADDRESS_FORBIDDEN
            assert caught.value.sent
            assert elsewhere.connection_count == 0

    asyncio.run(run())


def test_a_server_that_is_not_there_was_sent_nothing(tail: LongTail) -> None:
    for name in NAMES:
        failure = fail_to_ask(tail, deploy("http://127.0.0.1:9/v1", name))
        assert (failure.kind, failure.sent) == (FailureKind.UNREACHABLE, False)


def test_names_and_paths_that_litellm_is_not_asked_for(tail: LongTail, simulation: Simulation) -> None:
    failure = fail_to_ask(tail, place(simulation, "nobody-knows-this-one"))
    assert failure.kind is FailureKind.MODEL_MISSING
    assert "nobody-knows-this-one" in failure.detail
    embeddings = fail(tail.carry(place(simulation), "/embeddings", b"{}", stream=False))
    assert embeddings.kind is FailureKind.UNPROCESSABLE


def test_too_large_an_answer_is_refused(tail: LongTail, simulation: Simulation) -> None:
    for stream in (False, True):
        failure = fail_to_ask(tail, place(simulation, max_response_bytes=100), stream=stream)
        assert failure.kind is FailureKind.BAD_RESPONSE


def test_each_deployment_goes_its_own_way(tail: LongTail, simulation: Simulation) -> None:
    @asynccontextmanager
    async def open_both() -> AsyncIterator[Upstreams]:
        http = HttpUpstream(KEYS)
        http.start()
        try:
            yield Upstreams(http, tail)
        finally:
            await http.close()

    async def run() -> None:
        async with open_both() as upstream:
            for provider, agent in (("litellm/openai", "OpenAI"), ("openai", "pointsman/")):
                deployment = place(simulation)
                own = Deployment(
                    id="x", provider=provider, model="m", upstream_model=simulation.model, dialect="openai_chat",
                    base_url=deployment.base_url, location="local", credential="env:KEY",
                )  # fmt: skip
                answer = await upstream.send(own, PATH, body(model=simulation.model), stream=False)
                await answer.read_all()
                assert agent in dict(simulation.list_calls()[-1]["headers"])["user-agent"]

    asyncio.run(run())


DOCUMENT = """\
version: 1
providers:
  litellm/hosted_vllm: {{base_url: {url}/v1, api_key: {{env: POINTSMAN_TAIL_KEY}}}}
models:
  tail: {{provider: litellm/hosted_vllm, model_id: simulated-tail, price_per_1m_tokens: {{input: "1", output: "2"}}}}
agents:
  writer: {{model: tail}}
"""


def test_a_gateway_reaches_the_long_tail_for_clients_of_every_format(simulator_url: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator_url), POINTSMAN_TAIL_KEY=CANARY) as gateway:
        status, headers, data = gateway.chat("agent:writer", metadata={"team": "blue"})
        assert (status, json.loads(data)["object"]) == (200, "chat.completion")
        assert "metadata" in headers["x-pointsman-changes"]
        line = gateway.await_request(headers["x-request-id"])
        assert (line["model"], line["status"]) == ("tail", 200)
        status, _, data = gateway.chat("agent:writer", stream=True)
        assert (status, data.rstrip().endswith(b"data: [DONE]")) == (200, True)
        asked = {"model": "agent:writer", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}
        status, _, data = gateway.post("/v1/messages", json.dumps(asked).encode())
        assert (status, json.loads(data)["type"]) == (200, "message")
        assert not any(CANARY in json.dumps(one) for one in gateway.log)


WITHOUT_IT = """\
import asyncio, sys
sys.modules["litellm"] = None
from pathlib import Path
from pointsman.control.configuration import load_configuration
from pointsman.upstream.long_tail.carrier import LongTail

class Keys:
    def reveal(self, reference):
        return "key"

loaded = load_configuration(Path(sys.argv[1]), {"POINTSMAN_TAIL_KEY": "key"})
print(*[text for problem in loaded.problems for text in (problem.code, problem.severity, problem.message)])
deployment = loaded.snapshot.models["tail"].deployment

async def call():
    carrier = LongTail(Keys())
    for _ in range(2):
        try:
            await carrier.carry(deployment, "/chat/completions", b'{"messages": []}', stream=False)
        except Exception as failure:
            print(failure, failure.sent)
    await carrier.close()

asyncio.run(call())
"""


def test_without_the_extra_the_document_loads_and_calls_say_what_to_install(tmp_path: Path) -> None:
    document = tmp_path / "pointsman.yaml"
    document.write_text(DOCUMENT.format(url="http://127.0.0.1:9"))
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_IT, str(document)], capture_output=True, text=True, timeout=60, check=True
    )
    problems, *calls = ran.stdout.splitlines()
    assert "extra_missing" in problems
    assert "warning" in problems
    assert "pip install 'pointsman[litellm]'" in problems
    assert len(calls) == 2
    for line in calls:
        assert line.startswith("not_installed: litellm is not installed: pip install 'pointsman[litellm]'")
        assert line.endswith("False")
