"""The only place where adapters are chosen and wired; reads as the life of a gateway from start to stop."""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pointsman.control.changes import Changes
from pointsman.control.configuration import Loaded
from pointsman.control.credentials import (
    LocalCredentials,
    choose_admin_key,
    has_own_admin_key,
    is_loopback,
    read_local_file,
    write_local_file,
)
from pointsman.control.current import CurrentConfiguration
from pointsman.control.effective import Effective
from pointsman.control.follow import Follower
from pointsman.control.home import hold_database, hold_home
from pointsman.control.keeper import LastGoodKeeper
from pointsman.control.keys import AdminKey, KeyRing, load_or_create_pepper
from pointsman.control.overrides import Overrides
from pointsman.control.startup import find_usable_files, start_configuration
from pointsman.core.config.pending import list_pending
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.ports import RevisionRecord
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS
from pointsman.relay.call import Relay
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.server.access import AdminAccess
from pointsman.server.admin.configuration import build_configuration
from pointsman.server.admin.keys import build_keys
from pointsman.server.admin.overrides import build_overrides
from pointsman.server.admin.usage import build_usage
from pointsman.server.application import Application, build_rest
from pointsman.server.inference import Inference
from pointsman.server.listener import Listener, open_socket
from pointsman.server.operations import build_operations
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import Database, open_database
from pointsman.storage.overrides_store import OverridesStore
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_writer import UsageWriter
from pointsman.storage.virtual_keys import VirtualKeys
from pointsman.telemetry.event_log import EventLog, route_library_logs
from pointsman.telemetry.exposition import Exposition
from pointsman.telemetry.log_lines import Event
from pointsman.telemetry.metrics import Metrics
from pointsman.upstream.client import HttpUpstream

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4100


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How a gateway starts.

    Attributes:
        config: the document.
        home: where state lives; made if it is not there.
        host: the address to listen on; as the document says, or loopback, when `None`.
        port: 0 picks a free one; as the document says, or 4100, when `None`.
        environ: environment variables, as they were at the start.
        demo: keep local credentials even where the operator brought an admin key.
    """

    config: Path
    home: Path
    host: str | None
    port: int | None
    environ: Mapping[str, str]
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What a started gateway tells about itself.

    Attributes:
        url: where it listens.
        local_file: the local credentials file, or `None` where none is kept.
        warnings: about the files as they are now.
        stands_in: whether those cannot be used, so that what was in force last is served.
        pending: keys of the document that are read and do not act yet, as sentences name them.
        target: something to ask for as `model`: the first agent, else the first model, or `""` without either.
    """

    url: str
    local_file: Path | None
    warnings: tuple[Problem, ...]
    stands_in: bool
    pending: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that an outcome is told to."""

    metrics: Metrics
    writer: UsageWriter
    log: EventLog
    current: CurrentConfiguration

    def record(self, outcome: Outcome) -> None:
        self.metrics.record(outcome)
        self.writer.add(outcome)
        if self.current.snapshot.settings.logs_requests:
            self.log.request(outcome)


@dataclass(frozen=True, slots=True)
class _Control:
    """The configuration, and every way to change it."""

    current: CurrentConfiguration
    store: ConfigurationStore
    changes: Changes
    overrides: Overrides
    follower: Follower


@dataclass(frozen=True, slots=True)
class _House:
    """Everything else that the doors open to."""

    database: Database
    books: _Books
    keys: KeyRing
    upstream: HttpUpstream
    environ: Mapping[str, str]
    on_loopback: bool


async def run_gateway(settings: ServeSettings, announce: Callable[[Running], None]) -> None:
    """Start a gateway and serve until a signal ends it.

    Raises:
        ConfigurationRefused: when the document has errors.
        CredentialRefused: when an admin key is missing or weak.
        CannotListen: when the address cannot be had.
        HomeRefused, UnusableDatabase, UnusablePepper: when the home directory or what lies there cannot be used.
    """
    found = find_usable_files(settings.config, settings.home, settings.environ)
    host, port = _choose_address(settings, found.loaded)
    admin_key = choose_admin_key(host, settings.environ, settings.home)
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_home(settings.home))
        socket = open_socket(host, port)
        stack.callback(socket.close)
        log = EventLog(sys.stdout)
        stack.callback(log.close)
        route_library_logs(log)
        database_file = _choose_database(settings, found.loaded)
        stack.enter_context(hold_database(database_file))
        database = await open_database(f"sqlite:///{database_file}")
        stack.push_async_callback(database.close)
        store, override_store = ConfigurationStore(database), OverridesStore(database)
        current = await start_configuration(found, settings.home, settings.environ, store, override_store, _now_ms())
        books = await stack.enter_async_context(_keep_books(database, log, current))
        keys = await _load_keys(settings, database, log)
        upstream = HttpUpstream(EnvironmentSecrets(settings.environ))
        upstream.start()
        stack.push_async_callback(upstream.close)
        keeper = LastGoodKeeper(settings.home, settings.config)
        stack.push_async_callback(keeper.finish)
        follower = Follower(settings.config, lambda gathered: changes.take_files(gathered))
        herald = _Herald(books, keeper, follower.look_now)
        changes = Changes(store, current, settings.environ, _now_ms, herald)
        stack.push_async_callback(changes.finish)
        control = _Control(current, store, changes, Overrides(override_store, changes, current, _now_ms), follower)
        house = _House(database, books, keys, upstream, settings.environ, is_loopback(host))
        listener = Listener(_open_doors(house, control, AdminAccess(AdminKey(admin_key))))

        url = f"http://{_write_host(host)}:{socket.getsockname()[1]}"
        local_file = await _keep_local_credentials(settings, keys, url, admin_key) if house.on_loopback else None
        herald.report(current.rejected)
        if not current.rejected:
            keeper.keep(current.loaded)
        await stack.enter_async_context(_follow_changes(control.follower, control.overrides))
        snapshot = current.snapshot
        log.event(Event("started", "info", f"serving on {url}", url=url, revision=snapshot.revision))
        _spare_the_collector()
        # Threads that write rows and lines hand Python's lock back to the loop after half a millisecond, not five.
        sys.setswitchinterval(0.0005)
        warnings = tuple(current.rejected or current.loaded.problems)
        announce(
            Running(url, local_file, warnings, bool(current.rejected), _list_pending(current), _pick_target(snapshot))
        )
        await listener.serve([socket])
        log.event(Event("stopped", "info", "stopped"))


def _choose_address(settings: ServeSettings, loaded: Loaded) -> tuple[str, int]:
    """Host and port as command line or environment say, else as the document does, else as usual."""
    written = loaded.snapshot.settings.listen if loaded.snapshot else None
    host, port = written or (DEFAULT_HOST, DEFAULT_PORT)
    return host if settings.host is None else settings.host, port if settings.port is None else settings.port


def _choose_database(settings: ServeSettings, loaded: Loaded) -> Path:
    written = loaded.snapshot.settings.storage_url if loaded.snapshot else None
    return Path(written.removeprefix("sqlite:///")) if written else (settings.home / "pointsman.db").absolute()


def _open_doors(house: _House, control: _Control, access: AdminAccess) -> Application:
    """Inference for callers, everything else for operators."""
    metrics, current = house.books.metrics, control.current

    def opens_metrics() -> bool:
        access_rule = current.snapshot.settings.metrics_access
        return access_rule == "open" or (access_rule == "loopback" and house.on_loopback)

    operations = build_operations(metrics, Exposition(metrics), access, opens_metrics)
    effective = Effective(current, control.store, house.environ)
    admin = (
        build_usage(UsageReader(house.database)),
        build_keys(house.keys, VirtualKeys(house.database)),
        build_configuration(current, control.changes, control.store, effective, control.follower),
        build_overrides(control.overrides),
    )
    relay = Relay(house.upstream, house.books.record, time.monotonic)
    inference = Inference(relay, house.keys, current.pin)
    return Application(inference, build_rest(operations, admin, access), access)


async def _load_keys(settings: ServeSettings, database: Database, log: EventLog) -> KeyRing:
    keys = KeyRing(load_or_create_pepper(settings.home / "pepper"), VirtualKeys(database))
    foreign = await keys.load()
    if foreign:
        message = "stored keys belong to another pepper and open nothing; restore the pepper file or make them anew"
        log.event(Event("keys_unusable", "warning", message, count=foreign))
    return keys


@asynccontextmanager
async def _keep_books(database: Database, log: EventLog, current: CurrentConfiguration) -> AsyncIterator[_Books]:
    """Counters that go on from the stored totals, and a writer that has written everything when it ends."""
    writer = UsageWriter(database)
    metrics = Metrics(LATENCY_BOUNDS_MS, lambda: writer.lost_rows)
    metrics.follow(current.snapshot)
    metrics.restore(await UsageReader(database).agent_totals())
    writer.start()
    try:
        yield _Books(metrics, writer, log, current)
    finally:
        await writer.drain()


async def _keep_local_credentials(settings: ServeSettings, keys: KeyRing, url: str, admin_key: str) -> Path | None:
    """Keep a key for programs on this machine, unless the operator has taken that into their own hands."""
    if has_own_admin_key(settings.environ) and not settings.demo:
        return None
    api_key = read_local_file(settings.home).get("POINTSMAN_API_KEY", "")
    if keys.authenticate(api_key) is None:
        api_key = (await keys.create("local", _now_ms())).key
    return write_local_file(settings.home, LocalCredentials(url, api_key, admin_key))


@dataclass(frozen=True, slots=True)
class _Herald:
    """Tells metrics and log what comes into force, and keeps the files of it for the next start."""

    books: _Books
    keeper: LastGoodKeeper
    look_again: Callable[[], None]

    def apply(self, loaded: Loaded, record: RevisionRecord) -> None:
        """Another configuration is in force."""
        if loaded.snapshot is not None:
            self.books.metrics.follow(loaded.snapshot)
        message = f"revision {record.number} by {record.author} is in force"
        self.books.log.event(Event("configuration_applied", "info", message, revision=record.id))
        self.keeper.keep(loaded)
        if self.books.current.rejected:
            # Files that were refused may fit what has changed beside them: a stored value is unset, an override ended.
            self.look_again()

    def report(self, problems: Sequence[Problem]) -> None:
        """What is wrong with the files as they are now."""
        is_refused = any(problem.severity == "error" for problem in problems)
        for problem in problems:
            name = "configuration_rejected" if is_refused else "configuration_warning"
            self.books.log.event(_describe_problem(name, problem))


@asynccontextmanager
async def _follow_changes(follower: Follower, overrides: Overrides) -> AsyncIterator[None]:
    """Take over each good document as it is written, on SIGHUP too, and end each override in time."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, follower.look_now)
    tasks = [
        asyncio.create_task(follower.run(), name="follow the files"),
        asyncio.create_task(overrides.end_in_time(), name="end overrides in time"),
    ]
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _list_pending(current: CurrentConfiguration) -> tuple[str, ...]:
    compiled = current.loaded.compiled
    root = compiled.effective if compiled else None
    return tuple(f"{key.path} ({key.topic})" for key in list_pending(root)) if root else ()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


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
