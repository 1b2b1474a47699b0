"""`pointsman apply` and `pointsman rollback`: in force at once, or refused at the lines of the user's own file."""

from collections.abc import Iterator
from os import mkfifo
from pathlib import Path

import pytest
from operated import Operated, open_beside, operate

from running import RunningGateway

SMALLER = "agents: {writer: {model: small}}\n"
CHANGED = {"path": "agents.writer.model", "kind": "changed", "old": "large", "new": "small"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with operate(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def shell(gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    yield from open_beside(gateway, tmp_path, monkeypatch)


def test_a_change_is_in_force_and_says_what_it_changed(shell: Operated) -> None:
    answer = shell.apply(SMALLER)
    assert answer.code == 0
    assert answer.stdout == '- agents.writer.model: "large"\n+ agents.writer.model: "small"\n'
    assert f"in force: revision {shell.number()} (" in answer.stderr
    assert (
        f"gateway {shell.gateway.url} (found in " in answer.stderr and "Next: pointsman config history" in answer.stderr
    )
    assert shell.value("agents.writer.model") == "small"


def test_json_is_all_there_is_on_stdout(shell: Operated) -> None:
    answer = shell.apply(SMALLER, "--json").json
    assert (answer["ok"], answer["number"], answer["changes"]) == (True, shell.number(), [CHANGED])
    assert answer["problems"] == []


def test_a_change_that_changes_nothing_says_so(shell: Operated) -> None:
    assert shell.apply("agents: {writer: {model: large}}").stdout == ""
    assert "in force, and nothing differs: revision" in shell.apply("agents: {writer: {model: large}}").stderr


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("agents:\n  writer:\n    model: smal\n", "change.yaml:3:12 agents.writer.model: unknown model"),
        ("agents:\n  writer: {temprature: 1}\n", "change.yaml:2:12 agents.writer.temprature: unknown key"),
        ("agents:\n  reader: {fallback: [small, 7]}\n", "change.yaml:2:30 agents.reader.fallback[1]: expected a text"),
        ("agents:\n\n  fresh: {fallback: [small]}\n", "change.yaml:3:3 agents.fresh.model: `model` is missing"),
        ("agents:\n  'a b': {model: small}\n", 'change.yaml:2:3 agents.["a b"]: "a b" is not a name'),
        ("models: {gpt-4.1: {provider: nobody}}\n", "change.yaml:1:30 models.gpt-4.1.provider: unknown provider"),
        ("agents:\n  writer: [\n", "change.yaml:3:1: this is not YAML"),
        ("- a list\n", "change.yaml:1:1: the document must be a mapping"),
        ("", "change.yaml:1:1: the document must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_at_its_own_line(shell: Operated, text: str, place: str) -> None:
    before = shell.number()
    answer = shell.apply(text)
    assert (answer.code, answer.stdout) == (1, "")
    assert place in answer.stderr and "Nothing was changed. Next: correct the above" in answer.stderr
    assert shell.number() == before


def test_all_problems_come_in_the_order_of_the_file_and_as_json_too(shell: Operated) -> None:
    answer = shell.apply("agents:\n  writer: {model: smal}\n  reader: {model: 3, x: 1}\n", "--json")
    assert answer.code == 1
    places = [(each["file"], each["line"], each["column"], each["code"]) for each in answer.json["problems"]]
    assert places == [
        ("change.yaml", 2, 19, "unknown_reference"),
        ("change.yaml", 3, 19, "invalid_type"),
        ("change.yaml", 3, 22, "unknown_key"),
    ]
    assert answer.json["ok"] is False and answer.json["error"]["code"] == "configuration_refused"
    assert answer.json["problems"][0]["suggestion"] == "small"


def test_a_problem_elsewhere_keeps_its_own_place(shell: Operated) -> None:
    answer = shell.apply("models: {large: null}\n", "--json")
    files = {Path(each["file"]).name for each in answer.json["problems"]}
    assert answer.code == 1 and files == {"pointsman.yaml"}


def test_what_only_files_can_say_is_refused(shell: Operated) -> None:
    answer = shell.apply("source: file\ninclude: [a.yaml]\nagents: {}\nenvironments: {}\n", "--json")
    lines = [(each["line"], each["path"]) for each in answer.json["problems"]]
    assert answer.code == 1 and lines == [(1, "source"), (2, "include"), (4, "environments")]


def test_a_part_may_be_headed_like_a_document(shell: Operated) -> None:
    assert shell.apply(f'version: "1.0"\n{SMALLER}').code == 0
    assert shell.do("config", "show", "--layer", "stored", "--json").json == {"agents": {"writer": {"model": "small"}}}
    assert "change.yaml:1:10 version: there is one version" in shell.apply(f"version: 2\n{SMALLER}").stderr


def test_a_variable_is_refused_and_its_escape_taken_as_in_a_file(shell: Operated) -> None:
    answer = shell.apply("agents: {writer: {tags: ['${HOME}']}}\n")
    assert (
        answer.code == 1
        and "change.yaml:1:26 agents.writer.tags[0]: what is stored takes no variables" in answer.stderr
    )
    assert shell.apply("agents: {writer: {description: '$${HOME}'}}\n").code == 0
    assert shell.value("agents.writer.description") == "${HOME}"


def test_a_file_in_another_form_is_to_be_imported_first(shell: Operated) -> None:
    answer = shell.apply("agents: {writer: {model: small, cost_per_1m_tokens: 0.2}}\n")
    assert answer.code == 1 and "`pointsman import agents-models change.yaml` first" in answer.stderr


def test_a_secret_is_refused_and_not_repeated(shell: Operated) -> None:
    secret = "sk-proj-" + "abcdefghij" * 4
    answer = shell.apply(f"providers:\n  openai: {{api_key: {secret}}}\n", "--json")
    assert answer.code == 1 and answer.json["problems"][0]["code"] == "inline_secret"
    assert secret not in answer.stdout + answer.stderr


def test_null_takes_a_value_away_and_replace_drops_what_was_stored(shell: Operated) -> None:
    shell.apply("agents: {writer: {description: null}, reader: null}\n")
    assert shell.value("agents.writer.description") == ""
    assert shell.run("config", "explain", "agents.reader", "--json").json["removed_by"] == "stored"
    assert shell.apply("agents: {writer: {model: small}}\n", "--replace").code == 0
    assert (shell.value("agents.writer.description"), shell.value("agents.reader.model")) == ("Writes", "large")


def test_two_who_saw_the_same_revision_do_not_overwrite_one_another(shell: Operated) -> None:
    base = str(shell.number())
    assert shell.apply(SMALLER, "--base", base).code == 0
    answer = shell.apply("agents: {writer: {description: x}}\n", "--base", base, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (1, "stale_revision")
    assert (
        f"revision {shell.number()} was made meanwhile" in answer.stderr and "pointsman config history" in answer.stderr
    )


def test_a_dry_run_only_tells(shell: Operated) -> None:
    before = shell.number()
    answer = shell.apply(SMALLER, "--dry-run", "--json")
    assert (answer.code, answer.json["number"], answer.json["changes"]) == (0, None, [CHANGED])
    refused = shell.apply("agents: {writer: {model: smal}}\n", "--dry-run", "--json")
    assert (refused.code, refused.json["ok"], refused.json["problems"][0]["line"]) == (1, False, 1)
    assert shell.number() == before


def test_json_can_be_applied_too(shell: Operated) -> None:
    assert shell.apply('{"agents": {"writer": {"parameters": {"temperature": 0.7}}}}', name="change.json").code == 0
    assert shell.value("agents.writer.parameters.temperature") == 0.7


def test_wrong_usage_is_told_apart_from_a_refusal(shell: Operated) -> None:
    mkfifo(shell.shell.folder / "pipe")
    shell.shell.write(SMALLER, "change.yaml")
    for words in (
        ["nothere.yaml", "--reason", "x"],
        ["pipe", "--reason", "x"],
        [".", "--reason", "x"],
        ["change.yaml"],
        ["change.yaml", "--reason", " "],
        ["change.yaml", "--reason", "\x1b[1m"],
        ["change.yaml", "--reason", "x" * 1_025],
        ["change.yaml", "--reason", "x", "--base", "-1"],
    ):
        answer = shell.run("apply", *words)
        assert (answer.code, answer.stdout) == (2, ""), words


def test_a_rollback_restores_what_was_stored(shell: Operated) -> None:
    first = shell.number()
    shell.apply(SMALLER)
    answer = shell.do("rollback", str(first), "--reason", "worse", "--json")
    assert answer.json["number"] == first + 2 and shell.value("agents.writer.model") == "large"
    assert "Files are not rolled back" in answer.stderr
    newest = shell.do("config", "history", "--json").json["revisions"][0]
    assert (newest["number"], newest["parent"], newest["reason"]) == (first + 2, first + 1, "worse")
    assert newest["origin"] == "rollback"


def test_an_unknown_revision_cannot_be_rolled_back_to(shell: Operated) -> None:
    before = shell.number()
    for number in ("9999", "99999999999999999999"):
        answer = shell.run("rollback", number, "--json")
        assert (answer.code, answer.json["error"]["code"]) == (1, "not_found")
        assert f"revision {number} is not kept" in answer.stderr
    assert shell.run("rollback", "0").code == 2 and shell.number() == before
