"""`pointsman config`: what is in force, where each value comes from, how it came to be, and back into the files."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from operated import DOCUMENT, Operated, open_beside, operate

from running import RunningGateway

SMALLER = "agents: {writer: {model: small}}\n"
REVISION_KEYS = {"number", "parent", "author", "reason", "at", "id"}
ORIGIN_KEYS = {"path", "value", "layer", "file", "line", "author", "reason", "since", "expires_at", "shadows"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with operate(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def shell(gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    yield from open_beside(gateway, tmp_path, monkeypatch)


def test_show_prints_the_document_in_force_as_yaml_or_json(shell: Operated) -> None:
    shell.apply(SMALLER)
    answer = shell.do("config", "show")
    assert "writer: {model: small, description: Writes}" in answer.stdout
    assert "environments" not in answer.stdout and "Next: pointsman config explain PATH" in answer.stderr
    assert shell.do("config", "show", "--json").json["agents"]["writer"] == {"model": "small", "description": "Writes"}


def test_show_prints_one_layer(shell: Operated) -> None:
    assert shell.do("config", "show", "--layer", "stored").stdout == "{}\n"
    shell.apply("agents: {writer: {model: small}, reader: null}\n")
    stored = {"agents": {"writer": {"model": "small"}, "reader": None}}
    assert shell.do("config", "show", "--layer", "stored", "--json").json == stored
    assert shell.do("config", "show", "--layer", "file", "--json").json["agents"]["writer"]["model"] == "large"
    assert shell.do("config", "show", "--layer", "defaults", "--json").json["agents"]["writer"]["tags"] == []
    refused = shell.run("config", "show", "--layer", "stord")
    assert (refused.code, refused.stdout) == (1, "") and "there are defaults, catalogue" in refused.stderr


def test_explain_holds_the_keys_that_scripts_rely_on(shell: Operated) -> None:
    shell.apply(SMALLER)
    found = shell.do("config", "explain", "agents.writer.model", "--json").json
    assert found.keys() >= ORIGIN_KEYS
    assert (found["path"], found["value"], found["layer"]) == ("agents.writer.model", "small", "stored")
    assert (found["file"], found["line"], found["reason"]) == (None, None, "a test")
    assert found["author"] and found["since"] and found["expires_at"] is None
    file = str(shell.gateway.config)
    assert found["shadows"] == [{"layer": "file", "value": "large", "file": file, "line": 9}]


@pytest.mark.parametrize(
    ("path", "value", "layer"),
    [
        ("models.gpt-4.1.model_id", "here-4", "file"),
        ('models["gpt-4.1"].model_id', "here-4", "file"),
        ("models['gpt-4.1'].model_id", "here-4", "file"),
        ("agents.reader.fallback[1]", "gpt-4.1", "file"),
        ("agents.reader.tags", [], "defaults"),
    ],
)
def test_paths_may_be_written_in_any_usual_way(shell: Operated, path: str, value: object, layer: str) -> None:
    found = shell.do("config", "explain", path, "--json").json
    assert (found["value"], found["layer"]) == (value, layer)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("agents.wirter.model", "agents.writer.model"),
        ("agents.writer.modle", "agents.writer.model"),
        ("agnets", "agents"),
        ("agents.reader.fallback[7]", "agents.reader.fallback"),
    ],
)
def test_an_unknown_path_is_told_what_was_meant(shell: Operated, path: str, meant: str) -> None:
    for words in ([], ["--json"], ["--config", str(shell.gateway.config)]):
        answer = shell.run("config", "explain", path, *words)
        assert (answer.code, answer.stdout) == (1, "")
        assert f'nothing is said at "{path}"; did you mean "{meant}"?' in answer.stderr
    assert shell.run("config", "explain", "").code == 2


def test_a_mapping_is_explained_value_by_value(shell: Operated) -> None:
    shell.apply(SMALLER)
    lines = shell.do("config", "explain", "agents.writer").stdout.splitlines()
    assert lines[0] == "agents.writer:"
    assert any(line.split() == ["model:", '"small"', "stored"] for line in lines)
    assert any(line.split() == ["description:", '"Writes"', "file", f"({shell.gateway.config}:9)"] for line in lines)
    assert lines[-2].endswith("defaults") and lines[-1].startswith("Next: pointsman config explain agents.writer.")


def test_explain_tells_who_took_a_value_away(shell: Operated) -> None:
    shell.apply("agents: {reader: null}\n")
    text = shell.do("config", "explain", "agents.reader.model").stdout
    assert text.startswith("agents.reader.model: null\n  taken away by stored\n  by ")
    assert f'instead of "large" from file ({shell.gateway.config}:10)' in text


def test_history_lists_the_newest_first_page_by_page(shell: Operated) -> None:
    shell.apply(SMALLER)
    shell.apply("agents: {writer: {description: x}}\n")
    newest = shell.number()
    answer = shell.do("config", "history", "--limit", "2", "--json").json
    assert all(each.keys() >= REVISION_KEYS for each in answer["revisions"])
    assert [each["number"] for each in answer["revisions"]] == [newest, newest - 1]
    assert [each["parent"] for each in answer["revisions"]] == [newest - 1, newest - 2]
    text = shell.do("config", "history", "--limit", "2")
    assert text.stdout.splitlines()[0].endswith("a test")
    assert f"pointsman config history --before {answer['next_before']}" in text.stderr
    older = shell.do("config", "history", "--before", str(answer["next_before"]), "--limit", "1", "--json").json
    assert older["revisions"][0]["number"] == newest - 2
    assert shell.run("config", "history", "--limit", "0").code == 2


def test_diff_tells_two_revisions_apart(shell: Operated) -> None:
    first = shell.number()
    shell.apply(SMALLER)
    changes = [{"path": "agents.writer.model", "kind": "changed", "old": "large", "new": "small"}]
    assert shell.do("config", "diff", str(first), str(first + 1), "--json").json["changes"] == changes
    text = shell.do("config", "diff", str(first + 1), str(first)).stdout
    assert text == '- agents.writer.model: "small"\n+ agents.writer.model: "large"\n'
    assert shell.do("config", "diff", str(first), str(first)).stdout == "Both say the same.\n"
    assert shell.run("config", "diff", str(first), "9999").code == 1


def test_drift_lists_what_the_files_do_not_say(shell: Operated) -> None:
    assert shell.do("config", "drift", "--json").json == {"drift": [], "problems": []}
    assert "What is in force is what the files say." in shell.do("config", "drift").stderr
    shell.apply(SMALLER)
    shell.do("override", "agent", "reader", "--model", "small", "--reason", "x", "--for", "1h")
    found = {each["path"]: each for each in shell.do("config", "drift", "--json").json["drift"]}
    assert {path: each["layer"] for path, each in found.items()} == {
        "agents.writer.model": "stored",
        "agents.reader.model": "override",
    }
    text = shell.do("config", "drift")
    assert 'agents.writer.model: the files say "large", in force is "small" (stored, by ' in text.stdout
    assert "2 values differ from the files." in text.stderr


def test_clear_drops_what_was_stored(shell: Operated) -> None:
    shell.apply(SMALLER)
    assert shell.do("config", "clear", "--reason", "enough", "--json").json["ok"]
    assert shell.value("agents.writer.model") == "large"


def test_an_export_is_a_patch_that_git_takes(shell: Operated) -> None:
    empty = shell.do("config", "export")
    assert empty.stdout == "" and "Nothing to export" in empty.stderr
    shell.apply(SMALLER)
    patch = shell.do("config", "export").stdout
    assert "-  writer: {model: large, description: Writes}   # of everything\n" in patch
    assert "+  writer: {model: small, description: Writes}   # of everything\n" in patch
    target = shell.shell.write(DOCUMENT)
    subprocess.run(["patch", "-s", str(target)], input=patch, text=True, check=True, timeout=10)
    assert target.read_text() == DOCUMENT.replace("writer: {model: large,", "writer: {model: small,")
    answer = shell.do("config", "export", "--json").json
    assert (answer["patch"], answer["values"]) == (patch, 1)
    assert answer["files"][0]["content"] == target.read_text()


def test_reload_reads_the_files_now_and_says_what_is_wrong_with_them(shell: Operated) -> None:
    text = shell.gateway.config.read_text()
    try:
        shell.gateway.config.write_text(text.replace("{model: large, fallback", "{model: larg, fallback"))
        refused = shell.run("config", "reload", "--json")
        assert (refused.code, refused.json["ok"]) == (1, False)
        assert refused.json["problems"][0]["line"] == 10 and refused.json["problems"][0]["suggestion"] == "large"
        assert refused.json["error"]["code"] == "configuration_refused"
        told = shell.run("config", "reload")
        assert (told.code, told.stdout) == (1, "")
        assert f"{shell.gateway.config}:10:19 agents.reader.model: unknown model" in told.stderr
    finally:
        shell.gateway.config.write_text(text)
    assert shell.do("config", "reload", "--json").json["ok"]
    assert "read the files, and nothing differs: revision" in shell.do("config", "reload").stderr
