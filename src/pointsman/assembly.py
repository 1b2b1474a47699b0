"""The only place where adapters are chosen and wired; reads as the life of a gateway from start to stop."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pointsman.control.configuration import Loaded, compile_content, load_configuration
from pointsman.control.credentials import (
    LocalCredentials,
    choose_admin_key,
    has_own_admin_key,
    is_loopback,
    read_local_file,
    write_local_file,
)
from pointsman.control.current import CurrentConfiguration
from pointsman.control.follow import follow
from pointsman.control.home import hold_home
from pointsman.control.keys import AdminKey, KeyRing, load_or_create_pepper
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS
from pointsman.relay.call import Relay
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.server.access import AdminAccess
from pointsman.server.admin.configuration import build_configuration
from pointsman.server.admin.keys import build_keys
from pointsman.server.admin.usage import build_usage
from pointsman.server.application import Application, build_rest
from pointsman.server.inference import Inference
from pointsman.server.listener import Listener, open_socket
from pointsman.server.operations import build_operations
from pointsman.storage.database import Database, open_database
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_writer import UsageWriter
from pointsman.storage.virtual_keys import VirtualKeys
from pointsman.telemetry.event_log import EventLog, route_library_logs
from pointsman.telemetry.exposition import Exposition
from pointsman.telemetry.log_lines import Event
from pointsman.telemetry.metrics import Metrics
from pointsman.upstream.client import HttpUpstream


class ConfigurationRefused(Exception):
    """No gateway starts on a document with errors; nothing is guessed in its place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How a gateway starts.

    Attributes:
        config: the document.
        home: where state lives; made if it is not there.
        host: the address to listen on.
        port: 0 picks a free one.
        environ: environment variables, as they were at the start.
        demo: keep local credentials even where the operator brought an admin key.
    """

    config: Path
    home: Path
    host: str
    port: int
    environ: Mapping[str, str]
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What a started gateway tells about itself.

    Attributes:
        url: where it listens.
        local_file: the local credentials file, or `None` where none is kept.
        warnings: about the configuration in force.
        target: something to ask for as `model`: the first agent, else the first model, or `""` without either.
    """

    url: str
    local_file: Path | None
    warnings: tuple[Problem, ...]
    target: str


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that an outcome is told to."""

    metrics: Metrics
    writer: UsageWriter
    log: EventLog

    def record(self, outcome: Outcome) -> None:
        self.metrics.record(outcome)
        self.writer.add(outcome)
        self.log.request(outcome)


@dataclass(frozen=True, slots=True)
class _House:
    """Everything that the doors open to."""

    database: Database
    current: CurrentConfiguration
    books: _Books
    keys: KeyRing
    upstream: HttpUpstream


async def run_gateway(settings: ServeSettings, announce: Callable[[Running], None]) -> None:
    """Start a gateway and serve until a signal ends it.

    Raises:
        ConfigurationRefused: when the document has errors.
        CredentialRefused: when an admin key is missing or weak.
        CannotListen: when the address cannot be had.
        HomeRefused, UnusableDatabase, UnusablePepper: when the home directory or what lies there cannot be used.
    """
    loaded = load_configuration(settings.config, settings.environ)
    if loaded.snapshot is None:
        raise ConfigurationRefused(tuple(loaded.problems))
    admin_key = choose_admin_key(settings.host, settings.environ, settings.home)
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_home(settings.home))
        socket = open_socket(settings.host, settings.port)
        stack.callback(socket.close)
        log = EventLog(sys.stdout)
        stack.callback(log.close)
        route_library_logs(log)
        database = await open_database(f"sqlite:///{(settings.home / 'pointsman.db').absolute()}")
        stack.push_async_callback(database.close)
        current = CurrentConfiguration(loaded.snapshot)
        books = await stack.enter_async_context(_keep_books(database, log, loaded.snapshot))
        keys = await _load_keys(settings, database, log)
        upstream = HttpUpstream(EnvironmentSecrets(settings.environ))
        upstream.start()
        stack.push_async_callback(upstream.close)
        listener = Listener(_open_doors(settings, _House(database, current, books, keys, upstream), admin_key))

        url = f"http://{_write_host(settings.host)}:{socket.getsockname()[1]}"
        local_file = await _keep_local_credentials(settings, keys, url, admin_key)
        await stack.enter_async_context(_follow_document(loaded, settings.environ, current, books))
        log.event(Event("started", "info", f"serving on {url}", url=url, revision=loaded.snapshot.revision))
        _spare_the_collector()
        # Threads that write rows and lines hand Python's lock back to the loop after half a millisecond, not five.
        sys.setswitchinterval(0.0005)
        announce(Running(url, local_file, tuple(loaded.problems), _pick_target(loaded.snapshot)))
        await listener.serve([socket])
        log.event(Event("stopped", "info", "stopped"))


def _open_doors(settings: ServeSettings, house: _House, admin_key: str) -> Application:
    """Inference for callers, everything else for operators."""
    access = AdminAccess(AdminKey(admin_key))
    metrics = house.books.metrics
    operations = build_operations(metrics, Exposition(metrics), access, open_metrics=is_loopback(settings.host))
    admin = (
        build_usage(UsageReader(house.database)),
        build_keys(house.keys, VirtualKeys(house.database)),
        build_configuration(house.current),
    )
    relay = Relay(house.upstream, house.books.record, time.monotonic)
    inference = Inference(relay, house.keys, house.current.pin)
    return Application(inference, build_rest(operations, admin, access), access)


async def _load_keys(settings: ServeSettings, database: Database, log: EventLog) -> KeyRing:
    keys = KeyRing(load_or_create_pepper(settings.home / "pepper"), VirtualKeys(database))
    foreign = await keys.load()
    if foreign:
        message = "stored keys belong to another pepper and open nothing; restore the pepper file or make them anew"
        log.event(Event("keys_unusable", "warning", message, count=foreign))
    return keys


@asynccontextmanager
async def _keep_books(database: Database, log: EventLog, snapshot: Snapshot) -> AsyncIterator[_Books]:
    """Counters that go on from the stored totals, and a writer that has written everything when it ends."""
    writer = UsageWriter(database)
    metrics = Metrics(LATENCY_BOUNDS_MS, lambda: writer.lost_rows)
    metrics.follow(snapshot)
    metrics.restore(await UsageReader(database).agent_totals())
    writer.start()
    try:
        yield _Books(metrics, writer, log)
    finally:
        await writer.drain()


async def _keep_local_credentials(settings: ServeSettings, keys: KeyRing, url: str, admin_key: str) -> Path | None:
    """Keep a key for programs on this machine, unless the operator has taken that into their own hands."""
    if not is_loopback(settings.host) or (has_own_admin_key(settings.environ) and not settings.demo):
        return None
    api_key = read_local_file(settings.home).get("POINTSMAN_API_KEY", "")
    if keys.authenticate(api_key) is None:
        api_key = (await keys.create("local", time.time_ns() // 1_000_000)).key
    return write_local_file(settings.home, LocalCredentials(url, api_key, admin_key))


@asynccontextmanager
async def _follow_document(
    loaded: Loaded, environ: Mapping[str, str], current: CurrentConfiguration, books: _Books
) -> AsyncIterator[None]:
    """Take over each good document as it is written; report each bad one and stay with what is in force."""

    def compile_anew(content: bytes | Problem) -> Loaded:
        return compile_content(loaded.path, content, environ)

    def apply(snapshot: Snapshot) -> None:
        books.metrics.follow(snapshot)
        current.snapshot = snapshot
        books.log.event(
            Event("configuration_applied", "info", "a new configuration is in force", revision=snapshot.revision)
        )

    def report(problems: tuple[Problem, ...]) -> None:
        current.rejected = problems if any(problem.severity == "error" for problem in problems) else ()
        name = "configuration_rejected" if current.rejected else "configuration_warning"
        for problem in problems:
            books.log.event(_describe_problem(name, problem))

    task = asyncio.create_task(follow(loaded, compile_anew, apply, report), name="follow the document")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _pick_target(snapshot: Snapshot) -> str:
    targets = [*(f"agent:{name}" for name in snapshot.agents), *snapshot.models]
    return targets[0] if targets else ""


def _spare_the_collector() -> None:
    """Let the garbage collector look seldom, and never at what stays until the end.

    A request leaves no rings behind; looking for them among a few hundred thousand lasting objects after every 700
    allocations cost a tenth of the CPU and pauses of 50 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _describe_problem(name: str, problem: Problem) -> Event:
    return Event(
        name,
        problem.severity,
        str(problem),
        code=problem.code,
        path=problem.path,
        line=problem.line,
        column=problem.column,
        suggestion=problem.suggestion,
    )


def _write_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
