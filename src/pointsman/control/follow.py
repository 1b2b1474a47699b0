"""Follows the configuration file: a good change is applied within a second, a bad one is reported and changes nothing.

The folder is watched and not the file, because an editor's atomic rename puts another file in its place.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

from watchfiles import awatch

from pointsman.control.configuration import Loaded, read_content
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot

STEP_MS = 20
DEBOUNCE_MS = 100
HEARTBEAT_MS = 500
"""How often the file is looked at even without an event: some file systems send none, and a watch may start late."""

SETTLE_S = 0.2
MOST_READS = 25
"""Reads until two in a row are equal; a file that changes for longer is reported and waited for."""

Compile = Callable[[bytes | Problem], Loaded]
Apply = Callable[[Snapshot], None]
Report = Callable[[tuple[Problem, ...]], None]
Signature = tuple[int, int, int] | None


async def follow(active: Loaded, compile_content: Compile, apply: Apply, report: Report) -> None:
    """Follow a file until cancelled.

    Args:
        active: what is in use now, and the file it came from.
        compile_content: compiles what the file holds; runs in a thread.
        apply: takes a good snapshot that differs from the one in use; must not fail.
        report: takes the problems of each new content, `()` once there are none any more.
    """
    revision = active.snapshot.revision if active.snapshot else None
    seen: list[Signature] = []
    async with aclosing(_watch(active.path)) as moments:
        async for _ in moments:
            signature = _sign(active.path)
            if seen == [signature]:
                continue
            seen = [signature]
            content = await _read_settled(active.path)
            try:
                loaded = await asyncio.to_thread(compile_content, content)
            except Exception as error:  # A fault of ours must not end the following; it is reported like any problem.
                message = f"the file could not be compiled: {type(error).__name__}; this is a fault of Pointsman"
                report((Problem(str(active.path), 1, 1, "", "internal_error", "error", message),))
                continue
            report(loaded.problems)
            if loaded.snapshot is not None and loaded.snapshot.revision != revision:
                revision = loaded.snapshot.revision
                apply(loaded.snapshot)


async def _watch(path: Path) -> AsyncGenerator[None, None]:
    """Yields whenever something may have happened to the file, and at every heartbeat."""
    while True:
        folders = _find_folders(path)
        try:
            async with aclosing(_watch_folders(folders)) as events:
                async for _ in events:
                    yield
                    if _find_folders(path) != folders:
                        break
        except OSError:
            # The folder has gone; it is looked for again until it is back.
            yield
            await asyncio.sleep(HEARTBEAT_MS / 1_000)


async def _watch_folders(folders: frozenset[Path]) -> AsyncGenerator[None, None]:
    events = awatch(
        *folders,
        watch_filter=None,
        step=STEP_MS,
        debounce=DEBOUNCE_MS,
        rust_timeout=HEARTBEAT_MS,
        yield_on_timeout=True,
        recursive=False,
    )
    async with aclosing(events):
        async for _ in events:
            yield


def _find_folders(path: Path) -> frozenset[Path]:
    """The file's folder, and that of the file which a symbolic link leads to."""
    return frozenset((path.absolute().parent, path.resolve().parent))


def _sign(path: Path) -> Signature:
    """What changes whenever the file does, or `None` while there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


async def _read_settled(path: Path) -> bytes | Problem:
    """Read until two reads in a row are equal, so that a half-written file is never compiled."""
    before = read_content(path)
    for _ in range(MOST_READS):
        await asyncio.sleep(SETTLE_S)
        content = read_content(path)
        if content == before:
            return content
        before = content
    return Problem(str(path), 1, 1, "", "unstable_file", "error", "the file keeps changing; the next look will tell")
