"""Runs the rounds: every peer once per repetition, one after the other, so that the machine's drift meets all alike."""

import http.client
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

from comparison.loads import PATH, WARM_UP, Door, Headers, Load, drive, encode_body, is_measurable
from comparison.machine import OUT, Cores, Tools, find_free_ports, pinned_to
from comparison.peers import Peer, Site
from comparison.processes import read_core_time, read_cpu_s, read_memory, running
from comparison.results import NotMeasured, Round, Sample

START_TIMEOUT_S = 120
ANSWER_TIMEOUT_S = 10
POLL_S = 0.02
SHOWN_LOG_BYTES = 2_000
KEPT_LOG_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Bench:
    """What all rounds share.

    Attributes:
        tools: the programs of the harness.
        cores: one for the gateway, one for all else.
        mock_port: where the mock is already listening.
        gateway_port: for the gateway of the round.
        loads: put on each gateway, in order.
    """

    tools: Tools
    cores: Cores
    mock_port: int
    gateway_port: int
    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A peer that has given its first proper answer; without a `process` the mock stands in for it."""

    door: Door
    process: Popen[bytes] | None = None
    start_s: float | None = None


@contextmanager
def set_up_bench(tools: Tools, cores: Cores, loads: Sequence[Load]) -> Iterator[Bench]:
    """Start the mock on the load's core, where this process and its load clients stay too.

    Raises:
        NotMeasured: when the mock does not start, or no port is free.
    """
    mock_port, gateway_port = find_free_ports(2)
    with tempfile.TemporaryDirectory(prefix="pointsman-bench-") as folder, pinned_to(cores.load):
        home = Path(folder)
        with running((str(tools.mock), str(mock_port)), {}, home, cores.load) as process:
            _await_answer(process, tuple, mock_port, home)
            yield Bench(tools, cores, mock_port, gateway_port, tuple(loads))


def run_rounds(bench: Bench, peers: Sequence[Peer], repetitions: int) -> tuple[list[Round], dict[str, str]]:
    """Measure all peers in turn, again and again; a peer that fails is left out from then on, with the reason."""
    rounds: list[Round] = []
    failures: dict[str, str] = {}
    for repetition in range(1, repetitions + 1):
        for peer in peers:
            if peer.name in failures:
                continue
            _tell(f"repetition {repetition} of {repetitions}: {peer.name}")
            try:
                rounds.append(_run_round(bench, peer, repetition))
            except NotMeasured as reason:
                failures[peer.name] = str(reason)
                _tell(f"  not measured: {reason}")
    return rounds, failures


def _run_round(bench: Bench, peer: Peer, repetition: int) -> Round:
    with tempfile.TemporaryDirectory(prefix=f"pointsman-bench-{peer.name}-") as folder:
        site = Site(Path(folder), bench.gateway_port, bench.mock_port)
        with _open_gateway(peer, site, bench.cores.gateway) as gateway:
            _warm_up(bench, gateway)
            samples = {load.name: _take_sample(bench, load, gateway) for load in bench.loads}
            memory = read_memory(gateway.process.pid) if gateway.process else None
            if gateway.process and any(sample.failed for sample in samples.values()):
                _keep_log(peer, site.home)
            return Round(peer.name, repetition, gateway.start_s, memory, samples)


@contextmanager
def _open_gateway(peer: Peer, site: Site, core: int) -> Iterator[Gateway]:
    launch = peer.prepare(site)
    if launch is None:
        yield Gateway(Door(site.mock_port, (), site.home))
        return
    started = time.monotonic()
    with running(launch.command, launch.environment, site.home, core) as process:
        headers = _await_answer(process, launch.read_headers, site.port, site.home)
        yield Gateway(Door(site.port, headers, site.home), process, round(time.monotonic() - started, 2))


def _await_answer(process: Popen[bytes], read_headers: Callable[[], Headers], port: int, home: Path) -> Headers:
    """Ask until the server answers a plain request properly; returns the headers that let it in."""
    deadline = time.monotonic() + START_TIMEOUT_S
    last = "nothing yet"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            headers = read_headers()
            last = _ask_once(port, headers)
        except (OSError, http.client.HTTPException) as error:
            last = repr(error)
        else:
            if last == "200":
                return headers
        time.sleep(POLL_S)
    ended = "it is still running" if process.poll() is None else f"it ended with {process.returncode}"
    log = _read_log_tail(home, SHOWN_LOG_BYTES).decode(errors="replace").strip()
    raise NotMeasured(f"no proper answer after its start ({ended}; last: {last}); its log ends with:\n{log}")


def _ask_once(port: int, headers: Headers) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        body = encode_body("mock", stream=False)
        connection.request("POST", PATH, body, {"content-type": "application/json", **dict(headers)})
        response = connection.getresponse()
        text = response.read()
        return "200" if response.status == 200 else f"{response.status} {text[:300]!r}"
    finally:
        connection.close()


def _warm_up(bench: Bench, gateway: Gateway) -> None:
    """Let it open its connections and reach the paths that the loads take; what this costs is not counted."""
    for load in WARM_UP:
        if is_measurable(load, bench.tools):
            drive(load, gateway.door, bench.tools)


def _take_sample(bench: Bench, load: Load, gateway: Gateway) -> Sample:
    if gateway.process is None:
        sample = drive(load, gateway.door, bench.tools)
    else:
        sample = _drive_and_account(bench, load, gateway.door, gateway.process)
    cost = "" if sample.cpu_per_unit_us is None else f", {sample.cpu_per_unit_us:.1f} us CPU each"
    _tell(f"  {load.name}: {sample.units_per_s:,.0f}/s{cost}, {sample.failed} failed, {sample.late_chunks} late")
    return sample


def _drive_and_account(bench: Bench, load: Load, door: Door, process: Popen[bytes]) -> Sample:
    cpu_before_s, core_before = read_cpu_s(process.pid), read_core_time(bench.cores.gateway)
    sample = drive(load, door, bench.tools)
    cpu_s, core = read_cpu_s(process.pid) - cpu_before_s, read_core_time(bench.cores.gateway)
    if process.poll() is not None:
        raise NotMeasured(f"it ended with {process.returncode} under the load {load.name}")
    if not sample.units:
        raise NotMeasured(f"it answered nothing under the load {load.name}; {sample.failed} requests failed")
    foreign_s = core.programs_s - core_before.programs_s - cpu_s
    return replace(
        sample,
        cpu_per_unit_us=cpu_s * 1e6 / sample.units,
        foreign_percent=max(0.0, 100 * foreign_s / (core.all_s - core_before.all_s)),
    )


def _keep_log(peer: Peer, home: Path) -> None:
    """Save the end of a server's log beside the results: its home goes with the round."""
    kept = OUT / f"{peer.name}.log"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(_read_log_tail(home, KEPT_LOG_BYTES))
    _tell(f"  requests failed; the end of its log is in {kept}")


def _read_log_tail(home: Path, most_bytes: int) -> bytes:
    with (home / "server.log").open("rb") as log:
        log.seek(max(0, (home / "server.log").stat().st_size - most_bytes))
        return log.read()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
