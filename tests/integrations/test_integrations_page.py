"""Every block of docs/integrations.md, run as it stands but for the gateway's address and key."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.surroundings import ROOT, find_frameworks, find_node, own_python, run
from matrix.world import World

_BLOCK = re.compile(r"^## (.+?)$|^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Block = tuple[str, str, str]
"""What runs it, the heading above it, and the code."""


def list_blocks() -> list[Block]:
    """The page's blocks of code."""
    blocks: list[Block] = []
    heading = ""
    for found in _BLOCK.finditer((ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")):
        if found[1]:
            heading = found[1]
        else:
            blocks.append((f"{found[2]} {found[3] or ''}".strip(), heading, found[4]))
    return blocks


BLOCKS = list_blocks()


def _python(folder: Path, code: str) -> str:
    return run([own_python(), "-"], folder, text=code)


def _frameworks(folder: Path, code: str) -> str:
    return run([find_frameworks(), "-"], folder, text=code)


def _node(folder: Path, code: str) -> str:
    program = folder / "program.mjs"
    program.write_text(code)
    return run([find_node(folder), str(program)], folder)


def _shell(folder: Path, code: str) -> str:
    return run(["sh", "-eu"], folder, text=code)


RUNNERS: dict[str, Callable[[Path, str], str]] = {
    "python": _python,
    "python frameworks": _frameworks,
    "javascript": _node,
    "sh": _shell,
}


def test_the_page_has_all_clients_and_no_block_that_nothing_runs() -> None:
    assert {kind for kind, _, _ in BLOCKS} == {*RUNNERS, "sh settings"}
    assert {heading for kind, heading, _ in BLOCKS if kind == "sh settings"} == {"Claude Code"}
    assert len(BLOCKS) >= 18


@pytest.mark.parametrize(
    ("kind", "code"),
    [pytest.param(kind, code, id=heading) for kind, heading, code in BLOCKS if kind in RUNNERS],
)
def test_a_block_runs(world: World, tmp_path: Path, kind: str, code: str) -> None:
    assert "127.0.0.1:4100" in code and "pm_your_key" in code
    code = code.replace("http://127.0.0.1:4100", world.gateway.url).replace("pm_your_key", world.gateway.api_key)
    before = world.count_calls()
    told = RUNNERS[kind](tmp_path, code)
    assert "Lyon" in told
    calls = world.list_calls(before)
    assert calls and all(call["path"] == "/v1/messages" and call["status"] == 200 for call in calls)
