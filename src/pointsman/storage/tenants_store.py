"""Teams and users at rest; each change is audited, and none is removed while something live names it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Insert, Row, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.core.routing.key_policy import NO_TERMS, UNREADABLE_TERMS, TenantTerms
from pointsman.core.tenant_ports import (
    MOST_TENANTS,
    AlreadyThere,
    ChangeNote,
    InUse,
    StaleVersion,
    Tenant,
    TenantKind,
    TooMany,
)
from pointsman.storage.audit import AuditEntry, audit_insertion
from pointsman.storage.change_counters import count_change
from pointsman.storage.database import Database
from pointsman.storage.differences import tell_differences
from pointsman.storage.tables import virtual_keys
from pointsman.storage.tenant_tables import tenants
from pointsman.storage.usage_rows import storable_text
from pointsman.storage.virtual_keys import MOST_POLICY_CHARACTERS, read_policy

_decode_terms = msgspec.json.Decoder(TenantTerms).decode


class TenantsStore:
    """The table of teams and users; the port `TenantStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, tenant: Tenant, note: ChangeNote) -> None:
        """Store a new one.

        Raises:
            AlreadyThere: when there is one of its kind and id.
            TooMany: when there are `MOST_TENANTS` of its kind.
            ValueError: when its terms could not be read again.
        """
        values = _write_tenant(tenant)
        async with self._database.write() as connection:
            await connection.execute(count_change("tenants"))
            if await _find(connection, tenant.kind, tenant.id, None) is not None:
                raise AlreadyThere(f'there is a {tenant.kind} "{tenant.id}" already: change it, or take another id')
            of_kind = select(func.count()).select_from(tenants).where(tenants.c.kind == tenant.kind)
            if (await connection.scalar(of_kind) or 0) >= MOST_TENANTS:
                raise TooMany(f"there are {MOST_TENANTS:,} {tenant.kind}s already: delete those that nobody needs")
            await connection.execute(insert(tenants).values(values))
            await connection.execute(_audit("create", tenant, note, tell_differences({}, _tell(tenant))))

    async def update(
        self, kind: TenantKind, id: str, change: Callable[[Tenant], Tenant], note: ChangeNote, base: int | None = None
    ) -> Tenant | None:
        """Change one; `None` when there is none.

        Raises:
            StaleVersion: when `base` is not the newest version.
            ValueError: when its terms could not be read again.
        """
        async with self._database.write() as connection:
            await connection.execute(count_change("tenants"))
            old = await _find(connection, kind, id, base)
            if old is None:
                return None
            new = replace(change(old), version=old.version + 1)
            wanted = and_(tenants.c.kind == old.kind, tenants.c.id == old.id)
            await connection.execute(update(tenants).where(wanted).values(_write_tenant(new)))
            await connection.execute(_audit("update", new, note, tell_differences(_tell(old), _tell(new))))
        return new

    async def delete(self, kind: TenantKind, id: str, note: ChangeNote, base: int | None = None) -> bool:
        """Remove one; false when there is none.

        Raises:
            InUse: when a live key, or a user, names it.
            StaleVersion: when `base` is not the newest version.
        """
        async with self._database.write() as connection:
            # No key may be given its name between the look and the end.
            await connection.execute(count_change("keys"))
            await connection.execute(count_change("tenants"))
            old = await _find(connection, kind, id, base)
            if old is None:
                return False
            await _refuse_in_use(connection, old)
            await connection.execute(delete(tenants).where(tenants.c.kind == old.kind, tenants.c.id == old.id))
            await connection.execute(_audit("delete", old, note, tell_differences(_tell(old), {})))
        return True

    async def list_all(self) -> list[Tenant]:
        """Teams and users, by kind and id."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tenants).order_by(tenants.c.kind, tenants.c.id))
            return [_read_tenant(row) for row in rows]


def write_terms(terms: TenantTerms) -> str | None:
    """Terms as their column holds them: JSON, or NULL when they say nothing.

    Raises:
        ValueError: when they could not be read again.
    """
    if terms == NO_TERMS:
        return None
    text = msgspec.json.encode(terms).decode()
    if terms == UNREADABLE_TERMS or read_terms(text) != terms:
        raise ValueError("these terms are not valid: they have more, longer or other values than terms may have")
    return text


def read_terms(stored: str | bytes | None) -> TenantTerms:
    """What `write_terms` wrote; `UNREADABLE_TERMS` for anything else."""
    if stored is None:
        return NO_TERMS
    if len(stored) > MOST_POLICY_CHARACTERS:
        return UNREADABLE_TERMS
    try:
        return _decode_terms(stored)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return UNREADABLE_TERMS


def _write_tenant(tenant: Tenant) -> dict[str, object]:
    values = {column.name: getattr(tenant, column.name) for column in tenants.columns}
    return values | {"terms": write_terms(tenant.terms), "disabled": int(tenant.disabled)}


def _read_tenant(row: Row[Any]) -> Tenant:
    values = dict(row._mapping)
    return Tenant(**values | {"terms": read_terms(values["terms"]), "disabled": bool(values["disabled"])})


async def _find(connection: AsyncConnection, kind: TenantKind, id: str, base: int | None) -> Tenant | None:
    wanted = and_(tenants.c.kind == kind, tenants.c.id == storable_text(id))
    row = (await connection.execute(select(tenants).where(wanted).with_for_update())).one_or_none()
    if row is not None and base is not None and base != row.version:
        raise StaleVersion(row.version)
    return None if row is None else _read_tenant(row)


async def _refuse_in_use(connection: AsyncConnection, tenant: Tenant) -> None:
    stored = await connection.execute(
        select(virtual_keys.c.id, virtual_keys.c.policy).where(
            virtual_keys.c.revoked_at_ms.is_(None), virtual_keys.c.policy.is_not(None)
        )
    )
    key_id = next((row.id for row in stored if getattr(read_policy(row.policy), tenant.kind) == tenant.id), None)
    if key_id is not None:
        raise InUse(f'key {key_id} names the {tenant.kind} "{tenant.id}": revoke such keys, or move them, first')
    if tenant.kind == "team":
        members = select(tenants.c.id).where(tenants.c.kind == "user", tenants.c.team == tenant.id).limit(1)
        if (user := await connection.scalar(members)) is not None:
            raise InUse(f'user "{user}" belongs to the team "{tenant.id}": move such users first')


def _tell(tenant: Tenant) -> dict[str, object]:
    """What of it can be changed, for the audit."""
    terms = {"terms": "unreadable"} if tenant.terms == UNREADABLE_TERMS else msgspec.to_builtins(tenant.terms)
    return {"name": tenant.name, "team": tenant.team, "disabled": tenant.disabled, **terms}


def _audit(what: str, tenant: Tenant, note: ChangeNote, details: dict[str, object]) -> Insert:
    subject = f"{tenant.kind}:{tenant.id}"
    entry = AuditEntry(note.at_ms, note.author, f"{tenant.kind}.{what}", subject, note.reason, details)
    return audit_insertion(entry)
