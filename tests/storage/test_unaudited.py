"""A change that cannot be audited does not happen."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from pointsman.core.ports import NewRevision, OverrideRecord
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import Database, open_database
from pointsman.storage.overrides_store import OverridesStore

REVISION = NewRevision("ada", "", 1, "0123456789ab", "api", "{}", "{}", "production")
OVERRIDE = OverrideRecord("ovr_1", "agent", "writer", {"model": "gpt-4o"}, "ada", "", 1_000, 9_000)
CHANGES: dict[str, Callable[[Database], Awaitable[object]]] = {
    "commit": lambda database: ConfigurationStore(database).commit(1, replace(REVISION, stored_layer='{"new":1}')),
    "add": lambda database: OverridesStore(database).add(replace(OVERRIDE, id="ovr_2", target="reader")),
    "replace": lambda database: OverridesStore(database).add(replace(OVERRIDE, id="ovr_2")),
    "cancel": lambda database: OverridesStore(database).cancel("ovr_1", "ada", 2_000),
    "end": lambda database: OverridesStore(database).end_due(9_000, "pointsman", "its time has come"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_the_audit_refuses_has_no_effect(tmp_path: Path, change: Callable[[Database], Awaitable[object]]) -> None:
    path = tmp_path / "pointsman.db"

    async def try_it() -> None:
        database = await open_database(f"sqlite:///{path}")
        try:
            await ConfigurationStore(database).commit(None, REVISION)
            await OverridesStore(database).add(OVERRIDE)
            before = _refuse_more_rows(path)
            with pytest.raises(IntegrityError, match="the audit is full"):
                await change(database)
            assert _dump(path) == before
        finally:
            await database.close()

    asyncio.run(try_it())


def _refuse_more_rows(path: Path) -> list[str]:
    """Make the audit take nothing more; answers all that the database holds."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit is full'); END"
        )
    return _dump(path)


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
