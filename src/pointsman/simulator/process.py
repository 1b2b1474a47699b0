"""A simulator as a child process: started, found by the URL that it prints, and never left behind."""

import os
import selectors
import subprocess
import sys
import time
from dataclasses import replace
from types import TracebackType
from typing import IO

import msgspec

from pointsman.simulator.settings import SimulatorSettings

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 2.0


class SimulatorFailed(Exception):
    """The simulator did not start; the message says how it ended."""


class SimulatorProcess:
    """One simulator in a process of its own; a context manager that starts and stops it.

    The child ends with its parent, even when the parent is killed.
    """

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = replace(settings, announce_json=True, parent_pid=os.getpid())
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the child and wait until it listens.

        Returns:
            Its URL, such as `http://127.0.0.1:4101`; the OpenAI surface is at `/v1` below it.

        Raises:
            SimulatorFailed: when it ends or stays silent; nothing is left running then.
        """
        command = [sys.executable, "-m", "pointsman.simulator", msgspec.json.encode(self._settings).decode()]
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._child.stdout is not None
        line = _read_line(self._child.stdout, START_TIMEOUT_S)
        if not line.endswith(b"\n"):
            self.stop()
            raise SimulatorFailed(f"the simulator did not start (exit code {self._child.returncode})")
        announced: dict[str, str] = msgspec.json.decode(line, type=dict[str, str])
        return announced["url"]

    def stop(self) -> None:
        """End the child, by force if it does not go by itself; may be called again."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(STOP_TIMEOUT_S)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _read_line(stream: IO[bytes], timeout_s: float) -> bytes:
    """The first line, or what came of it before the stream ended or the time was over."""
    deadline_s = time.monotonic() + timeout_s
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(deadline_s - time.monotonic()):
            data = os.read(stream.fileno(), 4096)
            if not data:
                break
            line += data
    return line
