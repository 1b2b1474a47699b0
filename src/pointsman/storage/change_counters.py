"""A change is counted in its own transaction and before it looks: those of one resource come one after another."""

from typing import Literal

from sqlalchemy import Update, select, update

from pointsman.storage.database import Database
from pointsman.storage.tenant_tables import change_counters

Resource = Literal["keys", "tenants", "configuration", "overrides"]


def count_change(resource: Resource) -> Update:
    """The statement that counts a change; run it first, so that the row's lock keeps out all others until the end."""
    counted = change_counters.c.counter + 1
    return update(change_counters).where(change_counters.c.resource == resource).values(counter=counted)


class StoredCounters:
    """The table of counters; the port `ChangeCounters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read_counters(self) -> dict[str, int]:
        """How often each resource was changed."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(change_counters.c.resource, change_counters.c.counter))
            return {row.resource: row.counter for row in rows}
