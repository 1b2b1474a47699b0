"""A key may do what it, its team and its user allow together; what they may use up goes where money is counted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from pointsman.control.key_changes import KeyChanges
from pointsman.control.keys import KeyRing
from pointsman.control.tenants import Tenants
from pointsman.core.config.snapshot import Budget, RateLimit
from pointsman.core.routing.key_budget import KeyBudget
from pointsman.core.routing.key_policy import NO_POLICY, NO_TERMS, UNREADABLE_TERMS, KeyPolicy, TenantTerms
from pointsman.core.tenant_ports import AlreadyThere, ChangeNote, InUse, StaleVersion, Tenant, TenantKind, TooMany
from pointsman.storage.audit import list_audit
from pointsman.storage.database import Database, open_database
from pointsman.storage.tenants_store import TenantsStore
from pointsman.storage.virtual_keys import VirtualKeys

NOW_MS = 1_790_000_000_000
NOTE = ChangeNote("ada", NOW_MS, "a test")
USD = 1_000_000_000
DAILY = KeyBudget(5 * USD, "day")


class World:
    """A ring and its tenants over a real database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tenants = Tenants(TenantsStore(database))
        self.ring = KeyRing(bytes(32), VirtualKeys(database), self.tenants, lambda: NOW_MS)
        self.keys = KeyChanges(self.ring, VirtualKeys(database))

    async def make(self, kind: TenantKind, id: str, terms: TenantTerms = NO_TERMS, team: str = "") -> Tenant:
        return await self.tenants.add(Tenant(kind, id, "", NOW_MS, terms, team), NOTE)

    async def restart(self) -> "World":
        world = World(self.database)
        await world.tenants.load()
        await world.ring.load()
        return world


