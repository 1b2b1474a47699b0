"""The document is followed: good ones at once and whole, bad ones never, and no request is lost over it."""

import json
import threading
from pathlib import Path

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, await_value, run_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  chosen: {{provider: simulated, model_id: simulated-{n}, price_per_1m_tokens: {{input: "{n}", output: "{n}"}}}}
agents:
  orchestrator:
    model: chosen
    parameters: {{max_tokens: {tokens}, seed: {n}}}
    description: "{n}"
    tags: ["{n}"]
"""


def write(gateway_or_path: RunningGateway | Path, text: str) -> None:
    """Replace a document as editors do: write beside it, then rename over it."""
    path = gateway_or_path if isinstance(gateway_or_path, Path) else gateway_or_path.config
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def revision_of(gateway: RunningGateway) -> str:
    return gateway.chat()[1]["x-pointsman-revision"]


def test_an_edit_reaches_the_next_request(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator, n=1, tokens=5)) as gateway:
        before = revision_of(gateway)
        write(gateway, DOCUMENT.format(url=simulator, n=2, tokens=5))
        await_value(lambda: True if revision_of(gateway) != before else None)
        assert json.loads(gateway.chat()[2])["model"] == "simulated-2"
        gateway.config.write_text(DOCUMENT.format(url=simulator, n=1, tokens=5))
        await_value(lambda: True if revision_of(gateway) == before else None)
        assert json.loads(gateway.chat()[2])["model"] == "simulated-1"


def test_a_bad_document_changes_nothing_and_says_what_is_wrong(simulator: str, tmp_path: Path) -> None:
    good = DOCUMENT.format(url=simulator, n=1, tokens=5)
    with run_gateway(tmp_path, good) as gateway:
        before = revision_of(gateway)
        write(gateway, good.replace("model: chosen", "model: chosne"))
        line = gateway.await_log("configuration_rejected")
        assert "pointsman.yaml:8:12" in line["message"] and 'did you mean "chosen"' in line["message"]
        assert revision_of(gateway) == before
        assert gateway.get("/api/v1/configuration")["rejected"][0]["code"] == "unknown_reference"
        gateway.config.unlink()
        assert revision_of(gateway) == before
        write(gateway, DOCUMENT.format(url=simulator, n=2, tokens=5))
        await_value(lambda: True if revision_of(gateway) != before else None)
        assert gateway.get("/api/v1/configuration")["rejected"] == []


def test_no_request_fails_and_none_sees_two_revisions(tmp_path: Path) -> None:
    """The revision's number is planted in the upstream model, a parameter and a price; all must agree, always."""
    with (
        SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url,
        run_gateway(tmp_path, DOCUMENT.format(url=url, n=1, tokens=17)) as gateway,
    ):
        stop, seen, wrong = threading.Event(), set(), []

        def call_again_and_again() -> None:
            while not stop.is_set():
                status, headers, text = gateway.chat(stop=None)
                answer = json.loads(text)
                if status != 200:
                    wrong.append(text)
                    return
                n = int(answer["model"].removeprefix("simulated-"))
                usage = answer["usage"]
                cost_nusd = round(float(headers["x-pointsman-cost-usd"]) * 10**9)
                fits = cost_nusd == n * 1_000 * usage["total_tokens"]
                fits = fits and f"max_tokens={16 + n}" in headers["x-pointsman-changes"]
                fits = fits and f"seed={n}" in headers["x-pointsman-changes"]
                seen.add((n, headers["x-pointsman-revision"]))
                if not fits:
                    wrong.append((n, dict(headers), usage))

        callers = [threading.Thread(target=call_again_and_again) for _ in range(4)]
        for caller in callers:
            caller.start()
        for n in range(2, 22):
            write(gateway, DOCUMENT.format(url=url, n=n, tokens=16 + n))
            await_value(lambda n=n: True if any(number == n for number, _ in seen) or wrong else None)  # type: ignore[misc]
        stop.set()
        for caller in callers:
            caller.join()
    assert not wrong, wrong[:3]
    assert {number for number, _ in seen} >= set(range(2, 22))
    assert len({revision for _, revision in seen}) == len({number for number, _ in seen})
