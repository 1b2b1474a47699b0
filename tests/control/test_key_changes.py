"""Keys are changed, rotated, disabled and expire at the promised moment, in memory and in both databases alike."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from both_databases import read_stored
from pointsman.control.follow_keys import KeyUses
from pointsman.control.key_changes import KeyChanges, UnreadableKey
from pointsman.control.keys import KeyRing
from pointsman.core.ports import KeyRecord
from pointsman.core.routing.key_budget import KeyBudget
from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy
from pointsman.core.tenant_ports import MOST_FORMER, ChangeNote, StaleVersion, TooMany
from pointsman.storage.audit import list_audit
from pointsman.storage.database import Database, open_database
from pointsman.storage.virtual_keys import VirtualKeys

PEPPER = bytes(range(32))
NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


@dataclass
class World:
    """A ring over a real database, and a clock that is a value."""

    database: Database
    now_ms: int = NOW_MS
    ring: KeyRing = field(init=False)
    changes: KeyChanges = field(init=False)

    def __post_init__(self) -> None:
        self.store = VirtualKeys(self.database)
        self.ring = KeyRing(PEPPER, self.store, clock_ms=lambda: self.now_ms)
        self.changes = KeyChanges(self.ring, self.store)

    def note(self, reason: str = "") -> ChangeNote:
        return ChangeNote("ada", self.now_ms, reason)

    async def restart(self) -> KeyRing:
        """A ring that knows only what is stored."""
        ring = KeyRing(PEPPER, self.store, clock_ms=lambda: self.now_ms)
        await ring.load()
        return ring


def play(url: str, story: Callable[[World], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await open_database(url)
        try:
            await story(World(database))
        finally:
            await database.close()

    asyncio.run(run())


def test_an_expired_key_opens_nothing_from_that_moment_on(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.changes.create("brief", NO_POLICY, world.note(), NOW_MS + HOUR_MS)
        for ring in (world.ring, await world.restart()):
            world.now_ms = NOW_MS + HOUR_MS - 1
            assert ring.authenticate(made.key) == made.record
            world.now_ms = NOW_MS + HOUR_MS
            assert ring.authenticate(made.key) is None and not ring.is_disabled(made.key)
        assert await world.changes.update(made.record.id, lambda key: replace(key, expires_at_ms=None), world.note())
        assert world.ring.authenticate(made.key) is not None

    play(database_url, story)


def test_a_rotated_key_keeps_its_id_and_its_former_text_works_for_the_grace(database_url: str) -> None:
    async def story(world: World) -> None:
        policy = KeyPolicy(team="billing", budgets=(KeyBudget(5_000_000_000, "day"),))
        made = await world.changes.create("long", policy, world.note())
        rotated = await world.changes.rotate(made.record.id, 24 * HOUR_MS, world.note())
        assert rotated is not None and rotated.key != made.key
        for ring in (world.ring, await world.restart()):
            world.now_ms = NOW_MS + 24 * HOUR_MS - 1
            for text in (made.key, rotated.key):
                found = ring.authenticate(text)
                assert found is not None and (found.id, found.policy) == (made.record.id, policy)
            world.now_ms = NOW_MS + 24 * HOUR_MS
            assert ring.authenticate(made.key) is None
            assert ring.authenticate(rotated.key) is not None
        assert made.key[7:-4] not in repr(await world.store.list_all())

    play(database_url, story)


def test_a_rotation_without_grace_ends_all_former_texts_at_once(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.changes.create("leaky", NO_POLICY, world.note())
        second = await world.changes.rotate(made.record.id, HOUR_MS, world.note())
        third = await world.changes.rotate(made.record.id, 0, world.note())
        assert second is not None and third is not None
        for ring in (world.ring, await world.restart()):
            opens = [ring.authenticate(text) is not None for text in (made.key, second.key, third.key)]
            assert opens == [False, False, True]
        assert third.record.former == () and third.record.version == 3
        assert read_stored(database_url, "SELECT count(*) FROM former_keys") == [(0,)]

    play(database_url, story)


def test_former_texts_are_few(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.changes.create("busy", NO_POLICY, world.note())
        for _ in range(MOST_FORMER):
            assert await world.changes.rotate(made.record.id, HOUR_MS, world.note())
        with pytest.raises(TooMany, match="grace of 0"):
            await world.changes.rotate(made.record.id, HOUR_MS, world.note())
        assert world.ring.authenticate(made.key) is not None
        world.now_ms += HOUR_MS
        assert await world.changes.rotate(made.record.id, HOUR_MS, world.note())

    play(database_url, story)


def test_a_change_counts_at_once_is_audited_and_is_for_one_version(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.changes.create("early", NO_POLICY, world.note())

        def limit(key: KeyRecord) -> KeyRecord:
            return replace(key, name="late", policy=KeyPolicy(models=("gpt-4o",), requests_per_minute=60))

        changed = await world.changes.update(made.record.id, limit, world.note("too much"), base=1)
        assert changed is not None and changed.version == 2
        for ring in (world.ring, await world.restart()):
            found = ring.authenticate(made.key)
            assert found is not None and found.policy == changed.policy
        for change in (
            world.changes.update(made.record.id, limit, world.note(), base=1),
            world.changes.rotate(made.record.id, 0, world.note(), base=1),
            world.changes.revoke(made.record.id, world.note(), base=1),
        ):
            with pytest.raises(StaleVersion) as stale:
                await change
            assert stale.value.current == 2
        assert world.ring.authenticate(made.key) is not None
        assert await world.changes.revoke(made.record.id, world.note("gone"), base=2)
        assert world.ring.authenticate(made.key) is None
        rows = [row for row in await list_audit(world.database, 10, None) if row.subject == f"key:{made.record.id}"]
        assert [(row.action, row.author, row.reason) for row in rows] == [
            ("key.revoke", "ada", "gone"),
            ("key.update", "ada", "too much"),
            ("key.create", "ada", ""),
        ]
        assert rows[1].details["models"] == {"from": None, "to": ["gpt-4o"]}
        assert rows[1].details["name"] == {"from": "early", "to": "late"}

    play(database_url, story)


def test_a_disabled_key_is_told_apart_and_comes_back(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.changes.create("paused", NO_POLICY, world.note())
        for disabled in (True, False):
            await world.changes.update(made.record.id, lambda key, to=disabled: replace(key, disabled=to), world.note())
            for ring in (world.ring, await world.restart()):
                assert (ring.authenticate(made.key) is None) == disabled == ring.is_disabled(made.key)

    play(database_url, story)


def test_no_change_makes_sense_of_a_policy_that_cannot_be_read(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.changes.create("broken", KeyPolicy(user="ada"), world.note())
        async with world.database.write() as connection:
            await connection.exec_driver_sql("UPDATE virtual_keys SET policy = '{}{}'")
        with pytest.raises(UnreadableKey):
            await world.changes.update(made.record.id, lambda key: replace(key, policy=NO_POLICY), world.note())
        rotated = await world.changes.rotate(made.record.id, 0, world.note())
        assert rotated is not None and rotated.record.policy == UNREADABLE
        assert world.ring.authenticate(rotated.key) is None
        assert read_stored(database_url, "SELECT policy FROM virtual_keys") == [("{}{}",)]

    play(database_url, story)


def test_the_last_use_is_kept_and_never_goes_back(database_url: str) -> None:
    async def story(world: World) -> None:
        made, idle = [await world.changes.create(name, NO_POLICY, world.note()) for name in ("used", "idle")]
        uses = KeyUses(world.ring, world.store)
        for now_ms in (NOW_MS + 5, NOW_MS + 9):
            world.now_ms = now_ms
            world.ring.authenticate(made.key)
            await uses.write()
        await world.store.note_uses({made.record.id: NOW_MS + 1, "key_gone": NOW_MS})
        stored = {key.id: key.last_used_at_ms for key in await world.store.list_all()}
        assert stored == {made.record.id: NOW_MS + 9, idle.record.id: None}

    play(database_url, story)


def test_a_key_beyond_the_bound_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.storage.virtual_keys.MOST_KEYS", 2)
    monkeypatch.setattr("pointsman.storage.virtual_keys.MOST_DEAD", 1)

    async def story(world: World) -> None:
        first = await world.changes.create("1", NO_POLICY, world.note(), NOW_MS + HOUR_MS)
        await world.changes.create("2", NO_POLICY, world.note())
        with pytest.raises(TooMany, match="revoke those"):
            await world.changes.create("3", NO_POLICY, world.note())
        await world.changes.revoke(first.record.id, world.note())
        third = await world.changes.create("3", NO_POLICY, world.note(), NOW_MS + HOUR_MS)
        world.now_ms += HOUR_MS
        await world.changes.create("4", NO_POLICY, world.note())
        # The first one is the oldest of the dead.
        assert {key.name for key in await world.store.list_all()} == {"2", "3", "4"}
        assert world.ring.authenticate(third.key) is None

    play(database_url, story)
