"""What `serve --demo` adds: a document to start from, and a simulated provider in a process of its own."""

from pathlib import Path
from types import TracebackType

import typer

from pointsman.control.configuration import demo_document, find_config
from pointsman.simulator.process import SimulatorFailed, SimulatorProcess
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
        self._simulator = SimulatorProcess(SimulatorSettings())
        try:
            return self._simulator.start()
        except SimulatorFailed:
            self._simulator = SimulatorProcess(SimulatorSettings(port=0))
            return self._simulator.start()
