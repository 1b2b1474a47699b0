"""Configurations of several files are followed as one: every part counts, and no mixture comes into force."""

import asyncio
import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest
from following import PROVIDERS, Followed, agents, document, rename_over, run_script


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "environments").mkdir(parents=True)
    (folder / "providers.yaml").write_text(PROVIDERS)
    (folder / "agents.yaml").write_text(agents("large"))
    return folder


def test_each_file_of_a_folder_is_followed_and_new_ones_join(folder: Path) -> None:
    async def script(followed: Followed) -> None:
        rename_over(folder / "agents.yaml", agents("small"))
        await followed.until_applied("small")
        (folder / "environments/production.yaml").write_text(agents("local"))
        await followed.until_applied("local")
        (folder / "environments/production.yaml").unlink()
        await followed.until_applied("small")
        (folder / "broken.yaml").write_text("agnets: {}\n")
        await followed.until_reported("unknown_key")
        (folder / "broken.yaml").unlink()
        await followed.until_reported()

    assert run_script(folder, script).applied == ["small", "local", "small"]


def test_a_folder_for_environments_may_come_later(folder: Path) -> None:
    (folder / "environments").rmdir()

    async def script(followed: Followed) -> None:
        (folder / "environments").mkdir()
        (folder / "environments/production.yaml").write_text(agents("small"))
        await followed.until_applied("small")
        rename_over(folder / "environments/production.yaml", agents("local"))
        await followed.until_applied("local")

    run_script(folder, script)


def test_included_files_are_followed_and_so_are_those_that_a_pattern_finds_later(tmp_path: Path) -> None:
    path, parts = tmp_path / "pointsman.yaml", tmp_path / "parts"
    parts.mkdir()
    path.write_text(f"include: ['parts/*.yaml']\n{PROVIDERS}")
    (parts / "a.yaml").write_text(agents("large"))

    async def script(followed: Followed) -> None:
        rename_over(parts / "a.yaml", agents("small"))
        await followed.until_applied("small")
        (parts / "b.yaml").write_text(agents("large", "a"))
        await followed.until_reported("duplicate_name")
        (parts / "a.yaml").unlink()
        await followed.until_applied("large")
        shutil.rmtree(parts)
        await followed.until_reported("invalid_include")
        parts.mkdir()
        rename_over(parts / "c.yaml", agents("local"))
        await followed.until_applied("local")

    assert run_script(path, script).applied == ["small", "large", "local"]


def test_a_link_to_a_folder_may_be_turned(tmp_path: Path, folder: Path) -> None:
    link, other = tmp_path / "current", tmp_path / "v2"
    link.symlink_to("config")
    shutil.copytree(folder, other)
    (other / "agents.yaml").write_text(agents("small"))

    async def script(followed: Followed) -> None:
        (tmp_path / "next").symlink_to("v2")
        (tmp_path / "next").replace(link)
        await followed.until_applied("small")
        rename_over(other / "agents.yaml", agents("local"))
        await followed.until_applied("local")

    run_script(link, script)


def test_a_configmap_of_several_files_changes_as_a_whole(tmp_path: Path) -> None:
    def write_version(name: str, model: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "models.yaml").write_text(
            f"{PROVIDERS}models: {{chosen: {{provider: simulated, model_id: simulated-{model}}}}}\n"
        )
        (tmp_path / name / "agents.yaml").write_text(agents(model))

    write_version("..v0", "large")
    (tmp_path / "..data").symlink_to("..v0")
    for name in ("models.yaml", "agents.yaml"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    models = ["small", "local", "large"]

    async def script(followed: Followed) -> None:
        for number, model in enumerate(models, 1):
            write_version(f"..v{number}", model)
            (tmp_path / "..data_tmp").symlink_to(f"..v{number}")
            (tmp_path / "..data_tmp").replace(tmp_path / "..data")
            shutil.rmtree(tmp_path / f"..v{number - 1}")
            await followed.until_applied(model)

    followed = run_script(tmp_path, script)
    assert followed.applied == models
    assert all(report == [] for report in followed.reports)


def test_two_files_that_change_one_after_the_other_come_into_force_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than usual, so that a busy machine does not come between the two.
    monkeypatch.setattr("pointsman.control.follow.SETTLE_S", 1.0)
    (folder / "models.yaml").write_text("models: {old: {provider: simulated}}\n")
    (folder / "agents.yaml").write_text("agents: {a: {model: old}}\n")

    async def script(followed: Followed) -> None:
        (folder / "models.yaml").write_text("models: {new: {provider: simulated}}\n")
        await asyncio.sleep(0.05)
        (folder / "agents.yaml").write_text("agents: {a: {model: new}}\n")
        await followed.until_applied("new")

    followed = run_script(folder, script)
    assert (followed.applied, followed.reports) == (["new"], [[]])


def test_a_file_may_become_a_folder_and_a_file_again(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))

    async def script(followed: Followed) -> None:
        path.unlink()
        path.mkdir()
        await followed.until(lambda: bool(followed.reports) and followed.reports[-1] == ["file_missing"])
        (path / "a.yaml").write_text(document("small"))
        await followed.until_applied("small")
        shutil.rmtree(path)
        rename_over(path, document("local"))
        await followed.until_applied("local")

    run_script(path, script)


