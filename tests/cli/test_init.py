"""`pointsman init`: a file from the keys found, that `check` passes, and that never holds a key."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

from pointsman.control.configuration import load_catalog, load_configuration

SECRET = "a-very-secret-value"
PROVIDERS = load_catalog().providers
VARIABLES = sorted(name for known in PROVIDERS.values() if known.base_url for name in known.key_variables)
AWAY = sorted(name for known in PROVIDERS.values() if not known.base_url for name in known.key_variables)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    yield from open_command_line(tmp_path, monkeypatch)


def read(shell: CommandLine) -> str:
    return (shell.folder / "pointsman.yaml").read_text()


def test_without_any_key_the_simulated_provider_is_used(shell: CommandLine) -> None:
    answer = shell.run("init")
    assert answer.code == 0
    wrote = "Wrote pointsman.yaml, and pointsman.schema.json for your editor."
    assert answer.stdout.endswith(f"{wrote} Next: pointsman check pointsman.yaml\n")
    loaded = load_configuration(shell.folder / "pointsman.yaml", {})
    assert loaded.problems == ()
    assert loaded.snapshot is not None
    assert loaded.snapshot.agents["orchestrator"].model == "simulated-large"


@pytest.mark.parametrize("variable", VARIABLES)
def test_each_provider_is_found_by_each_of_its_variables(shell: CommandLine, variable: str) -> None:
    assert shell.run("init", **{variable: SECRET}).code == 0
    assert SECRET not in read(shell)
    assert f"found by {variable}" in read(shell)
    assert shell.run("check", "--strict", **{variable: SECRET}).code == 0


@pytest.mark.parametrize("variable", AWAY)
def test_a_key_alone_is_not_enough_where_each_customer_has_an_address(shell: CommandLine, variable: str) -> None:
    found = shell.run("init", "--json", **{variable: SECRET}).json["providers"]
    assert [provider["name"] for provider in found] == ["simulated"]


def test_all_providers_together_make_one_good_file_with_fallbacks_across_them(shell: CommandLine) -> None:
    environ = dict.fromkeys(VARIABLES, SECRET) | {"OLLAMA_HOST": "127.0.0.1:11434"}
    answer = shell.run("init", "--json", **environ)
    found = [provider["name"] for provider in answer.json["providers"]]
    cloud = [name for name, known in PROVIDERS.items() if known.location == "cloud" and known.base_url]
    assert sorted(found) == sorted([*cloud, "ollama"])
    assert shell.run("check", "--strict", **environ).code == 0
    loaded = load_configuration(shell.folder / "pointsman.yaml", environ)
    assert loaded.snapshot is not None
    agent = loaded.snapshot.agents["orchestrator"]
    assert len({loaded.snapshot.models[name].deployment.provider for name in (agent.model, *agent.fallback)}) == len(
        found
    )


def test_an_address_alone_does_not_make_a_cloud_provider_usable(shell: CommandLine) -> None:
    assert shell.run("init", "--json", GRADIENT_BASE_URL="https://x.example/v1").json["providers"] == [
        {"name": "simulated", "variable": None}
    ]


def test_a_file_that_is_there_is_kept_unless_forced(shell: CommandLine) -> None:
    shell.write("mine")
    answer = shell.run("init")
    assert (answer.code, answer.stdout, read(shell)) == (1, "", "mine")
    assert "--force replaces it" in answer.stderr
    assert shell.run("init", "--force").code == 0
    assert read(shell) != "mine"
    assert sorted(file.name for file in shell.folder.iterdir()) == ["pointsman.schema.json", "pointsman.yaml"]


def test_it_writes_where_it_is_told(shell: CommandLine) -> None:
    assert shell.run("init", "--config", "config/pointsman.yaml").code == 0
    assert shell.run("init", POINTSMAN_CONFIG="elsewhere.yaml").code == 0
    assert shell.run("check").code == 0
    assert shell.run("check", "elsewhere.yaml").code == 0


def test_the_first_line_names_the_schema_that_lies_beside(shell: CommandLine) -> None:
    answer = shell.run("init", "--config", "config/pointsman.yaml", "--json")
    document = (shell.folder / answer.json["path"]).read_text()
    name = document.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = shell.folder / "config" / name
    assert str(schema.relative_to(shell.folder)) == answer.json["schema"]
    assert schema.read_text() == shell.run("schema").stdout


def test_a_schema_of_an_older_version_is_replaced_and_a_file_of_the_users_is_not(shell: CommandLine) -> None:
    shell.write('{"title": "pointsman.yaml", "old": true}', "pointsman.schema.json")
    assert shell.run("init").code == 0
    assert "old" not in json.loads((shell.folder / "pointsman.schema.json").read_text())
    for number, theirs in enumerate(('{"title": "theirs"}', "no JSON", "[]")):
        shell.write(theirs, "pointsman.schema.json")
        answer = shell.run("init", "--config", f"other{number}.yaml")
        assert (answer.code, answer.stdout) == (1, "")
        assert "pointsman.schema.json is there already and not ours" in answer.stderr
        assert (shell.folder / "pointsman.schema.json").read_text() == theirs
        assert not (shell.folder / f"other{number}.yaml").exists()
    assert shell.run("init", "--force").code == 0
    assert json.loads((shell.folder / "pointsman.schema.json").read_text())["title"] == "pointsman.yaml"
