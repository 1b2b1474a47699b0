"""Outcomes to write, and what a database holds, read without the product's code."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from hypothesis import strategies as st
from msgspec.structs import replace

from both_databases import read_named
from pointsman.core.chat.usage import Usage
from pointsman.core.routing.outcome import CLIENT_DISCONNECTED, AttemptCharge, Outcome
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS, AgentTotals

Row = dict[str, Any]

EXAMPLE = Outcome(
    request_id="req_0",
    at_ms=1_763_000_000_000,
    agent="orchestrator",
    model="gpt-4o",
    provider="openai",
    upstream_model="gpt-4o-2024-11-20",
    key_id="key_1",
    revision="0123456789ab",
    status=200,
    failure="",
    stream=False,
    attempts=1,
    usage=Usage(input_tokens=100, output_tokens=20, cached_input_tokens=10, reasoning_tokens=5),
    cost_nusd=123_456,
    cost_status="actual",
    latency_ms=250.0,
    first_content_ms=None,
    tags=("team-a", "nightly"),
    interaction="chat",
    team="payments",
    user="ada",
    location="cloud",
)


def charge(model: str, provider: str, location: Literal["local", "cloud"], cost_nusd: int | None) -> AttemptCharge:
    """What an attempt beside the one that answered came to; `book` numbers it."""
    return AttemptCharge(0, model, provider, model, location, "check", None, cost_nusd, "actual", "pointsman.yaml")


def book(outcome: Outcome, *others: AttemptCharge) -> Outcome:
    """The outcome with its charges: that of its answer, and those of its other attempts, which are part of its cost."""
    rest = None if outcome.cost_nusd is None else outcome.cost_nusd - sum(each.cost_nusd or 0 for each in others)
    answer = AttemptCharge(
        1,
        outcome.model,
        outcome.provider,
        outcome.upstream_model,
        outcome.location or "cloud",
        "answer",
        outcome.usage,
        rest,
        outcome.cost_status,
        "catalogue 2026-10-12",
        outcome.failure,
    )
    numbered = [replace(each, attempt=number) for number, each in enumerate(others, 2)]
    return replace(outcome, charges=(answer, *numbered), attempts=1 + len(numbered))


def make_outcomes(count: int, prefix: str = "req") -> list[Outcome]:
    """Different outcomes of three agents."""
    return [
        replace(
            EXAMPLE,
            request_id=f"{prefix}_{number}",
            agent=("orchestrator", "reviewer", "")[number % 3],
            failure="" if number % 5 else "upstream_error",
            cost_nusd=1_000 + number,
            latency_ms=float(number),
        )
        for number in range(count)
    ]


token_counts = st.integers(0, 100_000_000)
usages = st.builds(Usage, token_counts, token_counts, token_counts, token_counts)
outcomes = st.builds(
    Outcome,
    request_id=st.integers(0, 40).map("req_{}".format),
    at_ms=st.integers(0, 2**42),
    agent=st.sampled_from(["", "orchestrator", "reviewer", "übersetzer"]),
    model=st.sampled_from(["gpt-4o", "llama"]),
    provider=st.sampled_from(["openai", "ollama"]),
    upstream_model=st.text(max_size=8),
    key_id=st.sampled_from(["key_1", "key_2"]),
    revision=st.just("0123456789ab"),
    status=st.sampled_from([200, 429, 499, 502]),
    failure=st.sampled_from(["", "upstream_error", CLIENT_DISCONNECTED]),
    stream=st.booleans(),
    attempts=st.integers(0, 2),
    usage=st.none() | usages,
    cost_nusd=st.none() | st.integers(0, 10**13),
    cost_status=st.sampled_from(["actual", "estimated", "unknown", "none"]),
    latency_ms=st.floats(0, 1_800_000) | st.sampled_from([float(bound) for bound in LATENCY_BOUNDS_MS]),
    first_content_ms=st.none() | st.floats(0, 1_800_000),
    tags=st.tuples(st.text(max_size=4)),
    interaction=st.sampled_from(["", "chat"]),
    team=st.sampled_from(["", "payments"]),
    user=st.text(max_size=4),
    location=st.sampled_from(["", "local", "cloud"]),
)


def read_rows(url: str, table: Literal["usage", "ledger"] = "usage") -> list[Row]:
    """All rows of a table of the database, in order."""
    return read_named(url, f"SELECT * FROM {table} ORDER BY seq")


def fold(rows: Iterable[Row]) -> list[AgentTotals]:
    """What the totals must say, computed from the rows one by one."""
    by_agent: dict[str, list[Row]] = {}
    for row in rows:
        by_agent.setdefault(row["agent"], []).append(row)
    return [_fold_agent(agent, by_agent[agent]) for agent in sorted(by_agent)]


def _fold_agent(agent: str, rows: list[Row]) -> AgentTotals:
    calls = [row for row in rows if row["attempts"] > 0]
    buckets = Counter(bisect_left(LATENCY_BOUNDS_MS, row["latency_us"] / 1_000) for row in calls)
    return AgentTotals(
        agent=agent,
        calls=len(calls),
        input_tokens=sum(row["input_tokens"] or 0 for row in rows),
        output_tokens=sum(row["output_tokens"] or 0 for row in rows),
        cost_nusd=sum(row["cost_nusd"] or 0 for row in rows),
        unknown_cost_calls=sum(row["cost_status"] == "unknown" for row in rows),
        latency_us=sum(row["latency_us"] for row in calls),
        endings=dict(Counter(row["failure"] for row in rows)),
        latencies=tuple(buckets[place] for place in range(len(LATENCY_BOUNDS_MS) + 1)),
    )
