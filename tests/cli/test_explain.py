"""`pointsman explain`: the model a request would get and why, from the files alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

from pointsman.control.configuration import demo_document


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for shell in open_command_line(tmp_path, monkeypatch):
        shell.write(demo_document())
        yield shell


def test_json_holds_exactly_the_keys_that_scripts_rely_on(shell: CommandLine) -> None:
    answer = shell.run("explain", "--agent", "orchestrator", "--json")
    assert answer.code == 0
    revision = answer.json["revision"]
    assert answer.json == {
        "model": "simulated-large",
        "refused": None,
        "decided_by": {
            "kind": "agent",
            "name": "orchestrator",
            "text": "Planning needs the strongest model; a wrong split costs more than the price difference",
        },
        "attempts": [
            {
                "model": "simulated-large",
                "provider": "simulated",
                "deployment": "simulated/simulated-large",
                "why": 'the model of agent "orchestrator"',
                "score": {},
            },
            {
                "model": "simulated-small",
                "provider": "simulated",
                "deployment": "simulated/simulated-small",
                "why": 'fallback 1 of agent "orchestrator"',
                "score": {},
            },
        ],
        "dropped": [],
        "estimated_cost_usd": {"low": "0.00045", "expected": "0.0105", "high": "0.0105"},
        "confidence": None,
        "flips": [],
        "facts": {"target": "agent:orchestrator", "agent": None},
        "revision": revision,
    }
    assert revision in shell.run("check").stdout


def test_people_read_the_model_the_reason_the_order_and_the_price(shell: CommandLine) -> None:
    text = shell.run("explain", "--agent", "orchestrator").stdout
    assert text.startswith("simulated-large: Planning needs the strongest model")
    assert text.index("1. simulated-large") < text.index("2. simulated-small")
    assert "$3 in, $15 out per million tokens (catalogue " in text
    assert "200,000 tokens of context" in text
    assert "A request of 1,000 tokens in and 500 out costs about $0.0105." in text
    assert text.rstrip().endswith("Next: pointsman usage")


def test_an_environment_changes_the_answer(shell: CommandLine) -> None:
    assert (
        shell.run("explain", "--agent", "orchestrator", "--json", "--env", "development").json["model"]
        == "simulated-small"
    )


def test_a_model_by_name_is_what_the_caller_forces(shell: CommandLine) -> None:
    answer = shell.run("explain", "--model", "simulated-small", "--json").json
    assert (answer["model"], answer["decided_by"]["kind"], len(answer["attempts"])) == ("simulated-small", "forced", 1)


def test_what_is_left_out_is_shown_with_its_reason(shell: CommandLine) -> None:
    document = demo_document().replace("[simulated-small] ", "[simulated-small, simulated-local] ")
    shell.write(f"{document}\nrouting: {{attempts: 2}}\n")
    answer = shell.run("explain", "--agent", "orchestrator", "--json").json
    assert [(drop["model"], drop["code"]) for drop in answer["dropped"]] == [("simulated-local", "attempts_exhausted")]
    assert "Left out:\n  simulated-local: " in shell.run("explain", "--agent", "orchestrator").stdout


@pytest.mark.parametrize(
    ("option", "name", "meant"),
    [("--agent", "orchestrater", "orchestrator"), ("--model", "simulated_large", "simulated-large")],
)
def test_an_unknown_name_is_refused_with_what_was_meant(shell: CommandLine, option: str, name: str, meant: str) -> None:
    answer = shell.run("explain", option, name)
    assert (answer.code, answer.stdout) == (1, "")
    assert f'did you mean "{meant}"?' in answer.stderr
    refused = shell.run("explain", option, name, "--json")
    assert refused.code == 1
    assert (refused.json["model"], refused.json["refused"]["code"]) == (None, "model_not_found")


def test_an_unknown_price_is_no_estimate(shell: CommandLine) -> None:
    shell.write("providers: {own: {base_url: 'https://x.example/v1'}}\nmodels: {m: {provider: own}}\n")
    assert shell.run("explain", "--model", "m", "--json").json["estimated_cost_usd"] is None
    text = shell.run("explain", "--model", "m").stdout
    assert "price unknown" in text
    assert "costs about" not in text


def test_a_broken_configuration_explains_nothing(shell: CommandLine) -> None:
    shell.write("providers: 1\n")
    answer = shell.run("explain", "--agent", "orchestrator")
    assert (answer.code, answer.stdout) == (1, "")
    assert "pointsman.yaml:1:12 providers" in answer.stderr


def test_one_thing_is_explained_at_a_time(shell: CommandLine) -> None:
    assert shell.run("explain").code == 2
    assert shell.run("explain", "--agent", "a", "--model", "b").code == 2
