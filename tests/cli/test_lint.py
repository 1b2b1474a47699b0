"""`pointsman lint`: exit codes, the three formats, the baseline and --fix, as a user meets them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

CODE = 'from openai import OpenAI\n\nclient = OpenAI()\nmodel = "gpt-4o"\n'
GATEWAY = (
    "from openai import OpenAI\n\nclient = OpenAI(base_url=POINTSMAN_URL)\n"
    'answer = client.chat.completions.create(model="simulated-large", messages=[])\n'
    'other = client.chat.completions.create(model="gpt-4o", messages=[])\n'
)
DOCUMENT = "providers: {simulated: {}}\nagents: {writer: {model: simulated-large}}\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    folder = tmp_path / "project"
    folder.mkdir()
    yield from open_command_line(folder, monkeypatch)


def test_nothing_found_is_good(shell: CommandLine) -> None:
    shell.write('model = "agent:writer"\n', "a.py")
    answer = shell.run("lint", ".")
    assert answer.code == 0
    assert answer.stdout.splitlines() == [
        "Good: nothing found in 1 file.",
        "Next: run this in your CI, so that it stays so",
    ]


def test_a_line_for_each_finding_then_the_sum_and_the_next_step(shell: CommandLine) -> None:
    shell.write(CODE, "a.py")
    shell.write("About gpt-4o\n", "README.md")
    shell.write('model = "gpt-4"  # pointsman: allow\n', "b.py")
    answer = shell.run("lint", ".")
    assert answer.code == 1
    assert answer.stdout.splitlines() == [
        'a.py:3:10 direct_provider_client: "openai.OpenAI" is called without Pointsman; '
        "give the client Pointsman's base URL",
        'a.py:4:9 hardcoded_model: "gpt-4o" is named here; name an agent instead (agent:NAME)',
        "2 findings in 2 files.",
        "Besides: 1 allowed by a comment; files not looked into: 1 prose.",
        "Next: pointsman lint PATH --fix names agents where that is safe; --write-baseline keeps the rest for later",
    ]


def test_json_holds_exactly_the_keys_that_scripts_rely_on(shell: CommandLine) -> None:
    shell.write(CODE, "a.py")
    answer = shell.run("lint", "a.py", "--json")
    assert answer.code == 1
    assert list(answer.json) == [
        "ok", "findings", "fixed", "left", "files", "allowed", "in_baseline", "gone_from_baseline", "left_off", "notes",
    ]  # fmt: skip
    finding = answer.json["findings"][1]
    fingerprint = finding.pop("fingerprint")
    assert finding == {
        "file": "a.py",
        "line": 4,
        "column": 9,
        "code": "hardcoded_model",
        "name": "gpt-4o",
        "message": '"gpt-4o" is named here; name an agent instead (agent:NAME)',
    }
    assert len(fingerprint) == 24
    assert answer.json["files"] == {"read": 1, "left_out": {}}


def test_sarif_holds_what_a_code_scanner_reads(shell: CommandLine) -> None:
    shell.write(CODE, "a b.py")
    answer = shell.run("lint", ".", "--format", "sarif")
    assert answer.code == 1
    (run,) = answer.json["runs"]
    assert (answer.json["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "pointsman lint")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["direct_provider_client", "hardcoded_model"]
    second = run["results"][1]
    place = second["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("a%20b.py", {"startLine": 4, "startColumn": 9})
    assert list(second["partialFingerprints"]) == ["pointsman/v1"]


def test_a_baseline_lets_the_known_pass_and_the_new_fail(shell: CommandLine) -> None:
    path = shell.write(CODE, "a.py")
    written = shell.run("lint", ".", "--write-baseline")
    assert written.code == 0
    assert written.stdout.splitlines()[-1].startswith("Wrote pointsman-lint.json. Next: ")
    path.write_text("# moved\n\n" + CODE)
    passed = shell.run("lint", ".", "--baseline", "pointsman-lint.json")
    assert (passed.code, "2 in the baseline" in passed.stdout) == (0, True)
    path.write_text(CODE + 'more = "gpt-4"\n')
    failed = shell.run("lint", ".", "--baseline", "pointsman-lint.json", "--json")
    assert (failed.code, [one["name"] for one in failed.json["findings"]]) == (1, ["gpt-4"])
    path.write_text("")
    gone = shell.run("lint", ".", "--baseline", "pointsman-lint.json")
    assert (gone.code, "2 of the baseline are gone" in gone.stdout) == (0, True)


def test_fix_names_the_one_agent_on_that_model_and_says_what_it_left(shell: CommandLine) -> None:
    path = shell.write(GATEWAY, "a.py")
    shell.write(DOCUMENT)
    answer = shell.run("lint", ".", "--fix")
    assert path.read_text() == GATEWAY.replace("simulated-large", "agent:writer")
    assert answer.code == 1
    assert answer.stdout.splitlines()[:4] == [
        'a.py:5:46 hardcoded_model: "gpt-4o" is named here; name an agent instead (agent:NAME)',
        'a.py:4:47 fixed: "simulated-large" is "agent:writer" now',
        "Left 1 name as written: no agent runs on it; choose one with --agent NAME.",
        "1 finding in 1 file.",
    ]
    again = shell.run("lint", ".", "--fix", "--agent", "writer", "--json")
    assert (again.code, [one["agent"] for one in again.json["fixed"]], again.json["left"]) == (0, ["writer"], [])
    assert path.read_text() == GATEWAY.replace("simulated-large", "agent:writer").replace("gpt-4o", "agent:writer")


def test_fix_needs_no_configuration_when_the_agent_is_named(shell: CommandLine) -> None:
    path = shell.write(GATEWAY.replace("POINTSMAN_URL", "URL"), "a.py")
    assert shell.run("lint", ".", "--fix", "--agent", "writer").code == 1
    assert "agent:" not in path.read_text()
    assert shell.run("lint", ".", "--fix", "--agent", "writer", "--assume-gateway").code == 0
    assert path.read_text().count('"agent:writer"') == 2


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["missing"],
        [".", "--agent", "writer"],
        [".", "--assume-gateway"],
        [".", "--fix", "--write-baseline"],
        [".", "--fix"],
        [".", "--fix", "--agent", "no one"],
        [".", "--fix", "--agent", "nobody", "--config", "good.yaml"],
        [".", "--fix", "--config", "bad.yaml"],
        [".", "--baseline", "missing.json"],
        [".", "--baseline", "a.py"],
        [".", "--write-baseline", "--baseline", "missing/known.json"],
        [".", "--format", "xml"],
    ],
)
def test_wrong_usage_changes_nothing(shell: CommandLine, words: list[str]) -> None:
    path = shell.write(GATEWAY, "a.py")
    shell.write(DOCUMENT, "good.yaml")
    shell.write("agents: []\n", "bad.yaml")
    answer = shell.run("lint", *words)
    assert (answer.code, answer.stdout) == (2, "")
    assert path.read_text() == GATEWAY


def test_tests_and_prose_are_read_when_asked_for(shell: CommandLine) -> None:
    shell.write('"""About gpt-4."""\nmodel = "gpt-4o"\n', "test_a.py")
    assert shell.run("lint", ".").code == 0
    assert [one["line"] for one in shell.run("lint", ".", "--include-tests", "--json").json["findings"]] == [2]
    both = shell.run("lint", ".", "--include-tests", "--include-prose", "--json")
    assert [one["line"] for one in both.json["findings"]] == [1, 2]


def test_our_own_code_has_no_finding_but_the_catalogue(shell: CommandLine) -> None:
    package = Path(__file__).parents[2] / "src" / "pointsman"
    findings = json.loads(shell.run("lint", str(package), "--json").stdout)["findings"]
    assert [one["file"] for one in findings if "/core/catalog/providers/" not in one["file"]] == []


def test_nothing_heavy_is_imported() -> None:
    heavy = {"uvicorn", "fastapi", "sqlalchemy", "rich", "asyncio", "watchfiles"}
    program = f"import sys, pointsman.cli.lint; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
