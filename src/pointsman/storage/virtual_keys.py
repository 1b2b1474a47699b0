"""Virtual keys at rest: digests, names and policies; the key itself never comes here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from pointsman.core.ports import KeyRecord
from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy
from pointsman.storage.database import Database
from pointsman.storage.tables import virtual_keys

MOST_POLICY_CHARACTERS = 65_536
"""More than the largest policy takes; what is longer was not written here."""

_decode_policy = msgspec.json.Decoder(KeyPolicy).decode


class VirtualKeys:
    """The table of virtual keys; the port `KeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, key: KeyRecord) -> None:
        """Store a new key.

        Raises:
            sqlalchemy.exc.IntegrityError: when its id or its digest is there already.
            ValueError: when its policy could not be read again.
        """
        values = {column.name: getattr(key, column.name) for column in virtual_keys.columns}
        values["policy"] = write_policy(key.policy)
        async with self._database.write() as connection:
            await connection.execute(insert(virtual_keys).values(values))

    async def revoke(self, key_id: str, at_ms: int) -> bool:
        """Mark a key as revoked; false when there is no such key or it was revoked before."""
        revocation = (
            update(virtual_keys)
            .where(virtual_keys.c.id == key_id, virtual_keys.c.revoked_at_ms.is_(None))
            .values(revoked_at_ms=at_ms)
        )
        async with self._database.write() as connection:
            return (await connection.execute(revocation)).rowcount == 1

    async def list_all(self) -> list[KeyRecord]:
        """Every key ever made, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(virtual_keys).order_by(virtual_keys.c.created_at_ms, virtual_keys.c.id)
            )
        return [_read_row(row) for row in rows]

    async def list_live(self) -> list[KeyRecord]:
        """The keys that are not revoked."""
        live = select(virtual_keys).where(virtual_keys.c.revoked_at_ms.is_(None))
        async with self._database.read() as connection:
            rows = await connection.execute(live)
        return [_read_row(row) for row in rows]


def write_policy(policy: KeyPolicy) -> str | None:
    """A policy as its column holds it: JSON, or NULL when it says nothing.

    Raises:
        ValueError: when it could not be read again, which would make a key that opens nothing.
    """
    if policy == NO_POLICY:
        return None
    text = msgspec.json.encode(policy).decode()
    if policy == UNREADABLE or read_policy(text) != policy:
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


def _read_row(row: Sequence[Any]) -> KeyRecord:
    *values, policy = row
    return replace(KeyRecord(*values), policy=read_policy(policy))
