"""Figures, verdicts and tables from a stored report, whose second repetition ran on a machine half as fast."""

from collections.abc import Callable
from dataclasses import replace
from operator import truediv
from pathlib import Path

import pytest

from comparison.results import Report, Round, Sample, cpu_per_unit, load_report, save_report, typical, typical_pair
from comparison.table import END_MARK, START_MARK, format_table, render_report, replace_figures
from comparison.targets import judge


@pytest.fixture(scope="module")
def report() -> Report:
    return load_report(Path(__file__).with_name("sample_report.json"))


def test_a_report_survives_its_file(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "out" / "latest.json"
    save_report(report, path)
    assert load_report(path) == report


def test_a_figure_is_the_median_of_its_rounds(report: Report) -> None:
    assert typical(report, "nginx", cpu_per_unit("sat")) == 15.0
    assert typical(report, "direct", cpu_per_unit("sat")) is None


def test_a_ratio_is_taken_within_a_repetition(report: Report) -> None:
    first_without_its_slow_round = replace(
        report, rounds=tuple(found for found in report.rounds if (found.peer, found.repetition) != ("pointsman", 2))
    )
    pair = ("pointsman", "nginx")
    assert typical_pair(report, pair, cpu_per_unit("sat"), truediv) == 4.0
    assert typical_pair(first_without_its_slow_round, pair, cpu_per_unit("sat"), truediv) == 4.0


def test_all_targets_pass_on_the_sample(report: Report) -> None:
    assert [(verdict.measured, verdict.passed) for verdict in judge(report)] == [
        ("4.00x", True),
        ("2.00x", True),
        ("100.00x", True),
        ("0 chunks late, 100.0% of the offered delivered", True),
        ("90 MiB resident", True),
        ("0 failed", True),
    ]


def test_what_was_not_measured_never_passes(report: Report) -> None:
    without = replace(report, rounds=tuple(found for found in report.rounds if found.peer != "pointsman"))
    assert all(verdict.passed is None for verdict in judge(without))


def test_late_or_lost_chunks_and_failures_miss_their_targets(report: Report) -> None:
    late = judge(_change_paced(report, lambda sample: replace(sample, late_chunks=1)))
    lost = judge(_change_paced(report, lambda sample: replace(sample, units=80_000)))
    failed = judge(_change_paced(report, lambda sample: replace(sample, failed=1)))
    assert (late[3].passed, lost[3].passed, failed[5].passed) == (False, False, False)


def test_the_tables_hold_the_figures_and_the_ratios(report: Report) -> None:
    lines = render_report(report).splitlines()
    cells = {
        (heading, row[0]): row[1:]
        for heading, row in _read_tables(lines)
        if heading in ("plain requests", "streams", "CPU ratios")
    }
    assert cells["plain requests", "nginx"][:2] == ["15.0", "67,500"]
    assert cells["plain requests", "direct"][0] == "-"
    assert cells["plain requests", "litellm"][6] == "3"
    assert cells["streams", "pointsman"][:3] == ["36.0", "9,040", "0"]
    assert cells["CPU ratios", "pointsman / nginx"] == ["4.00x", "2.00x", "2.00x"]


def test_added_latency_is_counted_from_the_direct_path(report: Report) -> None:
    cells = {
        row[0]: row for heading, row in _read_tables(render_report(report).splitlines()) if heading == "plain requests"
    }
    assert (cells["direct"][5], cells["nginx"][5]) == ("0.000", "0.225")


def test_a_busy_machine_and_missing_parts_are_named(report: Report) -> None:
    noisy = replace(
        _change_paced(report, lambda sample: replace(sample, foreign_percent=30.0)),
        not_measured={"wrk": "wrk is not installed"},
    )
    text = render_report(noisy)
    assert "up to 30 % of the gateway's core" in text
    assert "- wrk: wrk is not installed" in text


def test_a_table_of_a_run_without_any_round_renders(report: Report) -> None:
    empty = render_report(replace(report, rounds=()))
    assert "not measured" in empty
    assert "CPU ratios" not in empty


def test_columns_are_aligned() -> None:
    assert format_table(("gateway", "us"), [("nginx", "1.0"), ("x", "100.0")]) == (
        "| gateway |    us |\n|---------|------:|\n| nginx   |   1.0 |\n| x       | 100.0 |"
    )


def test_figures_replace_what_stood_between_the_marks() -> None:
    page = f"before\n{START_MARK}\nold\n{END_MARK}\nafter\n"
    assert replace_figures(page, "new\n") == f"before\n{START_MARK}\n\nnew\n\n{END_MARK}\nafter\n"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        replace_figures("no marks here", "new")


def test_the_page_of_this_repository_has_the_marks() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
    assert "new figures" in replace_figures(page.read_text(), "new figures")


def _change_paced(report: Report, change: Callable[[Sample], Sample]) -> Report:
    def change_round(found: Round) -> Round:
        if found.peer != "pointsman":
            return found
        return replace(found, samples=found.samples | {"paced": change(found.samples["paced"])})

    return replace(report, rounds=tuple(change_round(found) for found in report.rounds))


def _read_tables(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Every row below a heading, with the heading's first cell."""
    rows, heading = [], ""
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|") and not before.startswith("|"):
            heading = line.split("|")[1].strip()
        elif line.startswith("| "):
            rows.append((heading, [cell.strip() for cell in line.strip("|").split("|")]))
    return rows
