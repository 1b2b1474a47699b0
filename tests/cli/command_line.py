"""Runs one command of the real command line in a folder of its own, with no other environment than stated."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pointsman.cli.main import build_app


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass(frozen=True)
class CommandLine:
    """A shell in `folder`."""

    folder: Path

    def run(self, command: str, *words: str, **environ: str) -> Answer:
        result = CliRunner().invoke(build_app(command), [command, *words], env=dict(environ))
        return Answer(result.exit_code, result.stdout, result.stderr)

    def write(self, text: str, name: str = "pointsman.yaml") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path


def open_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """A shell whose environment holds nothing but what every command gets."""
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("os.environ", {"HOME": str(folder), "PATH": "/usr/bin", "COLUMNS": "200"})
        yield CommandLine(folder)
