"""`GET /metrics/tokens` over all replicas: what is stored, read again when half a second has passed."""

import asyncio

from pointsman.core.routing.totals import AgentTotals
from pointsman.telemetry.stored_tokens import KEPT_MS, StoredTokens


def test_what_all_replicas_have_stored_is_at_most_half_a_second_old() -> None:
    stored = [AgentTotals("writer", 2, 100, 20, 3_000_000_000, 1, 500_000), AgentTotals("idle")]
    now_ms = [1_763_000_000_000]
    reads: list[int] = []

    async def read() -> list[AgentTotals]:
        reads.append(now_ms[0])
        return stored

    tokens = StoredTokens(read, lambda: now_ms[0])
    report = asyncio.run(tokens.report())
    assert set(report["per_agent"]) == {"writer"}
    assert report["per_agent"]["writer"]["avg_tokens_per_call"] == 60.0
    assert report["totals"] == {"total_tokens": 120, "total_cost": 3.0, "total_calls": 2, "unknown_cost_calls": 1}
    assert report["timestamp"] == "2025-11-13T02:13:20+00:00"
    stored.append(AgentTotals("", 1, 10, 1))
    now_ms[0] += KEPT_MS - 1
    assert asyncio.run(tokens.report()) == report
    now_ms[0] += 1
    assert asyncio.run(tokens.report())["totals"]["total_calls"] == 3
    assert set(asyncio.run(tokens.report())["per_agent"]) == {"writer", "(none)"}
    now_ms[0] -= 10_000
    asyncio.run(tokens.report())
    assert len(reads) == 3
