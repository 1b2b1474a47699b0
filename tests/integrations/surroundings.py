"""Where the clients of other languages and frameworks are installed, and how their programs are run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ROOT / ".venv-integrations" / "bin" / "python"
NODE_MODULES = ROOT / ".cache" / "node" / "node_modules"
NODE_READY = ROOT / ".cache" / "node" / ".ready"
LONGEST_S = 90
"""Some frameworks take long to import on a busy machine."""


def find_frameworks() -> str:
    """The Python that has the frameworks; without it, the test is skipped and says so."""
    if not FRAMEWORKS.exists():
        pytest.skip("no .venv-integrations here; `sh tools/setup.sh integrations` makes it")
    return str(FRAMEWORKS)


def find_node(folder: Path) -> str:
    """Node, with the SDKs within reach of programs in `folder`; without them, the test is skipped and says so."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here; install Node 20 or newer, then `sh tools/setup-node.sh`")
    elif not NODE_READY.exists():
        pytest.skip("no Node SDKs here; `sh tools/setup-node.sh` installs them")
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(NODE_MODULES)
    return str(node)


def run(command: list[str], folder: Path, *arguments: str, text: str = "", **environ: str) -> str:
    """What a program prints; its errors are the test's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=kept | {"OPENAI_AGENTS_DISABLE_TRACING": "1", "NODE_NO_WARNINGS": "1"} | environ,
        input=text,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def own_python() -> str:
    """The Python of the tests, which has the official SDKs."""
    return sys.executable
