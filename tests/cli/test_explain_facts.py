"""`pointsman explain` with facts: they meet every rule of two agents, and what no request could be is wrong usage."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

from pointsman.core.routing.order_candidates import SAVING

DOCUMENT = """\
version: 1
providers:
  anthropic: {}
  openai: {}
  near: {base_url: 'http://127.0.0.1:8080/v1', location: local}
models:
  claude-3-opus: {provider: anthropic, price_per_1m_tokens: {input: "15", output: "75"}}
  gpt-4-turbo: {provider: openai, price_per_1m_tokens: {input: "10", output: "30"}}
  llama-3-70b: {provider: near}
  deepseek: {provider: near}
agents:
  cto_agent:
    model: claude-3-opus
    fallback: [gpt-4-turbo]
    local_alternative: llama-3-70b
    rules:
      - {when: "task.privacy_level == 'high'", use: llama-3-70b}
      - {when: task.complexity > 8, use: gpt-4-turbo, because: it reasons}
      - {when: cost_limit_reached, use: llama-3-70b}
  backend_agent:
    model: deepseek
    fallback: [claude-3-opus]
    budget_mode: llama-3-70b
    rules:
      - {when: "task.type == 'code_generation'", use: deepseek}
      - {when: task.complexity > 6, use: claude-3-opus}
      - {when: budget_mode == true, use: llama-3-70b}
tasks: {review: {model: gpt-4-turbo}}
interactions: {chat: {model: deepseek}}
routing:
  attempts: 2
  rules:
    - {name: rate_limit_protection, when: model.rate_limit_approaching, action: switch_to_fallback}
    - {name: cost_circuit_breaker, when: daily_cost > budget * 0.8, action: switch_to_local_only}
    - {name: privacy_enforcement, when: data.contains_pii, action: force_local_model}
    - {name: quality_assurance, when: "task.critical and model.type == 'local'", action: require_cloud_verification}
    - {name: closed_at_night, when: "'night' in tags and team == 'red' and user == 'ada'", action: deny}
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for shell in open_command_line(tmp_path, monkeypatch):
        shell.write(DOCUMENT)
        yield shell


FILES_ALONE = "No gateway runs here, so this is what the files say.\n"
CTO, BACKEND = ("--agent", "cto_agent"), ("--agent", "backend_agent")


@pytest.mark.parametrize(
    ("words", "model", "kind", "name"),
    [
        (CTO, "claude-3-opus", "agent", "cto_agent"),
        ((*CTO, "--task", '{"privacy_level": "high"}'), "llama-3-70b", "rule", "rule 1 of agent cto_agent"),
        ((*CTO, "--task", '{"complexity": 9}'), "gpt-4-turbo", "rule", "rule 2 of agent cto_agent"),
        ((*CTO, "--fact", "cost_limit_reached=true"), "llama-3-70b", "rule", "rule 3 of agent cto_agent"),
        ((*CTO, "--fact", "model.rate_limit_approaching=true"), "gpt-4-turbo", "global_rule", "rate_limit_protection"),
        (
            (*CTO, "--fact", "daily_cost=81", "--fact", "budget=100"),
            "llama-3-70b",
            "global_rule",
            "cost_circuit_breaker",
        ),
        ((*CTO, "--fact", "daily_cost=80", "--fact", "budget=100"), "claude-3-opus", "agent", "cto_agent"),
        ((*CTO, "--fact", "data.contains_pii=true"), "llama-3-70b", "rule", "rule 1 of agent cto_agent"),
        ((*BACKEND, "--task", '{"type": "code_generation"}'), "deepseek", "rule", "rule 1 of agent backend_agent"),
        ((*BACKEND, "--task", '{"complexity": 7}'), "claude-3-opus", "rule", "rule 2 of agent backend_agent"),
        ((*BACKEND, "--fact", "budget_mode=true"), "llama-3-70b", "rule", "rule 3 of agent backend_agent"),
        ((*CTO, "--strategy", "cost_optimized"), "llama-3-70b", "strategy", "cost_optimized"),
        (("--task-type", "review"), "gpt-4-turbo", "task", "review"),
        (("--interaction", "chat"), "deepseek", "interaction", "chat"),
        (("--model", "auto", "--task", '{"type": "review"}'), "gpt-4-turbo", "task", "review"),
    ],
)
def test_facts_settle_which_rule_decides(
    shell: CommandLine, words: tuple[str, ...], model: str, kind: str, name: str
) -> None:
    answer = shell.run("explain", *words, "--json")
    assert answer.code == 0, answer.stderr
    decided_by = answer.json["decided_by"]
    assert (answer.json["model"], decided_by["kind"], decided_by["name"]) == (model, kind, name)


def test_what_flips_the_choice_can_be_given_as_it_is_told(shell: CommandLine) -> None:
    told = shell.run("explain", *CTO, "--task", '{"complexity": 9}', "--json").json
    assert {"fact": "task.complexity", "from": 9, "to": 8, "model": "claude-3-opus"} in told["flips"]
    text = shell.run("explain", *CTO, "--task", '{"complexity": 9}').stdout
    assert "task.complexity 8 instead of 9 would take claude-3-opus" in text
    for flip in told["flips"]:
        fact = f"{flip['fact']}={str(flip['to']).lower() if isinstance(flip['to'], bool) else flip['to']}"
        again = shell.run("explain", *CTO, "--task", '{"complexity": 9}', "--fact", fact, "--json").json
        assert again["model"] == flip["model"], flip


