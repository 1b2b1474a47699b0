"""A relay inside a program, without a gateway: the same parts, with books in memory or in a home directory."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointsman.assembly.books import Books
from pointsman.assembly.control import Control, keep_in_time, take_control
from pointsman.assembly.kept import open_kept
from pointsman.assembly.memory_books import MemoryBooks, ProgramLog
from pointsman.assembly.outside import Outside, build_relay, open_outside
from pointsman.assembly.settings import ServeSettings
from pointsman.control.allotments import Allotments
from pointsman.control.configuration import Loaded
from pointsman.control.home import hold_home
from pointsman.control.sources import Gathered
from pointsman.control.startup import FoundFiles
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.ports import Secrets
from pointsman.core.routing.facts import ForcedModel
from pointsman.relay.call import Relay
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.telemetry.metrics import Metrics

Take = Callable[[Gathered, Loaded], Coroutine[Any, Any, tuple[Problem, ...]]]


class LateSecrets:
    """Secrets of a program, which may set its environment variables later than it begins.

    Args:
        environ: looked at anew when a secret is asked for that is not there yet.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known = EnvironmentSecrets(environ)

    def __repr__(self) -> str:
        return "LateSecrets(...)"

    def reveal(self, reference: str) -> str | None:
        """The value behind a reference, or `None` when it is not set now either."""
        value = self._known.reveal(reference)
        if value is None:
            self._known = EnvironmentSecrets(self._environ)
            value = self._known.reveal(reference)
        return value


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a program starts with.

    Attributes:
        gathered: the files of its configuration.
        loaded: what they come to; has a snapshot.
        environ: the process's environment variables.
        home: where the books are kept as a gateway keeps them, or `None` for nowhere.
    """

    gathered: Gathered
    loaded: Loaded
    environ: Mapping[str, str] = field(repr=False)
    home: Path | None = None


@dataclass(frozen=True, slots=True)
class InProcess:
    """A relay, and what belongs to it.

    Attributes:
        relay: answers calls.
        secrets: provider keys.
        metrics: what was counted.
        pin: gives the configuration in force.
        take: puts other files into force; answers what kept them from it, or `()`.
        list_descriptors: the file descriptors of connections to providers.
    """

    relay: Relay
    secrets: Secrets
    metrics: Metrics
    pin: Callable[[], Snapshot]
    take: Take
    list_descriptors: Callable[[], list[int]]


@asynccontextmanager
async def open_in_process(wanted: Wanted) -> AsyncIterator[InProcess]:
    """Start a relay; everything is let go of at the end, and what is kept on disk has been written by then.

    Raises:
        ConfigurationRefused: what a home directory has stored does not fit the files.
        NamesUnavailable: names are to be found, and their library is missing.
        HomeRefused, UnusableDatabase: the home directory cannot be used, or a gateway holds it.
    """
    secrets = LateSecrets(wanted.environ)
    async with AsyncExitStack() as stack:
        if wanted.home is None:
            yield await _open_in_memory(stack, wanted, secrets)
        else:
            yield await _open_at_home(stack, wanted, wanted.home, secrets)


async def _open_in_memory(stack: AsyncExitStack, wanted: Wanted, secrets: Secrets) -> InProcess:
    snapshot = _snapshot_of(wanted.loaded)
    outside, books = await open_outside(stack, snapshot.settings, secrets), MemoryBooks()
    await books.follow(snapshot, outside.names)
    current = [snapshot]

    async def take(gathered: Gathered, loaded: Loaded) -> tuple[Problem, ...]:
        await books.follow(_snapshot_of(loaded), outside.names)
        current[0] = _snapshot_of(loaded)
        return ()

    relay = build_relay(outside, books, _force_nothing)
    return InProcess(relay, secrets, books.metrics, lambda: current[0], take, outside.list_descriptors)


async def _open_at_home(stack: AsyncExitStack, wanted: Wanted, home: Path, secrets: Secrets) -> InProcess:
    settings = ServeSettings(wanted.gathered.path, home, None, None, wanted.environ)
    stack.enter_context(hold_home(home))
    kept = await open_kept(stack, settings, FoundFiles(wanted.loaded, wanted.gathered), ProgramLog())
    outside = await open_outside(stack, kept.current.snapshot.settings, secrets)
    control = await take_control(stack, settings, kept, outside.names, Allotments())
    control.tell_start()
    await stack.enter_async_context(keep_in_time(control, kept.books))
    return _describe_home(outside, kept.books, control, secrets)


def _describe_home(outside: Outside, books: Books, control: Control, secrets: Secrets) -> InProcess:
    async def take(gathered: Gathered, loaded: Loaded) -> tuple[Problem, ...]:
        await control.changes.take_files(gathered)
        return tuple(control.current.rejected)

    relay = build_relay(outside, books, control.overrides.find_forced)
    return InProcess(relay, secrets, books.metrics, control.current.pin, take, outside.list_descriptors)


def _snapshot_of(loaded: Loaded) -> Snapshot:
    assert loaded.snapshot is not None, "what has errors is refused before"
    return loaded.snapshot


def _force_nothing(task_id: str) -> ForcedModel | None:
    return None
