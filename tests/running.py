"""The product as a user starts it: real processes on real sockets, found by what they print."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

START_SECONDS = 60.0
STOP_SECONDS = 15.0


@dataclass
class RunningGateway:
    """One `pointsman serve` in a process of its own.

    Attributes:
        url: where it listens.
        api_key: a virtual key.
        admin_key: the operator's.
        config: the document it follows.
        home: where its state lives.
        log: the lines of its log so far, decoded.
    """

    url: str
    api_key: str
    admin_key: str
    config: Path
    home: Path
    process: "subprocess.Popen[str]"
    log: list[dict[str, Any]] = field(default_factory=list)

    def get(self, path: str, *, key: str | None = None) -> Any:
        """The decoded answer of a GET; with the admin key unless another is given."""
        request = urllib.request.Request(self.url + path, headers={"authorization": f"Bearer {key or self.admin_key}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if answer.headers["content-type"].startswith("application/json") else text

    def chat(self, model: str = "agent:orchestrator", **fields: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one plain or streamed call."""
        body = {"model": model, "messages": [{"role": "user", "content": "Say a word."}]} | fields
        return self.post("/v1/chat/completions", json.dumps(body).encode())

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a POST, whatever the status."""
        fields = {"authorization": f"Bearer {self.api_key}", "content-type": "application/json"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, fields)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def await_log(self, event: str, *, after: int = 0) -> dict[str, Any]:
        """The first log line of an event, from line `after` on, within ten seconds."""
        return await_value(lambda: next((line for line in self.log[after:] if line.get("event") == event), None))

    def await_request(self, request_id: str) -> dict[str, Any]:
        """The log line of one request, once it is written."""
        return await_value(lambda: next((line for line in self.log if line.get("request_id") == request_id), None))

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


def await_value(look: Callable[[], T | None], seconds: float = 10.0) -> T:
    """What `look` finds once it finds something; fails after a while."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)
    return found


@contextmanager
def run_gateway(folder: Path, document: str, **environ: str) -> Iterator[RunningGateway]:
    """Start a gateway on a document; stop it at the end, gently if it still runs."""
    config = folder / "pointsman.yaml"
    config.write_text(document)
    with start_gateway(config, folder / "home", **environ) as gateway:
        yield gateway


@contextmanager
def start_gateway(config: Path, home: Path, **environ: str) -> Iterator[RunningGateway]:
    """Start a gateway on a document and a home that are there already."""
    command = [sys.executable, "-m", "pointsman.cli.main", "serve", "--config", str(config), "--port", "0"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("POINTSMAN_", "DEPLOYMENT_"))}
    process = subprocess.Popen(
        command,
        env=kept | {"POINTSMAN_HOME": str(home)} | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    log: list[dict[str, Any]] = []
    reader = threading.Thread(target=_collect, args=(process, log), daemon=True)
    reader.start()
    try:
        _await_start(process, log)
        values = dict(line.split("=", 1) for line in (home / "demo.env").read_text().splitlines() if "=" in line)
        yield RunningGateway(
            values["POINTSMAN_URL"],
            values["POINTSMAN_API_KEY"],
            values["POINTSMAN_ADMIN_KEY"],
            config,
            home,
            process,
            log,
        )
    finally:
        stop_process(process)
        reader.join(STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()


def stop_process(process: "subprocess.Popen[Any]") -> None:
    """End a process gently, or by force if that takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
        raise


def _collect(process: "subprocess.Popen[str]", log: list[dict[str, Any]]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        log.append(json.loads(line))


def _await_start(process: "subprocess.Popen[str]", log: list[dict[str, Any]]) -> None:
    def look() -> bool | None:
        assert process.poll() is None, f"the gateway ended with {process.returncode}"
        return True if any(line.get("event") == "started" for line in log) else None

    await_value(look, START_SECONDS)
