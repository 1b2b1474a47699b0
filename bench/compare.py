"""`make bench`: measures Pointsman beside nginx and LiteLLM, prints the tables, writes `bench/out/latest.json`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from comparison.loads import FULL_LOADS, QUICK_LOADS, Load, is_measurable
from comparison.machine import BENCH, Cores, Tools, build_tools, choose_cores, describe_machine
from comparison.measure import run_rounds, set_up_bench
from comparison.peers import PEERS, Peer
from comparison.results import NotMeasured, Report, save_report
from comparison.table import render_report, replace_figures

LATEST = BENCH / "out" / "latest.json"
PAGE = BENCH.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, and where to write it."""

    quick: bool
    loads: tuple[Load, ...]
    peers: tuple[Peer, ...]
    repetitions: int
    write_docs: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the program with a message when it is wrong."""
    parser = argparse.ArgumentParser(prog="bench/compare.py", description=__doc__)
    peer_names, load_names = [peer.name for peer in PEERS], [load.name for load in FULL_LOADS]
    parser.add_argument("--quick", action="store_true", help="short loads, one repetition: for orientation only")
    parser.add_argument("--only", metavar="LOADS", default=",".join(load_names), help="of %(default)s")
    parser.add_argument("--peers", metavar="PEERS", default=",".join(peer_names), help="of %(default)s")
    parser.add_argument("--repetitions", type=int, metavar="N", help="of every round (default 3; 1 with --quick)")
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
        write_docs=read.write_docs,
    )


def _split_names(parser: argparse.ArgumentParser, option: str, text: str, known: Sequence[str]) -> set[str]:
    names = set(text.split(","))
    if unknown := names - set(known):
        parser.error(f"{option} does not know {', '.join(sorted(unknown))}; it takes {','.join(known)}")
    return names


def compare(options: Options, tools: Tools, cores: Cores) -> Report:
    """Measure all that can be measured; the report names the rest."""
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    obstacles = {peer.name: obstacle for peer in options.peers if (obstacle := peer.find_obstacle())}
    peers = [peer for peer in options.peers if peer.name not in obstacles]
    loads = [load for load in options.loads if is_measurable(load, tools)]
    if missing := [load.name for load in options.loads if load not in loads]:
        obstacles["wrk"] = f"wrk is not installed (Debian: apt install wrk); {', '.join(missing)} are not measured"
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
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end_in_order)
    try:
        report = compare(options, build_tools(), choose_cores())
    except NotMeasured as reason:
        print(f"nothing was measured: {reason}", file=sys.stderr)
        return 2
    save_report(report, LATEST)
    figures = render_report(report)
    print(figures)
    if options.write_docs:
        PAGE.write_text(replace_figures(PAGE.read_text(), figures))
    return 0


def _end_in_order(number: int, frame: FrameType | None) -> None:
    """Leave through every `finally`, so that no server stays behind."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
