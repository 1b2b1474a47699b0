"""`pointsman check`: exit codes, the three formats, and that every problem is shown."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

GOOD = "providers: {simulated: {}}\nagents: {orchestrator: {model: simulated-large}}\n"
BAD = "providers: {simulated: {}}\nagents: {orchestrator: {model: simulated-larg, tgas: []}}\n"
WARNED = "providers: {openai: {}}\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    yield from open_command_line(tmp_path, monkeypatch)


def test_a_good_file_passes_and_the_next_command_is_named(shell: CommandLine) -> None:
    shell.write(GOOD)
    answer = shell.run("check")
    assert answer.code == 0
    assert answer.stdout.startswith("Good: 1 model, 1 agent (environment production, revision ")
    assert answer.stdout.endswith("Next: pointsman explain --agent orchestrator\n")


def test_every_problem_has_its_line_and_fails(shell: CommandLine) -> None:
    shell.write(BAD)
    answer = shell.run("check")
    assert answer.code == 1
    assert answer.stdout.splitlines()[:3] == [
        'pointsman.yaml:2:32 agents.orchestrator.model: unknown model "simulated-larg" (unknown_reference); '
        'did you mean "simulated-large"?',
        'pointsman.yaml:2:48 agents.orchestrator.tgas: unknown key "tgas" (unknown_key); did you mean "tags"?',
        "2 problems; a running server keeps its last good configuration.",
    ]


def test_json_holds_exactly_the_keys_that_scripts_rely_on(shell: CommandLine) -> None:
    path = shell.write(BAD, "other.yaml")
    answer = shell.run("check", str(path), "--json")
    assert answer.code == 1
    assert list(answer.json) == ["ok", "problems"]
    assert answer.json["ok"] is False
    assert answer.json["problems"][0] == {
        "file": "other.yaml",
        "line": 2,
        "column": 32,
        "path": "agents.orchestrator.model",
        "code": "unknown_reference",
        "severity": "error",
        "message": 'unknown model "simulated-larg"',
        "suggestion": "simulated-large",
    }


def test_sarif_holds_what_a_code_scanner_reads(shell: CommandLine) -> None:
    shell.write(BAD)
    answer = shell.run("check", "--format", "sarif")
    assert answer.code == 1
    assert answer.json["version"] == "2.1.0"
    (run,) = answer.json["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown_key", "unknown_reference"]
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("unknown_reference", "error")
    assert 'did you mean "simulated-large"?' in first["message"]["text"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "pointsman.yaml"
    assert place["region"] == {"startLine": 2, "startColumn": 32}


def test_warnings_fail_only_when_strict(shell: CommandLine) -> None:
    shell.write(WARNED)
    answer = shell.run("check")
    assert answer.code == 0
    assert "(credential_missing) [warning]\nGood and 1 warning:" in answer.stdout
    assert shell.run("check", "--strict").code == 1
    assert shell.run("check", "--strict", "--json").json["ok"] is False
    assert shell.run("check", "--strict", OPENAI_API_KEY="x").code == 0


def test_a_missing_file_is_a_problem_and_wrong_usage_is_not(shell: CommandLine) -> None:
    answer = shell.run("check", "--json")
    assert (answer.code, answer.json["problems"][0]["code"]) == (1, "file_missing")
    assert shell.run("check", "--format", "xml").code == 2
    assert shell.run("check", "a.yaml", "--config", "b.yaml").code == 2


def test_the_environment_is_chosen_by_option_or_variable(shell: CommandLine) -> None:
    shell.write(GOOD + "environments: {development: {agents: {orchestrator: {tags: [dev]}}}}\n")
    by_option, by_variable = shell.run("check", "--env", "development"), shell.run("check", POINTSMAN_ENV="development")
    assert by_option == by_variable
    assert "environment development" in by_option.stdout
    conflict = shell.run("check", "--json", POINTSMAN_ENV="development", DEPLOYMENT_ENV="production")
    assert (conflict.code, conflict.json["problems"][0]["code"]) == (1, "conflict")


def test_nothing_heavy_is_imported() -> None:
    heavy = {"uvicorn", "fastapi", "sqlalchemy", "rich", "asyncio", "watchfiles"}
    program = f"import sys, pointsman.cli.check; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
