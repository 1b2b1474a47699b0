"""`python -m pointsman.simulator '{"port": 0}'`: the settings as one JSON argument; for processes, not for people."""

import sys

import msgspec

from pointsman.simulator.server import run_simulator
from pointsman.simulator.settings import SimulatorSettings


def main() -> None:
    """Run a simulator with the settings of the first argument, or the usual ones."""
    settings = msgspec.json.decode(sys.argv[1] if len(sys.argv) > 1 else "{}", type=SimulatorSettings)
    try:
        run_simulator(settings)
    except OSError as error:
        sys.exit(f"simulator: cannot listen on {settings.host}:{settings.port}: {error.strerror}")


if __name__ == "__main__":
    main()
