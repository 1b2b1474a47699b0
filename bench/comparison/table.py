"""Writes a report as markdown that a terminal shows well too: figures, ratios, targets, and what was not measured."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter, sub, truediv

from comparison.results import Report, Round, Sample, cpu_per_unit, typical, typical_pair
from comparison.targets import judge

START_MARK = "<!-- figures: written by `make bench`, do not edit -->"
END_MARK = "<!-- end of figures -->"
UNKNOWN = "-"
NOISY_PERCENT = 5.0
MARKS = {True: "pass", False: "FAIL", None: "not measured"}
COMPARED = (("pointsman", "nginx"), ("litellm", "pointsman"), ("litellm", "nginx"))
"""Each pair is dearer / cheaper, so that a ratio reads "so many times the other"."""

ReadFigure = Callable[[Report, str], float | None]


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of every peer: its heading with the unit, how many decimals are worth showing, where it comes from."""

    heading: str
    decimals: int
    read: ReadFigure


def render_report(report: Report) -> str:
    """The whole report as markdown."""
    parts = (
        _render_heading(report),
        _render_figures("plain requests", PLAIN_COLUMNS, report),
        _render_figures("streams", STREAM_COLUMNS, report),
        _render_ratios(report),
        _render_targets(report),
        _render_remarks(report),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def replace_figures(page: str, figures: str) -> str:
    """Put the figures between the two marks of a page.

    Raises:
        ValueError: when the page lacks a mark.
    """
    before, start, rest = page.partition(START_MARK)
    _, end, after = rest.partition(END_MARK)
    if not (start and end):
        raise ValueError(f"the page needs the lines {START_MARK} and {END_MARK}")
    return f"{before}{START_MARK}\n\n{figures.strip()}\n\n{END_MARK}{after}"


def format_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table with aligned columns: words left in the first column, figures right in the others."""
    table = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(3, *(len(row[column]) for row in table)) for column in range(len(headings))]
    rule = "|".join(("-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])))
    heading, *lines = (_format_row(row, widths) for row in table)
    return "\n".join((heading, f"|{rule}|", *lines))


def _format_row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
    return f"| {' | '.join(cells)} |"


def _render_heading(report: Report) -> str:
    repetitions = max((found.repetition for found in report.rounds), default=0)
    versions = ", ".join(f"{peer} = {version}" for peer, version in report.versions.items())
    quality = "; short loads, for orientation only" if report.quick else ""
    return (
        f"{report.started_at}; {report.machine}; medians of {repetitions} interleaved repetitions{quality}.\n"
        f"Compared: {versions}."
    )


def _render_figures(title: str, columns: Sequence[Column], report: Report) -> str:
    rows = (
        (peer, *(_show(column.read(report, peer), column.decimals) for column in columns)) for peer in report.versions
    )
    return format_table((title, *(column.heading for column in columns)), rows)


def _render_ratios(report: Report) -> str:
    rows = [
        (f"{dearer} / {cheaper}", *(_show_ratio(report, (dearer, cheaper), load) for load in ("sat", "paced", "ssat")))
        for dearer, cheaper in COMPARED
        if report.rounds_of(dearer) and report.rounds_of(cheaper)
    ]
    headings = ("CPU ratios", "per plain request", "per paced chunk", "per saturated chunk")
    return format_table(headings, rows) if rows else ""


def _render_targets(report: Report) -> str:
    rows = ((verdict.target, verdict.measured, MARKS[verdict.passed]) for verdict in judge(report))
    return format_table(("targets of Pointsman", "measured", ""), rows)


def _render_remarks(report: Report) -> str:
    remarks = [f"- {what}: {reason}" for what, reason in report.not_measured.items()]
    samples = (sample for found in report.rounds for sample in found.samples.values())
    noise_percent = max((sample.foreign_percent for sample in samples), default=0.0)
    if noise_percent > NOISY_PERCENT:
        remarks.append(
            f"- other programs used up to {noise_percent:.0f} % of the gateway's core: the machine was not quiet, "
            "latencies and late chunks are worse than they need be"
        )
    return "\n".join(remarks)


def _show(value: float | None, decimals: int) -> str:
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def _show_ratio(report: Report, peers: tuple[str, str], load: str) -> str:
    ratio = typical_pair(report, peers, cpu_per_unit(load), truediv)
    return UNKNOWN if ratio is None else f"{ratio:,.2f}x"


def _of_round(figure: Callable[[Round], float | None]) -> ReadFigure:
    return lambda report, peer: typical(report, peer, figure)


def _of_sample(load: str, read_value: Callable[[Sample], float]) -> ReadFigure:
    return _of_round(lambda found: read_value(found.samples[load]) if load in found.samples else None)


def _of_memory(read_value: Callable[[Round], float]) -> ReadFigure:
    return _of_round(lambda found: read_value(found) if found.memory else None)


def _added_to_direct(load: str, read_latency: Callable[[Sample], float]) -> ReadFigure:
    def read_latency_of(found: Round) -> float | None:
        return read_latency(found.samples[load]) if load in found.samples else None

    return lambda report, peer: typical_pair(report, (peer, "direct"), read_latency_of, sub)


def _failed_in(*loads: str) -> ReadFigure:
    """Failures are summed, not averaged: one in any repetition must show."""

    def count_failed(report: Report, peer: str) -> float | None:
        rounds = report.rounds_of(peer)
        counts = [found.samples[load].failed for found in rounds for load in loads if load in found.samples]
        return sum(counts) if counts else None

    return count_failed


_units_per_s = attrgetter("units_per_s")
_p50_ms, _p99_ms, _late_chunks = attrgetter("p50_ms"), attrgetter("p99_ms"), attrgetter("late_chunks")

PLAIN_COLUMNS = (
    Column("CPU us each", 1, _of_round(cpu_per_unit("sat"))),
    Column("requests/s, 64 conn.", 0, _of_sample("sat", _units_per_s)),
    Column("p50 ms", 2, _of_sample("sat", _p50_ms)),
    Column("p99 ms", 2, _of_sample("sat", _p99_ms)),
    Column("added p50 ms, 1 conn.", 3, _added_to_direct("c1", _p50_ms)),
    Column("added p99 ms", 3, _added_to_direct("c1", _p99_ms)),
    Column("failed", 0, _failed_in("sat", "c1")),
    Column("RSS MiB", 0, _of_memory(attrgetter("memory.rss_mib"))),
    Column("PSS MiB", 0, _of_memory(attrgetter("memory.pss_mib"))),
    Column("start s", 1, _of_round(attrgetter("start_s"))),
)
STREAM_COLUMNS = (
    Column("CPU us per paced chunk", 1, _of_round(cpu_per_unit("paced"))),
    Column("paced chunks/s", 0, _of_sample("paced", _units_per_s)),
    Column("late", 0, _of_sample("paced", _late_chunks)),
    Column("p50 ms", 2, _of_sample("paced", _p50_ms)),
    Column("p99 ms", 2, _of_sample("paced", _p99_ms)),
    Column("CPU us per saturated chunk", 2, _of_round(cpu_per_unit("ssat"))),
    Column("saturated chunks/s", 0, _of_sample("ssat", _units_per_s)),
    Column("failed", 0, _failed_in("paced", "ssat")),
)
