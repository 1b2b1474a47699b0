"""Reads sums of usage for ranges of time: whole blocks from the cells, what lies beside them from the rows."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.storage.rollup_cells import (
    DIMENSIONS,
    FIGURES,
    HOUR_MS,
    Figures,
    HourlyCells,
    Names,
    add_figures,
    decode_cells,
    write_tag,
)
from pointsman.storage.rollup_cubes import COARSEST, Cube, find_cube, split_hours
from pointsman.storage.rollup_tables import rollup_lines, rollup_pending
from pointsman.storage.rows_by_hour import add_rows, select_rows

Range = tuple[int, int | None]
"""The first millisecond and the first one after it, or `None` for all that there is."""

Groups = dict[tuple[int, tuple[str, ...]], Figures]
"""By the place of a range among those asked for, and the names of the columns."""

Pick = Callable[[Names], tuple[str, ...] | None]
"""The names of the columns, or `None` for those that are left out."""

_SUMS = ", ".join(f"CAST(sum({name}) AS bigint)" for name in FIGURES)


_EXTENT = """
SELECT (SELECT min(at_ms) FROM "usage"), (SELECT max(at_ms) FROM "usage"),
    (SELECT min(at_ms) FROM ledger), (SELECT max(at_ms) FROM ledger)
"""

FEW = 3
"""Looking up a cell takes about as long as going through this many, and most lines are not in every block."""

_INNER_SUMS = ", ".join(f"sum({name}) AS {name}" for name in FIGURES)


@dataclass(frozen=True, slots=True)
class _Part:
    """A range as it is read.

    Attributes:
        place: of the range.
        hours: the first hour that comes from cells, and the first one after them.
        edges: what comes from rows, in milliseconds.
    """

    place: int
    hours: tuple[int, int]
    edges: tuple[tuple[int, int], ...]


class RollupReader:
    """Reads within one transaction, which sees one state of the database."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._pending: HourlyCells | None = None
        self._known: tuple[int, int] | None = None

    async def read(
        self,
        columns: Sequence[str],
        filters: Mapping[str, str],
        ranges: Sequence[Range],
        most: int | None = None,
        only: Sequence[str] | None = None,
    ) -> Groups:
        """Sums by range and the names of some columns.

        Args:
            columns: of `DIMENSIONS`; tags are given as a set.
            filters: the name of each column, or one tag for `tags`.
            ranges: of time; in order, and none overlaps another.
            most: how many groups the cells may give, dearest first.
            only: names of the only column; groups of others are left out.
        """
        cube = find_cube({*columns, *filters})
        parts = await self._split(cube, ranges)
        groups: Groups = {}
        spots = [spot for part in parts for spot in _list_spots(part, cube)]
        if spots:
            first = await self._finds_few(cube, columns, filters, only) if filters or only else False
            question = _write_question(self._dialect, cube, columns, filters, spots, most, only, lines_first=first)
            for row in await self._connection.execute(question, _bind(filters, only)):
                width = 1 + len(columns)
                groups[row[0], tuple(row[1:width])] = list(row[width:])
        pick = _pick(columns, only)
        await self._add_pending(groups, pick, filters, parts)
        for part in parts:
            for edge in part.edges:
                await self._add_edge(groups, columns, pick, filters, part.place, edge)
        return groups

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    async def _split(self, cube: Cube, ranges: Sequence[Range]) -> list[_Part]:
        """What of each range comes from where; ranges without anything are left out."""
        known = await self._find_known()
        if known is None:
            return []
        parts = (_split_range(place, each, known, cube.grains[0] * HOUR_MS) for place, each in enumerate(ranges))
        return [part for part in parts if part is not None]

    async def _find_known(self) -> tuple[int, int] | None:
        """The moments of the first and the last row."""
        if self._known is None:
            row = (await self._connection.execute(text(_EXTENT))).one()
            moments = [moment for moment in row if moment is not None]
            self._known = (min(moments), max(moments)) if moments else None
        return self._known

    async def _finds_few(
        self, cube: Cube, columns: Sequence[str], filters: Mapping[str, str], only: Sequence[str] | None
    ) -> bool:
        """Whether to begin with the lines: where most are left out, going through all cells would take longer."""
        if self._dialect != "sqlite":
            return False
        fit = func.count().filter(text(_write_filters(self._dialect, columns, filters, only)))
        counts = select(func.count(), fit).where(rollup_lines.c.cube == cube.number)
        lines, found = (await self._connection.execute(counts, _bind(filters, only))).one()
        return int(found) * FEW < int(lines)

    async def _add_pending(
        self, groups: Groups, pick: Pick, filters: Mapping[str, str], parts: Sequence[_Part]
    ) -> None:
        if self._pending is None:
            noted = await self._connection.scalars(select(rollup_pending.c.content))
            self._pending = decode_cells(noted)
        firsts = [part.hours[0] for part in parts]
        fits = _build_filter(filters)
        for (hour, names), figures in self._pending.items():
            place = bisect_right(firsts, hour) - 1
            if place >= 0 and hour < parts[place].hours[1] and fits(names):
                picked = pick(names)
                if picked is not None:
                    add_figures(groups, (parts[place].place, picked), figures)

    async def _add_edge(
        self,
        groups: Groups,
        columns: Sequence[str],
        pick: Pick,
        filters: Mapping[str, str],
        place: int,
        edge: tuple[int, int],
    ) -> None:
        cells: HourlyCells = {}
        for question in select_rows({*columns, *filters}, filters):
            add_rows(cells, await self._connection.execute(question, {"since_ms": edge[0], "until_ms": edge[1]}))
        fits = _build_filter({name: each for name, each in filters.items() if name == "tags"})
        for (_, names), figures in cells.items():
            picked = pick(names) if fits(names) else None
            if picked is not None:
                add_figures(groups, (place, picked), figures)


