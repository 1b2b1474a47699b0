"""A running follower and all that it said, with the real compiler behind it; and what is written for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.control.configuration import Loaded, compile_gathered
from pointsman.control.follow import Follower
from pointsman.control.sources import Gathered

DEADLINE_S = 20.0

PROVIDERS = "providers: {simulated: {}}\n"


def agents(model: str, name: str = "a") -> str:
    return f"agents: {{{name}: {{model: simulated-{model}}}}}\n"


def document(model: str) -> str:
    return PROVIDERS + agents(model)


def rename_over(path: Path, text: str) -> None:
    """Write as careful editors do: beside the file, then over it in one step."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)


@dataclass
class Followed:
    """A follower at work.

    Attributes:
        path: the file or folder.
        applied: the model of agent `a` in each good state that differs from the one before.
        reports: the codes of the problems of each state.
        in_force: the last of them, or of the start.
        fault: what the next taking fails with.
    """

    path: Path
    applied: list[str] = field(default_factory=list)
    reports: list[list[str]] = field(default_factory=list)
    in_force: str = ""
    fault: Exception | None = None
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower(self.path, self.take)

    async def take(self, gathered: Gathered) -> Loaded:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        loaded = await asyncio.to_thread(compile_gathered, gathered, {})
        self.reports.append([problem.code for problem in loaded.problems])
        if loaded.snapshot is not None:
            model = loaded.snapshot.agents["a"].model.removeprefix("simulated-")
            if model != self.in_force:
                self.in_force = model
                self.applied.append(model)
        return loaded

    async def run(self, script: Callable[["Followed"], Awaitable[None]]) -> None:
        task = asyncio.create_task(self.follower.run())
        try:
            # The first look hands on what is there; from then on it is followed.
            await self.until(lambda: bool(self.reports))
            self.reports.clear()
            self.applied.clear()
            await script(self)
            assert not task.done(), task.exception()
        finally:
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=DEADLINE_S)
            assert done, "following does not end when cancelled"
        assert task.cancelled()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not reached():
                await asyncio.sleep(0.01)

    async def until_applied(self, *models: str) -> None:
        await self.until(lambda: self.applied[-len(models) :] == list(models))

    async def until_reported(self, *codes: str) -> None:
        await self.until(lambda: bool(self.reports) and self.reports[-1] == list(codes))


def run_script(path: Path, script: Callable[[Followed], Coroutine[None, None, None]]) -> Followed:
    followed = Followed(path)
    asyncio.run(followed.run(script))
    return followed
