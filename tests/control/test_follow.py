"""Edits as editors, deploy tools and Kubernetes make them: applied when good, reported when bad, never half."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pointsman.control.configuration import Loaded, compile_content, load_configuration
from pointsman.control.follow import follow
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot

DEADLINE_S = 10.0


def document(model: str) -> str:
    return f"providers: {{simulated: {{}}}}\nagents: {{a: {{model: simulated-{model}}}}}\n"


@dataclass
class Follower:
    """A running `follow` and all that it said."""

    path: Path
    applied: list[str] = field(default_factory=list)
    reports: list[list[str]] = field(default_factory=list)

    def compile(self, content: bytes | Problem) -> Loaded:
        return compile_content(self.path, content, {})

    def apply(self, snapshot: Snapshot) -> None:
        self.applied.append(snapshot.agents["a"].model.removeprefix("simulated-"))

    def report(self, problems: tuple[Problem, ...]) -> None:
        self.reports.append([problem.code for problem in problems])

    async def run(self, script: Callable[["Follower"], Awaitable[None]]) -> None:
        active = load_configuration(self.path, {})
        task = asyncio.create_task(follow(active, self.compile, self.apply, self.report))
        try:
            # The first look reports once; from then on the file is followed.
            await self.until(lambda: bool(self.reports))
            self.reports.clear()
            await script(self)
            assert not task.done(), task.exception()
        finally:
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=DEADLINE_S)
            assert done, "follow does not end when cancelled"
        assert task.cancelled()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not reached():
                await asyncio.sleep(0.01)

    async def until_applied(self, *models: str) -> None:
        await self.until(lambda: self.applied[-len(models) :] == list(models))

    async def until_reported(self, *codes: str) -> None:
        await self.until(lambda: bool(self.reports) and self.reports[-1] == list(codes))


def run_script(path: Path, script: Callable[[Follower], Coroutine[None, None, None]]) -> Follower:
    follower = Follower(path)
    asyncio.run(follower.run(script))
    return follower


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pointsman.yaml"
    path.write_text(document("large"))
    return path


def rename_over(path: Path, text: str) -> None:
    draft = path.with_name(".draft")
    draft.write_text(text)
    draft.replace(path)


def test_atomic_renames_and_writes_in_place_are_applied(path: Path) -> None:
    async def script(follower: Follower) -> None:
        rename_over(path, document("small"))
        await follower.until_applied("small")
        path.write_text(document("local"))
        await follower.until_applied("local")
        rename_over(path, document("large"))
        await follower.until_applied("large")

    assert run_script(path, script).applied == ["small", "local", "large"]


def test_a_bad_change_is_reported_and_changes_nothing(path: Path) -> None:
    async def script(follower: Follower) -> None:
        rename_over(path, document("large").replace("agents", "agnets"))
        await follower.until_reported("unknown_key")
        rename_over(path, document("large"))
        await follower.until_reported()
        rename_over(path, "# a comment only\n" + document("large"))
        await follower.until(lambda: len(follower.reports) == 3)

    assert run_script(path, script).applied == []


def test_a_file_written_in_pieces_is_not_read_before_it_is_whole(path: Path) -> None:
    async def script(follower: Follower) -> None:
        text = document("small")
        with path.open("w") as file:
            for piece in (text[:10], text[10:40], text[40:]):
                file.write(piece)
                file.flush()
                await asyncio.sleep(0.05)
        await follower.until_applied("small")

    assert run_script(path, script).reports == [[]]


def test_deletion_is_reported_and_the_return_applied(path: Path) -> None:
    async def script(follower: Follower) -> None:
        path.unlink()
        await follower.until_reported("file_missing")
        path.write_text(document("small"))
        await follower.until_applied("small")

    assert run_script(path, script).applied == ["small"]


def test_the_folder_may_go_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "pointsman.yaml"
    path.write_text(document("large"))

    async def script(follower: Follower) -> None:
        shutil.rmtree(folder)
        await follower.until_reported("file_missing")
        folder.mkdir()
        rename_over(path, document("small"))
        await follower.until_applied("small")
        rename_over(path, document("local"))
        await follower.until_applied("local")

    run_script(path, script)


def test_kubernetes_swaps_a_symbolic_link_to_a_folder(tmp_path: Path) -> None:
    for version, model in (("v1", "large"), ("v2", "small")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "pointsman.yaml").write_text(document(model))
    (tmp_path / "..data").symlink_to("v1")
    path = tmp_path / "pointsman.yaml"
    path.symlink_to("..data/pointsman.yaml")

    async def script(follower: Follower) -> None:
        (tmp_path / "..next").symlink_to("v2")
        (tmp_path / "..next").replace(tmp_path / "..data")
        await follower.until_applied("small")
        # The link leads elsewhere now; edits there count.
        (tmp_path / "v2/pointsman.yaml").write_text(document("local"))
        await follower.until_applied("local")

    run_script(path, script)


def test_other_files_of_the_folder_cause_no_work(path: Path) -> None:
    async def script(follower: Follower) -> None:
        for number in range(20):
            path.with_name(f"other{number}.log").write_text("x")
        rename_over(path, document("small"))
        await follower.until_applied("small")

    assert len(run_script(path, script).reports) == 1


def test_a_file_that_never_rests_is_reported_and_followed_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.control.follow.MOST_READS", 3)

    async def script(follower: Follower) -> None:
        stop = asyncio.Event()

        async def scribble() -> None:
            number = 0
            while not stop.is_set():
                path.write_text(f"# {number}\n")
                number += 1
                await asyncio.sleep(0.03)

        scribbling = asyncio.create_task(scribble())
        await follower.until(lambda: ["unstable_file"] in follower.reports)
        stop.set()
        await scribbling
        rename_over(path, document("small"))
        await follower.until_applied("small")

    assert run_script(path, script).applied == ["small"]
