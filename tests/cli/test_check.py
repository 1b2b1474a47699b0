"""`pointsman check`: exit codes, the three formats, and that every problem is shown."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

from pointsman.cli.problem_meanings import MEANINGS
from pointsman.control.last_good import keep_last_good
from pointsman.core.config.source import Source

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
    assert list(answer.json) == ["ok", "problems", "pending", "unjudged"]
    assert (answer.json["ok"], answer.json["pending"]) == (False, [])
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


def test_keys_that_do_not_act_yet_are_named(shell: CommandLine) -> None:
    shell.write(GOOD + "alerts: {on: [quality_score_drops]}\nrouting: {savings: [cache_similar_requests]}\n")
    answer = shell.run("check", "--strict")
    assert answer.code == 0
    assert (
        "2 keys are read but do not act yet: routing.savings[0]: cache_similar_requests (cache),"
        " alerts.on[0]: quality_score_drops (alerts)."
    ) in answer.stdout
    assert shell.run("check", "--json").json["pending"] == [
        {"path": "routing.savings[0]", "topic": "cache", "value": "cache_similar_requests"},
        {"path": "alerts.on[0]", "topic": "alerts", "value": "quality_score_drops"},
    ]


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


RULES = """\
providers: {simulated: {}}
agents:
  writer:
    model: simulated-large
    rules:
      - {when: task.complexity > 3, use: simulated-small}
      - {when: task.complexity > 8, use: simulated-large}
"""
HARD_RULE = "      - {when: daily_cost > budget * 0.8 and daily_cost < budget * 0.5, use: simulated-local}\n"
BUDGETED = "budgets: [{scope: total, window: day, limit: '$5'}]\n"


def test_what_is_proved_about_rules_is_a_warning_with_its_place(shell: CommandLine) -> None:
    shell.write(RULES)
    answer = shell.run("check")
    assert answer.code == 0
    assert answer.stdout.splitlines()[0] == (
        "pointsman.yaml:7:16 agents.writer.rules[1].when: whenever this matches, the rule of line 6 decides already;"
        " put this rule first, or remove it (unreachable_rule) [warning]"
    )
    assert shell.run("check", "--strict").code == 1


def test_a_contradiction_that_only_check_proves_fails(shell: CommandLine) -> None:
    denial = "routing: {rules: [{name: no, when: task.complexity > 2, action: deny}]}\n"
    shell.write(RULES.replace("      - {when: task.complexity > 8, use: simulated-large}\n", "") + denial)
    answer = shell.run("check")
    assert answer.code == 1
    assert "(conflicting_rules)\n" in answer.stdout
    assert "1 problem; a server would run this, and those rules would never do what they say.\nNext: " in answer.stdout
    assert shell.run("check", "--json").json["ok"] is False


def test_without_the_extra_the_rules_that_need_it_are_named(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.write(RULES + HARD_RULE + BUDGETED)
    monkeypatch.setitem(sys.modules, "z3", None)
    answer = shell.run("check")
    assert (
        "Not everything about 1 rule could be proved: agents.writer.rules[2];"
        " pip install 'pointsman[prove]' adds a prover that looks deeper.\n"
    ) in answer.stdout
    assert shell.run("check", "--json").json["unjudged"] == ["agents.writer.rules[2]"]


def test_with_the_extra_they_are_judged(shell: CommandLine) -> None:
    pytest.importorskip("z3", reason="the extra `prove` is not installed")
    shell.write(RULES + HARD_RULE + BUDGETED)
    answer = shell.run("check", "--json").json
    assert answer["unjudged"] == []
    assert ("agents.writer.rules[2].when", "unreachable_rule") in {
        (problem["path"], problem["code"]) for problem in answer["problems"]
    }


def test_sarif_explains_each_code(shell: CommandLine) -> None:
    shell.write(BAD)
    (run,) = shell.run("check", "--format", "sarif").json["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"] == rule["help"]["text"] == MEANINGS[rule["id"]]


def test_a_file_that_lost_most_of_what_is_in_force_is_named(shell: CommandLine) -> None:
    agents = "".join(f"  agent-{number}: {{model: simulated-large}}\n" for number in range(12))
    whole = f"providers: {{simulated: {{}}}}\nagents:\n{agents}"
    path = shell.write(whole)
    home = shell.folder / ".pointsman"
    home.mkdir(mode=0o700)
    keep_last_good(home, path, "production", (Source("pointsman.yaml", whole.encode()),))
    assert shell.run("check", "--json").json["problems"] == []
    shell.write(whole[: whole.index("  agent-3")])
    answer = shell.run("check")
    assert answer.code == 0
    assert "pointsman.yaml:1:1: 9 of the 13 models, agents, interactions and tasks in force are gone;" in answer.stdout
    assert shell.run("check", "--env", "staging", "--json").json["problems"] == []
