"""`pointsman providers`: what is listed without a call, and what asking one comes to; a key is never shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Answer, CommandLine, open_command_line

from diagnosis.small_server import serve
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

KEY = "sk-planted-0123456789abcdefghij"
KEYED = ("anthropic_messages", "gemini", "cohere", "bedrock_converse")
DOCUMENT = """\
version: 1
providers:
  chat: {{base_url: "{url}/v1", location: local}}
  anthropic_messages:
    {{base_url: "{url}/v1", location: local, dialect: anthropic_messages, api_key: {{env: POINTSMAN_K}}}}
  gemini: {{base_url: "{url}/v1beta", location: local, dialect: gemini, api_key: {{env: POINTSMAN_K}}}}
  cohere: {{base_url: "{url}/v2", location: local, dialect: cohere, api_key: {{env: POINTSMAN_K}}}}
  bedrock_converse: {{base_url: "{url}", location: local, dialect: bedrock_converse, api_key: {{env: POINTSMAN_K}}}}
  nobody: {{base_url: "http://127.0.0.1:9/v1", location: local, enabled: false}}
models:
  large: {{provider: chat, model_id: simulated-large, context_window: 9000, supports: {{tools: false}}}}
  lost: {{provider: chat, model_id: simulated-lost}}
agents: {{writer: {{model: large}}}}
"""


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def shell(simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for opened in open_command_line(tmp_path, monkeypatch):
        opened.write(DOCUMENT.format(url=simulator))
        yield opened


def run(shell: CommandLine, *words: str) -> Answer:
    answer = shell.run("providers", *words, POINTSMAN_K=KEY)
    assert KEY not in answer.stdout + answer.stderr
    return answer


def test_providers_are_listed_without_a_call(shell: CommandLine) -> None:
    listed = run(shell, "--json").json["providers"]
    assert [each["id"] for each in listed] == ["chat", *KEYED, "nobody"]
    chat, anthropic, *_, nobody = listed
    assert (chat["provider_type"], chat["models"], chat["key_set"]) == ("custom", ["large", "lost"], None)
    assert (anthropic["dialect"], anthropic["key_set"], nobody["enabled"]) == ("anthropic_messages", True, False)
    text = run(shell)
    assert "POINTSMAN_K is set" in text.stdout and "local, switched off" in text.stdout
    assert text.stderr == "Next: pointsman providers validate chat\n"
    unset = shell.run("providers", "--json").json["providers"]
    assert unset[1]["key_set"] is False


def test_a_name_of_the_catalogue_is_a_type(shell: CommandLine) -> None:
    shell.write("version: 1\nproviders: {gradient: {}}\nmodels: {llama3-8b-instruct: {provider: gradient}}\n")
    (gradient,) = run(shell, "--json").json["providers"]
    assert (gradient["provider_type"], gradient["key_set"]) == ("gradient", False)
    assert gradient["api_base_url"].startswith("https://")


@pytest.mark.parametrize("name", ["chat", "anthropic_messages", "gemini"])
def test_a_provider_that_lists_its_models(shell: CommandLine, name: str) -> None:
    valid = run(shell, "validate", name, "--json")
    assert (valid.code, valid.json["valid"], valid.json["status"]) == (0, True, "2xx")
    listed = run(shell, "models", name, "--json").json["models"]
    names = {model["model_name"] for model in listed if model["listed"]}
    assert names == {"simulated-large", "simulated-small", "simulated-local"}


@pytest.mark.parametrize("name", ["cohere", "bedrock_converse"])
def test_a_provider_without_a_list_is_honest_about_it(shell: CommandLine, name: str) -> None:
    answer = run(shell, "validate", name, "--json")
    assert (answer.code, answer.json["valid"], answer.json["lists_models"]) == (0, True, False)
    assert "takes the key" in answer.json["message"]
    assert run(shell, "models", name, "--json").json["models"] == []


def test_configured_models_come_first_and_a_lost_one_is_marked(shell: CommandLine) -> None:
    large, lost, *others = run(shell, "models", "chat", "--json").json["models"]
    assert large == {
        "model_name": "simulated-large",
        "enabled": True,
        "configured_as": ["large"],
        "listed": True,
        "supports_tools": False,
        "supports_embeddings": True,
        "context_window": 9_000,
        "max_output_tokens": None,
    }
    assert (lost["model_name"], lost["listed"], len(others)) == ("simulated-lost", False, 2)
    text = run(shell, "models", "chat").stdout.splitlines()
    assert text[1].split()[:3] == ["simulated-large", "large", "9,000"] and text[2].endswith("not listed")


def test_nobody_there_is_the_answer_no(shell: CommandLine) -> None:
    answer = run(shell, "validate", "nobody")
    assert answer.code == 1 and "cannot be reached" in answer.stdout and "Next: start its server" in answer.stderr
    assert run(shell, "models", "nobody", "--json").code == 1


def test_without_its_key_nothing_is_asked(shell: CommandLine) -> None:
    answer = shell.run("providers", "validate", "gemini")
    assert answer.code == 1 and "without its key nothing was asked" in answer.stdout
    assert "Next: set POINTSMAN_K" in answer.stderr


def test_a_refused_key_is_named_by_its_place_and_the_answer_is_not_shown(shell: CommandLine) -> None:
    body = json.dumps({"error": f"{KEY} is not welcome"})
    with serve({"GET /v1/models": (401, body), "POST /v1/chat/completions": (403, body)}) as server:
        provider = f"{{base_url: 'http://127.0.0.1:{server.port}/v1', api_key: {{env: POINTSMAN_K}}}}"
        shell.write(f"version: 1\nproviders: {{house: {provider}}}\n")
        answer = run(shell, "validate", "house")
        assert answer.code == 1 and "refuses the key in POINTSMAN_K (HTTP 403)" in answer.stdout
        assert "welcome" not in answer.stdout + answer.stderr
        assert server.presented == [f"Bearer {KEY}"] * 2


def test_an_unknown_name_is_answered_with_a_guess(shell: CommandLine) -> None:
    answer = run(shell, "validate", "gemni")
    assert (answer.code, answer.stdout) == (1, "") and 'did you mean "gemini"?' in answer.stderr


def test_a_configuration_that_cannot_be_used_is_said_so(shell: CommandLine) -> None:
    shell.write("providers: 5")
    assert run(shell).code == 1