def test_what_is_vouched_for_is_taken_and_what_is_not_yet_is_waited_for(tmp_path: Path) -> None:
    path, beside = tmp_path / "pointsman.yaml", tmp_path / "pointsman.yaml.sha256"
    path.write_text(document("large"))
    beside.write_text(sha256(path.read_bytes()).hexdigest())

    async def script(followed: Followed) -> None:
        # Half of a file that would be good as it stands; a pause this long would pass for an end without the digest.
        whole = document("small") + "models: {extra: {provider: simulated, model_id: simulated-small}}\n"
        path.write_text(document("small"))
        await asyncio.sleep(0.7)
        path.write_text(whole)
        beside.write_text(sha256(whole.encode()).hexdigest())
        await followed.until_applied("small")

    followed = run_script(path, script)
    assert (followed.applied, followed.reports) == (["small"], [[]])


def test_a_digest_that_never_fits_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.control.follow.MOST_READS", 2)
    path, beside = tmp_path / "pointsman.yaml", tmp_path / "pointsman.yaml.sha256"
    path.write_text(document("large"))

    async def script(followed: Followed) -> None:
        beside.write_text("0" * 64)
        await followed.until_reported("unstable_file")
        beside.unlink()
        await followed.until_reported()

    assert run_script(path, script).reports == [["unstable_file"], []]


def test_permissions_are_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))

    async def script(followed: Followed) -> None:
        path.chmod(0o666)
        await followed.until_reported("insecure_permissions")
        path.chmod(0o644)
        await followed.until_reported()

    run_script(path, script)


def test_a_reload_tells_what_came_of_it_and_a_look_is_taken_without_any_change(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))

    async def script(followed: Followed) -> None:
        first = await followed.follower.reload()
        assert first.snapshot is not None
        rename_over(path, "agents: [")
        bad = await followed.follower.reload()
        assert (bad.snapshot, [problem.code for problem in bad.problems]) == (None, ["yaml_syntax"])
        rename_over(path, document("small"))
        answers = await asyncio.gather(*(followed.follower.reload() for _ in range(20)))
        assert {answer.snapshot and answer.snapshot.agents["a"].model for answer in answers} == {"simulated-small"}
        assert followed.in_force == "small"
        looks = len(followed.reports)
        assert looks <= 5
        followed.follower.look_now()
        await followed.until(lambda: len(followed.reports) > looks)

    run_script(path, script)


def test_a_reload_that_nobody_can_answer_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))
    left: list[asyncio.Future[object]] = []

    async def script(followed: Followed) -> None:
        left.append(asyncio.ensure_future(followed.follower.reload()))
        await asyncio.sleep(0)

    async def reload_beyond_the_end() -> None:
        followed = Followed(path)
        await followed.run(script)
        with pytest.raises(asyncio.CancelledError):
            await left[0]
        monkeypatch.setattr("pointsman.control.follow.RELOAD_WITHIN_S", 0.01)
        with pytest.raises(TimeoutError):
            await followed.follower.reload()

    asyncio.run(reload_beyond_the_end())


def test_a_fault_of_ours_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))

    async def script(followed: Followed) -> None:
        followed.fault = sqlite3.OperationalError("database is locked")
        rename_over(path, document("small"))
        await followed.until_reported("internal_error")
        await followed.until_applied("small")

    assert run_script(path, script).reports == [["internal_error"], []]
    assert "could not be taken over" in caplog.text
