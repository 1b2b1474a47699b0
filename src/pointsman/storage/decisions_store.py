"""Decisions at rest: written beside the requests, found by either request id, gone when their time is over."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, delete, exists, or_, select

from pointsman.core.chat.usage import Usage
from pointsman.core.config.recorded_configuration import RecordedConfiguration
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.record import DecisionRow, Recorded, Settled, Spent, UnreadableRecord, decode_record
from pointsman.storage.bounds import bounded_number, check_limit
from pointsman.storage.database import Database
from pointsman.storage.decisions_configurations import unpack_configuration
from pointsman.storage.decisions_writer import LIMITS, DecisionsWriter
from pointsman.storage.money_tables import ledger
from pointsman.storage.tables import decision_configurations as configurations
from pointsman.storage.tables import decisions, usage
from pointsman.storage.usage_rows import storable_text

ROWS_PER_PRUNING = 1_000
"""Few enough that the database is taken for some milliseconds at most."""

CONFIGURATIONS_PER_PRUNING = 50


class DecisionsStore:
    """The tables of decisions and of the configurations they saw; the port `DecisionStore` of `control/replay.py`.

    Args:
        database: where they are.
        catch_up_usage: waits until the usage rows of calls that have ended are written, too; they tell of the costs.
    """

    def __init__(self, database: Database, catch_up_usage: Callable[[], Awaitable[None]] | None = None) -> None:
        self._database = database
        self._catch_up_usage = catch_up_usage
        self._writer = DecisionsWriter(database, LIMITS)

    def start(self) -> None:
        """Start writing; call it once, on the running event loop."""
        self._writer.start()

    def add(self, settled: Settled) -> None:
        """Take a call that has ended; never waits."""
        self._writer.add(settled)

    def follow(self, snapshot: Snapshot, put_down: Callable[[], RecordedConfiguration]) -> None:
        """Remember what has come into force.

        Args:
            snapshot: as requests pin it.
            put_down: tells what it follows from; called in the database's thread, once, and only if it is needed.
        """
        self._writer.follow(snapshot, put_down)

    async def drain(self) -> None:
        """Write what waits and stop."""
        await self._writer.drain()

    async def find(self, request_id: str, since_ms: int) -> DecisionRow | None:
        """The decision of a request, by our id or by the one on its answer: the newest one where a client repeats its.

        Args:
            request_id: either of them.
            since_ms: older ones are gone.
        """
        row = await self._find(request_id, since_ms)
        if row is None or row.spent is None:
            # It may have ended just now; its rows come with the next batches.
            await self._writer.catch_up()
            if self._catch_up_usage is not None:
                await self._catch_up_usage()
            row = await self._find(request_id, since_ms)
        return row

    async def list_decisions(
        self, limit: int, since_ms: int, before: int | None = None, caller: str | None = None
    ) -> list[DecisionRow]:
        """The decisions below seq `before`, or all, newest first.

        Args:
            limit: how many at most.
            since_ms: older ones are gone.
            before: a seq, or `None`.
            caller: whose, or `None` for everybody's.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        check_limit(limit)
        wanted = _select_rows(since_ms).order_by(decisions.c.seq.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(decisions.c.seq < bounded_number(before))
        if caller is not None:
            wanted = wanted.where(decisions.c.agent == storable_text(caller))
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return await asyncio.to_thread(lambda: [_read_row(row) for row in rows])

    async def read_configuration(self, configuration: bytes) -> RecordedConfiguration | None:
        """A configuration that decisions saw, or `None` where it is gone or another version's."""
        wanted = select(configurations.c.content).where(configurations.c.digest == configuration)
        async with self._database.read() as connection:
            content: bytes | None = await connection.scalar(wanted)
        return None if content is None else await asyncio.to_thread(_unpack, content)

    async def prune(self, before_ms: int) -> bool:
        """Drop some of the decisions of requests that arrived before a time, then configurations that only they saw.

        Returns:
            Whether there may be more to drop.
        """
        dropped = 0

        def drop(connection: Connection) -> None:
            nonlocal dropped
            dropped = _drop_decisions(connection, before_ms)
            if dropped < ROWS_PER_PRUNING and _drop_configurations(connection, before_ms):
                dropped = ROWS_PER_PRUNING

        await self._database.write_in_thread(drop)
        return dropped >= ROWS_PER_PRUNING

    async def _find(self, request_id: str, since_ms: int) -> DecisionRow | None:
        request_id = storable_text(request_id)
        is_it = or_(decisions.c.request_id == request_id, decisions.c.shown_id == request_id)
        wanted = _select_rows(since_ms).where(is_it).order_by(decisions.c.seq.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else _read_row(row)


_HAS_FURTHER = exists(
    select(ledger.c.seq).where(
        ledger.c.request_id == decisions.c.request_id,
        ledger.c.part.in_(("replaced", "check")),
        ledger.c.cost_nusd > 0,
    )
).correlate(decisions)
"""Whether calls beside the one that answered are part of what a request cost."""


def _select_rows(since_ms: int) -> Select[*tuple[Any, ...]]:
    return (
        select()
        .add_columns(
            decisions.c.seq,
            decisions.c.request_id,
            decisions.c.shown_id,
            decisions.c.at_ms,
            decisions.c.agent,
            configurations.c.digest,
            decisions.c.content,
            usage.c.attempts,
            usage.c.input_tokens,
            usage.c.output_tokens,
            usage.c.cached_input_tokens,
            usage.c.reasoning_tokens,
            usage.c.cost_nusd,
            usage.c.cost_status,
            _HAS_FURTHER,
        )
        .join_from(decisions, configurations, decisions.c.configuration == configurations.c.id, isouter=True)
        .outerjoin(usage, decisions.c.request_id == usage.c.request_id)
        # The addition keeps SQLite from the index of times: what is asked for is found by other indexes sooner.
        .where(decisions.c.at_ms + 0 >= since_ms)
    )


def _read_row(row: Row[*tuple[Any, ...]]) -> DecisionRow:
    seq, request_id, shown_id, at_ms, caller, configuration, content, *spent = row
    recorded = _decode(content)
    return DecisionRow(
        seq, request_id, shown_id or request_id, at_ms, caller, configuration, recorded, _read_spent(*spent)
    )


def _read_spent(
    attempts: int | None,
    input_tokens: int | None,
    output_tokens: int | None,
    cached_input_tokens: int | None,
    reasoning_tokens: int | None,
    cost_nusd: int | None,
    cost_status: str | None,
    has_further: bool | None,
) -> Spent | None:
    """The parts of a usage row; all of them are NULL where there is none."""
    if attempts is None or cost_status is None:
        return None
    used = None
    if input_tokens is not None and output_tokens is not None:
        used = Usage(input_tokens, output_tokens, cached_input_tokens or 0, reasoning_tokens or 0)
    return Spent(attempts, used, cost_nusd, cost_status, bool(has_further))


def _decode(content: bytes) -> Recorded | None:
    try:
        return decode_record(content)
    except UnreadableRecord:
        return None


def _unpack(content: bytes) -> RecordedConfiguration | None:
    try:
        return unpack_configuration(content)
    except (msgspec.MsgspecError, zlib.error):
        return None


def _drop_decisions(connection: Connection, before_ms: int) -> int:
    """Drop what is too old of the rows that were written first.

    Rows stand in the order in which their requests ended, so no index by time has to be kept up for each of them.
    """
    first = select(decisions.c.seq, decisions.c.at_ms).order_by(decisions.c.seq).limit(ROWS_PER_PRUNING).subquery()
    old = select(first.c.seq).where(first.c.at_ms < before_ms)
    return connection.execute(delete(decisions).where(decisions.c.seq.in_(old))).rowcount


def _drop_configurations(connection: Connection, before_ms: int) -> bool:
    """Drop those whose last decision was before a time; says whether there may be more."""
    is_unseen = configurations.c.last_at_ms < before_ms
    unseen = select(configurations.c.id).where(is_unseen).limit(CONFIGURATIONS_PER_PRUNING)
    # Asked twice: in PostgreSQL another replica may see one again while this waits for its row.
    dropped = connection.execute(delete(configurations).where(configurations.c.id.in_(unseen), is_unseen))
    return dropped.rowcount >= CONFIGURATIONS_PER_PRUNING
