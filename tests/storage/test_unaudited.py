"""A change that cannot be audited does not happen."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from both_databases import change_stored, dump, find_file
from pointsman.core.ports import NewRevision, OverrideRecord
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import Database, open_database
from pointsman.storage.overrides_store import OverridesStore

REVISION = NewRevision("ada", "", 1, "0123456789ab", "api", "{}", "{}", "production")
OVERRIDE = OverrideRecord("ovr_1", "agent", "writer", {"model": "gpt-4o"}, "ada", "", 1_000, 9_000)
TABLES = ("configuration_documents", "configuration_revisions", "overrides", "audit")
CHANGES: dict[str, Callable[[Database], Awaitable[object]]] = {
    "commit": lambda database: ConfigurationStore(database).commit(1, replace(REVISION, stored_layer='{"new":1}')),
    "add": lambda database: OverridesStore(database).add(replace(OVERRIDE, id="ovr_2", target="reader")),
    "replace": lambda database: OverridesStore(database).add(replace(OVERRIDE, id="ovr_2")),
    "cancel": lambda database: OverridesStore(database).cancel("ovr_1", "ada", 2_000),
    "end": lambda database: OverridesStore(database).end_due(9_000, "pointsman", "its time has come"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_the_audit_refuses_has_no_effect(
    database_url: str, change: Callable[[Database], Awaitable[object]]
) -> None:
    async def try_it() -> None:
        database = await open_database(database_url)
        try:
            await ConfigurationStore(database).commit(None, REVISION)
            await OverridesStore(database).add(OVERRIDE)
            _refuse_more_rows(database_url)
            before = dump(database_url, TABLES)
            with pytest.raises(IntegrityError, match="the audit is full"):
                await change(database)
            assert dump(database_url, TABLES) == before
        finally:
            await database.close()

    asyncio.run(try_it())


def _refuse_more_rows(url: str) -> None:
    """Make the audit take nothing more."""
    if find_file(url):
        change_stored(
            url, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit is full'); END"
        )
        return
    change_stored(
        url,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit is full'"
        " USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER refusing BEFORE INSERT ON audit EXECUTE FUNCTION refuse()",
    )
