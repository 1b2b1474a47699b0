"""A database of PostgreSQL: reachable, of which schema, with what rights; only read, and no password is shown."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.core.config.problems import quote
from pointsman.core.ports import KeyRecord
from pointsman.diagnosis.finding import Finding, good, warn, wrong
from pointsman.storage.postgres_address import PostgresAddress, read_address
from pointsman.storage.postgres_faults import explain
from pointsman.storage.schema import UnusableDatabase, known_revisions

LOOK_S = 5.0
DRIVER = "pip install 'pointsman[postgres]'"
OWN = "ALTER DATABASE ... OWNER TO, or GRANT CREATE ON SCHEMA public TO the user of storage.url"

_STATE = """
SELECT current_setting('server_encoding') AS encoding, current_setting('server_version') AS version,
    current_setting('default_transaction_read_only') = 'on' OR pg_is_in_recovery() AS only_reads,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    to_regclass('alembic_version') IS NOT NULL AS has_schema,
    EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema()) AS has_tables,
    (SELECT coalesce(bool_and(has_table_privilege(format('%I.%I', schemaname, tablename),
        'SELECT, INSERT, UPDATE, DELETE')), true) FROM pg_tables WHERE schemaname = current_schema()) AS may_write
"""
_KEYS = "SELECT id, name, display, digest, pepper_id, created_at_ms FROM virtual_keys WHERE revoked_at_ms IS NULL"


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a look at a server came to.

    Attributes:
        findings: about the database.
        keys: the virtual keys that are not revoked.
    """

    findings: tuple[Finding, ...]
    keys: Sequence[KeyRecord] = ()


def look_at_server(url: str, environ: Mapping[str, str]) -> ServerState:
    """Ask the server that a URL names; takes at most `LOOK_S` seconds."""
    try:
        address = read_address(url, environ.get("PGPASSWORD"))
    except UnusableDatabase as refusal:
        return ServerState((wrong("database", *_split(str(refusal))),))
    try:
        import asyncpg  # type: ignore[import-untyped]  # it ships none
    except ImportError:
        return ServerState((wrong("database", "storage.url names PostgreSQL, and its driver is not there", DRIVER),))
    failures = (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError)
    try:
        return asyncio.run(_look(address))
    except failures as error:
        return ServerState((wrong("database", *_split(explain(address, error))),))


async def _look(address: PostgresAddress) -> ServerState:
    import asyncpg

    async with asyncio.timeout(LOOK_S):
        settings = {"application_name": "pointsman doctor"}
        connection = await asyncpg.connect(address.url, password=address.password, server_settings=settings)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                state = await connection.fetchrow(_STATE)
                stored = None
                if state["has_schema"] and state["may_write"]:
                    stored = await connection.fetchval("SELECT version_num FROM alembic_version")
                findings = tuple(_judge(address.shown, state, stored))
                keys: list[KeyRecord] = []
                if stored == known_revisions()[-1]:
                    keys = [KeyRecord(*row.values()) for row in await connection.fetch(_KEYS)]
                return ServerState(findings, keys)
        finally:
            connection.terminate()


def _judge(shown: str, state: Mapping[str, Any], stored: str | None) -> Iterator[Finding]:
    shown = quote(shown)
    if state["encoding"] != "UTF8":
        message = f"{shown} has the encoding {state['encoding']}, which cannot keep all texts"
        yield wrong("database", message, "make it anew with ENCODING 'UTF8' TEMPLATE template0")
        return
    if not state["may_write"]:
        yield wrong("database rights", f"the user may not read and change all tables of {shown}", OWN)
        return
    yield _judge_schema(f"{shown} (PostgreSQL {state['version'].split()[0]})", state, stored)
    if state["only_reads"]:
        message = f"{shown} only reads, as a standby does"
        yield wrong("database rights", message, "name the server that writes in storage.url")
    elif not state["may_create"] and stored != known_revisions()[-1]:
        yield wrong("database rights", f"the user may not make tables in {shown}, which the next start needs", OWN)
    elif not state["may_create"]:
        yield warn("database rights", f"the user may not make tables in {shown}, which the next version may need", OWN)
    else:
        yield good("database rights", "the user may do all that a gateway needs")


def _judge_schema(shown: str, state: Mapping[str, Any], stored: str | None) -> Finding:
    known = known_revisions()
    if stored is None and state["has_tables"]:
        return wrong("database", f"{shown} is of another program", "name a database of its own in storage.url")
    if stored is None:
        return good("database", f"{shown} answers and is empty; the first start fills it")
    if stored not in known:
        message = f"{shown} has schema {quote(stored)}, written by a newer Pointsman; this one knows up to {known[-1]}"
        return wrong("database", message, "run the newer Pointsman, or restore a backup made before it ran")
    if stored != known[-1]:
        message = f"{shown} has schema {stored}; this Pointsman brings it to {known[-1]} at its next start"
        return warn("database", message, "keep a backup of it and of the pepper, then start the gateway")
    return good("database", f"{shown} answers and has schema {stored}, which is the newest")


def _split(sentence: str) -> tuple[str, str]:
    """What is wrong, and what to do."""
    message, _, advice = sentence.partition("; ")
    return message, advice or "look into the log of the server"
