"""A revision is one whole: planted in six places of the document, no request ever sees two of them."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operating import Operator

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, await_value, run_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  chosen: {{provider: simulated, model_id: simulated-1, price_per_1m_tokens: {{input: "1", output: "2"}}}}
agents:
  orchestrator:
    model: chosen
    parameters: {{max_tokens: 17, seed: 1, temperature: 0.0001}}
"""
BY_API = 2_000
BY_FILE = 50


def plant(n: int) -> dict[str, Any]:
    """The revision's number in the upstream model, two prices and three parameters."""
    prices = {"input": f"{n}", "output": f"{2 * n}"}
    parameters = {"max_tokens": 16 + n, "seed": n, "temperature": n / 10_000}
    return {
        "models": {"chosen": {"model_id": f"simulated-{n}", "price_per_1m_tokens": prices}},
        "agents": {"orchestrator": {"parameters": parameters}},
    }


class Watchers:
    """Callers that call again and again, and what is wrong with what they see."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.seen: dict[int, str] = {}
        self.wrong: list[object] = []
        self._gateway = gateway
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(2)]

    @contextmanager
    def calling(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def _call(self) -> None:
        while not self._stop.is_set() and not self.wrong:
            status, headers, text = self._gateway.chat()
            if status != 200:
                self.wrong.append((status, text))
                return
            answer = json.loads(text)
            n = int(answer["model"].removeprefix("simulated-"))
            usage = answer["usage"]
            tokens = usage["prompt_tokens"] + 2 * usage["completion_tokens"]
            cost_nusd = round(float(headers["x-pointsman-cost-usd"]) * 10**9)
            changes = set(headers["x-pointsman-changes"].split(", "))
            planted = {f"max_tokens={16 + n}", f"seed={n}", f"temperature={n / 10_000}"}
            revision = self.seen.setdefault(n, headers["x-pointsman-revision"])
            if cost_nusd != n * 1_000 * tokens or not planted <= changes or revision != headers["x-pointsman-revision"]:
                self.wrong.append((n, dict(headers), usage))


def test_no_request_sees_two_revisions_in_many_reloads(tmp_path: Path) -> None:
    with (
        SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url,
        run_gateway(tmp_path, DOCUMENT.format(url=url)) as gateway,
        Operator(gateway) as operator,
    ):
        watchers = Watchers(gateway)
        with watchers.calling():
            for n in range(2, BY_API + 2):
                status, answer = operator.change(plant(n))
                assert status == 201 and answer["number"] == n, answer
                assert not watchers.wrong, watchers.wrong[:2]
            assert operator.call("POST", "/api/v1/configuration/changes", {"replace": True})[0] == 201
            for n in range(BY_API + 2, BY_API + BY_FILE + 2):
                document = json.loads(json.dumps(plant(n)))
                document["providers"] = {"simulated": {"base_url": f"{url}/v1", "location": "local"}}
                document["models"]["chosen"]["provider"] = "simulated"
                document["agents"]["orchestrator"]["model"] = "chosen"
                draft = gateway.config.with_suffix(".draft")
                draft.write_text(json.dumps(document))
                draft.replace(gateway.config)
                if n % 5 == 0:
                    gateway.process.send_signal(signal.SIGHUP)
                await_value(lambda n=n: True if n in watchers.seen or watchers.wrong else None)  # type: ignore[misc]
        assert not watchers.wrong, watchers.wrong[:2]
        assert len(set(watchers.seen.values())) == len(watchers.seen) > BY_FILE
        history = operator.read("/revisions?limit=200")["revisions"]
        assert history[0]["number"] == 1 + BY_API + 1 + BY_FILE
