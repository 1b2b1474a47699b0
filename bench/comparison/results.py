"""What a comparison found, as values: samples, rounds of samples, and the report; figures are medians over rounds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec


class NotMeasured(Exception):
    """A figure could not be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One load carried by one gateway.

    Attributes:
        units: answers received (plain loads) or chunks received (streams).
        duration_s: how long the load lasted.
        failed: requests refused, broken off or without their end; streams without usage count too.
        p50_ms: median time of an answer, or of a chunk from the mock's write to the client's read.
        p99_ms: 99th percentile of the same.
        late_chunks: chunks that were on their way for more than 20 ms.
        offered_units: what an ideal gateway would have delivered, or `None` when the load has no pace of its own.
        cpu_per_unit_us: processor time of the gateway's processes, or `None` without a gateway.
        foreign_percent: share of the gateway's core that other programs used meanwhile.
    """

    units: int
    duration_s: float
    failed: int
    p50_ms: float
    p99_ms: float
    late_chunks: int = 0
    offered_units: int | None = None
    cpu_per_unit_us: float | None = None
    foreign_percent: float = 0.0

    @property
    def units_per_s(self) -> float:
        return self.units / self.duration_s


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of all processes of a gateway; PSS divides shared pages among those that share them."""

    rss_mib: float
    pss_mib: float


@dataclass(frozen=True, slots=True)
class Round:
    """One start of one peer and all loads on it.

    Attributes:
        peer: its name.
        repetition: counted from 1; rounds of the same repetition ran next to one another.
        start_s: from the start of the process to its first proper answer, or `None` without a gateway.
        memory: after the loads, or `None` without a gateway.
        samples: by the name of the load.
    """

    peer: str
    repetition: int
    start_s: float | None
    memory: Memory | None
    samples: dict[str, Sample]


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run of the comparison found.

    Attributes:
        started_at: UTC, ISO 8601.
        machine: processor, cores and kernel in one line.
        versions: what was compared, by peer.
        quick: whether the loads were too short for figures to be published.
        rounds: in the order in which they ran.
        not_measured: reasons, by peer or tool.
    """

    started_at: str
    machine: str
    versions: dict[str, str]
    quick: bool
    rounds: tuple[Round, ...]
    not_measured: dict[str, str]

    def rounds_of(self, peer: str) -> tuple[Round, ...]:
        return tuple(found for found in self.rounds if found.peer == peer)


def typical(report: Report, peer: str, figure: Callable[[Round], float | None]) -> float | None:
    """The median of a figure over a peer's rounds, or `None` when no round has it."""
    values = [value for found in report.rounds_of(peer) if (value := figure(found)) is not None]
    return median(values) if values else None


def typical_pair(
    report: Report,
    peers: tuple[str, str],
    figure: Callable[[Round], float | None],
    combine: Callable[[float, float], float],
) -> float | None:
    """The median over repetitions of two peers' figures combined.

    Combining within a repetition cancels what the machine did to both; medians taken apart would not.
    """
    first, second = ({found.repetition: figure(found) for found in report.rounds_of(peer)} for peer in peers)
    values = [
        combine(value, other)
        for repetition, value in first.items()
        if value is not None and (other := second.get(repetition)) is not None
    ]
    return median(values) if values else None


def cpu_per_unit(load: str) -> Callable[[Round], float | None]:
    """The figure "CPU microseconds per unit of this load"."""

    def read_cpu(found: Round) -> float | None:
        sample = found.samples.get(load)
        return sample.cpu_per_unit_us if sample else None

    return read_cpu


def save_report(report: Report, path: Path) -> None:
    """Write the report as JSON, making its folder when needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def load_report(path: Path) -> Report:
    """Read what `save_report` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(path.read_bytes(), type=Report)
