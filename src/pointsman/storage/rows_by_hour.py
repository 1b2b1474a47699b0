"""Rows of requests and of the ledger, summed up by the hour and their names.

What rollups are checked against and rebuilt from, and what makes a range exact that begins or ends within a block.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from pointsman.storage.money_tables import ledger
from pointsman.storage.rollup_cells import (
    DIMENSIONS,
    ESTIMATES,
    FIGURES,
    HOUR_MS,
    HourlyCells,
    add_figures,
    convert_tags,
)
from pointsman.storage.tables import WideInteger, usage

_NAMES_END = 1 + len(DIMENSIONS)


def _sum(amount: ColumnElement[int], condition: ColumnElement[bool]) -> ColumnElement[int]:
    # PostgreSQL adds up 64 bits as a decimal number.
    return cast(func.coalesce(func.sum(case((condition, amount), else_=0)), 0), WideInteger)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return _sum(literal_column("1"), condition)


_NOTHING: ColumnElement[int] = cast(literal_column("0"), WideInteger)
_IS_CALL = usage.c.attempts > 0
_IS_CHARGE = ledger.c.kind == "charge"
_COUNTS = ledger.c.kind != "possibly_billed"

_OF_REQUESTS = {
    "calls": _count(_IS_CALL),
    "failures": _count(and_(_IS_CALL, usage.c.failure != "")),
    "cached_answers": _count(and_(usage.c.attempts == 0, usage.c.failure == "")),
    "unknown_cost_calls": _count(and_(_IS_CALL, usage.c.cost_status == "unknown")),
    "latency_us": _sum(usage.c.latency_us, _IS_CALL),
}
"""What is not here comes from the ledger."""

_OF_ENTRIES = {
    **{name: _sum(ledger.c[name], _IS_CHARGE) for name in FIGURES if name.endswith("_tokens")},
    "cost_nusd": _sum(ledger.c.cost_nusd, _COUNTS),
    "estimated_nusd": _sum(ledger.c.cost_nusd, and_(_COUNTS, ledger.c.status.in_(sorted(ESTIMATES)))),
    "possibly_billed_nusd": _sum(ledger.c.cost_nusd, ledger.c.kind == "possibly_billed"),
}

SINCE: BindParameter[int] = bindparam("since_ms", type_=WideInteger)
UNTIL: BindParameter[int] = bindparam("until_ms", type_=WideInteger)


def select_rows(needed: Iterable[str], filters: Mapping[str, str]) -> tuple[Select[Any], Select[Any]]:
    """Two questions with `since_ms` and `until_ms` to be filled in: of requests and of the ledger.

    Args:
        needed: the dimensions to tell apart; others are `""` in the answer.
        filters: names by dimension; those of tags are left to the reader of the answer.
    """
    wanted = frozenset(needed)
    requests = _select(usage, _OF_REQUESTS, wanted, filters).where(or_(_IS_CALL, usage.c.failure == ""))
    return requests, _select(ledger, _OF_ENTRIES, wanted, filters)


def add_rows(cells: HourlyCells, rows: Iterable[Row[Any]]) -> None:
    """Add the answer of such a question to hourly cells."""
    for row in rows:
        names = (*row[1 : _NAMES_END - 1], convert_tags(row[_NAMES_END - 1]) if row[_NAMES_END - 1] else "")
        add_figures(cells, (row[0], names), row[_NAMES_END:])


def _select(
    table: Table, figures: Mapping[str, ColumnElement[int]], needed: frozenset[str], filters: Mapping[str, str]
) -> Select[Any]:
    # Their places, because a bound number would be another expression in each clause.
    hour = table.c.at_ms.op("/")(literal_column(str(HOUR_MS))).label("hour")
    names = [table.c[name] if name in needed else literal("").label(name) for name in DIMENSIONS]
    sums = [figures.get(name, _NOTHING).label(f"sum_{name}") for name in FIGURES]
    conditions = [table.c[name] == value for name, value in filters.items() if name != "tags"]
    return (
        select(hour, *names, *sums)
        .where(table.c.at_ms >= SINCE, table.c.at_ms < UNTIL, *conditions)
        .group_by(hour, *(table.c[name] for name in DIMENSIONS if name in needed))
    )
