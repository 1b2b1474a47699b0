"""Edits as editors, deploy tools and Kubernetes make them: applied when good, reported when bad, never half."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from following import Followed, document, rename_over, run_script


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))
    return path


def test_atomic_renames_and_writes_in_place_are_applied(path: Path) -> None:
    async def script(followed: Followed) -> None:
        rename_over(path, document("small"))
        await followed.until_applied("small")
        path.write_text(document("local"))
        await followed.until_applied("local")
        rename_over(path, document("large"))
        await followed.until_applied("large")

    assert run_script(path, script).applied == ["small", "local", "large"]


def save_over_a_copy(path: Path, text: str) -> None:
    """As vim does by default: the old file becomes the copy, and a new one takes its name."""
    path.replace(path.with_name(path.name + "~"))
    path.write_text(text)


def empty_then_fill(path: Path, text: str) -> None:
    """As an editor that writes in place does."""
    with path.open("w") as file:
        file.flush()
        file.write(text)


def fill_then_cut(path: Path, text: str) -> None:
    with path.open("r+") as file:
        file.write(text)
        file.flush()
        file.truncate()


def rename_an_older_file(path: Path, text: str) -> None:
    """As a deployment that keeps the times of files does."""
    draft = path.with_name("draft")
    draft.write_text(text)
    os.utime(draft, ns=(0, 0))
    draft.replace(path)


@pytest.mark.parametrize("save", [save_over_a_copy, empty_then_fill, fill_then_cut, rename_an_older_file])
def test_every_way_of_saving_is_noticed(path: Path, save: Callable[[Path, str], None]) -> None:
    async def script(followed: Followed) -> None:
        for model in ("small", "local", "large", "small"):
            save(path, document(model))
            await followed.until_applied(model)

    followed = run_script(path, script)
    assert followed.applied == ["small", "local", "large", "small"]
    assert all(report == [] for report in followed.reports)


def test_a_bad_change_is_reported_and_changes_nothing(path: Path) -> None:
    async def script(followed: Followed) -> None:
        rename_over(path, document("large").replace("agents", "agnets"))
        await followed.until_reported("unknown_key")
        rename_over(path, document("large"))
        await followed.until_reported()
        rename_over(path, "# a comment only\n" + document("large"))
        await followed.until(lambda: len(followed.reports) == 3)

    assert run_script(path, script).applied == []


def test_a_file_written_in_pieces_is_not_read_before_it_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than usual, so that a busy machine makes no pause look like the end.
    monkeypatch.setattr("pointsman.control.follow.SETTLE_S", 1.0)

    async def script(followed: Followed) -> None:
        text = document("small")
        with path.open("w") as file:
            for piece in (text[:10], text[10:40], text[40:]):
                file.write(piece)
                file.flush()
                await asyncio.sleep(0.05)
        await followed.until_applied("small")

    assert run_script(path, script).reports == [[]]


def test_deletion_is_reported_and_the_return_applied(path: Path) -> None:
    async def script(followed: Followed) -> None:
        path.unlink()
        await followed.until_reported("file_missing")
        path.write_text(document("small"))
        await followed.until_applied("small")

    assert run_script(path, script).applied == ["small"]


def test_the_folder_may_go_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "pointsman.yaml"
    path.write_text(document("large"))

    async def script(followed: Followed) -> None:
        shutil.rmtree(folder)
        await followed.until_reported("file_missing")
        folder.mkdir()
        rename_over(path, document("small"))
        await followed.until_applied("small")
        rename_over(path, document("local"))
        await followed.until_applied("local")

    run_script(path, script)


def test_kubernetes_swaps_a_symbolic_link_to_a_folder(tmp_path: Path) -> None:
    for version, model in (("v1", "large"), ("v2", "small")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "pointsman.yaml").write_text(document(model))
    (tmp_path / "..data").symlink_to("v1")
    path = tmp_path / "pointsman.yaml"
    path.symlink_to("..data/pointsman.yaml")

    async def script(followed: Followed) -> None:
        (tmp_path / "..next").symlink_to("v2")
        (tmp_path / "..next").replace(tmp_path / "..data")
        await followed.until_applied("small")
        # The link leads elsewhere now; edits there count.
        (tmp_path / "v2/pointsman.yaml").write_text(document("local"))
        await followed.until_applied("local")

    run_script(path, script)


def test_other_files_of_the_folder_cause_no_work(path: Path) -> None:
    async def script(followed: Followed) -> None:
        for number in range(20):
            path.with_name(f"other{number}.log").write_text("x")
        rename_over(path, document("small"))
        await followed.until_applied("small")

    assert len(run_script(path, script).reports) == 1


def test_a_file_that_never_rests_is_reported_and_followed_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.control.follow.MOST_READS", 3)

    async def script(followed: Followed) -> None:
        stop = asyncio.Event()

        async def scribble() -> None:
            number = 0
            while not stop.is_set():
                path.write_text(f"# {number}\n")
                number += 1
                await asyncio.sleep(0.03)

        scribbling = asyncio.create_task(scribble())
        await followed.until(lambda: ["unstable_file"] in followed.reports)
        stop.set()
        await scribbling
        rename_over(path, document("small"))
        await followed.until_applied("small")

    assert run_script(path, script).applied == ["small"]
