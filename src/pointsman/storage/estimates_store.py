"""Keeps what was learned of how long prompts and answers are; of replicas that learn the same, the last one counts."""

import logging
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from pointsman.core.routing.learned_tokens import MOST_HISTORIES, StoredHistory
from pointsman.core.routing.token_history import HistoryState
from pointsman.storage.database import Database
from pointsman.storage.estimate_tables import learned_tokens

ROWS_PER_STATEMENT = 200

_log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(HistoryState).decode
_encode = msgspec.json.Encoder().encode


class EstimatesStore:
    """The port `HistoryStore` of `control/learning.py`."""

    def __init__(self, database: Database, most: int = MOST_HISTORIES) -> None:
        self._database = database
        self._most = most

    async def load(self) -> list[StoredHistory]:
        """All histories, those that were saved last first; what cannot be read is left out and said in the log."""
        newest = select(learned_tokens).order_by(learned_tokens.c.saved_at_ms.desc()).limit(self._most)
        async with self._database.read() as connection:
            rows = (await connection.execute(newest)).all()
        histories: list[StoredHistory] = []
        for row in rows:
            try:
                histories.append(StoredHistory(row.model, row.agent, row.kind, _decode(row.state)))
            except msgspec.MsgspecError:
                continue
        if len(histories) < len(rows):
            lost = len(rows) - len(histories)
            _log.warning("%d rows of learned_tokens cannot be read; what they held is learned anew", lost)
        return histories

    async def save(self, histories: Sequence[StoredHistory], now_ms: int) -> None:
        """Replace what is stored of these, and drop what was saved longest ago beyond the bound."""
        if histories:
            await self._database.write_in_thread(lambda connection: self._write(connection, histories, now_ms))

    def _write(self, connection: Connection, histories: Sequence[StoredHistory], now_ms: int) -> None:
        # Replicas that save at the same time lock rows in the same order.
        ordered = sorted(histories, key=lambda each: (each.model, each.agent, each.kind))
        for start in range(0, len(ordered), ROWS_PER_STATEMENT):
            _replace(connection, ordered[start : start + ROWS_PER_STATEMENT], now_ms)
        saved_at_ms = learned_tokens.c.saved_at_ms
        beyond = select(saved_at_ms).order_by(saved_at_ms.desc()).offset(self._most).limit(1)
        newest_beyond: int | None = connection.scalar(beyond)
        if newest_beyond is not None:
            connection.execute(delete(learned_tokens).where(saved_at_ms <= newest_beyond, saved_at_ms < now_ms))


def _replace(connection: Connection, histories: Sequence[StoredHistory], now_ms: int) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [
        {
            "model": each.model,
            "agent": each.agent,
            "kind": each.kind,
            "state": _encode(each.state).decode(),
            "saved_at_ms": now_ms,
        }
        for each in histories
    ]
    new = insert(learned_tokens).values(rows)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["model", "agent", "kind"],
            set_={"state": new.excluded.state, "saved_at_ms": new.excluded.saved_at_ms},
        )
    )
