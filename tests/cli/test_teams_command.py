"""`pointsman teams` and `pointsman users`: registered, listed, changed and deleted, for people and for scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from operated import Operated, open_beside, operate

from running import RunningGateway

LIMITS = [
    "--budget",
    "$100/month Europe/Berlin",
    "--budget",
    "$5/day",
    "--requests-per-minute",
    "600",
    "--models",
    "small",
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with operate(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def shell(gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    yield from open_beside(gateway, tmp_path, monkeypatch)


@pytest.mark.parametrize("command", ["teams", "users"])
def test_one_is_made_listed_changed_and_deleted(shell: Operated, command: str) -> None:
    assert f"pointsman {command} create ID" in shell.do(command, "list").stderr
    made = shell.do(command, "create", "x", "--name", "Xenia's", *LIMITS, "--json").json
    assert (made["name"], made["requests_per_minute"], made["warnings"]) == ("Xenia's", 600, [])
    terms = "may ask for small; budgets $100/month Europe/Berlin, $5/day; 600 requests per minute"
    assert shell.do(command, "list").stdout == f"x  live  Xenia's  ({terms})\n"
    disabled = shell.do(command, "update", "x", "--disable", "--clear", "models,budgets", "--reason", "gone")
    assert disabled.stdout == "x  disabled  Xenia's  (600 requests per minute)\n"
    assert shell.do(command, "show", "x", "--json").json["version"] == 2
    assert shell.do(command, "show", "x").stdout == disabled.stdout
    assert shell.do(command, "delete", "x", "--json").json == {"id": "x", "deleted": True}
    for words in (["show", "x"], ["delete", "x"], ["update", "x", "--enable"]):
        answer = shell.run(command, *words)
        assert (answer.code, answer.stdout) == (1, "")
    for words in (["create", "x", "--budget", ""], ["update", "x"], ["update", "x", "--clear", "name"], ["create"]):
        assert shell.run(command, *words).code == 2


def test_a_user_belongs_to_a_team_until_that_is_taken_away(shell: Operated) -> None:
    warned = shell.do("users", "create", "ada@example.com", "--team", "editorial")
    assert warned.stdout == "ada@example.com  live  (team editorial)\n"
    assert 'warning: /team: no team "editorial" is registered' in warned.stderr
    assert shell.do("users", "update", "ada@example.com", "--clear", "team", "--json").json["team"] is None
    assert shell.run("teams", "create", "y", "--team", "x").code == 2
    assert shell.run("teams", "update", "y", "--clear", "team").code == 2
    assert shell.run("teams", "create", "a b").code == 1
