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
    document = answer.json
    revision = document["revision"]
    prices = [attempt.pop("price_per_1m_tokens") for attempt in document["attempts"]]
    assert [(price["input"], price["output"]) for price in prices] == [("3", "15"), ("0.15", "0.6")]
    assert all(price["source"].startswith("catalogue ") for price in prices)
    large_cost = {"low": "0.002415", "expected": "0.0105", "high": "0.0336"}
    large = {
        "model": "simulated-large",
        "provider": "simulated",
        "deployment": "simulated/simulated-large",
        "why": 'the model of agent "orchestrator"',
        "score": {},
        "location": "local",
        "degraded": "",
        "estimated_cost_usd": large_cost,
        "context_window": 200_000,
        "capabilities": [],
    }
    small = large | {
        "model": "simulated-small",
        "deployment": "simulated/simulated-small",
        "why": 'fallback 1 of agent "orchestrator"',
        "degraded": "fallback",
        "estimated_cost_usd": {"low": "0.0001206", "expected": "0.00045", "high": "0.00138"},
        "context_window": 128_000,
    }
    assert document == {
        "model": "simulated-large",
        "refused": None,
        "decided_by": {
            "kind": "agent",
            "name": "orchestrator",
            "text": "Planning needs the strongest model; a wrong split costs more than the price difference",
        },
        "attempts": [large, small],
        "further": [],
        "dropped": [],
        "estimated_cost_usd": large_cost,
        "estimated_tokens": {"input": 1_000, "output": 500},
        "size_assumed": True,
        "confidence": 1.0,
        "flips": [
            {"fact": "primary_unavailable", "from": False, "to": True, "model": "simulated-small"},
            {"fact": "request.tokens_estimated", "from": 0, "to": 198_001, "model": None},
        ],
        "flips_complete": True,
        "facts": {"target": "agent:orchestrator", "agent": "orchestrator", "tags": ["routing", "supervisor"]},
        "estimated": [],
        "rules": {"fired": [], "failed": []},
        "label": "low",
        "stays_local": None,
        "strategy": None,
        "check": None,
        "variant": None,
        "notes": [],
        "environment": "production",
        "revision": revision,
    }
    assert revision in shell.run("check").stdout


def test_people_read_the_model_the_reason_the_order_and_the_price(shell: CommandLine) -> None:
    text = shell.run("explain", "--agent", "orchestrator").stdout
    assert text.startswith("simulated-large: Planning needs the strongest model")
    assert text.index("1. simulated-large") < text.index("2. simulated-small")
    assert "$3 in, $15 out per million tokens (catalogue " in text
    assert "200,000 tokens of context" in text
    assert "An assumed request of 1,000 tokens in and 500 out costs about $0.0105, from $0.002415 to $0.0336." in text
    assert "about $0.0105 for an assumed request" in text
    assert "request.tokens_estimated 198,001 instead of 0 would be refused" in text
    assert text.isascii()
    assert text.rstrip().endswith("Next: pointsman usage")


def test_a_size_that_is_said_is_not_assumed(shell: CommandLine) -> None:
    words = ("explain", "--agent", "orchestrator", "--fact", "request.tokens_estimated=2000")
    text = shell.run(*words).stdout
    assert "A request of 2,000 tokens in and 500 out costs about $0.0135" in text and "assumed" not in text
    assert "request.tokens_estimated 198,001 instead of 2,000 would be refused" in text
    assert shell.run(*words, "--json").json["size_assumed"] is False


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
    assert (answer.code, answer.stderr) == (1, "No gateway runs here, so this is what the files say.\n")
    assert f'did you mean "{meant}"?' in answer.stdout
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
