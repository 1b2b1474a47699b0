"""What Pointsman must reach, and whether a report shows it; a figure that was not taken is never a pass."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import truediv

from comparison.results import Report, Round, cpu_per_unit, typical, typical_pair

MOST_REQUEST_RATIO = 8.0
MOST_PACED_CHUNK_RATIO = 2.5
LEAST_LITELLM_RATIO = 50.0
MOST_MEMORY_MIB = 150.0
LEAST_DELIVERED_SHARE = 0.98
"""Of the chunks that an ideal gateway delivers: the pause between two streams of a connection takes the rest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and what was found.

    Attributes:
        target: in words.
        measured: in words too.
        passed: `None` when it could not be measured.
    """

    target: str
    measured: str
    passed: bool | None


def judge(report: Report) -> tuple[Verdict, ...]:
    """Hold every target against the report."""
    return (
        _judge_ratio(
            report,
            f"at most {MOST_REQUEST_RATIO:g}x nginx's CPU per plain request",
            ("pointsman", "nginx"),
            "sat",
            lambda ratio: ratio <= MOST_REQUEST_RATIO,
        ),
        _judge_ratio(
            report,
            f"at most {MOST_PACED_CHUNK_RATIO:g}x nginx's CPU per paced chunk",
            ("pointsman", "nginx"),
            "paced",
            lambda ratio: ratio <= MOST_PACED_CHUNK_RATIO,
        ),
        _judge_ratio(
            report,
            f"{LEAST_LITELLM_RATIO:g}x less CPU per plain request than LiteLLM",
            ("litellm", "pointsman"),
            "sat",
            lambda ratio: ratio >= LEAST_LITELLM_RATIO,
        ),
        _judge_punctuality(report),
        _judge_memory(report),
        _judge_failures(report),
    )


def _judge_ratio(
    report: Report, target: str, peers: tuple[str, str], load: str, reaches: Callable[[float], bool]
) -> Verdict:
    ratio = typical_pair(report, peers, cpu_per_unit(load), truediv)
    if ratio is None:
        return Verdict(target, f"{' or '.join(peers)} has no figure for {load}", None)
    return Verdict(target, f"{ratio:.2f}x", reaches(ratio))


def _judge_punctuality(report: Report) -> Verdict:
    target = "200 paced streams of 50 chunks/s all on time on one core"
    late = typical(report, "pointsman", _count_late)
    delivered = typical(report, "pointsman", _share_delivered)
    if late is None or delivered is None:
        return Verdict(target, "pointsman has no figure for paced", None)
    measured = f"{late:,.0f} chunks late, {min(delivered, 1.0):.1%} of the offered delivered"
    return Verdict(target, measured, late == 0 and delivered >= LEAST_DELIVERED_SHARE)


def _judge_memory(report: Report) -> Verdict:
    target = f"memory after load under {MOST_MEMORY_MIB:g} MiB"
    rss_mib = typical(report, "pointsman", lambda found: found.memory.rss_mib if found.memory else None)
    if rss_mib is None:
        return Verdict(target, "pointsman was not measured", None)
    return Verdict(target, f"{rss_mib:.0f} MiB resident", rss_mib < MOST_MEMORY_MIB)


def _judge_failures(report: Report) -> Verdict:
    target = "no request failed"
    rounds = report.rounds_of("pointsman")
    if not rounds:
        return Verdict(target, "pointsman was not measured", None)
    failed = sum(sample.failed for found in rounds for sample in found.samples.values())
    return Verdict(target, f"{failed:,} failed", failed == 0)


def _count_late(found: Round) -> float | None:
    paced = found.samples.get("paced")
    return paced.late_chunks if paced else None


def _share_delivered(found: Round) -> float | None:
    paced = found.samples.get("paced")
    return paced.units / paced.offered_units if paced and paced.offered_units else None
