"""Listens, says where, and ends on a signal or with its parent."""

import asyncio
import contextlib
import os
import signal
import sys

import msgspec
import uvloop

from pointsman.simulator.connection import Connection
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.simulator import Simulator

PARENT_CHECK_INTERVAL_S = 0.25
STOP_TIMEOUT_S = 0.5


def run_simulator(settings: SimulatorSettings) -> None:
    """Listen, print the URL, and answer until SIGTERM, SIGINT or the end of the parent.

    Raises:
        OSError: when the address cannot be listened on.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_listen(settings))


async def _listen(settings: SimulatorSettings) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    simulator, connections = Simulator(settings), set[Connection]()
    server = await loop.create_server(
        lambda: Connection(simulator.answer, connections), settings.host, settings.port, backlog=1024
    )
    _announce(settings, server.sockets[0].getsockname()[1])
    await _wait_for_end(stopping, settings.parent_pid)
    server.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await asyncio.gather(*(connection.close() for connection in connections))


async def _wait_for_end(stopping: asyncio.Event, parent_pid: int | None) -> None:
    """Wait for a signal; asks now and then whether the parent still lives, for nothing announces its death."""
    interval_s = None if parent_pid is None else PARENT_CHECK_INTERVAL_S
    while parent_pid in (None, os.getppid()):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(interval_s):
                await stopping.wait()
                return


def _announce(settings: SimulatorSettings, port: int) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    line = msgspec.json.encode({"url": url}).decode() if settings.announce_json else f"simulated provider on {url}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
