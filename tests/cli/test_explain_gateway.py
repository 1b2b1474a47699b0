"""`pointsman explain` beside a running gateway: that one's configuration and live state, and its past requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Answer, CommandLine, open_command_line
from fastapi import APIRouter

from explaining import ADMIN_KEY, Explainer, compile_yaml, serve_explanations
from pointsman.core.routing.facts import LiveTarget
from pointsman.server.errors import OperatorError

DOCUMENT = """\
version: 1
providers:
  far: {base_url: 'https://far.example/v1'}
  near: {base_url: 'http://127.0.0.1:8080/v1', location: local}
models:
  large: {provider: far, price_per_1m_tokens: {input: "10", output: "30"}}
  own: {provider: near}
agents: {writer: {model: large, fallback: [own]}}
routing: {rules: [{name: limits, when: model.rate_limit_approaching, action: switch_to_fallback}]}
"""
ELSEWHERE = """\
version: 1
providers: {near: {base_url: 'http://127.0.0.1:8080/v1', location: local}}
models: {small: {provider: near}}
agents: {writer: {model: small}}
"""


def add_past(router: APIRouter) -> None:
    """Two past requests, in the shape that the gateway tells them in."""

    @router.get("/api/v1/decisions/{request_id}")
    async def read_decision(request_id: str) -> dict[str, object]:
        if request_id == "req_lost":
            raise OperatorError(404, "not_found", "No decision of this request is kept; they are kept for 30 days.")
        recorded: dict[str, object] = {"model": "large" if request_id == "req_same" else "own"}
        if request_id == "req_fell":
            recorded["outcome"] = {"model": "large", "attempts": 2, "input_tokens": 1_200, "output_tokens": 7}
            recorded["outcome"] |= {"cost_usd": "0.5", "cost_status": "estimated"}
        return PAST | {"recorded": recorded, "replayed": {}}


PAST: dict[str, object] = {}


@pytest.fixture(scope="module")
def served() -> Iterator[Explainer]:
    with serve_explanations(compile_yaml(DOCUMENT), add=add_past) as explainer:
        PAST.update(explainer.ask({"agent": "writer"})[1])
        yield explainer


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for shell in open_command_line(tmp_path, monkeypatch):
        shell.write(ELSEWHERE)
        yield shell


def run(shell: CommandLine, served: Explainer, *words: str) -> Answer:
    return shell.run("explain", *words, POINTSMAN_URL=served.url, POINTSMAN_ADMIN_KEY=ADMIN_KEY)


def test_the_running_gateway_is_asked_and_named(shell: CommandLine, served: Explainer) -> None:
    answer = run(shell, served, "--agent", "writer", "--json")
    assert (answer.code, answer.json["model"]) == (0, "large")
    assert answer.json["revision"] == served.snapshot.revision
    assert f"gateway {served.url} (found in the environment)" in answer.stderr
    assert answer.json == served.ask({"agent": "writer"})[1]


def test_its_live_state_counts(shell: CommandLine, served: Explainer) -> None:
    served.live = {served.snapshot.models["large"].deployment.id: LiveTarget(used=1.0)}
    try:
        text = run(shell, served, "--agent", "writer").stdout
    finally:
        served.live = {}
    assert text.startswith(
        'own: rule "limits": model.rate_limit_approaching\nSettled by a rule over all callers, limits.'
    )
    assert "model.rate_limit_approaching false instead of true would take large" in text


def test_every_option_goes_along(shell: CommandLine, served: Explainer) -> None:
    words = ("--task", '{"complexity": 4}', "--fact", "request.stream=true", "--user", "ada", "--team", "red")
    answer = run(shell, served, "--agent", "writer", *words, "--tag", "b", "--strategy", "privacy_first", "--json")
    facts = answer.json["facts"]
    stated = {"task.complexity": 4, "request.stream": True, "user": "ada", "team": "red", "tags": ["b"]}
    assert {name: facts[name] for name in stated} == stated
    assert (answer.json["model"], answer.json["strategy"]) == ("own", "privacy_first")


def test_with_a_file_or_an_environment_the_files_alone_tell(shell: CommandLine, served: Explainer) -> None:
    for words in (("--config", "pointsman.yaml"), ("--env", "production")):
        answer = run(shell, served, "--agent", "writer", *words, "--json")
        assert (answer.json["model"], answer.stderr) == ("small", "")


def test_what_the_gateway_calls_invalid_is_wrong_usage(shell: CommandLine, served: Explainer) -> None:
    answer = run(shell, served, "--agent", "writer", "--fact", "task.complexty=3")
    assert (answer.code, answer.stdout) == (2, "")
    assert "/facts/task.complexty: there is no such fact; did you mean task.complexity?" in answer.stderr


def test_a_gateway_that_refuses_or_is_away_is_not_replaced_by_files(shell: CommandLine, served: Explainer) -> None:
    refused = shell.run("explain", "--agent", "writer", POINTSMAN_URL=served.url, POINTSMAN_ADMIN_KEY="another-key")
    away = shell.run("explain", "--agent", "writer", POINTSMAN_URL="http://127.0.0.1:9", POINTSMAN_ADMIN_KEY="some-key")
    assert [(answer.code, answer.stdout) for answer in (refused, away)] == [(1, ""), (1, "")]
    assert "admin key" in refused.stderr and "no gateway answers" in away.stderr


def test_one_that_ran_here_and_has_ended_leaves_the_files(shell: CommandLine) -> None:
    (shell.folder / ".pointsman").mkdir()
    shell.write("POINTSMAN_URL=http://127.0.0.1:9\nPOINTSMAN_ADMIN_KEY=some-key\n", ".pointsman/demo.env")
    answer = shell.run("explain", "--agent", "writer", "--json")
    assert (answer.code, answer.json["model"]) == (0, "small")
    assert "No gateway runs here, so this is what the files say." in answer.stderr


def test_a_past_request_is_told_with_what_was_recorded(shell: CommandLine, served: Explainer) -> None:
    same = run(shell, served, "--request-id", "req_same")
    assert same.code == 0
    assert same.stdout.startswith("Recorded: it went to large; a replay comes to the same.\n\nlarge: ")
    other = run(shell, served, "--request-id", "req_other")
    assert other.stdout.startswith("Recorded: it went to own; a replay comes to something else.")
    told = run(shell, served, "--request-id", "req_same", "--json").json
    assert told == PAST | {"recorded": {"model": "large"}, "replayed": {}}


def test_where_a_past_request_ended_and_what_it_cost_is_told(shell: CommandLine, served: Explainer) -> None:
    fell = run(shell, served, "--request-id", "req_fell").stdout.splitlines()
    assert fell[0].startswith("Recorded: it went to own;")
    assert fell[1:3] == [
        "It ended on large, after 2 attempts.",
        "It took 1,200 tokens in and 7 out and cost $0.5 (estimated).",
    ]


def test_a_request_that_is_not_kept_is_an_error_that_says_so(shell: CommandLine, served: Explainer) -> None:
    lost = run(shell, served, "--request-id", "req_lost")
    assert (lost.code, lost.stdout) == (1, "")
    assert "No decision of this request is kept" in lost.stderr


def test_a_past_request_needs_a_gateway_and_stands_alone(shell: CommandLine) -> None:
    alone = shell.run("explain", "--request-id", "req_1")
    assert (alone.code, alone.stdout) == (1, "")
    assert "no gateway is named" in alone.stderr
    assert shell.run("explain", "--request-id", "req_1", "--user", "ada").code == 2
    assert shell.run("explain", "--request-id", "req_1", "--agent", "writer").code == 2
