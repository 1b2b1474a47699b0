"""What one replica changes the others know with their next look; a store that fails takes nothing away."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pointsman.control.follow_keys import KeyFollower, follow_keys
from pointsman.control.key_changes import KeyChanges
from pointsman.control.keys import KeyRing
from pointsman.control.tenants import Tenants
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy
from pointsman.core.tenant_ports import ChangeNote, Tenant
from pointsman.storage.change_counters import StoredCounters
from pointsman.storage.database import Database, open_database
from pointsman.storage.tenants_store import TenantsStore
from pointsman.storage.virtual_keys import VirtualKeys

NOTE = ChangeNote("ada", 1_790_000_000_000)


class Replica:
    """One of several processes: it shares nothing with the others but the database."""

    def __init__(self, database: Database) -> None:
        self.tenants = Tenants(TenantsStore(database))
        self.ring = KeyRing(bytes(32), VirtualKeys(database), self.tenants, lambda: NOTE.at_ms)
        self.changes = KeyChanges(self.ring, VirtualKeys(database))
        self.follower = KeyFollower(self.ring, StoredCounters(database))


def test_each_change_is_known_elsewhere_with_the_next_look(postgres_url: str) -> None:
    async def run() -> None:
        databases = [await open_database(postgres_url) for _ in range(2)]
        here, there = (Replica(database) for database in databases)
        try:
            made = await here.changes.create("k", KeyPolicy(team="t"), NOTE)
            assert there.ring.authenticate(made.key) is None
            assert await there.follower.look()
            assert there.ring.authenticate(made.key) is not None

            await here.tenants.add(Tenant("team", "t", "", NOTE.at_ms, disabled=True), NOTE)
            assert await there.follower.look()
            assert there.ring.is_disabled(made.key)

            await here.tenants.update("team", "t", lambda team: replace(team, disabled=False), NOTE)
            rotated = await here.changes.rotate(made.record.id, 0, NOTE)
            assert rotated is not None and await there.follower.look()
            assert there.ring.authenticate(made.key) is None and there.ring.authenticate(rotated.key) is not None

            assert await there.changes.revoke(made.record.id, NOTE)
            assert await here.follower.look()
            assert here.ring.authenticate(rotated.key) is None
        finally:
            for database in databases:
                await database.close()

    asyncio.run(run())


def test_the_loop_sees_a_revocation(postgres_url: str) -> None:
    async def run() -> None:
        databases = [await open_database(postgres_url) for _ in range(2)]
        here, there = (Replica(database) for database in databases)
        following = asyncio.create_task(follow_keys(there.follower, every_s=0.01))
        try:
            made = await here.changes.create("k", NO_POLICY, NOTE)
            async with asyncio.timeout(20):
                while there.ring.authenticate(made.key) is None:
                    await asyncio.sleep(0.005)
                await here.changes.revoke(made.record.id, NOTE)
                while there.ring.authenticate(made.key) is not None:
                    await asyncio.sleep(0.005)
        finally:
            following.cancel()
            await asyncio.wait([following])
            for database in databases:
                await database.close()

    asyncio.run(run())


class Unanswering:
    """Counters behind a server that is gone, until it is back."""

    def __init__(self) -> None:
        self.is_gone = True
        self.asked = 0

    async def read_counters(self) -> Mapping[str, int]:
        """How often each was changed."""
        self.asked += 1
        if self.is_gone:
            raise ConnectionError("no server")
        return {"keys": self.asked, "tenants": 0}


def test_a_store_that_fails_takes_no_key_away_and_is_told_of_once_a_minute(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        database = await open_database(database_url)
        ring = KeyRing(bytes(32), VirtualKeys(database))
        made = await ring.create("k", NOTE.at_ms)
        counters, now_s = Unanswering(), [0.0]
        follower = KeyFollower(ring, counters, lambda: now_s[0])
        try:
            for at_s in (0.0, 0.3, 59.9, 60.0):
                now_s[0] = at_s
                assert not await follower.look()
                assert ring.authenticate(made.key) is not None
            assert counters.asked == 4
            counters.is_gone = False
            assert await follower.look() and ring.authenticate(made.key) is not None
        finally:
            await database.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert [record.message for record in caplog.records if "changes of keys" in record.message] == [
        "changes of keys cannot be read; those known stay in force: ConnectionError"
    ] * 2
