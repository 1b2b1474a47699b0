"""The teams and users that keys name, in memory; what changes was stored before and counts from the next request."""

from asyncio import Lock
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from pointsman.control.allotments import Allotment, Allotments, list_allotment
from pointsman.core.config.snapshot import Budget, RateLimit
from pointsman.core.ports import KeyRecord
from pointsman.core.routing.key_policy import UNREADABLE_TERMS
from pointsman.core.tenant_ports import ChangeNote, Tenant, TenantKind, TenantStore


class NoTenants:
    """The port `TenantStore` where nobody keeps any."""

    async def insert(self, tenant: Tenant, note: ChangeNote) -> None:
        """Refuse."""
        raise NotImplementedError("there is no store of teams and users here")

    async def update(
        self, kind: TenantKind, id: str, change: Callable[[Tenant], Tenant], note: ChangeNote, base: int | None = None
    ) -> Tenant | None:
        """There is none."""
        return None

    async def delete(self, kind: TenantKind, id: str, note: ChangeNote, base: int | None = None) -> bool:
        """There is none."""
        return False

    async def list_all(self) -> Sequence[Tenant]:
        """None."""
        return ()


class Tenants:
    """The teams and users.

    Attributes:
        changing: held while they are read or changed, so that no older state replaces a newer one.
        unreadable: `team:ID` and `user:ID` of those whose terms cannot be read, so that their keys open nothing.
    """

    def __init__(self, store: TenantStore | None = None) -> None:
        self._store: TenantStore = store or NoTenants()
        self._tenants: dict[tuple[TenantKind, str], Tenant] = {}
        self._watchers: list[Callable[[], None]] = []
        self._allotments = Allotments()
        self.changing = Lock()
        self.unreadable: tuple[str, ...] = ()

    async def load(self) -> None:
        """Take in those of the store."""
        async with self.changing:
            self._take_over(await self._store.list_all())

    def watch(self, on_change: Callable[[], None]) -> None:
        """Call this after each change; it must not wait and must not raise."""
        self._watchers.append(on_change)

    def find(self, kind: TenantKind, id: str) -> Tenant | None:
        """One of them, if somebody registered it."""
        return self._tenants.get((kind, id))

    def list(self, kind: TenantKind) -> list[Tenant]:
        """Those of a kind, by id."""
        return sorted((tenant for tenant in self._tenants.values() if tenant.kind == kind), key=lambda one: one.id)

    def list_budgets(self) -> tuple[Budget, ...]:
        """What they may spend."""
        return self._allotments.budgets

    def list_limits(self) -> tuple[RateLimit, ...]:
        """What they may use up otherwise."""
        return self._allotments.limits

    def list_allotments(self) -> Allotment:
        """Both together."""
        return Allotment(self._allotments.budgets, self._allotments.limits)

    async def add(self, tenant: Tenant, note: ChangeNote) -> Tenant:
        """Store a new one.

        Raises:
            AlreadyThere, TooMany, ValueError: as `TenantStore.insert` says.
        """
        async with self.changing:
            await self._store.insert(tenant, note)
            self._put(tenant)
        return tenant

    async def update(
        self, kind: TenantKind, id: str, change: Callable[[Tenant], Tenant], note: ChangeNote, base: int | None = None
    ) -> Tenant | None:
        """Change one; `None` when there is none.

        Raises:
            StaleVersion, ValueError: as `TenantStore.update` says.
        """
        async with self.changing:
            tenant = await self._store.update(kind, id, change, note, base)
            if tenant is not None:
                self._put(tenant)
        return tenant

    async def remove(self, kind: TenantKind, id: str, note: ChangeNote, base: int | None = None) -> bool:
        """Forget one; false when there is none.

        Raises:
            InUse, StaleVersion: as `TenantStore.delete` says.
        """
        async with self.changing:
            found = await self._store.delete(kind, id, note, base)
            self._take_over([tenant for tenant in self._tenants.values() if (tenant.kind, tenant.id) != (kind, id)])
        return found

    def _put(self, tenant: Tenant) -> None:
        self._take_over([*(self._tenants | {(tenant.kind, tenant.id): tenant}).values()])

    def _take_over(self, tenants: Sequence[Tenant]) -> None:
        self._tenants = {(tenant.kind, tenant.id): tenant for tenant in tenants}
        readable = [tenant for tenant in tenants if tenant.terms != UNREADABLE_TERMS]
        self.unreadable = tuple(f"{one.kind}:{one.id}" for one in tenants if one.terms == UNREADABLE_TERMS)
        self._allotments.take_over(list_allotment(tenant.kind, tenant.id, tenant.terms) for tenant in readable)
        for on_change in self._watchers:
            on_change()


def join_tenants(record: KeyRecord, tenants: Tenants) -> KeyRecord:
    """A key as its team and its user leave it: what they do not allow it may not, and with one disabled it is, too.

    A key that names no team is of its user's team.
    """
    policy = record.policy
    user = tenants.find("user", policy.user) if policy.user else None
    team_id = policy.team or (user.team if user is not None else "")
    team = tenants.find("team", team_id) if team_id else None
    above = [tenant for tenant in (team, user) if tenant is not None]
    if not above and team_id == policy.team:
        return record
    lists = [names for names in (policy.models, *(tenant.terms.models for tenant in above)) if names]
    disabled = record.disabled or any(tenant.disabled or tenant.terms == UNREADABLE_TERMS for tenant in above)
    # The first list stands as the key's own: where there is any, whoever looks for a limited key sees one.
    first, within = (lists[0], tuple(lists[1:])) if lists else ((), ())
    if team_id != policy.team or first != policy.models or within:
        policy = msgspec.structs.replace(policy, team=team_id, models=first, within=within)
    elif disabled == record.disabled:
        return record
    return replace(record, policy=policy, disabled=disabled)
