"""Virtual keys at rest: digests, names and policies; the key itself never comes here."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.core.ports import KeyRecord
from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy
from pointsman.core.tenant_ports import MOST_FORMER, MOST_KEYS, ChangeNote, FormerKey, StaleVersion, TooMany
from pointsman.storage.audit import AuditEntry, audit_insertion
from pointsman.storage.change_counters import count_change
from pointsman.storage.database import Database
from pointsman.storage.differences import tell_differences
from pointsman.storage.tables import virtual_keys
from pointsman.storage.tenant_tables import former_keys
from pointsman.storage.usage_rows import storable_text

MOST_POLICY_CHARACTERS = 65_536
"""More than the largest policy takes; what is longer was not written here."""

MOST_DEAD = 10_000
"""Keys that are kept though they are revoked or over, those of last; usage and audit know the others still."""

FORGOTTEN_AT_ONCE = 100

_decode_policy = msgspec.json.Decoder(KeyPolicy).decode


class VirtualKeys:
    """The table of virtual keys; the ports `KeyStore` and `ChangeableKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, key: KeyRecord, note: ChangeNote | None = None) -> None:
        """Store a new key; it is audited where somebody asked for it.

        Raises:
            TooMany: when `MOST_KEYS` are live.
            sqlalchemy.exc.IntegrityError: when its id or its digest is there already.
            ValueError: when its policy could not be read again.
        """
        values = _write_key(key)
        async with self._database.write() as connection:
            await connection.execute(count_change("keys"))
            await _refuse_too_many(connection, key.created_at_ms)
            await _forget_dead(connection, key.created_at_ms)
            await connection.execute(insert(virtual_keys).values(values))
            if note is not None:
                await connection.execute(_audit("key.create", key.id, note, tell_differences({}, _tell(key))))

    async def update(
        self, key_id: str, change: Callable[[KeyRecord], KeyRecord], note: ChangeNote, base: int | None = None
    ) -> KeyRecord | None:
        """Change the name, the policy, the end or the blocking of a live key; `None` when there is none of this id.

        Raises:
            StaleVersion: when `base` is not the key's version.
            ValueError: when its policy could not be read again.
        """
        async with self._database.write() as connection:
            await connection.execute(count_change("keys"))
            old = await _find_live(connection, key_id, base)
            if old is None:
                return None
            new = replace(change(old), version=old.version + 1)
            values = {
                name: _write_key(new)[name] for name in ("name", "policy", "expires_at_ms", "disabled", "version")
            }
            await connection.execute(update(virtual_keys).where(virtual_keys.c.id == old.id).values(values))
            await connection.execute(_audit("key.update", old.id, note, tell_differences(_tell(old), _tell(new))))
        return new

    async def rotate(
        self,
        key_id: str,
        give_text: Callable[[KeyRecord], KeyRecord],
        ends_at_ms: int,
        note: ChangeNote,
        base: int | None = None,
    ) -> KeyRecord | None:
        """Give a live key another text; `None` when there is no such key.

        Args:
            key_id: of the key.
            give_text: puts display, digest and pepper of the new text into the record.
            ends_at_ms: from when on none of its earlier texts opens anything; the time of the note for at once.
            note: who and why.
            base: the version that the change is for, `None` for any.

        Raises:
            StaleVersion: when `base` is not the key's version.
            TooMany: when `MOST_FORMER` earlier texts still open something and would go on to.
        """
        async with self._database.write() as connection:
            await connection.execute(count_change("keys"))
            old = await _find_live(connection, key_id, base)
            if old is None:
                return None
            former = _end_former(old, ends_at_ms, note.at_ms)
            new = replace(give_text(old), version=old.version + 1, rotated_at_ms=note.at_ms, former=former)
            names = ("display", "digest", "pepper_id", "rotated_at_ms", "version")
            values = {name: getattr(new, name) for name in names}
            await connection.execute(update(virtual_keys).where(virtual_keys.c.id == old.id).values(values))
            await connection.execute(delete(former_keys).where(former_keys.c.key_id == old.id))
            if former:
                await connection.execute(insert(former_keys), [_write_former(old.id, each) for each in former])
            details: dict[str, object] = {"display": new.display, "former_until_ms": ends_at_ms}
            await connection.execute(_audit("key.rotate", old.id, note, details))
        return new

    async def revoke(self, key_id: str, at_ms: int, note: ChangeNote | None = None, base: int | None = None) -> bool:
        """Mark a key as revoked; false when there is no such key or it was revoked before.

        Raises:
            StaleVersion: when `base` is not the key's version.
        """
        async with self._database.write() as connection:
            await connection.execute(count_change("keys"))
            old = await _find_live(connection, key_id, base)
            if old is None:
                return False
            values = {"revoked_at_ms": at_ms, "version": old.version + 1}
            await connection.execute(update(virtual_keys).where(virtual_keys.c.id == old.id).values(values))
            await connection.execute(delete(former_keys).where(former_keys.c.key_id == old.id))
            if note is not None:
                await connection.execute(_audit("key.revoke", old.id, note, {"name": old.name}))
        return True

    async def note_uses(self, used_at_ms: Mapping[str, int]) -> None:
        """Keep when keys were last used; a later time that is stored already stays."""
        wanted: BindParameter[str] = bindparam("wanted")
        at_ms: BindParameter[int] = bindparam("used_at_ms")
        is_older = or_(virtual_keys.c.last_used_at_ms.is_(None), virtual_keys.c.last_used_at_ms < at_ms)
        statement = update(virtual_keys).where(virtual_keys.c.id == wanted, is_older).values(last_used_at_ms=at_ms)
        # In one order everywhere, so that replicas never wait for one another in a ring.
        rows = [{"wanted": key_id, "used_at_ms": used_at_ms[key_id]} for key_id in sorted(used_at_ms)]

        def write(connection: Connection) -> None:
            connection.execute(statement, rows)

        if rows:
            await self._database.write_in_thread(write)

    async def find(self, key_id: str) -> KeyRecord | None:
        """A key by its id, live or not."""
        found = await self._list(select(virtual_keys).where(virtual_keys.c.id == storable_text(key_id)))
        return found[0] if found else None

    async def list_all(self) -> list[KeyRecord]:
        """Every key that is kept, oldest first."""
        return await self._list(select(virtual_keys).order_by(virtual_keys.c.created_at_ms, virtual_keys.c.id))

    async def list_live(self) -> list[KeyRecord]:
        """The keys that are not revoked."""
        return await self._list(select(virtual_keys).where(virtual_keys.c.revoked_at_ms.is_(None)))

    async def _list(self, wanted: Select[*tuple[Any, ...]]) -> list[KeyRecord]:
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
            former = await _list_former(connection, rows[0].id if len(rows) == 1 else None)
        return [_read_key(row, former.get(row.id, ())) for row in rows]


def write_policy(policy: KeyPolicy) -> str | None:
    """A policy as its column holds it: JSON, or NULL when it says nothing.

    Raises:
        ValueError: when it could not be read again, which would make a key that opens nothing.
    """
    if policy == NO_POLICY:
        return None
    text = msgspec.json.encode(policy).decode()
    if policy == UNREADABLE or policy.within or read_policy(text) != policy:
        raise ValueError("a key's policy is not valid: it has more, longer or other values than a policy may have")
    return text


def read_policy(stored: str | bytes | None) -> KeyPolicy:
    """What `write_policy` wrote; `UNREADABLE` for anything else."""
    if stored is None:
        return NO_POLICY
    if len(stored) > MOST_POLICY_CHARACTERS:
        return UNREADABLE
    try:
        return _decode_policy(stored)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return UNREADABLE


def _write_key(key: KeyRecord) -> dict[str, object]:
    values = {column.name: getattr(key, column.name) for column in virtual_keys.columns}
    return values | {"policy": write_policy(key.policy), "disabled": int(key.disabled)}


def _read_key(row: Row[Any], former: Sequence[FormerKey]) -> KeyRecord:
    values = dict(row._mapping)
    policy, disabled = read_policy(values["policy"]), bool(values["disabled"])
    return KeyRecord(**values | {"policy": policy, "disabled": disabled, "former": tuple(former)})


def _write_former(key_id: str, former: FormerKey) -> dict[str, object]:
    return {
        "key_id": key_id,
        "digest": former.digest,
        "pepper_id": former.pepper_id,
        "ends_at_ms": former.ends_at_ms,
    }


async def _list_former(connection: AsyncConnection, key_id: str | None) -> Mapping[str, list[FormerKey]]:
    """The earlier texts of one key, or those of all, by key."""
    wanted = select(former_keys).order_by(former_keys.c.key_id, former_keys.c.ends_at_ms, former_keys.c.digest)
    found: dict[str, list[FormerKey]] = defaultdict(list)
    for row in await connection.execute(wanted if key_id is None else wanted.where(former_keys.c.key_id == key_id)):
        found[row.key_id].append(FormerKey(row.digest, row.pepper_id, row.ends_at_ms))
    return found


async def _find_live(connection: AsyncConnection, key_id: str, base: int | None) -> KeyRecord | None:
    wanted = and_(virtual_keys.c.id == storable_text(key_id), virtual_keys.c.revoked_at_ms.is_(None))
    row = (await connection.execute(select(virtual_keys).where(wanted).with_for_update())).one_or_none()
    if row is None:
        return None
    if base is not None and base != row.version:
        raise StaleVersion(row.version)
    former = await _list_former(connection, row.id)
    return _read_key(row, former.get(row.id, ()))


def _end_former(old: KeyRecord, ends_at_ms: int, now_ms: int) -> tuple[FormerKey, ...]:
    """The earlier texts that a key has once its present one is another; those whose time is over are left out."""
    texts = (*old.former, FormerKey(old.digest, old.pepper_id, ends_at_ms))
    ending = (replace(each, ends_at_ms=min(each.ends_at_ms, ends_at_ms)) for each in texts)
    kept = tuple(each for each in ending if each.ends_at_ms > now_ms)
    if len(kept) > MOST_FORMER:
        raise TooMany(f"{MOST_FORMER} earlier texts of this key work still: end them all at once with a grace of 0")
    return kept


async def _refuse_too_many(connection: AsyncConnection, now_ms: int) -> None:
    live = await connection.scalar(select(func.count()).select_from(virtual_keys).where(~_is_dead(now_ms)))
    if (live or 0) >= MOST_KEYS:
        raise TooMany(f"there are {MOST_KEYS:,} live keys already: revoke those that nobody uses")


async def _forget_dead(connection: AsyncConnection, now_ms: int) -> None:
    died_at_ms = func.coalesce(virtual_keys.c.revoked_at_ms, virtual_keys.c.expires_at_ms)
    dead = select(virtual_keys.c.id).where(_is_dead(now_ms)).order_by(died_at_ms.desc(), virtual_keys.c.id)
    oldest = (await connection.scalars(dead.offset(MOST_DEAD).limit(FORGOTTEN_AT_ONCE))).all()
    if oldest:
        await connection.execute(delete(former_keys).where(former_keys.c.key_id.in_(oldest)))
        await connection.execute(delete(virtual_keys).where(virtual_keys.c.id.in_(oldest)))


def _is_dead(now_ms: int) -> ColumnElement[bool]:
    """Whether a key opens nothing any more."""
    ends = virtual_keys.c.expires_at_ms
    return or_(virtual_keys.c.revoked_at_ms.is_not(None), and_(ends.is_not(None), ends <= now_ms))


def _tell(key: KeyRecord) -> dict[str, object]:
    """What of a key can be changed, for the audit."""
    policy = {"policy": "unreadable"} if key.policy == UNREADABLE else msgspec.to_builtins(key.policy)
    return {"name": key.name, "expires_at_ms": key.expires_at_ms, "disabled": key.disabled, **policy}


def _audit(action: str, key_id: str, note: ChangeNote, details: dict[str, object]) -> Insert:
    return audit_insertion(AuditEntry(note.at_ms, note.author, action, f"key:{key_id}", note.reason, details))
