"""How long a saved file takes until a request sees it: real gateway, real files, real requests; prints percentiles.

Usage: python bench/reload_latency.py [--edits 200] [--under-load]
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: "{url}/v1", location: local}}
models:
  chosen: {{provider: simulated, model_id: simulated-{number}}}
agents:
  orchestrator: {{model: chosen}}
"""
START_SECONDS = 20.0
ARRIVE_SECONDS = 10.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--under-load", action="store_true", help="call without pause meanwhile, from two threads")
    options = parser.parse_args()
    settings = SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)
    with tempfile.TemporaryDirectory() as name, SimulatorProcess(settings) as url:
        folder = Path(name)
        write(folder, url, 0)
        gateway, address, key = start_gateway(folder)
        try:
            report(measure(folder, url, address, key, options.edits, 2 if options.under_load else 0))
        finally:
            gateway.terminate()
            gateway.wait(10)


def start_gateway(folder: Path) -> tuple["subprocess.Popen[bytes]", str, str]:
    """A gateway in front of it: its process, address and key."""
    home = folder / "home"
    command = [
        sys.executable,
        "-m",
        "pointsman.cli.main",
        "serve",
        "--config",
        str(folder / "pointsman.yaml"),
        "--port",
    ]
    environ = os.environ | {"POINTSMAN_HOME": str(home), "POINTSMAN_CONFIG": str(folder / "pointsman.yaml")}
    process = subprocess.Popen([*command, "0"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (home / "demo.env").exists():
            values = dict(line.split("=", 1) for line in (home / "demo.env").read_text().splitlines() if "=" in line)
            netloc = urlsplit(values["POINTSMAN_URL"]).netloc
            if answers(netloc, values["POINTSMAN_API_KEY"]):
                return process, netloc, values["POINTSMAN_API_KEY"]
        time.sleep(0.05)
    raise SystemExit("the gateway did not start")


def answers(netloc: str, key: str) -> bool:
    """Whether a call comes through."""
    try:
        ask(http.client.HTTPConnection(netloc, timeout=5), key)
    except OSError:
        return False
    return True


def ask(connection: http.client.HTTPConnection, key: str) -> str:
    """The upstream model that served one call."""
    body = json.dumps({"model": "agent:orchestrator", "messages": [{"role": "user", "content": "Hello"}]})
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    return str(json.loads(text)["model"]) if answer.status == 200 else f"status {answer.status}"


def write(folder: Path, url: str, number: int) -> None:
    """Save the document as editors do."""
    draft = folder / "draft"
    draft.write_text(DOCUMENT.format(url=url, number=number))
    draft.replace(folder / "pointsman.yaml")


def measure(folder: Path, url: str, netloc: str, key: str, edits: int, load_threads: int) -> list[float]:
    """Milliseconds from each save to the first answer that shows it."""
    stop = threading.Event()

    def call_again_and_again() -> None:
        connection = http.client.HTTPConnection(netloc, timeout=10)
        while not stop.is_set():
            ask(connection, key)

    threads = [threading.Thread(target=call_again_and_again) for _ in range(load_threads)]
    for thread in threads:
        thread.start()
    connection = http.client.HTTPConnection(netloc, timeout=10)
    took_ms: list[float] = []
    for number in range(1, edits + 1):
        write(folder, url, number)
        saved = time.monotonic()
        while ask(connection, key) != f"simulated-{number}":
            if time.monotonic() - saved > ARRIVE_SECONDS:
                raise SystemExit(f"edit {number} did not arrive within {ARRIVE_SECONDS:.0f} s")
            time.sleep(0.002)
        took_ms.append((time.monotonic() - saved) * 1_000)
    stop.set()
    for thread in threads:
        thread.join()
    return took_ms


def report(took_ms: list[float]) -> None:
    """Print the percentiles."""
    parts = statistics.quantiles(took_ms, n=100, method="inclusive")
    print(f"{len(took_ms)} edits: p50 {parts[49]:.0f} ms, p99 {parts[98]:.0f} ms, longest {max(took_ms):.0f} ms")


if __name__ == "__main__":
    main()
