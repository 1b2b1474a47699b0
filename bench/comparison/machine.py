"""The machine as the comparison needs it: two cores told apart, free ports, and tools that are there or named."""

import os
import platform
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from comparison.results import NotMeasured

BENCH = Path(__file__).resolve().parent.parent
BUILD = BENCH / "build"
OUT = BENCH / "out"
PORTS = range(19700, 19800)
COMPILE_TIMEOUT_S = 60
SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core runs the gateway, and which the mock, the load and the harness."""

    gateway: int
    load: int


@dataclass(frozen=True, slots=True)
class Tools:
    """Programs of the harness; `wrk` is `None` when it is not installed."""

    mock: Path
    sload: Path
    wrk: str | None


def choose_cores() -> Cores:
    """Take the first two cores that this process may use.

    Raises:
        NotMeasured: off Linux, or when there is only one.
    """
    if platform.system() != "Linux":
        raise NotMeasured("the benchmark needs Linux: its tools use epoll and /proc")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise NotMeasured(
            "the benchmark needs two cores, one for the gateway and one for the load; this machine has one"
        )
    return Cores(gateway=allowed[0], load=allowed[1])


@contextmanager
def pinned_to(core: int) -> Iterator[None]:
    """Pin this process to a core for the time being; processes started meanwhile stay there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def find_free_ports(count: int) -> tuple[int, ...]:
    """The first ports of our range that nobody listens on.

    Raises:
        NotMeasured: when the range has not enough of them.
    """
    free = tuple(port for port in PORTS if _is_free(port))[:count]
    if len(free) < count:
        raise NotMeasured(
            f"{count} free ports are needed between {PORTS.start} and {PORTS.stop - 1}; end what uses them"
        )
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def build_tools() -> Tools:
    """Compile the mock and the streaming client, and look for wrk.

    Raises:
        NotMeasured: without a C compiler, or when compiling fails.
    """
    return Tools(mock=_build("mock"), sload=_build("sload"), wrk=find_program("wrk"))


def find_program(name: str) -> str | None:
    """The path of an installed program; looks where servers live too."""
    return shutil.which(name, path=SEARCH_PATH)


def _build(name: str) -> Path:
    source, program = BENCH / f"{name}.c", BUILD / name
    if program.exists() and program.stat().st_mtime >= source.stat().st_mtime:
        return program
    compiler = find_program("cc") or find_program("gcc") or find_program("clang")
    if compiler is None:
        raise NotMeasured("a C compiler is needed for the mock and the load (Debian: apt install gcc libc6-dev)")
    BUILD.mkdir(exist_ok=True)
    command = (compiler, "-O2", "-o", str(program), str(source))
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False)
    if compiled.returncode != 0:
        raise NotMeasured(f"{' '.join(command)} failed:\n{compiled.stderr.strip()}")
    return program


def describe_machine() -> str:
    """Processor, cores and kernel in one line."""
    cpu_lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.split(":", 1)[1].strip() for line in cpu_lines if line.startswith("model name"))
    return f"{next(models, platform.machine())}, {os.cpu_count()} cores, Linux {platform.release()}"
