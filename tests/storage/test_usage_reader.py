"""Usage by agent, model, provider and key, with unknown costs apart."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from pointsman.storage.database import open_database
from pointsman.storage.usage_reader import Dimension, UsageGroup, UsageReader, UsageReport, UsageSum
from pointsman.storage.usage_writer import UsageWriter
from storage.usage_examples import EXAMPLE

OUTCOMES = [
    replace(EXAMPLE, request_id="a", cost_nusd=10, latency_ms=100.0),
    replace(EXAMPLE, request_id="b", cost_nusd=20, latency_ms=200.0, model="llama", provider="ollama"),
    replace(EXAMPLE, request_id="c", cost_nusd=40, agent="reviewer", key_id="key_2", at_ms=EXAMPLE.at_ms + 1_000),
    replace(EXAMPLE, request_id="d", cost_nusd=None, cost_status="unknown", usage=None, agent="reviewer"),
    replace(
        EXAMPLE, request_id="e", cost_nusd=0, cost_status="none", usage=None, attempts=0, failure="model_not_found"
    ),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reader") / "pointsman.db"

    async def write() -> None:
        database = await open_database(f"sqlite:///{path}")
        writer = UsageWriter(database)
        writer.start()
        for outcome in OUTCOMES:
            writer.add(outcome)
        await writer.drain()
        await database.close()

    asyncio.run(write())
    return path


def _usage_by(path: Path, dimensions: Sequence[Dimension], since_ms: int = 0) -> UsageReport:
    async def read() -> UsageReport:
        database = await open_database(f"sqlite:///{path}")
        try:
            return await UsageReader(database).usage_by(dimensions, since_ms)
        finally:
            await database.close()

    return asyncio.run(read())


def test_agents_with_the_dearest_first(path: Path) -> None:
    report = _usage_by(path, ["agent"])
    assert report.groups == (
        UsageGroup(("reviewer",), UsageSum(2, 100, 20, 40, 1, 500_000)),
        UsageGroup(("orchestrator",), UsageSum(2, 200, 40, 30, 0, 300_000)),
    )
    assert report.total == UsageSum(4, 300, 60, 70, 1, 800_000)
    assert report.groups[1].sum.avg_latency_ms == 150.0


def test_several_dimensions(path: Path) -> None:
    names = {group.names: group.sum.calls for group in _usage_by(path, ["provider", "model", "key"]).groups}
    assert names == {
        ("openai", "gpt-4o", "key_1"): 2,
        ("ollama", "llama", "key_1"): 1,
        ("openai", "gpt-4o", "key_2"): 1,
    }


def test_only_what_arrived_since(path: Path) -> None:
    report = _usage_by(path, ["agent"], EXAMPLE.at_ms + 1_000)
    assert [group.names for group in report.groups] == [("reviewer",)]
    assert report.total.calls == 1


def test_nothing_is_an_answer_too(path: Path) -> None:
    assert _usage_by(path, [], since_ms=2**60) == UsageReport((), UsageSum(0, 0, 0, 0, 0, 0))
    assert UsageSum(0, 0, 0, 0, 0, 0).avg_latency_ms is None
