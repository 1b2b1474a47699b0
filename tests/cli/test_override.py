"""`pointsman override`: another model for a while, listed and ended by its id."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from operated import Operated, open_beside, operate

from running import RunningGateway

KEYS = {"id", "target", "value", "author", "reason", "expires_at"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with operate(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def shell(gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    yield from open_beside(gateway, tmp_path, monkeypatch)


def override(shell: Operated, *words: str, model: str = "small") -> list[str]:
    return ["agent", "writer", "--model", model, "--reason", "an outage", *words]


def test_an_override_is_made_listed_and_ended(shell: Operated) -> None:
    made = shell.do("override", *override(shell, "--for", "2h", "--json")).json
    assert made.keys() >= KEYS
    assert (made["target"], made["value"], made["reason"]) == ("writer", "small", "an outage")
    assert made.pop("warnings") == []
    assert shell.do("override", "list", "--json").json == {"overrides": [made]}
    listed = shell.do("override", "list").stdout
    assert listed.startswith(f"{made['id']}  agent writer runs on small until {made['expires_at']} (by ")
    ended = shell.do("override", "cancel", made["id"], "--reason", "over", "--json")
    assert ended.json == {"id": made["id"], "cancelled": True}
    assert shell.do("override", "list").stdout == ""
    (over,) = [line for line in shell.do("override", "list", "--ended").stdout.splitlines() if made["id"] in line]
    assert ", ended 20" in over and over.endswith(": over")


def test_another_strategy_for_a_while(shell: Operated) -> None:
    words = ["strategy", "privacy_first", "--reason", "a leak", "--for", "2h"]
    made = shell.do("override", *words, "--json").json
    assert made.keys() >= KEYS | {"kind"}
    assert (made["kind"], made["target"], made["value"]) == ("strategy", "routing", "privacy_first")
    listed = shell.do("override", "list").stdout
    assert listed.startswith(f"{made['id']}  the strategy is privacy_first until {made['expires_at']} (by ")
    again = shell.do("override", *words)
    assert again.stdout.startswith("ovr_") and "Next: pointsman override cancel ovr_" in again.stderr
    assert len(shell.do("override", "list", "--json").json["overrides"]) == 1
    wrong = shell.run("override", "strategy", "privacy_frist", "--reason", "x")
    assert wrong.code == 1 and wrong.stdout == ""
    assert 'this override routing.strategy: there is no strategy "privacy_frist"' in wrong.stderr
    assert 'did you mean "privacy_first"?' in wrong.stderr


def test_a_model_forced_for_a_task(shell: Operated) -> None:
    words = ["task", "a/b 1", "--model", "small", "--reason", "a hard decision"]
    made = shell.do("override", *words, "--for", "1h", "--json").json
    assert (made["kind"], made["target"], made["value"]) == ("task", "a/b 1", "small")
    listed = shell.do("override", "list").stdout
    assert listed.startswith(f"{made['id']}  task a/b 1 is forced to small until {made['expires_at']} (by ")
    assert shell.do("override", *words).stdout.startswith("ovr_")
    for wrong in ("25h", "2d", "soon"):
        answer = shell.run("override", *words, "--for", wrong)
        assert answer.code == 2 and "at most 24h for a task" in " ".join(answer.stderr.split()), answer.stderr
    answer = shell.run("override", "task", "t", "--model", "smal", "--reason", "x")
    assert answer.code == 1 and 'there is no model "smal"; did you mean "small"?' in answer.stderr


def test_explain_tells_who_and_why_and_until_when(shell: Operated) -> None:
    made = shell.do("override", *override(shell, "--for", "30m", "--json")).json
    found = shell.do("config", "explain", "agents.writer.model", "--json").json
    assert (found["layer"], found["reason"], found["expires_at"]) == ("override", "an outage", made["expires_at"])
    text = shell.do("config", "explain", "agents.writer.model").stdout
    assert f"ends by itself at {made['expires_at']}" in text and 'instead of "large" from file (' in text


def test_without_a_duration_it_counts_until_it_is_cancelled(shell: Operated) -> None:
    answer = shell.do("override", *override(shell))
    assert "runs on small until cancelled" in answer.stdout
    made = shell.do("override", "list", "--json").json["overrides"][0]
    assert made["expires_at"] is None and f"Next: pointsman override cancel {made['id']}" in answer.stderr


@pytest.mark.parametrize("duration", ["2hours", "2 h", "0h", "-1h", "31d", "", "1.5h"])
def test_what_is_no_duration_is_wrong_usage(shell: Operated, duration: str) -> None:
    answer = shell.run("override", *override(shell, "--for", duration))
    assert (answer.code, answer.stdout) == (2, "")
    assert "write one such as 30m, 2h or 7d, at most 30d" in answer.stderr.replace("\n", " ")
    assert shell.do("override", "list", "--json").json == {"overrides": []}


def test_an_unknown_model_or_agent_is_refused_with_what_was_meant(shell: Operated) -> None:
    answer = shell.run("override", *override(shell, model="smal"))
    assert answer.code == 1
    assert 'this override agents.writer.model: unknown model "smal"' in answer.stderr
    assert 'did you mean "small"?' in answer.stderr
    answer = shell.run("override", "agent", "wirter", "--model", "small", "--reason", "x")
    assert answer.code == 1 and 'there is no agent "wirter"; did you mean "writer"?' in answer.stderr


def test_an_override_needs_a_reason(shell: Operated) -> None:
    for words in ([], ["--reason", ""], ["--reason", "  "]):
        assert shell.run("override", "agent", "writer", "--model", "small", *words).code == 2


def test_what_is_not_there_cannot_be_cancelled(shell: Operated) -> None:
    answer = shell.run("override", "cancel", "ovr_0/../x")
    assert (answer.code, answer.stdout) == (1, "")
