"""Beside the requests: when keys were last used is written down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pointsman.control.follow_keys import KeyUses, keep_uses
from pointsman.control.keys import KeyRing
from pointsman.storage.database import Database
from pointsman.storage.virtual_keys import VirtualKeys


@asynccontextmanager
async def keep_keys(keys: KeyRing, database: Database) -> AsyncIterator[None]:
    """Do so until the block ends."""
    task = asyncio.create_task(keep_uses(KeyUses(keys, VirtualKeys(database))), name="keep last uses of keys")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
