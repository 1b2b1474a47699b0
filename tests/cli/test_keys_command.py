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
    answer = shell.do("keys", "create", "--name", "reports", *TERMS, "--json")
    made = answer.json
    assert made["models"] == ["agent:writer", "gpt-4.1", "small"] and made["tags"] == ["nightly", "eu"]
    assert (made["privacy"], made["detect"], made["budget_mode"]) == ("high", "always", True)
    assert [warning["path"] for warning in made["warnings"]] == ["/team", "/user"]
    assert 'warning: /team: no team "billing" is registered' in answer.stderr
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
    (line,) = lines_of(shell, made["id"])
    assert line.startswith(f"{made['id']}  {made['display']}  live    open  (last used 20")


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
        ["--budget", ""],
        ["--agents", ","],
        ["--expires", " "],
        ["--max-cost", ""],
        ["--requests-per-minute", "0"],
        ["--concurrent", "many"],
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


LIMITS = [
    *("--agents", "writer,reader", "--budget", "$5/day", "--budget", "$100/month Europe/Berlin alert", "--strict"),
    *("--requests-per-minute", "60", "--tokens-per-minute", "90000", "--concurrent", "4", "--max-cost", "0.50"),
    *("--clamp", "--expires", "2030-01-31"),
]
LIMITED = (
    "may ask for agent:writer, agent:reader; budgets $5/day, $100/month Europe/Berlin alert; "
    "60 requests per minute; 90000 tokens per minute; 4 at the same time; $0.5 per request; "
    "expires 2030-01-31T00:00:00.000+00:00; strict; clamp"
)


def test_a_key_is_made_with_all_that_it_may_use_up(shell: Operated) -> None:
    made = shell.do("keys", "create", "--name", "limited", *LIMITS, "--json").json
    assert made["budgets"] == ["$5/day", "$100/month Europe/Berlin alert"] and made["warnings"] == []
    shown = f"{made['id']}  {made['display']}  live    limited  ({LIMITED})"
    assert lines_of(shell, made["id"]) == [shown]
    assert shell.do("keys", "show", made["id"]).stdout == f"{shown}\n"
    assert shell.do("keys", "show", made["id"], "--json").json["version"] == 1


def test_a_key_is_changed_and_its_terms_are_taken_away(shell: Operated) -> None:
    made = shell.do("keys", "create", "--name", "limited", *LIMITS, "--json").json
    changed = shell.do("keys", "update", made["id"], "--budget", "$7/week", "--no-strict", "--disable", "--json").json
    assert (changed["budgets"], changed["strict"], changed["state"]) == (["$7/week"], False, "disabled")
    cleared = ("--clear", "budgets,expires", "--clear", "max_cost_per_request,requests_per_minute", "--enable")
    changed = shell.do("keys", "update", made["id"], *cleared, "--reason", "a test", "--json").json
    assert (changed["budgets"], changed["expires_at"], changed["max_cost_per_request"]) == ([], None, None)
    assert (changed["state"], changed["concurrent"], changed["version"]) == ("live", 4, 3)
    for words in (["--clear", "name"], ["--clear", "budgets", "--budget", "$1/day"], []):
        assert shell.run("keys", "update", made["id"], *words).code == 2
    refused = shell.run("keys", "update", made["id"], "--clear", "models", "--team", "x" * 129)
    assert refused.code == 1 and "/team: " in refused.stderr


def test_a_key_is_rotated(shell: Operated, gateway: RunningGateway) -> None:
    made = shell.do("keys", "create", "--name", "leaky", "--json").json
    rotated = shell.do("keys", "rotate", made["id"], "--grace", "0", "--reason", "it was in a log")
    assert gateway.get("/v1/models", key=rotated.stdout.strip())["data"]
    assert rotated.stdout.strip() != made["key"] and made["id"] in rotated.stderr
    assert shell.run("keys", "rotate", made["id"], "--grace", "99d").code == 1
    assert shell.run("keys", "rotate", "key_0").code == 1
