"""Streams through the running gateway: cut upstream, cut by the client, broken before and after the first content."""

import itertools
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import openai
import pytest

from running import RunningGateway, await_value, run_gateway
from simulator.running_simulator import Simulation

MESSAGES = [{"role": "user", "content": "Write two sentences about trains."}]
CASES = 100
"""Each test has a provider and a model of its own: one that has failed is left alone for a while."""


def write_document(url: str) -> str:
    """A document with an agent, a model and a provider for each test, and one model that they all fall back to."""
    priced = '{provider: provider%d, model_id: %s, price_per_1m_tokens: {input: "3", output: "15"}}'
    lines = ["version: 1", "providers:", f"  simulated: {{base_url: {url}/v1, location: local}}"]
    lines += [f"  provider{number}: {{base_url: {url}/v1, location: local}}" for number in range(CASES)]
    lines += ["models:", "  second: {provider: simulated, model_id: simulated-streams-second}"]
    lines += [f"  first{number}: {priced % (number, Broken.id_of(number))}" for number in range(CASES)]
    lines += ["agents:", *(f"  pair{number}: {{model: first{number}, fallback: [second]}}" for number in range(CASES))]
    return "\n".join(lines)


class Broken(Simulation):
    """The first model of one test."""

    numbers = itertools.count()

    def __init__(self, url: str) -> None:
        number = next(self.numbers)
        super().__init__(url, self.id_of(number))
        self.agent = f"agent:pair{number}"
        self.name = f"first{number}"

    @staticmethod
    def id_of(number: int) -> str:
        return f"simulated-streams-first-{number}"


@pytest.fixture(scope="module")
def pair(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("streams"), write_document(simulator)) as gateway:
        yield gateway


@pytest.fixture
def first(simulator: str) -> Iterator[Broken]:
    """The first model; behaves again at the end."""
    simulation = Broken(simulator)
    yield simulation
    simulation.control("DELETE", "/simulator/behaviour")


@pytest.fixture
def client(pair: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{pair.url}/v1", api_key=pair.api_key, max_retries=0) as client:
        yield client


REJECTIONS = {
    "status_401": (502, "upstream_auth_failed"),
    "status_403": (502, "upstream_forbidden"),
    "status_404": (502, "upstream_model_missing"),
    "status_429": (429, "upstream_rate_limited"),
    "status_500": (502, "upstream_error"),
    "status_502_html": (502, "upstream_error"),
    "status_503": (503, "upstream_overloaded"),
    "status_529": (503, "upstream_overloaded"),
    "refuse_before_headers": (502, "upstream_bad_response"),
    "redirect_307": (502, "upstream_redirect"),
    "garbage_bytes": (502, "upstream_bad_response"),
    "huge_header": (502, "upstream_bad_response"),
}


@pytest.mark.parametrize("fault", REJECTIONS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_content_falls_back(pair: RunningGateway, first: Broken, fault: str, stream: bool) -> None:
    first.behave(fault=fault)
    status, headers, _ = pair.chat(first.agent, stream=stream)
    assert (status, headers["x-pointsman-model"], headers["x-pointsman-attempts"]) == (200, "second", "2")


@pytest.mark.parametrize(("fault", "answer"), REJECTIONS.items())
def test_a_failure_without_a_fallback_keeps_its_meaning(
    pair: RunningGateway, first: Broken, fault: str, answer: tuple[int, str]
) -> None:
    first.behave(fault=fault)
    status, headers, text = pair.chat(first.name)
    error = json.loads(text)["error"]
    assert status == answer[0]
    assert error["code"] == answer[1]
    assert "html" not in error["message"] and "simulated-streams" not in headers.get("location", "")
    assert (headers.get("retry-after") == "7") == (fault == "status_429")


def test_a_clients_own_mistake_never_falls_back(pair: RunningGateway, first: Broken) -> None:
    first.behave(fault="status_400")
    status, headers, _ = pair.chat(first.agent)
    assert (status, headers["x-pointsman-attempts"]) == (400, "1")


@pytest.mark.parametrize("fault", ["error_event_before_content", "headers_then_close"])
def test_a_stream_that_breaks_before_content_falls_back(pair: RunningGateway, first: Broken, fault: str) -> None:
    first.behave(fault=fault)
    status, headers, text = pair.chat(first.agent, stream=True)
    assert (status, headers["x-pointsman-model"]) == (200, "second")
    assert text.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("fault", ["cut_after_tokens", "cut_inside_event", "error_event_after_content"])
def test_a_stream_cut_after_content_ends_in_an_error_and_never_looks_whole(
    client: openai.OpenAI, pair: RunningGateway, first: Broken, fault: str
) -> None:
    first.behave(fault=fault, after_tokens=4)
    _, _, text = pair.chat(first.agent, stream=True)
    assert b"[DONE]" not in text and b"upstream_" in text
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model=first.agent, messages=MESSAGES, stream=True))


def test_a_stream_without_its_end_mark_gets_one(pair: RunningGateway, first: Broken) -> None:
    first.behave(fault="no_done")
    assert pair.chat(first.name, stream=True)[2].endswith(b"data: [DONE]\n\n")


def test_usage_that_never_came_is_estimated(pair: RunningGateway, first: Broken) -> None:
    first.behave(fault="no_usage")
    _, headers, _ = pair.chat(first.name, stream=True)
    assert pair.await_request(headers["x-request-id"])["cost_status"] == "estimated"


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_cancels_the_call(pair: RunningGateway, first: Broken, stream: bool) -> None:
    """Measured at the simulator: it sees its own connection closed while it still had minutes of work."""
    first.behave(latency_ms=0 if stream else 60_000, tokens_per_second=2)
    address = urlsplit(pair.url)
    body = json.dumps({"model": first.name, "messages": MESSAGES, "stream": stream}).encode()
    with socket.create_connection((address.hostname, address.port), timeout=10) as leaving:
        leaving.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            + f"authorization: Bearer {pair.api_key}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        first.await_call(lambda call: call["ended"] is None)
        if stream:
            assert leaving.recv(65_536).startswith(b"HTTP/1.1 200")
    call = first.await_call(lambda call: call["ended"] is not None)
    assert call["ended"] == "client_disconnected"
    line = await_value(lambda: next((line for line in pair.log if line.get("failure") == "client_disconnected"), None))
    assert line["cost_status"] == "estimated"
    pair.log.remove(line)


def test_bytes_reach_the_provider_as_sent(pair: RunningGateway, first: Broken) -> None:
    message = b'{"role":"user","content":"\\u00fc \\ud83d\\ude00 \xc3\xa9","name":"x"}'
    body = b'{ "messages" : [' + message + b'],\n"model":\t"' + first.name.encode() + b'", "user":"u"}'
    assert pair.post("/v1/chat/completions", body)[0] == 200
    received = first.list_calls()[-1]["body"]
    assert received == body.decode().replace(first.name, first.model)


def test_the_clients_headers_stay_here(pair: RunningGateway, first: Broken) -> None:
    pair.post(
        "/v1/chat/completions",
        json.dumps({"model": first.name, "messages": MESSAGES}).encode(),
        cookie="a=b",
        x_forwarded_for="1.2.3.4",
        x_secret="s",
    )
    names = {name.lower() for name, _ in first.list_calls()[-1]["headers"]}
    assert not names & {"cookie", "x-forwarded-for", "x-secret"}
    assert "authorization" not in names, "this provider needs no key, and the client's own stays here"
