"""`pointsman schema`: to the terminal as nothing but JSON, or into a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

from pointsman.core.config.json_schema import build_json_schema


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    yield from open_command_line(tmp_path, monkeypatch)


def test_it_prints_the_schema_and_nothing_else(shell: CommandLine) -> None:
    answer = shell.run("schema")
    assert (answer.code, answer.stderr) == (0, "")
    assert answer.json == json.loads(json.dumps(build_json_schema()))


def test_it_is_the_same_each_time(shell: CommandLine) -> None:
    assert shell.run("schema").stdout == shell.run("schema").stdout


def test_it_writes_a_file_and_says_how_to_name_it(shell: CommandLine) -> None:
    answer = shell.run("schema", "--output", "mine.json")
    assert (answer.code, answer.stdout) == (0, "")
    assert "`# yaml-language-server: $schema=mine.json`" in answer.stderr
    assert (shell.folder / "mine.json").read_text() == shell.run("schema").stdout


@pytest.mark.parametrize("place", [".", "nowhere/mine.json"])
def test_a_place_where_no_file_can_be_is_wrong_usage(shell: CommandLine, place: str) -> None:
    assert shell.run("schema", "--output", place).code == 2
