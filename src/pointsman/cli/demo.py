"""What `serve --demo` adds: a document to start from, and a simulated provider in a process of its own."""

import socket
from pathlib import Path
from types import TracebackType

import typer

from pointsman.control.configuration import demo_document, find_config
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

SIMULATOR_URL = "POINTSMAN_SIMULATOR_URL"


class Demo:
    """Everything that a first try needs; what it starts ends with it."""

    def __init__(self, environ: dict[str, str]) -> None:
        """Prepare; `environ` gets the variable that says where the simulated provider listens."""
        self._environ = environ
        self._simulator: SimulatorProcess | None = None

    def __enter__(self) -> None:
        document = find_config(None, self._environ, Path.cwd())
        if not document.exists():
            document.write_text(demo_document(), encoding="utf-8")
            typer.echo(f"wrote {document}; edit it while the gateway runs", err=True)
        if not self._environ.get(SIMULATOR_URL):
            self._environ[SIMULATOR_URL] = self._start_simulator() + "/v1"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._simulator is not None:
            self._simulator.stop()

    def _start_simulator(self) -> str:
        """Start it at its usual port, or at a free one where another demo has that."""
        usual = SimulatorSettings()
        settings = usual if _is_free(usual.host, usual.port) else SimulatorSettings(port=0)
        self._simulator = SimulatorProcess(settings)
        return self._simulator.start()


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
