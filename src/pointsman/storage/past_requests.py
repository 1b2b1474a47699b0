"""Finished requests one by one, the newest first, and what the ledger has about each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, select

from pointsman.storage.bounds import bounded_number, check_limit
from pointsman.storage.database import Database
from pointsman.storage.money_tables import ledger
from pointsman.storage.rollup_cells import write_tag
from pointsman.storage.tables import usage
from pointsman.storage.usage_rows import storable_text

MOST_LOOKED_AT = 200_000
"""Rows that one page goes through at most; where few fit, it has fewer than asked for, and the next one goes on."""

MOST_ENTRIES = 1_000
"""Of one request."""

_COLUMNS = {"key": "key_id"}


@dataclass(frozen=True, slots=True)
class RequestsWanted:
    """Which requests to list.

    Attributes:
        filters: names by dimension, `session` and `failure` among them; of a request's tags one must be that of `tag`.
        since_ms: the first moment that counts, in milliseconds since the Unix epoch, by when requests arrived.
        until_ms: the first one that does not count any more, or `None`.
        before: the number that a page gave for the next one, or `None` for the newest.
        limit: how many at most.
    """

    filters: Mapping[str, str]
    since_ms: int = 0
    until_ms: int | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class RequestsPage:
    """Some requests.

    Attributes:
        rows: as they are stored.
        following: to be given as `before` for the next page, or `None` when there is none.
    """

    rows: tuple[RowMapping, ...]
    following: int | None


class PastRequests:
    """Reads what the writer has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_requests(self, wanted: RequestsWanted) -> RequestsPage:
        """A page of requests, the last one that was written first.

        Raises:
            ValueError: when too many are asked for at once.
        """
        check_limit(wanted.limit)
        async with self._database.read() as connection:
            # Two questions, because SQLite finds either end by itself, but not both.
            first = await connection.scalar(select(func.min(usage.c.seq)))
            last = await connection.scalar(select(func.max(usage.c.seq)))
            if first is None or last is None:
                return RequestsPage((), None)
            before = last + 1 if wanted.before is None else min(bounded_number(wanted.before), last + 1)
            lowest = before - MOST_LOOKED_AT
            question = (
                select(usage)
                .where(usage.c.seq < before, usage.c.seq >= lowest, *_write_conditions(wanted))
                .order_by(usage.c.seq.desc())
                .limit(wanted.limit)
            )
            found = (await connection.execute(question)).mappings().all()
        tag = wanted.filters.get("tag")
        rows = tuple(row for row in found if not tag or storable_text(tag) in json.loads(row["tags"]))
        if len(found) == wanted.limit:
            return RequestsPage(rows, found[-1]["seq"])
        return RequestsPage(rows, lowest if lowest > first else None)

    async def find(self, request_id: str) -> tuple[RowMapping | None, tuple[RowMapping, ...]]:
        """A request and its ledger entries in the order they were booked; `None` when its row is not stored."""
        asked = storable_text(request_id)
        async with self._database.read() as connection:
            row = (await connection.execute(select(usage).where(usage.c.request_id == asked))).mappings().first()
            entries = select(ledger).where(ledger.c.request_id == asked).order_by(ledger.c.seq).limit(MOST_ENTRIES)
            return row, tuple((await connection.execute(entries)).mappings().all())


def _write_conditions(wanted: RequestsWanted) -> list[ColumnElement[Any]]:
    # The additions keep SQLite from the index of times, which is slower in the order of numbers.
    conditions: list[ColumnElement[Any]] = []
    if wanted.since_ms > 0:
        conditions.append(usage.c.at_ms + 0 >= bounded_number(wanted.since_ms))
    if wanted.until_ms is not None:
        conditions.append(usage.c.at_ms + 0 < bounded_number(wanted.until_ms))
    for name, value in wanted.filters.items():
        if name != "tag":
            conditions.append(usage.c[_COLUMNS.get(name, name)] == storable_text(value))
        elif value:
            conditions.append(usage.c.tags.contains(write_tag(value), autoescape=True))
        else:
            conditions.append(usage.c.tags == "[]")
    return conditions
