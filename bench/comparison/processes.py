"""Processes of the comparison: each in a session of its own, so that all of it is measured and none of it survives."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from comparison.machine import SEARCH_PATH, pinned_to
from comparison.results import Memory

END_TIMEOUT_S = 8.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CoreTime:
    """Seconds a core has spent since boot: on programs of any kind, and in sum."""

    programs_s: float
    all_s: float


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], home: Path, core: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on one core in the background until the block ends; then end it with all that it started.

    Args:
        command: program and arguments.
        environment: added to a bare one: nothing of the caller's (keys, proxies) reaches the server.
        home: its working and home directory; `server.log` in it takes its output.
        core: where it and its children run.
    """
    bare = {"PATH": SEARCH_PATH, "HOME": str(home), "LANG": "C.UTF-8"}
    with pinned_to(core), (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**bare, **environment},
            cwd=home,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end_session(process)


def _end_session(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_TIMEOUT_S)
    for pid in _find_session(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(END_TIMEOUT_S)


def read_cpu_s(session: int) -> float:
    """Processor time of a session's processes so far, in seconds, with children that have ended."""
    ticks = 0
    for pid in _find_session(session):
        with suppress(ProcessLookupError, FileNotFoundError):
            ticks += sum(map(int, _read_stat(pid)[11:15]))
    return ticks / TICKS_PER_S


def read_memory(session: int) -> Memory:
    """Resident memory of a session's processes now."""
    total_kib = {"Rss": 0, "Pss": 0}
    for pid in _find_session(session):
        with suppress(ProcessLookupError, FileNotFoundError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in total_kib:
                    total_kib[name] += int(rest.split()[0])
    return Memory(rss_mib=round(total_kib["Rss"] / 1024, 1), pss_mib=round(total_kib["Pss"] / 1024, 1))


def read_core_time(core: int) -> CoreTime:
    """How a core has spent its time; interrupts are no program's, so they are left out of `programs_s`."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = next(line for line in lines if line.startswith(f"cpu{core} ")).split()[1:9]
    user, nice, system, *_ = ticks = [int(field) for field in fields]
    return CoreTime(programs_s=(user + nice + system) / TICKS_PER_S, all_s=sum(ticks) / TICKS_PER_S)


def _find_session(session: int) -> list[int]:
    """The processes of a session; a child whose parent has ended is still among them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(ProcessLookupError, FileNotFoundError):
                if int(_read_stat(int(entry.name))[3]) == session:
                    found.append(int(entry.name))
    return found


def _read_stat(pid: int) -> list[str]:
    """The fields after the command's name, which may itself hold spaces; state is the first."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
