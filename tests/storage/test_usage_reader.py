"""Usage by agent, model, provider and key, with unknown costs apart."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from booking import book_into
from both_databases import DATABASES, new_store
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.storage.database import open_database
from pointsman.storage.usage_questions import Dimension, UsageGroup, UsageReport, UsageSum
from pointsman.storage.usage_reader import UsageReader
from storage.usage_examples import EXAMPLE


def settled(request_id: str, cost_nusd: int | None, **fields: object) -> Outcome:
    """A request with one upstream call."""
    outcome = replace(EXAMPLE, request_id=request_id, cost_nusd=cost_nusd, **fields)
    charge = AttemptCharge(
        1, outcome.model, outcome.provider, "upstream", "cloud", "answer", outcome.usage, cost_nusd, outcome.cost_status
    )
    return replace(outcome, charges=(charge,))


OUTCOMES = [
    settled("a", 10, latency_ms=100.0),
    settled("b", 20, latency_ms=200.0, model="llama", provider="ollama"),
    settled("c", 40, agent="reviewer", key_id="key_2", at_ms=EXAMPLE.at_ms + 1_000),
    settled("d", None, cost_status="unknown", usage=None, agent="reviewer"),
    replace(
        EXAMPLE, request_id="e", cost_nusd=0, cost_status="none", usage=None, attempts=0, failure="model_not_found"
    ),
]


@pytest.fixture(scope="module", params=DATABASES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with some calls."""
    with new_store(request.param) as url:
        book_into(url, OUTCOMES)
        yield url


def _usage_by(url: str, dimensions: Sequence[Dimension], since_ms: int = 0) -> UsageReport:
    async def read() -> UsageReport:
        database = await open_database(url)
        try:
            return await UsageReader(database).usage_by(dimensions, since_ms)
        finally:
            await database.close()

    return asyncio.run(read())


def _sum_of(of: int, **figures: int) -> UsageSum:
    """What some calls come to of which as many as `of` had usage."""
    used = EXAMPLE.usage
    assert used is not None
    tokens = {name: of * getattr(used, name) for name in used.__struct_fields__ if name.endswith("_tokens")}
    return UsageSum(**tokens, **figures)


def test_agents_with_the_dearest_first(url: str) -> None:
    report = _usage_by(url, ["agent"])
    assert report.groups == (
        UsageGroup(("reviewer",), _sum_of(calls=2, of=1, cost_nusd=40, unknown_cost_calls=1, latency_us=500_000)),
        UsageGroup(("orchestrator",), _sum_of(calls=2, of=2, cost_nusd=30, latency_us=300_000)),
    )
    assert report.total == _sum_of(calls=4, of=3, cost_nusd=70, unknown_cost_calls=1, latency_us=800_000)
    assert report.groups[1].sum.avg_latency_ms == 150.0


def test_several_dimensions(url: str) -> None:
    names = {group.names: group.sum.calls for group in _usage_by(url, ["provider", "model", "key"]).groups}
    assert names == {
        ("openai", "gpt-4o", "key_1"): 2,
        ("ollama", "llama", "key_1"): 1,
        ("openai", "gpt-4o", "key_2"): 1,
    }


def test_only_what_arrived_since(url: str) -> None:
    report = _usage_by(url, ["agent"], EXAMPLE.at_ms + 1_000)
    assert [group.names for group in report.groups] == [("reviewer",)]
    assert report.total.calls == 1


def test_nothing_is_an_answer_too(url: str) -> None:
    assert _usage_by(url, [], since_ms=2**60) == UsageReport((), UsageSum())
    assert UsageSum().avg_latency_ms is None
