"""Sums of usage by blocks of time; rows of before are noted, to be added to the cells by the first that writes."""

import json

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_DIMENSIONS = (
    *("agent", "interaction", "task", "team", "user", "key_id"),
    *("experiment", "operation", "location", "provider", "model", "tags"),
)
_FIGURES = (
    *("calls", "failures", "cached_answers", "unknown_cost_calls", "latency_us"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("cost_nusd", "estimated_nusd", "possibly_billed_nusd"),
)
_HOURS_AT_ONCE = 24
_HOUR_MS = 3_600_000


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "rollup_lines",
        sa.Column("id", WideInteger, primary_key=True, autoincrement=False),
        sa.Column("cube", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _DIMENSIONS),
    )
    op.create_index("rollup_lines_cube", "rollup_lines", ["cube"])
    op.create_table(
        "rollup_cells",
        sa.Column("cube", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("grain", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", WideInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, WideInteger, nullable=False) for name in _FIGURES),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_pending",
        sa.Column("seq", WideInteger, primary_key=True),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    _note_former_rows()


def _note_former_rows() -> None:
    connection = op.get_bind()
    length = _HOURS_AT_ONCE * _HOUR_MS
    after = 0
    while (first := connection.scalar(sa.text(_FIRST), {"after": after})) is not None:
        start = first // length * length
        after = start + length
        for question in (_REQUESTS, _ENTRIES):
            rows = connection.execute(sa.text(question), {"start": start, "after": after}).all()
            if rows:
                content = msgspec.msgpack.encode([_write_cell(row) for row in rows])
                connection.execute(sa.text(_NOTE), {"cells": len(rows), "content": content})


def _write_cell(row: sa.Row[tuple[object, ...]]) -> list[object]:
    """The hour, the names as one text, the figures; tags are a set, each in a line of its own."""
    width = 1 + len(_DIMENSIONS)
    tags = sorted({msgspec.json.encode(tag).decode() for tag in json.loads(str(row[width - 1])) if tag})
    written = "\n".join(("", *tags, "")) if tags else ""
    names = "\0".join((*(str(name) for name in row[1 : width - 1]), written))
    return [row[0], names, list(row[width:])]


_NAMES = ", ".join(f'"{name}"' for name in _DIMENSIONS)
_FIRST = """
SELECT min(at_ms) FROM (SELECT min(at_ms) AS at_ms FROM "usage" WHERE at_ms >= :after
    UNION ALL SELECT min(at_ms) AS at_ms FROM ledger WHERE at_ms >= :after) AS firsts
"""
_NOTE = "INSERT INTO rollup_pending (cells, content) VALUES (:cells, :content)"
_REQUESTS = f"""
SELECT at_ms / {_HOUR_MS}, {_NAMES},
    CAST(sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END) AS bigint),
    CAST(sum(CASE WHEN attempts > 0 AND failure <> '' THEN 1 ELSE 0 END) AS bigint),
    CAST(sum(CASE WHEN attempts = 0 THEN 1 ELSE 0 END) AS bigint),
    CAST(sum(CASE WHEN attempts > 0 AND cost_status = 'unknown' THEN 1 ELSE 0 END) AS bigint),
    CAST(sum(CASE WHEN attempts > 0 THEN latency_us ELSE 0 END) AS bigint),
    0, 0, 0, 0, 0, 0, 0, 0
FROM "usage" WHERE at_ms >= :start AND at_ms < :after AND (attempts > 0 OR failure = '')
GROUP BY at_ms / {_HOUR_MS}, {_NAMES}
"""
_ENTRIES = f"""
SELECT at_ms / {_HOUR_MS}, {_NAMES}, 0, 0, 0, 0, 0,
    CAST(coalesce(sum(input_tokens), 0) AS bigint), CAST(coalesce(sum(output_tokens), 0) AS bigint),
    CAST(coalesce(sum(cached_input_tokens), 0) AS bigint), CAST(coalesce(sum(cache_write_tokens), 0) AS bigint),
    CAST(coalesce(sum(reasoning_tokens), 0) AS bigint), CAST(coalesce(sum(cost_nusd), 0) AS bigint),
    CAST(coalesce(sum(CASE WHEN status = 'estimated' THEN cost_nusd ELSE 0 END), 0) AS bigint), 0
FROM ledger WHERE at_ms >= :start AND at_ms < :after
GROUP BY at_ms / {_HOUR_MS}, {_NAMES}
"""
"""At this revision the ledger holds what the migration before has made of the rows: charges alone."""
