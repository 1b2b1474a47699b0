"""Virtual keys at rest: digests and names; the key itself never comes here."""

from sqlalchemy import insert, select, update

from pointsman.core.ports import KeyRecord
from pointsman.storage.database import Database
from pointsman.storage.tables import virtual_keys


class VirtualKeys:
    """The table of virtual keys; the port `KeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, key: KeyRecord) -> None:
        """Store a new key.

        Raises:
            sqlalchemy.exc.IntegrityError: when its id or its digest is there already.
        """
        values = {column.name: getattr(key, column.name) for column in virtual_keys.columns}
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
        return [KeyRecord(*row) for row in rows]

    async def list_live(self) -> list[KeyRecord]:
        """The keys that are not revoked."""
        live = select(virtual_keys).where(virtual_keys.c.revoked_at_ms.is_(None))
        async with self._database.read() as connection:
            rows = await connection.execute(live)
        return [KeyRecord(*row) for row in rows]
