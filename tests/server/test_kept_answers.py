"""Answers that are given again by the real program: to the same key, the same request, and only where that is asked."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from operating import Operator

from running import RunningGateway, await_value, run_gateway
from simulator.running_simulator import Simulation

DOCUMENT = """\
version: 1
providers:
  near: {{base_url: "{url}/v1"}}
models:
  own: {{provider: near, model_id: simulated-kept, price_per_1m_tokens: {{input: "3", output: "15"}}}}
agents:
  thrifty: {{model: own, policy: {{cache: exact}}}}
  plain: {{model: own}}
  private: {{model: own, policy: {{cache: exact, privacy: high}}}}
cache: {{ttl: 1h, max_entries: 1000}}
"""
Answered = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("kept"), DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def kept(simulator: str) -> Iterator[Simulation]:
    simulation = Simulation(simulator, "simulated-kept")
    yield simulation
    simulation.behave()


@pytest.fixture(scope="module")
def strategist(gateway: RunningGateway) -> str:
    """A key that may ask for any strategy."""
    with Operator(gateway) as operator:
        status, answer = operator.call("POST", "/api/v1/keys", {"name": "strategist", "strategies": ["*"]})
    assert status == 201
    return str(answer["key"])


def ask(gateway: RunningGateway, model: str, content: str, **headers: str) -> Answered:
    body = {"model": model, "messages": [{"role": "user", "content": content}]}
    return gateway.post("/v1/chat/completions", json.dumps(body).encode(), **headers)


def cache_of(answered: Answered) -> str | None:
    assert answered[0] == 200, answered
    return answered[1].get("x-pointsman-cache")


def test_the_second_answer_is_the_first_one_and_nobody_is_called(gateway: RunningGateway, kept: Simulation) -> None:
    before = len(kept.list_calls())
    first, second = (ask(gateway, "agent:thrifty", "the same twice") for _ in range(2))
    assert (cache_of(first), cache_of(second)) == ("miss", "hit")
    assert first[2] == second[2] and len(kept.list_calls()) == before + 1
    headers = second[1]
    assert (headers["x-pointsman-model"], headers["x-pointsman-attempts"]) == ("own", "0")
    assert headers["x-pointsman-cost-usd"] == "0" and int(headers["age"]) >= 0
    assert headers["cache-control"] == "private, no-store"
    line = gateway.await_request(headers["x-request-id"])
    assert (line["attempts"], line["cost_usd"], line["cost_status"], line["input_tokens"]) == (0, "0", "none", None)


def test_hits_are_counted_and_are_no_calls(gateway: RunningGateway) -> None:
    def count(name: str) -> float:
        text = gateway.get("/metrics")
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name)))

    hits, calls = 'pointsman_cache_hits_total{agent="thrifty"}', 'llm_latency_seconds_count{agent="thrifty"}'
    ask(gateway, "agent:thrifty", "counted")
    hits_before, calls_before = count(hits), count(calls)
    assert [cache_of(ask(gateway, "agent:thrifty", "counted")) for _ in range(3)] == ["hit"] * 3
    await_value(lambda: count(hits) == hits_before + 3 or None)
    assert count(calls) == calls_before


def test_another_key_asks_the_model(gateway: RunningGateway, strategist: str) -> None:
    theirs = {"authorization": f"Bearer {strategist}"}
    assert cache_of(ask(gateway, "agent:thrifty", "who asks")) == "miss"
    assert cache_of(ask(gateway, "agent:thrifty", "who asks", **theirs)) == "miss"
    assert cache_of(ask(gateway, "agent:thrifty", "who asks", **theirs)) == "hit"


def test_performance_optimized_by_header_is_enough(gateway: RunningGateway, strategist: str, kept: Simulation) -> None:
    fast = {"authorization": f"Bearer {strategist}", "x-pointsman-strategy": "performance_optimized"}
    before = len(kept.list_calls())
    assert cache_of(ask(gateway, "agent:plain", "fast")) is None
    answered = [ask(gateway, "agent:plain", "fast", **fast) for _ in range(2)]
    assert [cache_of(each) for each in answered] == ["miss", "hit"]
    assert answered[1][1]["x-pointsman-decision"] == "strategy"
    assert len(kept.list_calls()) == before + 2


@pytest.mark.parametrize("header", [{"x-pointsman-no-cache": "true"}, {"cache-control": "no-cache"}], ids=str)
def test_a_caller_may_ask_for_an_answer_of_its_own(
    gateway: RunningGateway, kept: Simulation, header: dict[str, str]
) -> None:
    ask(gateway, "agent:thrifty", "not again")
    before = len(kept.list_calls())
    assert cache_of(ask(gateway, "agent:thrifty", "not again", **header)) is None
    assert len(kept.list_calls()) == before + 1
    assert cache_of(ask(gateway, "agent:thrifty", "not again")) == "hit"


def test_private_requests_always_ask_the_model(gateway: RunningGateway, kept: Simulation) -> None:
    before = len(kept.list_calls())
    for _ in range(2):
        assert cache_of(ask(gateway, "agent:private", "between us")) is None
        assert cache_of(ask(gateway, "agent:thrifty", "between us", **{"x-pointsman-privacy": "high"})) is None
    assert len(kept.list_calls()) == before + 4


def test_an_error_is_not_kept(gateway: RunningGateway, kept: Simulation) -> None:
    kept.behave(fault="status_400")
    assert ask(gateway, "agent:thrifty", "goes wrong")[0] != 200
    kept.behave()
    assert cache_of(ask(gateway, "agent:thrifty", "goes wrong")) == "miss"


def test_the_same_request_many_times_at_once_is_answered_each_time(gateway: RunningGateway) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(gateway, "agent:thrifty", "all at once"), range(24)))
    assert {cache_of(answer) for answer in answers} <= {"hit", "miss"}
    texts = {json.loads(body)["choices"][0]["message"]["content"] for _, _, body in answers}
    assert len(texts) == 1
    assert cache_of(ask(gateway, "agent:thrifty", "all at once")) == "hit"


def test_the_openai_client_reads_a_kept_answer_and_streams_anew(gateway: RunningGateway, kept: Simulation) -> None:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.api_key, max_retries=0) as client:
        say = [{"role": "user", "content": "through the SDK"}]
        texts = []
        for expected in ("miss", "hit"):
            raw = client.chat.completions.with_raw_response.create(model="agent:thrifty", messages=say)  # type: ignore[arg-type]
            assert raw.headers["x-pointsman-cache"] == expected
            texts.append(raw.parse().choices[0].message.content)
        assert texts[0] and texts[0] == texts[1]
        before = len(kept.list_calls())
        with client.chat.completions.create(model="agent:thrifty", messages=say, stream=True) as stream:  # type: ignore[arg-type]
            assert "x-pointsman-cache" not in stream.response.headers
            assert any(chunk.choices and chunk.choices[0].delta.content for chunk in stream)
    assert len(kept.list_calls()) == before + 1
