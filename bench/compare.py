"""`make bench`: measures Pointsman beside nginx and LiteLLM, prints the tables, writes `bench/out/latest.json`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from comparison.loads import FULL_LOADS, QUICK_LOADS, Load, is_measurable
from comparison.machine import BENCH, OUT, Cores, Tools, build_tools, choose_cores, describe_machine
from comparison.measure import run_rounds, set_up_bench
from comparison.peers import PEERS, Peer
from comparison.results import NotMeasured, Report, load_report, save_report
from comparison.table import render_report, replace_figures

LATEST = OUT / "latest.json"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PAGE = BENCH.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, and where to write it."""

    quick: bool
    loads: tuple[Load, ...]
    peers: tuple[Peer, ...]
    repetitions: int
    show_latest: bool
    write_docs: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the program with a message when it is wrong."""
    parser = argparse.ArgumentParser(prog="bench/compare.py", description=__doc__)
    peer_names, load_names = [peer.name for peer in PEERS], [load.name for load in FULL_LOADS]
    parser.add_argument("--quick", action="store_true", help="short loads, one repetition: for orientation only")
    parser.add_argument("--only", metavar="LOADS", default=",".join(load_names), help="of %(default)s")
    parser.add_argument("--peers", metavar="PEERS", default=",".join(peer_names), help="of %(default)s")
    parser.add_argument("--repetitions", type=int, metavar="N", help="of every round (default 3; 1 with --quick)")
    parser.add_argument("--show-latest", action="store_true", help="measure nothing: show the last run's tables")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    read = parser.parse_args(arguments)
    chosen_loads = _split_names(parser, "--only", read.only, load_names)
    chosen_peers = _split_names(parser, "--peers", read.peers, peer_names)
    repetitions = read.repetitions if read.repetitions is not None else (1 if read.quick else 3)
    if not 1 <= repetitions <= 100:
        parser.error("--repetitions takes 1 to 100")
    return Options(
        quick=read.quick,
        loads=tuple(load for load in (QUICK_LOADS if read.quick else FULL_LOADS) if load.name in chosen_loads),
        peers=tuple(peer for peer in PEERS if peer.name in chosen_peers),
        repetitions=repetitions,
        show_latest=read.show_latest,
        write_docs=read.write_docs,
    )


def _split_names(parser: argparse.ArgumentParser, option: str, text: str, known: Sequence[str]) -> set[str]:
    names = set(text.split(","))
    if unknown := names - set(known):
        parser.error(f"{option} does not know {', '.join(sorted(unknown))}; it takes {','.join(known)}")
    return names


def compare(options: Options, tools: Tools, cores: Cores) -> Report:
    """Measure all that can be measured; the report names the rest.

    Raises:
        NotMeasured: when the mock does not start, without which there is nothing to measure.
    """
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    obstacles = {peer.name: obstacle for peer in options.peers if (obstacle := peer.find_obstacle())}
    peers = [peer for peer in options.peers if peer.name not in obstacles]
    loads = [load for load in options.loads if is_measurable(load, tools)]
    if missing := [load.name for load in options.loads if load not in loads]:
        obstacles["wrk"] = f"wrk is not installed (Debian: apt install wrk); not measured: {', '.join(missing)}"
    for obstacle in obstacles.values():
        print(f"note: {obstacle}", file=sys.stderr)
    with set_up_bench(tools, cores, loads) as bench:
        rounds, failures = run_rounds(bench, peers, options.repetitions)
    return Report(
        started_at=started_at,
        machine=describe_machine(),
        versions={peer.name: peer.read_version() for peer in peers},
        quick=options.quick,
        rounds=tuple(rounds),
        not_measured=obstacles | failures,
    )


def main() -> int:
    """Run the comparison; 0 when it ran, whatever it found, and 2 when it could not."""
    options = read_options(sys.argv[1:])
    for ending in ENDINGS:
        signal.signal(ending, _end_in_order)
    try:
        report = _find_latest() if options.show_latest else _compare_and_save(options)
    except NotMeasured as reason:
        print(f"nothing was measured: {reason}", file=sys.stderr)
        return 2
    figures = render_report(report)
    print(figures)
    if options.write_docs:
        PAGE.write_text(replace_figures(PAGE.read_text(), figures))
    return 0


def _compare_and_save(options: Options) -> Report:
    report = compare(options, build_tools(), choose_cores())
    save_report(report, LATEST)
    return report


def _find_latest() -> Report:
    if not LATEST.exists():
        raise NotMeasured(f"{LATEST} does not exist yet; run make bench")
    return load_report(LATEST)


def _end_in_order(number: int, frame: FrameType | None) -> None:
    """Leave through every `finally`, undisturbed by a second signal, so that no server stays behind."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
