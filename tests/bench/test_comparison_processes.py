"""Servers of the comparison leave nothing behind, whatever they started and however they are ended."""

import os
import platform
import time
from pathlib import Path

import pytest

from comparison.processes import read_memory, running

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="the benchmark needs Linux: it reads /proc")
DEADLINE_S = 20
STUBBORN_CHILD = "(trap '' TERM; exec sleep 300) & echo $! > child; echo ready; wait"


def test_a_child_that_ignores_its_end_is_ended_too(tmp_path: Path) -> None:
    with running(("sh", "-c", STUBBORN_CHILD), {}, tmp_path, min(os.sched_getaffinity(0))) as process:
        _await_line(tmp_path / "server.log", "ready")
        child = int((tmp_path / "child").read_text())
        assert read_memory(process.pid).rss_mib > 0
    assert process.returncode is not None
    assert _has_ended(child)


def test_a_server_sees_nothing_of_the_shells_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    core = min(os.sched_getaffinity(0))
    with running(("sh", "-c", "env; echo ready; sleep 300"), {"GIVEN": "yes"}, tmp_path, core):
        shown = _await_line(tmp_path / "server.log", "ready")
    assert "GIVEN=yes" in shown
    assert f"HOME={tmp_path}" in shown
    assert "sk-secret" not in "\n".join(shown)


def _await_line(log: Path, line: str) -> list[str]:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        lines = log.read_text().splitlines() if log.exists() else []
        if line in lines:
            return lines
        time.sleep(0.005)
    raise AssertionError(f"{log} never showed {line!r}")


def _has_ended(pid: int) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.005)
    return False
