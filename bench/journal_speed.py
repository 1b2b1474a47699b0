"""Prints what each note in the journal costs the event loop, while a thread syncs beside it as it does in service."""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.admitted import Admitted, book_orphan
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.journal.file_journal import FileJournal
from pointsman.journal.limits import JournalLimits
from pointsman.journal.open_journal import open_journal

REQUESTS = 20_000
ROUND = 100
LIMITS_US = {"admit": 2.5, "note_sent": 1.2, "settle": 4.0}
PRICES = PriceTable(2_500_000_000, 10_000_000_000, 1_250_000_000, "catalogue 2026-10-12")
USAGE = Usage(1_200, 340, 1_000, 20)


def make_admitted(number: int) -> Admitted:
    """A call as a gateway with keys, teams and tags makes it."""
    return Admitted(
        request_id=f"req_{number:024x}",
        attempt=1,
        at_ms=1_763_000_000_000 + number,
        agent="orchestrator",
        interaction="chat",
        task="",
        team="payments",
        user="ada",
        key_id="key_0123456789abcdef",
        tags=("team-a", "nightly"),
        experiment="",
        session="",
        revision="0123456789ab",
        operation="chat",
        stream=True,
        label="low",
        model="gpt-4o",
        provider="openai",
        upstream_model="gpt-4o-2024-11-20",
        location="cloud",
        input_tokens=1_200,
        held_nusd=5_000_000,
        prices=PRICES,
    )


def make_outcome(admitted: Admitted) -> Outcome:
    """How it ended, well."""
    charge = AttemptCharge(
        1,
        admitted.model,
        admitted.provider,
        admitted.upstream_model,
        "cloud",
        "answer",
        USAGE,
        3_400_000,
        "actual",
        PRICES.source,
    )
    return replace(
        book_orphan(admitted, sent=True),
        status=200,
        failure="",
        usage=USAGE,
        cost_nusd=3_400_000,
        cost_status="actual",
        latency_ms=251.25,
        first_content_ms=80.5,
        decided_by="rule",
        decision_name="long prompts",
        charges=(charge,),
    )


def time_each(journal: FileJournal, requests: int) -> dict[str, list[float]]:
    """Microseconds per note, round by round; requests are forgotten as a ledger would have it."""
    rounds: dict[str, list[float]] = {"admit": [], "note_sent": [], "note_progress": [], "settle": [], "forget": []}
    for first in range(0, requests, ROUND):
        admitted = [make_admitted(number) for number in range(first, first + ROUND)]
        outcomes = [make_outcome(each) for each in admitted]
        ids = [each.request_id for each in admitted]
        rounds["admit"].append(_time(journal.admit, admitted))
        rounds["note_sent"].append(_time(lambda each: journal.note_sent(each, 1), ids))
        rounds["note_progress"].append(_time(lambda each: journal.note_progress(each, 1, 4_096), ids))
        rounds["settle"].append(_time(journal.settle, outcomes))
        rounds["forget"].append(_time(journal.forget, [ids]) / ROUND)
    return rounds


def _time(note: Callable[[Any], None], about: Sequence[object]) -> float:
    started = time.perf_counter()
    for each in about:
        note(each)
    return (time.perf_counter() - started) * 1e6 / len(about)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the costs; fails when the median of one is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; a temporary one by default")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        journal, _ = open_journal(Path(folder) / "journal", JournalLimits())
        gc.disable()
        rounds = time_each(journal, options.requests)
        gc.enable()
        print(f"{options.requests:,} requests, {journal.total_bytes:,} bytes at the end; µs per note:")
        journal.close()
    is_slow = False
    print(f"{'':14}{'best':>8}{'median':>8}{'p99':>8}{'worst':>9}{'limit':>8}")
    for name, costs in rounds.items():
        costs.sort()
        median, limit = costs[len(costs) // 2], LIMITS_US.get(name)
        is_slow |= limit is not None and median > limit
        shown = "" if limit is None else f"{limit:.1f}"
        print(f"{name:14}{costs[0]:8.2f}{median:8.2f}{costs[len(costs) * 99 // 100]:8.2f}{costs[-1]:9.2f}{shown:>8}")
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main())
