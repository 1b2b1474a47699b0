"""What `pointsman lint` says to people: a line per finding that editors can jump from, a sum, and the next step."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pointsman.linting.findings import DIRECT_CLIENT, Report
from pointsman.linting.repair import Repair


def write_text(report: Report, repairs: Sequence[Repair], written: Path | None) -> str:
    """The answer for people."""
    lines = [str(finding) for finding in report.findings] if written is None else []
    lines += _write_repairs(repairs)
    lines.append(_write_sum(report))
    details = _list_details(report)
    lines += [f"Besides: {'; '.join(details)}."] if details else []
    lines += report.notes
    if written is not None:
        lines.append(f"Wrote {written}. Next: pointsman lint --baseline {written}, which fails only for what is new")
    else:
        lines.append(_name_next_step(report, bool(repairs)))
    return "\n".join(lines)


def _write_repairs(repairs: Sequence[Repair]) -> list[str]:
    lines = [_write_fixed(one) for one in repairs if one.agent]
    left = Counter(one.reason for one in repairs if not one.agent)
    return lines + [f"Left {_count(number, 'name')} as written: {reason}." for reason, number in left.most_common()]


def _write_fixed(repair: Repair) -> str:
    finding = repair.finding
    return f'{finding.file}:{finding.line}:{finding.column} fixed: "{finding.name}" is "agent:{repair.agent}" now'


def _write_sum(report: Report) -> str:
    looked = f"in {_count(report.read, 'file')}"
    number = len(report.findings) + report.left_off
    if not number:
        return f"Good: nothing found {looked}."
    shown = f", of which the first {len(report.findings):,} are shown" if report.left_off else ""
    return f"{_count(number, 'finding')} {looked}{shown}."


def _list_details(report: Report) -> list[str]:
    details = [f"{report.allowed:,} allowed by a comment"] if report.allowed else []
    details += [f"{report.in_baseline:,} in the baseline"] if report.in_baseline else []
    if report.gone:
        details.append(f"{report.gone:,} of the baseline are gone, and --write-baseline drops them")
    out = [f"{number:,} {reason}" for reason, number in report.left_out.most_common()]
    return [*details, f"files not looked into: {', '.join(out)}"] if out else details


def _name_next_step(report: Report, was_fixed: bool) -> str:
    if not report.findings:
        return "Next: run this in your CI, so that it stays so"
    if all(finding.code == DIRECT_CLIENT for finding in report.findings):
        return "Next: give these clients Pointsman's base URL, such as http://127.0.0.1:4100/v1"
    if was_fixed:
        return "Next: write the rest by hand, or keep it for later: pointsman lint PATH --write-baseline"
    return "Next: pointsman lint PATH --fix names agents where that is safe; --write-baseline keeps the rest for later"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
