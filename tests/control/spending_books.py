"""Books as a gateway keeps them: every outcome goes to the tally and, by way of the writer, to a real database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from core.config.compiling import compile_good
from pointsman.control.spending import Spending
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.storage.database import open_database
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from storage.usage_examples import EXAMPLE

T = TypeVar("T")

USD = 1_000_000_000
DAY_MS = 86_400_000
NOW = int(datetime.fromisoformat("2026-11-21T12:00:00+00:00").timestamp() * 1_000)

DOCUMENT = """\
version: 1
providers:
  openai: {}
  anthropic: {}
  house: {base_url: "http://localhost:8080/v1"}
models:
  small: {provider: house, model_id: llama}
  other: {provider: anthropic, model_id: claude-3-5-sonnet}
agents:
  writer: {model: gpt-4o, fallback: [other], local_alternative: small}
  reviewer: {model: small}
interactions:
  chat: {model: other, fallback: [small]}
  talk: {model: gpt-4o, fallback: [small]}
tasks:
  review: {model: small, fallback: [other]}
"""


@dataclass
class Books:
    """A running gateway's."""

    spending: Spending
    writer: UsageWriter

    def record(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.writer.add(outcome)
            self.spending.record(outcome)


def write_snapshot(*budgets: str, more: str = "") -> Snapshot:
    """A configuration with budgets, each written like `scope: total, window: day, limit: 5`."""
    listed = "".join(f"  - {{{budget}}}\n" for budget in budgets)
    return compile_good(DOCUMENT + more + ("budgets:\n" + listed if budgets else ""))


_made = iter(range(10**9))


def spend(usd: float | None, at_ms: int = NOW, more: tuple[AttemptCharge, ...] = (), **fields: object) -> Outcome:
    """One request that cost so many dollars; it ran as nobody in particular, on a local model.

    Args:
        usd: what the call that answered cost, or `None` when nobody knows.
        at_ms: when it arrived.
        more: further calls of it.
        fields: of the outcome.
    """
    nobody: dict[str, object] = dict.fromkeys(("agent", "interaction", "team", "user", "key_id"), "") | {"tags": ()}
    place = {"model": "small", "provider": "house", "location": "local"}
    named = {"request_id": f"req_{next(_made)}", "at_ms": at_ms}
    outcome = replace(EXAMPLE, **(nobody | place | named | fields))
    cost_nusd = None if usd is None else round(usd * USD)
    answer = put_charge(cost_nusd, 1, model=outcome.model, provider=outcome.provider, location=outcome.location)
    charges = (answer, *(replace(charge, attempt=attempt) for attempt, charge in enumerate(more, 2)))
    costs = [charge.cost_nusd for charge in charges if charge.kind == "charge"]
    is_known = None not in costs
    return replace(
        outcome,
        charges=charges,
        attempts=len(charges),
        cost_nusd=sum(cost or 0 for cost in costs) if is_known else None,
        cost_status="actual" if is_known else "unknown",
    )


def put_charge(cost_nusd: int | None, attempt: int = 1, **fields: object) -> AttemptCharge:
    """What one call cost; on a local model unless the fields say otherwise."""
    status = "unknown" if cost_nusd is None else "actual"
    charge = AttemptCharge(attempt, "small", "house", "llama", "local", "answer", Usage(10, 20), cost_nusd, status)
    return replace(charge, **fields)


CLOUD = {"model": "gpt-4o", "provider": "openai", "location": "cloud"}
OTHER_CLOUD = {"model": "other", "provider": "anthropic", "location": "cloud"}


def run_gateway(path: Path, work: Callable[[Books], Awaitable[T]], interval_ms: int = 1) -> T:
    """Do the work between a start and a stop; what it leaves is what the next start finds."""

    async def run() -> T:
        database = await open_database(f"sqlite:///{path}")
        try:
            writer = UsageWriter(database, WriterLimits(interval_ms=interval_ms))
            writer.start()
            answer = await work(Books(Spending(SpendingReader(database)), writer))
            await writer.drain(timeout_ms=30_000)
            return answer
        finally:
            await database.close()

    return asyncio.run(run())
