"""Where every program here works: a folder with seed 001's `config/`, as a user of that seed has it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "core/config/forms/cases"
REGISTRY = CASES / "registry-directory/input"
SECTIONS = CASES / "sections-one-file/input/llm.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, and a process that has not asked for a router yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("POINTSMAN_CONFIG", "POINTSMAN_ENV", "DEPLOYMENT_ENV", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("pointsman.router.llm_router._router", None)
    shutil.copytree(REGISTRY, tmp_path / "config")
    shutil.copy(SECTIONS, tmp_path / "llm.yaml")
    yield tmp_path
