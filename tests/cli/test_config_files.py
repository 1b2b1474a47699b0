"""`pointsman config` on files alone, and written back into files that are still what the gateway read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line
from operated import DOCUMENT, Operated

from pointsman.cli.replace_file import replace_with_backup
from running import RunningGateway, start_gateway

SMALLER = "agents: {writer: {model: small}}\n"
EXPORTED = DOCUMENT.replace("writer: {model: large,", "writer: {model: small,")


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for shell in open_command_line(tmp_path, monkeypatch):
        shell.write(DOCUMENT)
        yield shell


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that names its file as seen from its own folder."""
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "pointsman.yaml").write_text(DOCUMENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with start_gateway(Path("pointsman.yaml"), folder / "home") as running:
            yield running


@pytest.fixture
def shell(gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    for shell in open_command_line(tmp_path, monkeypatch):
        operated = Operated(shell, gateway)
        find_file(gateway).write_text(DOCUMENT)
        operated.do("config", "reload")
        operated.do("config", "clear")
        assert operated.apply(SMALLER).code == 0
        yield operated


def find_file(gateway: RunningGateway) -> Path:
    """Where the gateway's file is for everybody else."""
    return gateway.home.parent / "pointsman.yaml"


def test_without_a_gateway_the_files_tell_and_it_is_said(alone: CommandLine) -> None:
    answer = alone.run("config", "show", "--json")
    assert answer.code == 0 and answer.json["agents"]["writer"]["model"] == "large"
    assert answer.stderr == "No gateway runs here, so this is what the files say.\n"
    found = alone.run("config", "explain", "agents.writer.model", "--json").json
    assert (found["layer"], found["file"], found["line"]) == ("file", "pointsman.yaml", 9)
    assert alone.run("config", "show", "--file").stderr == "Next: pointsman config explain PATH\n"


def test_an_environment_is_shown_with_what_it_shadows(alone: CommandLine) -> None:
    found = alone.run("config", "explain", "agents.writer.model", "--env", "development", "--json").json
    assert (found["value"], found["layer"], found["line"]) == ("small", "environment", 13)
    assert found["shadows"] == [{"layer": "file", "value": "large", "file": "pointsman.yaml", "line": 9}]
    shown = alone.run("config", "show", "--env", "development", "--layer", "environment", "--json").json
    assert shown == {"agents": {"writer": {"model": "small"}}}


def test_an_environment_without_an_overlay_is_told(alone: CommandLine) -> None:
    answer = alone.run("config", "show", "--env", "developmint", "--json")
    assert answer.code == 0 and answer.json["agents"]["writer"]["model"] == "large"
    assert answer.stderr == 'No overlay is named "developmint"; there are development.\n'
    assert alone.run("config", "show", "--env", "production", "--json").stderr == ""


def test_another_file_or_folder_can_be_named(alone: CommandLine) -> None:
    other = alone.write(EXPORTED, "other.yaml")
    found = alone.run("config", "explain", "agents.writer.model", "--config", str(other), "--json").json
    assert (found["value"], found["file"]) == ("small", "other.yaml")
    missing = alone.run("config", "show", "--config", "missing.yaml")
    assert (missing.code, missing.stdout) == (1, "") and "there is no configuration here" in missing.stderr
    alone.write("agents: [", "broken.yaml")
    broken = alone.run("config", "show", "--config", "broken.yaml", "--json")
    assert (broken.code, broken.stdout) == (1, "") and "broken.yaml:" in broken.stderr
    unknown = alone.run("config", "show", "--file", "--layer", "files")
    assert unknown.code == 1 and "there are defaults, catalogue" in unknown.stderr


def test_an_export_is_written_with_a_dated_copy_wherever_the_command_runs(shell: Operated) -> None:
    file = find_file(shell.gateway)
    answer = shell.do("config", "export", "--write", "--json")
    (written,) = answer.json["written"]
    assert answer.json["ok"] and written["file"] == str(file) and file.read_text() == EXPORTED
    assert Path(written["backup"]).read_text() == DOCUMENT
    assert "Next: pointsman config clear --reason exported" in answer.stderr
    assert not (shell.shell.folder / "pointsman.yaml").exists()
    shell.do("config", "reload")
    assert shell.do("config", "drift", "--json").json == {"drift": [], "problems": []}
    again = shell.do("config", "export", "--write", "--json")
    assert again.json["written"] == [] and "There is nothing to write" in again.stderr
    shell.do("config", "clear")
    assert shell.value("agents.writer.model") == "small"


def test_a_file_that_the_gateway_has_not_in_force_is_not_overwritten(shell: Operated) -> None:
    file = find_file(shell.gateway)
    edited = DOCUMENT.replace("model: large", "model: larg")
    file.write_text(edited)
    answer = shell.run("config", "export", "--write", "--json")
    assert (answer.code, answer.json["ok"], answer.json["written"]) == (1, False, [])
    assert f"{file} is not what the gateway has in force" in answer.json["error"]["message"]
    assert file.read_text() == edited


def test_a_file_that_is_not_here_is_said_to_be_the_gateways(shell: Operated) -> None:
    file = find_file(shell.gateway)
    file.rename(file.with_name("away.yaml"))
    answer = shell.run("config", "export", "--write")
    assert (answer.code, answer.stdout) == (1, "")
    assert f"the gateway reads {file}, which is not to be had from here" in answer.stderr
    assert "pointsman config export > change.patch" in answer.stderr and not file.exists()


def test_a_digest_that_no_longer_fits_is_pointed_out(shell: Operated) -> None:
    file = find_file(shell.gateway)
    beside = file.with_name("pointsman.yaml.sha256")
    beside.write_text("0" * 64)
    try:
        answer = shell.do("config", "export", "--write")
        assert f"{beside} does not fit any more: write it anew" in answer.stderr
    finally:
        beside.unlink()


def test_where_the_files_alone_count_nothing_that_is_stored_does(shell: Operated) -> None:
    before = shell.number()
    find_file(shell.gateway).write_text(f"source: file\n{DOCUMENT}")
    shell.do("config", "reload")
    changes = shell.do("config", "diff", str(before), str(shell.number()), "--json").json["changes"]
    assert {each["path"]: (each["old"], each["new"]) for each in changes} == {
        "agents.writer.model": ("small", "large"),
        "source": (None, "file"),
    }
    refused = shell.run("config", "export", "--write")
    assert refused.code == 1 and "the files say `source: file`" in refused.stderr
    locked = shell.apply(SMALLER, "--json")
    assert (locked.code, locked.json["error"]["code"]) == (1, "source_is_file")
    assert shell.value("agents.writer.model") == "large"


def test_a_patch_says_from_where_its_names_are_seen(shell: Operated) -> None:
    answer = shell.do("config", "export")
    assert answer.stdout.startswith("--- a/pointsman.yaml\n+++ b/pointsman.yaml\n")
    assert f"Names are seen from {find_file(shell.gateway).parent}." in answer.stderr


def test_a_file_is_replaced_as_a_whole_through_links_and_with_its_permissions(tmp_path: Path) -> None:
    file, link = tmp_path / "real.yaml", tmp_path / "pointsman.yaml"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    backup = replace_with_backup(link, "new")
    second = replace_with_backup(link, "newer")
    assert link.is_symlink() and file.read_text() == "newer" and file.stat().st_mode & 0o777 == 0o640
    assert backup is not None and second is not None and backup != second
    assert (backup.read_text(), second.read_text()) == ("old", "new")
    assert set(tmp_path.iterdir()) == {file, link, backup, second}
    assert replace_with_backup(tmp_path / "deep" / "fresh.yaml", "x") is None
