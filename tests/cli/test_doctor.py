"""`pointsman doctor`: exit codes, both formats, marks that the terminal can show, and the next step at the end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

from pointsman.cli.doctor import write_text
from pointsman.diagnosis.finding import good, warn, wrong

GOOD = """\
providers: {house: {base_url: "https://llm.example.com/v1", api_key: {env: POINTSMAN_HOUSE_KEY}}}
models: {small: {provider: house, price_per_1m_tokens: {input: "1", output: "2"}}}
"""
GONE = """\
import os, sys
os.mkdir("gone")
os.chdir("gone")
os.rmdir("../gone")
sys.argv[1:] = ["doctor", "--json"]
from pointsman.cli.main import main
main()
"""
WITHOUT_A_PACKAGE = """\
import sys
sys.modules["yaml"] = None
sys.argv[1:] = ["doctor", "--json"]
from pointsman.cli.main import main
main()
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    yield from open_command_line(tmp_path, monkeypatch)


def test_nothing_wrong_is_exit_code_0(shell: CommandLine) -> None:
    shell.write(GOOD)
    answer = shell.run("doctor", "--json", POINTSMAN_HOUSE_KEY="planted-0123456789", POINTSMAN_PORT="0")
    assert [one for one in answer.json["findings"] if one["status"] == "wrong"] == []
    assert (answer.code, answer.json["ok"]) == (0, True)
    assert all(set(one) == {"check", "status", "message", "next"} for one in answer.json["findings"])


def test_something_wrong_is_exit_code_1_and_the_next_step_ends_the_text(shell: CommandLine) -> None:
    answer = shell.run("doctor")
    assert answer.code == 1
    assert answer.stdout.endswith("Next: write one: pointsman init\n")
    assert shell.run("doctor", "--json").json["ok"] is False


def test_config_and_env_are_passed_on(shell: CommandLine) -> None:
    path = shell.write(GOOD, "other.yaml")
    answer = shell.run("doctor", "--json", "--config", str(path), "--env", "development")
    found = {one["check"]: one["message"] for one in answer.json["findings"]}
    assert found["configuration"] == f"{path}, named by --config"
    assert found["environment"].startswith('"development", chosen by --env')


def test_the_text_is_aligned_and_names_the_first_thing_to_do() -> None:
    found = [good("a", "fine"), warn("longer", "hm", "do that"), wrong("b", "no", "do this")]
    lines = write_text(found).splitlines()
    assert [line[2:] for line in lines[:5]] == [
        "a       fine",
        "longer  hm",
        "        -> do that",
        "b       no",
        "        -> do this",
    ]
    assert lines[5:] == ["1 wrong, 1 to look at, 1 good.", "Next: do this"]
    assert write_text(found[:2]).endswith("Next: do that")
    assert write_text(found[:1]).endswith("Next: pointsman serve")


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "✓ python"), ("ascii", "+ python")])
def test_marks_are_what_the_output_can_show(shell: CommandLine, encoding: str, mark: str) -> None:
    shell.write("agents: {}\n", "ключ.yaml")
    answer = subprocess.run(
        [sys.executable, "-m", "pointsman.cli.main", "doctor", "--config", "ключ.yaml"],
        cwd=shell.folder,
        env={"PATH": "/usr/bin", "HOME": str(shell.folder), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        capture_output=True,
        timeout=60,
    )
    assert answer.returncode == 1
    assert answer.stderr == b""
    assert answer.stdout.decode(encoding).startswith(mark)
    assert b"\x1b" not in answer.stdout


def test_a_working_directory_that_is_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    command = [sys.executable, "-c", GONE]
    answer = subprocess.run(
        command, cwd=tmp_path, env={"PATH": "/usr/bin", "HOME": "/"}, capture_output=True, timeout=60
    )
    assert (answer.returncode, answer.stderr) == (1, b"")
    assert b"fault of Pointsman" not in answer.stdout


def test_a_package_that_is_missing_is_named_and_what_needs_none_is_still_looked_at(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_A_PACKAGE]
    answer = subprocess.run(
        command, cwd=tmp_path, env={"PATH": "/usr/bin", "HOME": "/"}, capture_output=True, timeout=60
    )
    assert (answer.returncode, answer.stderr) == (1, b"")
    found = {one["check"]: one for one in json.loads(answer.stdout)["findings"]}
    assert "pyyaml is missing" in found["packages"]["message"]
    assert found["python"]["status"] == "good"
    assert found["configuration"]["next"].endswith("pip install --force-reinstall pointsman")
