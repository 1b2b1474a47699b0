"""The only place where adapters are chosen and wired; reads as the life of a gateway from start to stop."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pointsman.assembly.books import now_ms
from pointsman.assembly.control import Control, keep_in_time, take_control
from pointsman.assembly.desk import open_desk, tell_operators
from pointsman.assembly.doors import House, open_doors
from pointsman.assembly.keep_in_step import keep_in_step, list_itself
from pointsman.assembly.keep_keys import keep_keys
from pointsman.assembly.kept import open_kept
from pointsman.assembly.outside import open_outside
from pointsman.assembly.settings import Running, ServeSettings, choose_address, write_host
from pointsman.control.admin_key import AdminKey
from pointsman.control.credentials import (
    LocalCredentials,
    choose_admin_key,
    has_own_admin_key,
    is_loopback,
    read_local_file,
    write_local_file,
)
from pointsman.control.current import CurrentConfiguration
from pointsman.control.home import hold_home
from pointsman.control.keys import KeyRing
from pointsman.control.pepper import find_pepper, load_pepper
from pointsman.control.startup import find_usable_files
from pointsman.control.tenants import Tenants
from pointsman.core.config.pending import list_pending
from pointsman.core.config.snapshot import Snapshot
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.server.access import AdminAccess
from pointsman.server.listener import Listener, open_socket
from pointsman.storage.database import Database
from pointsman.storage.tenants_store import TenantsStore
from pointsman.storage.virtual_keys import VirtualKeys
from pointsman.telemetry.event_log import EventLog, route_library_logs
from pointsman.telemetry.log_lines import Event


async def run_gateway(settings: ServeSettings, announce: Callable[[Running], None]) -> None:
    """Start a gateway and serve until a signal ends it.

    Raises:
        ConfigurationRefused: when the document has errors.
        CredentialRefused: when an admin key is missing or weak.
        CannotListen: when the address cannot be had.
        NamesUnavailable: when the document wants names to be found and their library is missing.
        HomeRefused, UnusableDatabase, UnusablePepper: when the home directory or what lies there cannot be used.
    """
    found = find_usable_files(settings.config, settings.home, settings.environ)
    host, port = choose_address(settings, found.loaded)
    admin_key = choose_admin_key(host, settings.environ, settings.home)
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_home(settings.home))
        socket = open_socket(host, port)
        stack.callback(socket.close)
        log = EventLog(sys.stdout)
        stack.callback(log.close)
        route_library_logs(log)
        kept = await open_kept(stack, settings, found, log)
        current, books = kept.current, kept.books
        keys = await _load_keys(settings, kept.database, log)
        outside = await open_outside(stack, current.snapshot.settings, EnvironmentSecrets(settings.environ))
        control = await take_control(stack, settings, kept, outside.names, keys.allotments)
        nodes = await list_itself(kept.database, settings.home, socket.getsockname()[1], current)
        desk = open_desk(kept.database, books, EnvironmentSecrets(settings.environ))
        house = House(kept.database, books, keys, outside, nodes, desk, settings.environ, is_loopback(host))
        listener = Listener(open_doors(house, control, AdminAccess(AdminKey(admin_key))))

        url = f"http://{write_host(host)}:{socket.getsockname()[1]}"
        local_file = await _keep_local_credentials(settings, keys, url, admin_key) if house.on_loopback else None
        control.tell_start()
        await stack.enter_async_context(keep_in_time(control, books))
        await stack.enter_async_context(_follow_changes(control))
        await stack.enter_async_context(keep_keys(keys, kept.database))
        await stack.enter_async_context(keep_in_step(control, keys, kept.database, nodes))
        await stack.enter_async_context(tell_operators(desk))
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


async def _load_keys(settings: ServeSettings, database: Database, log: EventLog) -> KeyRing:
    tenants = Tenants(TenantsStore(database))
    await tenants.load()
    pepper = load_pepper(settings.home, settings.environ)
    keys = KeyRing(pepper, VirtualKeys(database), tenants)
    foreign = await keys.load()
    if foreign:
        log.event(Event("keys_unusable", "warning", _explain_foreign(settings, database), count=foreign))
    if keys.unreadable:
        message = "the policy of some keys cannot be read, so they open nothing; `pointsman keys list` shows them"
        log.event(Event("keys_unusable", "warning", message, count=len(keys.unreadable)))
    if tenants.unreadable:
        message = "the terms of some teams or users cannot be read, so their keys open nothing; `pointsman teams list`"
        log.event(Event("keys_unusable", "warning", f"{message} shows them", count=len(tenants.unreadable)))
    return keys


def _explain_foreign(settings: ServeSettings, database: Database) -> str:
    place = find_pepper(settings.home, settings.environ)
    message = f'stored keys belong to another pepper than "{place}" and open nothing'
    if database.dialect == "postgresql":
        return f"{message}: let POINTSMAN_PEPPER_FILE name the same file for all replicas, or make the keys anew"
    return f"{message}; restore the pepper file or make them anew"


async def _keep_local_credentials(settings: ServeSettings, keys: KeyRing, url: str, admin_key: str) -> Path | None:
    """Keep a key for programs on this machine, unless the operator has taken that into their own hands."""
    if has_own_admin_key(settings.environ) and not settings.demo:
        return None
    api_key = read_local_file(settings.home).get("POINTSMAN_API_KEY", "")
    if keys.authenticate(api_key) is None:
        api_key = (await keys.create("local", now_ms())).key
    return write_local_file(settings.home, LocalCredentials(url, api_key, admin_key))


@asynccontextmanager
async def _follow_changes(control: Control) -> AsyncIterator[None]:
    """Take over each good document as it is written, on SIGHUP too."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, control.follower.look_now)
    following = asyncio.create_task(control.follower.run(), name="follow the files")
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        following.cancel()
        await asyncio.wait([following])


def _list_pending(current: CurrentConfiguration) -> tuple[str, ...]:
    compiled = current.loaded.compiled
    root = compiled.effective if compiled else None
    return tuple(map(str, list_pending(root))) if root else ()


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
