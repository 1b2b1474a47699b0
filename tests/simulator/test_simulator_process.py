"""The simulator as a process: it says where it listens, demands its key, ends on a signal and with its parent."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import msgspec
import pytest
import typer
from openai import AuthenticationError, OpenAI

from pointsman.cli.simulate import parse_duration_ms
from pointsman.simulator.process import SimulatorFailed, SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

QUICK = SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)
DEADLINE_S = 10.0


def is_listening(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=DEADLINE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def test_it_starts_and_stops() -> None:
    process = SimulatorProcess(QUICK)
    url = process.start()
    assert is_listening(url)
    process.stop()
    assert not is_listening(url)
    process.stop()


def test_it_ends_although_an_answer_is_under_way() -> None:
    with SimulatorProcess(replace(QUICK, latency_ms=60_000)) as url:
        body = b'{"model":"simulated-large","messages":[{"role":"user","content":"hi"}]}'
        client = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=DEADLINE_S)
        head = "POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\n"
        client.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    with closing(client):
        assert client.recv(1) == b""


def test_a_taken_port_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        process = SimulatorProcess(replace(QUICK, port=taken.getsockname()[1]))
        with pytest.raises(SimulatorFailed, match="exit code 1"):
            process.start()
    [line] = capfd.readouterr().err.splitlines()
    assert "cannot listen" in line


def test_the_key_is_demanded() -> None:
    with SimulatorProcess(replace(QUICK, api_key="sesame")) as url:
        for key, welcome in (("sesame", True), ("other", False)):
            with OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
                if welcome:
                    assert len(list(client.models.list())) == 3
                else:
                    with pytest.raises(AuthenticationError) as refused:
                        client.models.list()
                    assert refused.value.code == "invalid_api_key"


def test_it_dies_with_its_parent() -> None:
    script = (
        "from pointsman.simulator.process import SimulatorProcess\n"
        "from pointsman.simulator.settings import SimulatorSettings\n"
        "import sys\n"
        "print(SimulatorProcess(SimulatorSettings(port=0)).start(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        assert is_listening(url)
        parent.kill()
    deadline_s = time.monotonic() + DEADLINE_S
    while is_listening(url):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_the_line_is_for_people(number: signal.Signals) -> None:
    settings = msgspec.json.encode(QUICK).decode()
    command = [sys.executable, "-m", "pointsman.simulator", settings]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert select.select([process.stdout], [], [], DEADLINE_S)[0]
        assert process.stdout.readline().startswith(b"simulated provider on http://127.0.0.1:")
        os.kill(process.pid, number)
        assert process.wait(DEADLINE_S) == 0
        assert process.stderr.read() == b""


def test_the_command_takes_its_options() -> None:
    script = "import typer; from pointsman.cli.simulate import simulate; typer.run(simulate)"
    options = ["--port", "0", "--latency", "0.001s", "--tokens-per-second", "0", "--json", "--die-with-parent"]
    with subprocess.Popen([sys.executable, "-c", script, *options], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], DEADLINE_S)[0]
        announced = msgspec.json.decode(process.stdout.readline(), type=dict[str, str])
        assert is_listening(announced["url"])
        process.terminate()
        assert process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize(("text", "latency_ms"), [("150ms", 150), ("2s", 2000), ("0.5s", 500), ("0", 0), ("20", 20)])
def test_durations_are_read(text: str, latency_ms: float) -> None:
    assert parse_duration_ms(text) == latency_ms


@pytest.mark.parametrize("text", ["", "fast", "-1ms", "1m", "1e3ms", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_duration_ms(text)
