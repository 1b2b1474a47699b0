"""Beside the requests: what other replicas on the same PostgreSQL change is taken up, and this one says that it lives.

A SQLite file has one process, which is the only node there is and knows of all changes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pointsman.assembly.books import now_ms
from pointsman.assembly.control import Control
from pointsman.control.current import CurrentConfiguration
from pointsman.control.follow_keys import KeyFollower
from pointsman.control.follow_store import SharedCounters, StoreFollower, follow_store
from pointsman.control.keys import KeyRing
from pointsman.control.nodes import Node, load_or_create_node_id, name_node
from pointsman.core.ports import StorageUnavailable
from pointsman.storage.change_counters import StoredCounters
from pointsman.storage.database import Database
from pointsman.storage.nodes import LEASE_MS, StoredNodes

BEAT_EVERY_S = 10.0
LOOK_EVERY_S = 0.5
"""How soon others know which revision runs here."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedNodes:
    """The nodes of a database.

    Attributes:
        id: of this one.
        name: of this one.
        current: what runs here.
        stored: where others list themselves, or `None` where nobody else can be.
    """

    id: str
    name: str
    current: CurrentConfiguration
    stored: StoredNodes | None

    async def list_nodes(self) -> Sequence[Node]:
        """All that are not forgotten, by name.

        Raises:
            StorageUnavailable: when nobody can tell for now.
        """
        if self.stored is None:
            return [Node(self.id, self.name, self.current.snapshot.revision, now_ms(), LEASE_MS, is_self=True)]
        return [
            Node(
                each.node,
                each.name,
                each.revision,
                each.seen_at_ms,
                each.left_ms,
                each.parts,
                each.open_calls,
                each.node == self.id,
            )
            for each in await self.stored.list_all()
        ]


async def list_itself(database: Database, home: Path, port: int, current: CurrentConfiguration) -> ListedNodes:
    """Take the place among the nodes that belongs to a home directory.

    Raises:
        StorageUnavailable: when the server does not answer.
    """
    node_id, name = load_or_create_node_id(home), name_node(port)
    if database.dialect != "postgresql":
        return ListedNodes(node_id, name, current, None)
    stored = StoredNodes(database, node_id)
    await stored.join(name, current.snapshot.revision)
    return ListedNodes(node_id, name, current, stored)


@asynccontextmanager
async def keep_in_step(control: Control, keys: KeyRing, database: Database, nodes: ListedNodes) -> AsyncIterator[None]:
    """Follow the others until the block ends."""
    if nodes.stored is None:
        yield
        return
    counters = SharedCounters(StoredCounters(database))
    look_again, changes = control.herald.look_again, control.changes
    follower = StoreFollower(counters, control.overrides.follow, lambda: changes.owes, look_again)
    tasks = [
        asyncio.create_task(follow_store(follower.look), name="follow the configuration"),
        asyncio.create_task(follow_store(KeyFollower(keys, counters).look), name="follow the keys"),
        asyncio.create_task(_beat(nodes.stored, control.current), name="say that this node lives"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _beat(stored: StoredNodes, current: CurrentConfiguration) -> None:
    said, said_s = "", 0.0
    while True:
        revision, now_s = current.snapshot.revision, time.monotonic()
        if revision != said or now_s - said_s >= BEAT_EVERY_S:
            try:
                await stored.beat(revision)
                said, said_s = revision, now_s
            except StorageUnavailable:
                # What follows the configuration says so.
                said = ""
            except Exception as error:  # One beat less is no reason for no more.
                _log.error("this node could not say that it lives, trying again: %s", type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)