def test_user_team_and_tags_are_facts_of_the_request(shell: CommandLine) -> None:
    words = (*CTO, "--user", "ada", "--team", "red", "--tag", "night", "--tag", "other")
    refused = shell.run("explain", *words)
    assert (refused.code, refused.stderr) == (1, FILES_ALONE)
    assert refused.stdout.startswith('Refused (denied_by_rule): The rule "closed_at_night" refuses this request.')
    assert "user nothing instead of ada would take claude-3-opus" in refused.stdout
    assert "without the tag night it would take claude-3-opus" in refused.stdout
    assert shell.run("explain", *words, "--fact", 'tags=["other"]').code == 0


def test_scores_stand_in_columns_with_those_beyond_the_last_attempt(shell: CommandLine) -> None:
    answer = shell.run("explain", *CTO, "--strategy", "cost_optimized")
    lines = answer.stdout.splitlines()
    at = lines.index("Scores:")
    header, rows = lines[at + 1], lines[at + 2 : at + 5]
    assert header.split()[0] == "total" and "cost_efficiency" in header
    assert [row.split()[0] for row in rows] == ["llama-3-70b", "gpt-4-turbo", "claude-3-opus"]
    assert {len(row) for row in rows} == {len(header)}
    told = shell.run("explain", *CTO, "--strategy", "cost_optimized", "--json").json
    assert [each["model"] for each in told["further"]] == ["claude-3-opus"]
    assert told["further"][0]["score"]["total"] > 0
    assert told["attempts"][0]["score"].keys() == told["further"][0]["score"].keys()


def test_what_comes_before_scores_and_savings_are_called_so(shell: CommandLine) -> None:
    strategies = "strategies: {near: {prefer_local_models: true, weights: {quality_expectations: 1}}}"
    document = DOCUMENT.replace("llama-3-70b: {provider: near}", "llama-3-70b: {provider: near, quality: 0.1}")
    shell.write(document.replace("routing:", f"routing:\n  {strategies}\n  savings: [{SAVING}]"))
    text = shell.run("explain", *CTO, "--strategy", "near").stdout
    assert text.startswith("llama-3-70b")
    assert "Confidence 0: another scores more, but location, skills, quality and state count before scores." in text
    saved = shell.run("explain", *CTO, "--fact", "task.complexity=2").stdout
    assert f'the saving "{SAVING}"' in saved and f"Settled by a saving, {SAVING}." in saved


def test_a_check_that_privacy_forbids_says_so(shell: CommandLine) -> None:
    words = (*CTO, "--fact", "task.critical=true", "--fact", "data.contains_pii=true")
    told = shell.run("explain", *words, "--json").json
    assert told["check"]["model"] is None and told["check"]["rule"] == "quality_assurance"
    assert "The answer is not checked as quality_assurance wants: nothing of this request may leave" in (
        shell.run("explain", *words).stdout
    )


def test_a_complexity_that_nobody_stated_is_marked(shell: CommandLine) -> None:
    told = shell.run("explain", *CTO, "--json").json
    assert (told["facts"]["task.complexity"], told["estimated"]) == (5, ["task.complexity"])
    assert "task.complexity 5 (estimated)" in shell.run("explain", *CTO).stdout
    assert shell.run("explain", *CTO, "--fact", "task.complexity=5", "--json").json["estimated"] == []


def test_the_first_model_may_be_supposed_elsewhere(shell: CommandLine) -> None:
    private = (*CTO, "--fact", "data.contains_pii=true", "--fact", "model.type=local")
    told = shell.run("explain", *private, "--json").json
    assert [attempt["model"] for attempt in told["attempts"]] == ["llama-3-70b", "claude-3-opus"]
    other = shell.run("explain", *CTO, "--fact", "model.name=deepseek", "--json").json
    assert other["model"] == "deepseek"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--fact", "task.complexty=3"),
            '--fact "task.complexty": there is no such fact; did you mean task.complexity?',
        ),
        (("--fact", "task.complexity=11"), "task.complexity is a whole number from 1 to 10"),
        (("--fact", "task.complexity=high"), "task.complexity is a whole number"),
        (("--fact", "user=42"), "user='\"42\"'"),
        (("--fact", "agent=backend_agent"), "ask for another instead"),
        (("--fact", "task.complexity"), "must be NAME=VALUE"),
        (("--fact", "=3"), "must be NAME=VALUE"),
        (("--fact", "user=a", "--fact", "user=b"), '"user" is given twice'),
        (("--fact", "model.name=claude-4"), "there is no such model"),
        (("--task", '{"complexity": "x"}'), '--task "task.complexity"'),
        (("--task", "[1]"), "--task must be a JSON object"),
        (("--task", "{"), "--task must be a JSON object"),
        (("--strategy", "cheapest"), "there are cost_optimized, performance_optimized"),
    ],
)
def test_what_no_request_could_be_is_wrong_usage(shell: CommandLine, words: tuple[str, ...], said: str) -> None:
    answer = shell.run("explain", *CTO, *words)
    assert (answer.code, answer.stdout) == (2, "")
    assert said in answer.stderr.replace("\n", " ")


def test_texts_that_are_no_json_are_texts(shell: CommandLine) -> None:
    told = shell.run("explain", *CTO, "--fact", "task.type=code=x", "--fact", 'user="42"', "--json").json
    assert (told["facts"]["task.type"], told["facts"]["user"]) == ("code=x", "42")
    assert shell.run("explain", *CTO, "--fact", "user=\udcff", "--json").json["facts"]["user"] == "\ufffd"


def test_nothing_invisible_and_no_key_reaches_the_terminal(shell: CommandLine) -> None:
    key = "sk-proj-" + "aB3" * 16
    answer = shell.run("explain", *CTO, "--user", "\x1b[31mred", "--team", key, "--tag", "a\nFacts: none")
    assert answer.code == 0
    assert "\x1b" not in answer.stdout and key not in answer.stdout and "\nFacts: none" not in answer.stdout
    assert '"\\x1b[31mred"' in answer.stdout
