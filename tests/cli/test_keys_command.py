"""`pointsman keys`: a key is made with its terms, shown once, listed with them, and revoked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from operated import Operated, open_beside, operate

from running import RunningGateway

TERMS = [
    *("--team", "billing", "--user", "ada", "--tag", "nightly", "--tag", "eu", "--models", "agent:writer, gpt-4.1"),
    *("--models", "small", "--privacy", "high", "--detect", "always", "--strategies", "cost_optimized,balanced"),
    "--budget-mode",
]
WRITTEN = (
    "team billing; user ada; tags nightly, eu; may ask for agent:writer, gpt-4.1, small; "
    "strategies cost_optimized, balanced; privacy high; detect always; budget mode"
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with operate(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def shell(gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    yield from open_beside(gateway, tmp_path, monkeypatch)


def lines_of(shell: Operated, key_id: str) -> list[str]:
    return [line for line in shell.do("keys", "list").stdout.splitlines() if line.startswith(key_id)]


def test_a_key_is_made_with_its_terms_and_listed_with_them(shell: Operated) -> None:
    made = shell.do("keys", "create", "--name", "reports", *TERMS, "--json").json
    assert made["models"] == ["agent:writer", "gpt-4.1", "small"] and made["tags"] == ["nightly", "eu"]
    assert (made["privacy"], made["detect"], made["budget_mode"], made["warnings"]) == ("high", "always", True, [])
    (listed,) = (key for key in shell.do("keys", "list", "--json").json["keys"] if key["id"] == made["id"])
    assert listed == {name: value for name, value in made.items() if name not in ("key", "warnings")}
    assert lines_of(shell, made["id"]) == [f"{made['id']}  {made['display']}  live    reports  ({WRITTEN})"]


def test_a_key_opens_what_it_may_ask_for(shell: Operated, gateway: RunningGateway) -> None:
    made = shell.do("keys", "create", "--name", "narrow", "--models", "small,agent:*")
    key = made.stdout.strip()
    assert {entry["id"] for entry in gateway.get("/v1/models", key=key)["data"]} == {
        "small",
        "agent:writer",
        "agent:reader",
    }
    assert "may ask for small, agent:*" in made.stderr and "Next: " in made.stderr.splitlines()[-1]
    assert key not in made.stderr


def test_a_key_without_terms_is_as_short_as_ever(shell: Operated, gateway: RunningGateway) -> None:
    made = shell.do("keys", "create", "--name", "open", "--json").json
    assert gateway.get("/v1/models", key=made["key"]) == gateway.get("/v1/models", key=gateway.api_key)
    assert lines_of(shell, made["id"]) == [f"{made['id']}  {made['display']}  live    open"]


def test_a_name_that_nothing_answers_to_is_warned_of(shell: Operated) -> None:
    made = shell.do("keys", "create", "--name", "early", "--models", "smal,writer", "--json")
    assert made.json["models"] == ["smal", "writer"]
    assert 'warning: /models/0: nothing is called "smal" now' in made.stderr
    assert 'did you mean "small"?' in made.stderr and 'did you mean "agent:writer"?' in made.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--models", ""],
        ["--models", "small,"],
        ["--models", "small", "--models", " "],
        ["--strategies", ""],
        ["--tag", ""],
        ["--team", ""],
        ["--user", " "],
        ["--privacy", ""],
        ["--privacy", "utmost"],
        ["--detect", "never"],
    ],
)
def test_an_empty_or_unknown_word_is_wrong_usage_and_makes_no_key(shell: Operated, words: list[str]) -> None:
    before = shell.do("keys", "list").stdout
    answer = shell.run("keys", "create", "--name", "x", *words)
    assert (answer.code, answer.stdout) == (2, "")
    assert shell.do("keys", "list").stdout == before


def test_what_the_gateway_refuses_is_said_with_its_place(shell: Operated) -> None:
    answer = shell.run("keys", "create", "--name", "x", "--team", "x" * 129)
    assert (answer.code, answer.stdout) == (1, "")
    assert "/team: " in answer.stderr


def test_a_revoked_key_stays_in_the_list(shell: Operated) -> None:
    made = shell.do("keys", "create", "--name", "old", "--team", "gone", "--json").json
    assert shell.do("keys", "revoke", made["id"], "--json").json == {"id": made["id"], "revoked": True}
    assert lines_of(shell, made["id"]) == [f"{made['id']}  {made['display']}  revoked old  (team gone)"]
    again = shell.run("keys", "revoke", made["id"])
    assert (again.code, again.stdout) == (1, "")
    assert shell.run("keys", "revoke", "key_0/../x").code == 1
