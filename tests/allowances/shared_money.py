"""Replicas on real stores for tests: what they hold, what they book, and what the ledger says of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection

from pointsman.core.money_ports import AccountId, AllowanceStore, Share, Spent
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.storage.allowances.connections import Connections
from pointsman.storage.allowances.replicas import ReplicaList
from pointsman.storage.allowances.spending import move_to_spent
from pointsman.storage.allowances.store import PostgresAllowances
from pointsman.storage.database import Database, open_database
from pointsman.storage.insertions import Insertion, insert_new
from pointsman.storage.money_tables import ledger
from pointsman.storage.postgres_address import read_address
from pointsman.storage.usage_rows import LEDGER_COLUMNS, entry_values
from pointsman.valkey.connection import ScriptServer
from pointsman.valkey.generation import Ledger
from pointsman.valkey.store import ValkeyAllowances
from real_postgres import new_database
from real_valkey import start_valkey

StoreKind = Literal["postgresql", "valkey"]

DAY_MS = 86_400_000
START_MS = 20_000 * DAY_MS
TEAM: AccountId = ("team", "alpha", "day", "UTC")
ROLLING: AccountId = ("team", "alpha", "rolling_day", "UTC")

ENTRIES = Insertion(ledger, LEDGER_COLUMNS, ("request_id", "attempt", "kind"))


@dataclass(frozen=True)
class Where:
    """The servers of a test.

    Attributes:
        kind: which of them shares limits.
        database: URL of the database.
        valkey: URL of the other server, or `""`.
    """

    kind: StoreKind
    database: str
    valkey: str = ""


@dataclass
class Replica:
    """One of several, as the assembly would put it together."""

    node: str
    store: AllowanceStore
    postgres: PostgresAllowances
    database: Database
    connections: Connections
    others: ReplicaList
    valkey: ValkeyAllowances | None = None
    waiting: list[LedgerEntry] = field(default_factory=list)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def book(self, entries: list[LedgerEntry], others: dict[str, str] | None = None) -> None:
        """Write entries to the ledger, together with those of others who wait, and tell the store."""
        self.waiting += entries
        async with self.writing:
            batch, self.waiting = self.waiting, []
            moved: list[Spent] = []

            def write(connection: Connection) -> None:
                fresh_keys = insert_new(connection, ENTRIES, [entry_values(each, 1) for each in batch])
                fresh = [each for each in batch if (each.request_id, each.attempt, each.kind) in fresh_keys]
                moved[:] = move_to_spent(connection, self.node, fresh, others)

            if batch:
                await self.database.write_in_thread(write)
                await self.store.note_spent(moved)

    async def join(self) -> None:
        """Begin its lease wherever one is needed."""
        await self.postgres.join(f"host of {self.node}", "r1")
        if self.valkey is not None:
            await self.valkey.join()


@contextmanager
def serve(kind: StoreKind) -> Iterator[Where]:
    """Servers of the test's own."""
    with new_database() as url:
        if kind == "postgresql":
            yield Where(kind, url)
        else:
            with start_valkey() as server:
                yield Where(kind, url, server.url)


@asynccontextmanager
async def open_replica(
    where: Where, node: str, lease_ms: int = 120_000, *, joins: bool = True
) -> AsyncIterator[Replica]:
    """A replica; its lease ends by itself."""
    connections = Connections(read_address(where.database, None))
    postgres = PostgresAllowances(connections, node, lease_ms)
    others = ReplicaList(connections)
    database = await open_database(where.database)
    replica = Replica(node, postgres, postgres, database, connections, others)
    server = ScriptServer(where.valkey) if where.kind == "valkey" else None
    if server is not None:
        replica.valkey = ValkeyAllowances(server, Ledger(postgres.read_spent, others.list_live), node, lease_ms)
        replica.store = replica.valkey
    try:
        await replica.join()
        yield replica
    finally:
        if server is not None:
            await server.close()
        await postgres.close()
        await connections.close()
        await database.close()


def share(account: AccountId = TEAM, limit: int = 1_000, least: int = 1, wish: int = 100) -> Share:
    """A wish for a part of today."""
    return Share(account, START_MS, START_MS + DAY_MS, START_MS, limit, least, wish)


def rolling(step: int, limit: int = 1_000, least: int = 1, wish: int = 100) -> Share:
    """A wish for a part of a limit over three hours, counted in hours."""
    hour_ms = 3_600_000
    start_ms = START_MS + step * hour_ms
    return Share(ROLLING, start_ms, start_ms + hour_ms, start_ms - 2 * hour_ms, limit, least, wish)


def entry(request_id: str, cost_nusd: int | None, **changes: object) -> LedgerEntry:
    """An entry of team alpha, made this noon."""
    values: dict[str, object] = {
        "request_id": request_id,
        "attempt": 1,
        "kind": "charge",
        "at_ms": START_MS + DAY_MS // 2,
        "booked_at_ms": 1,
        **dict.fromkeys(("agent", "interaction", "task", "user", "key_id", "experiment", "session", "failure"), ""),
        "team": "alpha",
        "tags": ("one", "two"),
        "model": "large",
        "provider": "cloudy",
        "upstream_model": "large-1",
        "location": "cloud",
        "operation": "chat",
        "part": "answer",
        "usage": None,
        "cost_nusd": cost_nusd,
        "status": "unknown" if cost_nusd is None else "actual",
        "prices": "test",
    }
    return LedgerEntry(**{**values, **changes})  # type: ignore[arg-type]


def key(wanted: Share) -> tuple[AccountId, int]:
    """How a part is named."""
    return wanted.account, wanted.start_ms