def play(url: str, story: Callable[[World], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await open_database(url)
        try:
            await story(World(database))
        finally:
            await database.close()

    asyncio.run(run())


def test_a_key_may_ask_for_what_all_three_allow(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.keys.create("k", KeyPolicy(team="t", user="u", models=("agent:*", "small")), NOTE)
        await world.make("team", "t", TenantTerms(models=("agent:writer", "small", "large")))
        await world.make("user", "u", TenantTerms(models=("agent:writer", "agent:reader", "small")))
        for each in (world, await world.restart()):
            found = each.ring.authenticate(made.key)
            assert found is not None and found.policy.models
            allowed = {name for name in ("agent:writer", "agent:reader", "small", "large") if found.policy.allows(name)}
            assert allowed == {"agent:writer", "small"}
            assert found.policy.allows("alias", "small") and not found.policy.allows("alias", "large")

    play(database_url, story)


def test_a_key_without_a_list_of_its_own_shows_that_it_is_limited(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.keys.create("k", KeyPolicy(user="u"), NOTE)
        assert (found := world.ring.authenticate(made.key)) is not None and not found.policy.models
        await world.make("user", "u", TenantTerms(models=("small",)))
        assert (found := world.ring.authenticate(made.key)) is not None and found.policy.models == ("small",)
        stored = await world.keys.update(made.record.id, lambda key: key, NOTE)
        assert stored is not None and stored.policy == KeyPolicy(user="u")

    play(database_url, story)


def test_a_key_of_a_user_is_of_the_users_team_unless_it_names_its_own(database_url: str) -> None:
    async def story(world: World) -> None:
        bare = await world.keys.create("bare", KeyPolicy(user="u"), NOTE)
        own = await world.keys.create("own", KeyPolicy(user="u", team="other"), NOTE)
        await world.make("team", "t")
        await world.make("user", "u", team="t")
        for each in (world, await world.restart()):
            teams = [found.policy.team for key in (bare.key, own.key) if (found := each.ring.authenticate(key))]
            assert teams == ["t", "other"]
        await world.tenants.update("team", "t", lambda team: replace(team, disabled=True), NOTE)
        assert world.ring.is_disabled(bare.key) and world.ring.authenticate(own.key) is not None

    play(database_url, story)


@pytest.mark.parametrize("kind", ["team", "user"])
def test_a_disabled_team_or_user_disables_its_keys_and_those_alone(database_url: str, kind: TenantKind) -> None:
    async def story(world: World) -> None:
        policy = KeyPolicy(team="x") if kind == "team" else KeyPolicy(user="x")
        inside, outside = [await world.keys.create("k", each, NOTE) for each in (policy, NO_POLICY)]
        await world.make(kind, "x")
        for disabled in (True, False):
            await world.tenants.update(kind, "x", lambda one, to=disabled: replace(one, disabled=to), NOTE)
            for each in (world, await world.restart()):
                assert (each.ring.authenticate(inside.key) is None) == each.ring.is_disabled(inside.key) == disabled
                assert each.ring.authenticate(outside.key) is not None

    play(database_url, story)


def test_terms_that_cannot_be_read_open_nothing(database_url: str) -> None:
    async def story(world: World) -> None:
        made = await world.keys.create("k", KeyPolicy(team="t"), NOTE)
        await world.make("team", "t", TenantTerms(budgets=(DAILY,)))
        async with world.database.write() as connection:
            await connection.exec_driver_sql("UPDATE tenants SET terms = '{\"hours\": 9}'")
        again = await world.restart()
        assert again.tenants.unreadable == ("team:t",) and again.tenants.list_budgets() == ()
        assert again.ring.authenticate(made.key) is None and again.ring.is_disabled(made.key)
        team = again.tenants.find("team", "t")
        assert team is not None and team.terms == UNREADABLE_TERMS

    play(database_url, story)


def test_budgets_and_limits_of_all_of_them_are_told_when_they_change(database_url: str) -> None:
    async def story(world: World) -> None:
        told: list[tuple[int, int]] = []
        world.ring.allotments.watch(
            lambda: told.append((len(world.ring.allotments.budgets), len(world.ring.allotments.limits)))
        )
        made = await world.keys.create("k", KeyPolicy(budgets=(DAILY,), concurrent=2), NOTE)
        await world.keys.create("free", NO_POLICY, NOTE)
        await world.make("team", "t", TenantTerms(budgets=(DAILY, KeyBudget(USD, "month", "Europe/Berlin", "alert"))))
        await world.make("user", "u", TenantTerms(requests_per_minute=60, tokens_per_minute=9_000))
        assert told == [(1, 1), (3, 1), (3, 2)]
        alert_at = (500_000, 800_000, 950_000, 1_000_000)
        assert world.tenants.list_budgets() == (
            Budget("team:t $5/day", "team", "t", "day", 5 * USD, alert_at=alert_at),
            Budget(
                "team:t $1/month Europe/Berlin alert", "team", "t", "month", USD, "Europe/Berlin", "alert", alert_at
            ),
        )
        (limit,) = world.tenants.list_limits()
        assert limit == RateLimit(
            name="user:u",
            scope_kind="user",
            scope_name="u",
            requests_per_minute=60,
            tokens_per_minute=9_000,
            concurrent=None,
        )
        assert {budget.scope_kind for budget in world.ring.allotments.budgets} == {"key", "team"}
        await world.keys.revoke(made.record.id, NOTE)
        await world.tenants.remove("team", "t", NOTE)
        assert told[-1] == (0, 1)
        again = await world.restart()
        assert again.ring.allotments.limits == world.ring.allotments.limits

    play(database_url, story)


def test_changes_are_for_one_version_and_audited(database_url: str) -> None:
    async def story(world: World) -> None:
        await world.make("team", "t")
        with pytest.raises(AlreadyThere):
            await world.make("team", "t")
        await world.make("user", "t")
        changed = await world.tenants.update("team", "t", lambda team: replace(team, name="T"), NOTE, base=1)
        assert changed is not None and changed.version == 2
        with pytest.raises(StaleVersion):
            await world.tenants.update("team", "t", lambda team: team, NOTE, base=1)
        with pytest.raises(StaleVersion):
            await world.tenants.remove("team", "t", NOTE, base=1)
        assert await world.tenants.update("team", "nobody", lambda team: team, NOTE) is None
        assert await world.tenants.remove("team", "t", NOTE, base=2)
        assert not await world.tenants.remove("team", "t", NOTE)
        assert [tenant.id for tenant in world.tenants.list("user")] == ["t"] and world.tenants.list("team") == []
        rows = await list_audit(world.database, 10, None)
        told = [(row.action, row.subject, row.reason) for row in rows]
        assert told == [
            ("team.delete", "team:t", "a test"),
            ("team.update", "team:t", "a test"),
            ("user.create", "user:t", "a test"),
            ("team.create", "team:t", "a test"),
        ]
        assert rows[1].details == {"name": {"from": None, "to": "T"}}

    play(database_url, story)


def test_what_something_live_names_is_not_deleted(database_url: str) -> None:
    async def story(world: World) -> None:
        for kind in ("team", "user"):
            await world.make(kind, "x")
        key = await world.keys.create("k", KeyPolicy(user="x"), NOTE)
        member = await world.make("user", "y", team="x")
        with pytest.raises(InUse, match=key.record.id):
            await world.tenants.remove("user", "x", NOTE)
        with pytest.raises(InUse, match='user "y"'):
            await world.tenants.remove("team", "x", NOTE)
        await world.keys.revoke(key.record.id, NOTE)
        assert await world.tenants.remove("user", "x", NOTE)
        assert await world.tenants.remove("user", member.id, NOTE)
        assert await world.tenants.remove("team", "x", NOTE)

    play(database_url, story)


def test_there_are_only_so_many(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.storage.tenants_store.MOST_TENANTS", 1)

    async def story(world: World) -> None:
        await world.make("team", "a")
        await world.make("user", "a")
        with pytest.raises(TooMany, match="delete those"):
            await world.make("team", "b")

    play(database_url, story)
