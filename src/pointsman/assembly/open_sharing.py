"""Opens what replicas on one PostgreSQL share: limits there, or in Redis where that is asked for."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from pointsman.assembly.settings import ServeSettings
from pointsman.assembly.sharing import Sharing
from pointsman.control.nodes import load_or_create_node_id, name_node
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.money_ports import (
    AccountId,
    AllowanceStore,
    Granted,
    RateGrant,
    RateWish,
    Share,
    Spent,
    WindowState,
)
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.storage.allowances.connections import Connections
from pointsman.storage.allowances.fold import SharedSpending
from pointsman.storage.allowances.open_calls import SharedOpenCalls
from pointsman.storage.allowances.replicas import ReplicaList
from pointsman.storage.allowances.store import PostgresAllowances
from pointsman.storage.postgres_address import read_address
from pointsman.valkey.connection import ScriptServer
from pointsman.valkey.generation import Ledger
from pointsman.valkey.store import ValkeyAllowances


class _Both:
    """Budgets here, rates and calls at the same time there, and a lease that is renewed in both.

    Whatever is shared in Redis, the list of calls under way is in PostgreSQL: a replica whose lease had ended there
    would have its calls booked by others while it makes them.
    """

    def __init__(self, budgets: AllowanceStore, rates: AllowanceStore, leases: tuple[AllowanceStore, ...]) -> None:
        self._budgets = budgets
        self._rates = rates
        self._leases = leases

    async def acquire(self, wishes: Sequence[Share]) -> Sequence[Granted]:
        """See the port, and so the others."""
        return await self._budgets.acquire(wishes)

    async def give_back(self, parts: Mapping[tuple[AccountId, int], int]) -> None:
        await self._budgets.give_back(parts)

    async def read(self, windows: Sequence[Share]) -> Sequence[WindowState]:
        return await self._budgets.read(windows)

    async def note_spent(self, windows: Sequence[Spent]) -> None:
        await self._budgets.note_spent(windows)

    async def renew(self) -> bool:
        known = [await each.renew() for each in self._leases]
        return all(known)

    async def take_rates(self, wishes: Sequence[RateWish]) -> Sequence[RateGrant]:
        return await self._rates.take_rates(wishes)

    async def return_permits(self, wish: RateWish, permits: int, stamp: int) -> None:
        await self._rates.return_permits(wish, permits, stamp)

    async def return_places(self, name: str, places: int) -> None:
        await self._rates.return_places(name, places)


async def open_sharing(stack: AsyncExitStack, url: str, settings: ServeSettings, snapshot: Snapshot) -> Sharing:
    """Open this replica's part; connections are let go of with the stack.

    Args:
        stack: of what is to be closed at the end.
        url: of the PostgreSQL database.
        settings: whose home is this replica's.
        snapshot: in force at the start; where Redis is and how long a lease lasts is read once.

    Raises:
        UnusableDatabase, UnusableAddress: when an address cannot be used, or a driver is missing.
    """
    node, lease_ms = load_or_create_node_id(settings.home), snapshot.settings.lease_ms
    connections = Connections(read_address(url, settings.environ.get("PGPASSWORD")))
    stack.push_async_callback(connections.close)
    postgres, replicas = PostgresAllowances(connections, node, lease_ms), ReplicaList(connections)
    stack.push_async_callback(postgres.close)
    redis, valkey = snapshot.settings.redis, None
    redis_url = EnvironmentSecrets(settings.environ).reveal(redis) if redis is not None else None
    if redis_url is not None:
        server = ScriptServer(redis_url)
        stack.push_async_callback(server.close)
        valkey = ValkeyAllowances(server, Ledger(postgres.read_spent, replicas.list_live), node, lease_ms)
    store: AllowanceStore = postgres
    if valkey is not None:
        is_in_redis = snapshot.settings.hard_budgets == "redis"
        store = _Both(valkey if is_in_redis else postgres, valkey, (postgres, valkey))

    async def join() -> None:
        await postgres.join(name_node(settings.port or 0), snapshot.revision)
        if valkey is not None:
            await valkey.join()

    async def come_back() -> None:
        await postgres.come_back()
        if valkey is not None:
            await valkey.come_back()

    return Sharing(
        postgres,
        store,
        SharedOpenCalls(connections, node, lease_ms),
        replicas,
        SharedSpending(node),
        SharedSpending(node),
        join,
        come_back,
        lease_ms,
    )
