"""Questions about usage, answered from sums that always equal the rows, so that millions of rows take no time."""

from collections.abc import Iterable, Mapping, Sequence

from pointsman.core.routing.totals import AgentTotals
from pointsman.storage.database import Database
from pointsman.storage.past_requests import PastRequests
from pointsman.storage.rollup_cells import FIGURES, Figures, add_figures, read_tags
from pointsman.storage.rollup_reader import Groups, Range, RollupReader
from pointsman.storage.usage_questions import (
    MOST_GROUPS,
    Dimension,
    UsageGroup,
    UsageQuestion,
    UsageReport,
    UsageSeries,
    UsageSum,
)
from pointsman.storage.usage_totals import read_totals

_COLUMNS: dict[Dimension, str] = {"key": "key_id", "tag": "tags"}
"""Where a dimension's name is not that of its column."""

_NOTHING: Figures = [0] * len(FIGURES)


class UsageReader:
    """Reads what the writer has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def usage_by(self, dimensions: Sequence[Dimension], since_ms: int = 0) -> UsageReport:
        """Sum up the calls that arrived at `since_ms` (epoch milliseconds) or later, per group of the dimensions."""
        return await self.sum_up(UsageQuestion(tuple(dimensions), since_ms=since_ms))

    async def sum_up(self, question: UsageQuestion) -> UsageReport:
        """Sums per group, and of all groups together."""
        async with self._database.read() as connection:
            return await _sum_up(RollupReader(connection), question)

    async def sum_windows(self, question: UsageQuestion, starts_ms: Sequence[int], most_lines: int) -> UsageSeries:
        """Sums per window of time, and in each of them those of the dearest groups.

        Args:
            question: by one dimension or none; its range ends the last window.
            starts_ms: when each window begins, in order; the first one is where the range begins.
            most_lines: how many groups are told apart.
        """
        ends = (*starts_ms[1:], question.until_ms)
        windows: list[Range] = list(zip(starts_ms, ends, strict=True))
        filters = _name_columns(question.filters)
        async with self._database.read() as connection:
            reader = RollupReader(connection)
            totals = _fill(await reader.read((), filters, windows), (), windows)
            if not question.by:
                return UsageSeries(tuple(starts_ms), totals, {}, None)
            names = [group.names[0] for group in (await _sum_up(reader, question)).groups[:most_lines]]
            if question.by[0] == "tag":
                # A request has several tags, so each is a question of its own.
                tagged = [await reader.read((), {**filters, "tags": name}, windows) for name in names]
                of_tags = {name: _fill(groups, (), windows) for name, groups in zip(names, tagged, strict=True)}
                return UsageSeries(tuple(starts_ms), totals, of_tags, None)
            columns = [_COLUMNS.get(name, name) for name in question.by]
            groups = await reader.read(columns, filters, windows, only=names)
        lines = {name: _fill(groups, (name,), windows) for name in names}
        return UsageSeries(tuple(starts_ms), totals, lines, _subtract(totals, lines.values()))

    def past_requests(self) -> PastRequests:
        """The requests that the sums are of."""
        return PastRequests(self._database)

    async def agent_totals(self) -> list[AgentTotals]:
        """The running totals per agent since the database was created."""
        async with self._database.read() as connection:
            return await read_totals(connection)


async def _sum_up(reader: RollupReader, question: UsageQuestion) -> UsageReport:
    columns = [_COLUMNS.get(name, name) for name in question.by]
    filters = _name_columns(question.filters)
    ranges: list[Range] = [(question.since_ms, question.until_ms)]
    groups = await reader.read(columns, filters, ranges, MOST_GROUPS + 1)
    if len(groups) > MOST_GROUPS:
        total = (await reader.read((), filters, ranges)).get((0, ()), _NOTHING)
    else:
        total = _add_up(groups.values())
    named: dict[tuple[str, ...], Figures] = {}
    tags_at = columns.index("tags") if "tags" in columns else None
    for (_, names), figures in groups.items():
        for each in [names] if tags_at is None else _spread(names, tags_at):
            add_figures(named, each, figures)
    ordered = sorted(named.items(), key=_put_dearest_first)[:MOST_GROUPS]
    return UsageReport(tuple(UsageGroup(names, UsageSum(*figures)) for names, figures in ordered), UsageSum(*total))


def _fill(groups: Groups, names: tuple[str, ...], windows: Sequence[Range]) -> tuple[UsageSum, ...]:
    """The sums of one group, of nothing where there is none."""
    return tuple(UsageSum(*groups.get((place, names), _NOTHING)) for place in range(len(windows)))


def _name_columns(filters: Mapping[Dimension, str]) -> dict[str, str]:
    return {_COLUMNS.get(name, name): value for name, value in filters.items()}


def _spread(names: tuple[str, ...], place: int) -> list[tuple[str, ...]]:
    """The names once for each tag of the set among them."""
    return [(*names[:place], tag, *names[place + 1 :]) for tag in read_tags(names[place]) or ("",)]


_COST = FIGURES.index("cost_nusd")


def _put_dearest_first(item: tuple[tuple[str, ...], Figures]) -> tuple[int, tuple[str, ...]]:
    return -item[1][_COST], item[0]


def _add_up(figures: Iterable[Figures]) -> Figures:
    return [sum(column) for column in zip(_NOTHING, *figures, strict=True)]


def _subtract(totals: Sequence[UsageSum], lines: Iterable[Sequence[UsageSum]]) -> tuple[UsageSum, ...]:
    return tuple(
        UsageSum(*(getattr(total, name) - sum(getattr(each, name) for each in of_lines) for name in FIGURES))
        for total, *of_lines in zip(totals, *lines, strict=True)
    )
