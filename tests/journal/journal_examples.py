"""Calls to note in a journal, and what a recovery says of them in short."""

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from msgspec.structs import replace

from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.admitted import BYTES_PER_TOKEN, Admitted, book_orphan
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.journal.file_journal import FileJournal
from pointsman.journal.limits import JournalLimits
from pointsman.journal.recover import Recovery
from pointsman.journal.segment import list_segments

SMALL = JournalLimits(segment_bytes=4_096, most_bytes=1_048_576)
PRICES = PriceTable(2_500_000_000, 10_000_000_000, 1_250_000_000, "catalogue 2026-10-12")

ADMITTED = Admitted(
    request_id="req_0",
    attempt=1,
    at_ms=1_763_000_000_000,
    agent="orchestrator",
    interaction="chat",
    task="",
    team="payments",
    user="ada",
    key_id="key_1",
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


def make_admitted(request_id: str, attempt: int = 1, earlier: tuple[AttemptCharge, ...] = ()) -> Admitted:
    """A call of a request."""
    return replace(ADMITTED, request_id=request_id, attempt=attempt, earlier=earlier)


def make_charge(attempt: int = 1, cost_nusd: int = 3_000) -> AttemptCharge:
    """What a call came to that failed."""
    usage = Usage(1_200, 0)
    return AttemptCharge(attempt, "gpt-4o", "openai", "gpt-4o", "cloud", "failed", usage, cost_nusd, "actual", "x")


def make_outcome(request_id: str, cost_nusd: int = 4_000) -> Outcome:
    """A request that ended well."""
    charge = replace(make_charge(cost_nusd=cost_nusd), part="answer")
    ended = replace(book_orphan(make_admitted(request_id), sent=True), status=200, failure="", cost_status="actual")
    return replace(ended, cost_nusd=cost_nusd, charges=(charge,), latency_ms=12.5)


Act = Literal["admit", "send", "progress", "settle", "forget"]


class Step(NamedTuple):
    """One thing that a gateway does with its journal; `number` are bytes of content where an answer goes on."""

    act: Act
    request_id: str
    attempt: int = 1
    number: int = 0


def write_steps(seed: int) -> Iterator[Step]:
    """A gateway's life without an end: some requests at a time, with retries; what has ended is forgotten later."""
    random = Random(seed)
    under_way: list[Iterator[Step]] = []
    ended: list[str] = []
    for number in count():
        under_way.append(_write_request(f"req_{number}", random))
        for _ in range(8):
            one = random.choice(under_way)
            step = next(one, None)
            if step is None:
                under_way.remove(one)
                break
            if step.act == "settle":
                ended.append(step.request_id)
            yield step
        if len(ended) > random.randrange(4, 20):
            yield Step("forget", ended.pop(0))


def _write_request(request_id: str, random: Random) -> Iterator[Step]:
    for attempt in range(1, random.choice((1, 1, 2)) + 1):
        yield Step("admit", request_id, attempt)
        yield Step("send", request_id, attempt)
        for part in range(random.randrange(3)):
            yield Step("progress", request_id, attempt, 400 * (part + 1))
    yield Step("settle", request_id)


def take_step(journal: FileJournal, step: Step) -> None:
    """Do it."""
    match step.act:
        case "admit":
            earlier = tuple(make_charge(attempt) for attempt in range(1, step.attempt))
            journal.admit(make_admitted(step.request_id, step.attempt, earlier))
        case "send":
            journal.note_sent(step.request_id, step.attempt)
        case "progress":
            journal.note_progress(step.request_id, step.attempt, step.number)
        case "settle":
            journal.settle(make_outcome(step.request_id))
        case "forget":
            journal.forget([step.request_id])


class Standing(NamedTuple):
    """What must be known of a request; an attempt of 0 says that it has ended."""

    attempt: int
    was_sent: bool = False
    content_bytes: int = 0


def expect(steps: Iterable[Step]) -> dict[str, Standing]:
    """What a recovery after these steps has to say."""
    known: dict[str, Standing] = {}
    for act, request_id, attempt, number in steps:
        match act:
            case "admit":
                known[request_id] = Standing(attempt)
            case "send":
                known[request_id] = Standing(attempt, True)
            case "progress":
                known[request_id] = Standing(attempt, True, number)
            case "settle":
                known[request_id] = Standing(0)
            case "forget":
                del known[request_id]
    return known


def sum_up(recovery: Recovery) -> dict[str, Standing]:
    """What a recovery says; each request may be there once."""
    known: dict[str, Standing] = {}
    for outcome in recovery.outcomes:
        assert outcome.request_id not in known
        if outcome.request_id in recovery.orphans:
            last = outcome.charges[-1]
            content_bytes = last.usage.output_tokens * BYTES_PER_TOKEN if last.usage else 0
            known[outcome.request_id] = Standing(last.attempt, last.usage is not None, content_bytes)
            assert [charge.attempt for charge in outcome.charges] == list(range(1, last.attempt + 1))
        else:
            assert outcome == make_outcome(outcome.request_id)
            known[outcome.request_id] = Standing(0)
    return known


def names_in(folder: Path) -> list[str]:
    """The files of a journal."""
    return [path.name for path in list_segments(folder)]