def _split_range(place: int, wanted: Range, known: tuple[int, int], block_ms: int) -> _Part | None:
    """Where nothing was before or after, the range is as long as it takes to end with a large block."""
    large_ms = COARSEST * HOUR_MS
    since_ms, until_ms = wanted
    if since_ms > known[1] or (until_ms is not None and until_ms <= max(since_ms, known[0])):
        return None
    if since_ms <= known[0]:
        since_ms = known[0] // large_ms * large_ms
    if until_ms is None or until_ms > known[1]:
        until_ms = (known[1] // large_ms + 1) * large_ms
    first, end = -(-since_ms // block_ms), until_ms // block_ms
    hours = block_ms // HOUR_MS
    if first >= end:
        nothing = first * hours
        return _Part(place, (nothing, nothing), ((since_ms, until_ms),))
    edges = ((since_ms, first * block_ms), (end * block_ms, until_ms))
    return _Part(place, (first * hours, end * hours), tuple(edge for edge in edges if edge[0] < edge[1]))


def _list_spots(part: _Part, cube: Cube) -> Iterator[tuple[int, int, int]]:
    for grain, block in split_hours(*part.hours, cube.grains):
        yield grain, block, part.place


def _pick(columns: Sequence[str], only: Sequence[str] | None) -> Pick:
    places = [DIMENSIONS.index(name) for name in columns]
    if only is not None:
        return lambda names: (names[places[0]],) if names[places[0]] in only else None
    return lambda names: tuple([names[place] for place in places])


def _build_filter(filters: Mapping[str, str]) -> Callable[[Names], bool]:
    wanted = [(DIMENSIONS.index(name), value) for name, value in filters.items() if name != "tags"]
    tag = filters.get("tags")
    tags = DIMENSIONS.index("tags")

    def fits(names: Names) -> bool:
        return all(names[place] == value for place, value in wanted) and (
            tag is None or (_tag_in_set(tag) in names[tags] if tag else not names[tags])
        )

    return fits


def _tag_in_set(tag: str) -> str:
    return f"\n{write_tag(tag)}\n"


def _bind(filters: Mapping[str, str], only: Sequence[str] | None = None) -> dict[str, str]:
    named = {f"name_{place}": name for place, name in enumerate(only or ())}
    return named | {
        f"of_{name}": _tag_in_set(value) if name == "tags" and value else value for name, value in filters.items()
    }


def _write_filters(dialect: str, columns: Sequence[str], filters: Mapping[str, str], only: Sequence[str] | None) -> str:
    contains = "strpos" if dialect == "postgresql" else "instr"
    conditions = [
        f"{contains}(rollup_lines.tags, :of_tags) > 0"
        if name == "tags" and value
        else f'rollup_lines."{name}" = :of_{name}'
        for name, value in filters.items()
    ]
    if only is not None:
        kept = ", ".join(f":name_{place}" for place in range(len(only))) or "NULL"
        conditions.append(f'rollup_lines."{columns[0]}" IN ({kept})')
    return " AND ".join(conditions)


def _write_question(
    dialect: str,
    cube: Cube,
    columns: Sequence[str],
    filters: Mapping[str, str],
    spots: Sequence[tuple[int, int, int]],
    most: int | None,
    only: Sequence[str] | None,
    *,
    lines_first: bool,
) -> TextClause:
    """Numbers are written out: they are ours, and a database that sees them plans better."""
    places = {place for _, _, place in spots}
    is_one = len(places) == 1 and bool(columns)
    # SQLite keeps to the order of a CROSS JOIN; PostgreSQL finds one by itself, and takes no condition with it.
    join = "CROSS JOIN" if dialect == "sqlite" else "JOIN"
    in_spot = (
        f"rollup_cells.cube = {cube.number} AND rollup_cells.grain = spots.grain AND rollup_cells.block = spots.block"
    )
    if lines_first:
        source = f"rollup_lines {join} spots {join} rollup_cells ON {in_spot} AND rollup_cells.line = rollup_lines.id"
    elif columns and not filters and only is None:
        # By line first: sorting by one number takes a third less time than by names.
        keys_within = "line" if is_one else "place, line"
        cells = f"spots {join} rollup_cells ON {in_spot}"
        summed = f"(SELECT {keys_within}, {_INNER_SUMS} FROM {cells} GROUP BY {keys_within})"
        source = f"{summed} AS spots {join} rollup_lines ON rollup_lines.id = spots.line"
    elif columns or filters:
        source = f"spots {join} rollup_cells ON {in_spot} {join} rollup_lines ON rollup_lines.id = rollup_cells.line"
    else:
        source = f"spots {join} rollup_cells ON {in_spot}"
    conditions = [f"rollup_lines.cube = {cube.number}"] if lines_first else []
    if filters or only is not None:
        conditions.append(_write_filters(dialect, columns, filters, only))
    names = [f'rollup_lines."{name}"' for name in columns]
    keys = [str(min(places)) if is_one else "spots.place", *names]
    groups = ", ".join(str(number) for number in range(2 if is_one else 1, len(keys) + 1))
    # Names are of `DIMENSIONS`; whatever a caller says is a parameter.
    written = (
        f"WITH spots(grain, block, place) AS (VALUES {', '.join(map(str, spots))})"
        f" SELECT {', '.join((*keys, _SUMS))} FROM {source}"
        f"{' WHERE ' + ' AND '.join(conditions) if conditions else ''}"
        f" GROUP BY {groups}"
        f"{f' ORDER BY sum(cost_nusd) DESC LIMIT {most}' if most else ''}"
    )
    return text(written)
